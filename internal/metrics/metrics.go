// Package metrics counts what the program does, for Prometheus to collect.
//
//	metrics.go  what is counted as it happens
//	shop.go     what is looked up when somebody asks
//
// It is told what happens and asks for numbers through functions: it knows
// neither where requests come from nor where anything is stored. Labels are
// taken from what the program itself names, never from what clients send.
package metrics

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"allot/internal/domain"
	"allot/internal/service"
)

// Metrics are the program's own: there is no global registry.
type Metrics struct {
	registry *prometheus.Registry

	requests            *prometheus.CounterVec
	durations           *prometheus.HistogramVec
	commands            *prometheus.CounterVec
	commandDurations    *prometheus.HistogramVec
	transactions        *prometheus.CounterVec
	transactionDuration prometheus.Histogram
	transactionSize     prometheus.Histogram
	events              prometheus.Counter
}

// Buckets in seconds: of a commit to a good disk, up to the deadline of a request.
var seconds = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// New returns metrics that have counted nothing yet. version is the program's.
func New(version string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: counters("allot_http_requests_total", "Requests that were answered.", "route", "method", "status"),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "allot_http_request_duration_seconds", Help: "Time from a request's header to the end of its answer.", Buckets: seconds,
		}, []string{"route", "method"}),
		commands: counters("allot_commands_total", "Commands, by what became of them: done, a status of a line, or the code of an error.", "command", "outcome"),
		commandDurations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "allot_command_duration_seconds", Help: "Time from when a command was queued until it was on disk or refused.", Buckets: seconds,
		}, []string{"command"}),
		transactions: counters("allot_transactions_total", "Transactions, by whether they were committed.", "outcome"),
		transactionDuration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "allot_transaction_duration_seconds", Help: "Time of a transaction, from its begin to the end of its commit.", Buckets: seconds,
		}),
		transactionSize: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "allot_transaction_commands", Help: "Commands that shared a transaction.", Buckets: prometheus.ExponentialBuckets(1, 2, 13),
		}),
		events: prometheus.NewCounter(prometheus.CounterOpts{Name: "allot_events_total", Help: "Events that were committed."}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "allot_build_info", Help: "Always 1; the label says which version this is.", ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	m.registry.MustRegister(m.requests, m.durations, m.commands, m.commandDurations, m.transactions, m.transactionDuration, m.transactionSize,
		m.events, build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

// Handler shows the metrics, in the format that was asked for.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{EnableOpenMetrics: true, ErrorHandling: promhttp.ContinueOnError})
}

// Request counts a request that was answered.
func (m *Metrics) Request(_ context.Context, route, method string, status int, began time.Time) {
	method = known(method)
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
	m.durations.WithLabelValues(route, method).Observe(time.Since(began).Seconds())
}

// known is a method, or "other": clients may send any word.
func known(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// Command counts a command.
func (m *Metrics) Command(_ context.Context, c service.CommandDone) {
	m.commands.WithLabelValues(c.Name, outcome(c)).Inc()
	if !c.Queued.IsZero() {
		m.commandDurations.WithLabelValues(c.Name).Observe(time.Since(c.Queued).Seconds())
	}
}

// outcome is what became of a command, in one word.
func outcome(c service.CommandDone) string {
	if e, ok := errors.AsType[*domain.Error](c.Err); ok {
		return e.Code
	}
	if errors.Is(c.Err, context.Canceled) || errors.Is(c.Err, context.DeadlineExceeded) {
		return "sender_gone"
	}
	if c.Err != nil {
		return string(domain.Internal)
	}
	p, ok := c.Result.(domain.Placement)
	switch {
	case !ok:
		return "done"
	case p.Replayed:
		return "replayed"
	}
	return string(p.Status)
}

// Transaction counts a transaction.
func (m *Metrics) Transaction(_ context.Context, t service.TransactionDone) {
	outcome := "committed"
	if t.Err != nil {
		outcome = "failed"
	}
	m.transactions.WithLabelValues(outcome).Inc()
	m.transactionDuration.Observe(time.Since(t.Began).Seconds())
	m.transactionSize.Observe(float64(t.Commands))
	m.events.Add(float64(t.Events))
}
