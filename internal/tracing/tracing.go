// Package tracing tells an OpenTelemetry collector how long requests, commands
// and transactions took, and which belong together. It is off unless the
// variables of OpenTelemetry name a collector; then nothing of it runs.
//
// It is told what has happened through functions, and knows neither where
// requests come from nor where anything is stored.
package tracing

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"allot/internal/domain"
	"allot/internal/service"
)

// Tracer makes spans and sends them to a collector, some at a time and without
// keeping anybody waiting. What can't be sent is dropped.
type Tracer struct {
	trace.Tracer
	provider *sdk.TracerProvider
}

// The variables that name a collector, as OpenTelemetry defines them. The
// others that it defines are understood as well.
const (
	endpointVariable       = "OTEL_EXPORTER_OTLP_ENDPOINT"
	tracesEndpointVariable = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
)

// endpoint is the URL that spans are sent to; "" if they are not to be.
func endpoint(getenv func(string) string) string {
	if strings.EqualFold(getenv("OTEL_SDK_DISABLED"), "true") || strings.EqualFold(getenv("OTEL_TRACES_EXPORTER"), "none") {
		return ""
	}
	if url := getenv(tracesEndpointVariable); url != "" {
		return url
	}
	if url := getenv(endpointVariable); url != "" {
		return strings.TrimSuffix(url, "/") + "/v1/traces"
	}
	return ""
}

// Start returns a tracer of the program of that version, or nil if no collector
// is named.
func Start(ctx context.Context, getenv func(string) string, version string) (*Tracer, error) {
	url := endpoint(getenv)
	if url == "" {
		return nil, nil
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(url))
	if err != nil {
		return nil, fmt.Errorf("send traces to %s: %w", url, err)
	}
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "allot"), attribute.String("service.version", version)),
		resource.WithFromEnv(), resource.WithTelemetrySDK())
	if err != nil {
		return nil, fmt.Errorf("describe the program for traces: %w", err)
	}
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(about))
	return &Tracer{provider.Tracer("allot"), provider}, nil
}

// Stop sends what has not been sent yet, as long as ctx lasts.
func (t *Tracer) Stop(ctx context.Context) error { return t.provider.Shutdown(ctx) }

var propagator = propagation.TraceContext{}

// Handler makes a span of each request, within the caller's if it names one.
// Request tells it what became of it.
func (t *Tracer) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := propagator.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := t.Start(ctx, "request", trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		r = r.WithContext(ctx)
		propagator.Inject(ctx, propagation.HeaderCarrier(r.Header)) // what comes of the request is within this span
		next.ServeHTTP(w, r)
	})
}

// Request completes the span of a request, which is in its context.
func (t *Tracer) Request(ctx context.Context, route, method string, status int, _ time.Time) {
	span := trace.SpanFromContext(ctx)
	span.SetName(method + " " + route)
	span.SetAttributes(attribute.String("http.request.method", method), attribute.String("http.route", route), attribute.Int("http.response.status_code", status))
	if status >= 500 {
		span.SetStatus(codes.Error, http.StatusText(status))
	}
}

// Command makes a span of a command, within its sender's.
func (t *Tracer) Command(ctx context.Context, c service.CommandDone) {
	began := c.Queued
	if began.IsZero() {
		began = time.Now()
	}
	_, span := t.Start(ctx, "command "+c.Name, trace.WithTimestamp(began))
	if c.Err != nil {
		span.SetAttributes(attribute.String("error.type", codeOf(c.Err)))
	}
	if c.Err != nil && domain.KindOf(c.Err) == domain.Internal {
		span.SetStatus(codes.Error, c.Err.Error())
	}
	span.End()
}

func codeOf(err error) string {
	if e, ok := errors.AsType[*domain.Error](err); ok {
		return e.Code
	}
	return string(domain.KindOf(err))
}

// mostLinks is how many senders a transaction's span names.
const mostLinks = 128

// Transaction makes a span of a transaction. It belongs to no sender alone: it
// is a trace of its own, linked with those of the commands that shared it.
func (t *Tracer) Transaction(_ context.Context, d service.TransactionDone) {
	var links []trace.Link
	for sender := range d.Senders {
		if at := trace.SpanContextFromContext(sender); at.IsSampled() && len(links) < mostLinks {
			links = append(links, trace.Link{SpanContext: at})
		}
	}
	_, span := t.Start(context.Background(), "transaction", trace.WithTimestamp(d.Began), trace.WithLinks(links...), trace.WithAttributes(
		attribute.Int("allot.commands", d.Commands), attribute.Int("allot.events", d.Events)))
	if d.Err != nil {
		span.SetStatus(codes.Error, d.Err.Error())
	}
	span.End()
}
