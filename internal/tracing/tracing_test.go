package tracing_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/trace"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	v1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/tracing"
)

// collect is a collector, over real HTTP.
type collect struct {
	*httptest.Server
	mu       sync.Mutex
	spans    []*v1.Span
	resource map[string]string
}

func collecting(t *testing.T) *collect {
	t.Helper()
	c := &collect{resource: map[string]string{}}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var sent collector.ExportTraceServiceRequest
		if err := errors.Join(err, proto.Unmarshal(body, &sent)); err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s: %v", r.URL, err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, from := range sent.ResourceSpans {
			for _, a := range from.Resource.Attributes {
				c.resource[a.Key] = a.Value.GetStringValue()
			}
			for _, scope := range from.ScopeSpans {
				c.spans = append(c.spans, scope.Spans...)
			}
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(c.Close)
	return c
}

// env is an environment.
type env map[string]string

func (e env) get(name string) string { return e[name] }

func started(t *testing.T, e env) *tracing.Tracer {
	t.Helper()
	tracer, err := tracing.Start(t.Context(), e.get, "1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	return tracer
}

func TestWithoutACollectorNothingIsTraced(t *testing.T) {
	for name, e := range map[string]env{
		"no variable":  {},
		"disabled":     {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"},
		"no exporter":  {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_TRACES_EXPORTER": "none"},
		"another one":  {"OTEL_SERVICE_NAME": "shop"},
		"set to empty": {"OTEL_EXPORTER_OTLP_ENDPOINT": ""},
	} {
		if tracer := started(t, e); tracer != nil {
			t.Errorf("%s: it traces", name)
		}
	}
}

const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func TestARequestItsCommandsAndTheirTransactionAreTraced(t *testing.T) {
	c := collecting(t)
	tracer := started(t, env{"OTEL_EXPORTER_OTLP_ENDPOINT": c.URL + "/"})
	began := time.Now()
	h := tracer.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		if at := r.Header.Get("traceparent"); !strings.Contains(at, trace.SpanContextFromContext(ctx).SpanID().String()) {
			t.Errorf("what comes of the request is at %s in the trace, not within it", at)
		}
		tracer.Command(ctx, service.CommandDone{Name: "allocate", Queued: began})
		tracer.Command(ctx, service.CommandDone{Name: "create_batch", Err: domain.UnknownSKU("LAMP")})
		senders := iter.Seq[context.Context](slices.Values([]context.Context{ctx, context.Background()}))
		tracer.Transaction(ctx, service.TransactionDone{Began: began, Commands: 2, Events: 1, Senders: senders, Err: service.ErrStorage})
		tracer.Request(ctx, "/allocate", "POST", 503, began)
	}))
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/allocate", nil)
	r.Header.Set("Traceparent", parent)
	h.ServeHTTP(httptest.NewRecorder(), r)
	if err := tracer.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}

	request, command, refused, transaction := c.span(t, "POST /allocate"), c.span(t, "command allocate"), c.span(t, "command create_batch"), c.span(t, "transaction")
	if got := trace.TraceID(request.TraceId).String(); got != "0af7651916cd43dd8448eb211c80319c" || trace.SpanID(request.ParentSpanId).String() != "b7ad6b7169203331" {
		t.Errorf("the request is in trace %s", got)
	}
	for _, span := range []*v1.Span{command, refused} {
		if !slices.Equal(span.ParentSpanId, request.SpanId) || !slices.Equal(span.TraceId, request.TraceId) {
			t.Errorf("%s is not within the request", span.Name)
		}
	}
	if command.StartTimeUnixNano != uint64(began.UnixNano()) {
		t.Error("the command does not begin when it was queued")
	}
	if len(transaction.Links) != 1 || !slices.Equal(transaction.Links[0].SpanId, request.SpanId) || slices.Equal(transaction.TraceId, request.TraceId) {
		t.Errorf("the transaction has links %v", transaction.Links)
	}
	for _, span := range []*v1.Span{request, transaction} {
		if span.Status.GetCode() != v1.Status_STATUS_CODE_ERROR {
			t.Errorf("%s is no error", span.Name)
		}
	}
	if diff := cmp.Diff(map[string]string{"error.type": "unknown_sku"}, attributes(refused)); diff != "" || refused.Status.GetCode() == v1.Status_STATUS_CODE_ERROR {
		t.Errorf("a refusal: %s", diff)
	}
	if diff := cmp.Diff(map[string]string{"http.request.method": "POST", "http.route": "/allocate", "http.response.status_code": ""}, attributes(request)); diff != "" {
		t.Error(diff)
	}
	if c.resource["service.name"] != "allot" || c.resource["service.version"] != "1.2.3" {
		t.Errorf("the program is %v", c.resource)
	}
}

// span is the only span with a name.
func (c *collect) span(t *testing.T, name string) *v1.Span {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []*v1.Span
	for _, s := range c.spans {
		if s.Name == name {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d spans are called %q", len(found), name)
	}
	return found[0]
}

// attributes are those of a span that are texts; others are empty.
func attributes(s *v1.Span) map[string]string {
	out := map[string]string{}
	for _, a := range s.Attributes {
		out[a.Key] = a.Value.GetStringValue()
	}
	return out
}

// A collector that hangs keeps nobody waiting.
func TestACollectorThatDoesNotAnswerHoldsNobodyUp(t *testing.T) {
	release := make(chan struct{})
	deaf := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer deaf.Close()
	defer close(release)
	tracer := started(t, env{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": deaf.URL + "/v1/traces"})
	for range 10_000 { // more than are kept
		tracer.Command(t.Context(), service.CommandDone{Name: "allocate", Queued: time.Now()})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := tracer.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("it says %v", err)
	}
}
