package cli

import (
	"context"
	"net/http"
	"time"

	"allot/internal/bootstrap"
	"allot/internal/metrics"
	"allot/internal/service"
	"allot/internal/tracing"
)

// watch is what looks on while a server works: metrics always, traces if
// somebody collects them.
type watch struct {
	metrics *metrics.Metrics
	tracer  *tracing.Tracer // nil: nobody does
	now     func() time.Time
}

func (r *run) startWatch(ctx context.Context) (*watch, error) {
	tracer, err := tracing.Start(ctx, r.Getenv, r.Version)
	if err != nil {
		return nil, usage("mend or unset the OTEL_* variables", "%v", err)
	}
	return &watch{metrics.New(r.Version), tracer, r.Now}, nil
}

// observer is told what becomes of commands.
func (w *watch) observer() service.Observer {
	if w.tracer == nil {
		return service.Observer{Command: w.metrics.Command, Transaction: w.metrics.Transaction}
	}
	return service.Observer{
		Command: func(ctx context.Context, c service.CommandDone) {
			w.metrics.Command(ctx, c)
			w.tracer.Command(ctx, c)
		},
		Transaction: func(ctx context.Context, t service.TransactionDone) {
			w.metrics.Transaction(ctx, t)
			w.tracer.Transaction(ctx, t)
		},
	}
}

// look has the metrics show the numbers of an app, and of what comes in from
// Redis; intake is nil if nothing does.
func (w *watch) look(app *bootstrap.App, intake func() []service.Intake) {
	w.metrics.Watch(metrics.Shop{
		Queued: app.Bus.Queued, Stats: app.Store.Stats, Relay: app.Progress, Intake: intake, Writable: app.Writable, Now: w.now,
	})
}

// around is h, traced if somebody collects traces.
func (w *watch) around(h http.Handler) http.Handler {
	if w.tracer == nil {
		return h
	}
	return w.tracer.Handler(h)
}

// request is told of every request that was answered.
func (w *watch) request(ctx context.Context, route, method string, status int, began time.Time) {
	w.metrics.Request(ctx, route, method, status, began)
	if w.tracer != nil {
		w.tracer.Request(ctx, route, method, status, began)
	}
}

// stopTracing is how long the last traces may take to be sent.
const stopTracing = 2 * time.Second

func (w *watch) stop() {
	if w.tracer == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTracing)
	defer cancel()
	_ = w.tracer.Stop(ctx) // a collector that doesn't answer is no failure of ours
}
