package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"allot/internal/service"
	"allot/internal/views"
)

// Shop is where numbers come from that are looked up when somebody asks.
type Shop struct {
	Queued   func() int                                 // commands that wait for a transaction
	Stats    func(context.Context) (views.Stats, error) // of the whole shop
	Relay    func() []service.Progress                  // of each subscription
	Intake   func() []service.Intake                    // of each way in; nil: there is none
	Writable func(context.Context) error                // why nothing can be written; nil: it can
	Now      func() time.Time
}

// patience is how long the numbers of the shop may take.
const patience = 2 * time.Second

// Watch has the metrics show the numbers of a shop as well.
func (m *Metrics) Watch(s Shop) { m.registry.MustRegister(&shop{s}) }

type shop struct{ Shop }

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("allot_"+name, help, labels, nil)
}

var (
	queued     = describe("queued_commands", "Commands that wait for a transaction.")
	writable   = describe("storage_writable", "1 if commands can be written, 0 if the disk is full, fails or is read-only.")
	products   = describe("products", "Products.")
	available  = describe("available_units", "Units that are neither allocated nor shipped, in the warehouse and inbound.")
	backorders = describe("backordered_lines", "Order lines that wait for stock.")
	logEnd     = describe("event_log_position", "Position of the last event in the log.")
	failing    = describe("deliveries_failing", "Deliveries that failed and are tried again.")
	parked     = describe("deliveries_parked", "Deliveries that are parked: somebody has to look at them.")
	position   = describe("relay_position", "Position of the last event that a subscription is done with, in this process; 0 if it had none.", "subscription")
	lag        = describe("relay_lag_seconds", "Age of the oldest event that a subscription is at or stuck at; 0 if it is through.", "subscription")
	failures   = describe("relay_failures_total", "Attempts of a subscription that failed, and are made again, since the process started.", "subscription")
	messages   = describe("messages_total", "Messages from Redis by the way they came and what became of them, done or parked, since the process started.", "from", "outcome")
	heldUp     = describe("messages_held_up", "1 if no messages can be taken in that way at present, 0 if they are.", "from")
	parkings   = describe("relay_parked_total", "Events that a subscription parked, since the process started.", "subscription")
)

// Describe implements prometheus.Collector.
func (shop) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{queued, writable, products, available, backorders, logEnd, failing, parked, position, lag, failures, parkings, messages, heldUp} {
		to <- d
	}
}

// Collect implements prometheus.Collector. Numbers that can't be read are left
// out, and the rest is shown.
func (s shop) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(queued, float64(s.Queued()))
	total := func(d *prometheus.Desc, v int64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	able := 1.0
	if s.Writable(ctx) != nil {
		able = 0
	}
	gauge(writable, able)
	for _, p := range s.Relay() {
		gauge(position, float64(p.Position), p.Subscription)
		behind := 0.0
		if !p.Behind.IsZero() {
			behind = max(0, s.Now().Sub(p.Behind).Seconds())
		}
		gauge(lag, behind, p.Subscription)
		total(failures, p.Failed, p.Subscription)
		total(parkings, p.Parked, p.Subscription)
	}
	if s.Intake != nil {
		for _, in := range s.Intake() {
			total(messages, in.Done, in.From, "done")
			total(messages, in.Parked, in.From, "parked")
			held := 0.0
			if in.HeldUp {
				held = 1
			}
			gauge(heldUp, held, in.From)
		}
	}
	stats, err := s.Stats(ctx)
	if err != nil {
		to <- prometheus.NewInvalidMetric(products, err)
		return
	}
	gauge(products, float64(stats.Products))
	gauge(available, float64(stats.Available))
	gauge(backorders, float64(stats.Backorders))
	gauge(logEnd, float64(stats.Events))
	gauge(failing, float64(stats.Failing))
	gauge(parked, float64(stats.Parked))
}
