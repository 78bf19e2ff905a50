package httpapi_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"

	"allot/internal/adapters/memory"
	"allot/internal/domain"
	"allot/internal/entrypoints/httpapi"
	"allot/internal/service"
	"allot/internal/views"
)

func TestEveryAnswerHasARequestID(t *testing.T) {
	s := open(t)
	for _, got := range []answer{s.get("/healthz"), s.get("/nothing"), s.post("/allocate", "{"), s.get("/allocations/o1")} {
		id, err := uuid.Parse(got.Header.Get("X-Request-Id"))
		if err != nil || id.Version() != 7 {
			t.Errorf("the request id is %q", got.Header.Get("X-Request-Id"))
		}
	}
}

func TestTheClientsRequestIDIsTakenIfItIsOne(t *testing.T) {
	s := open(t)
	for given, taken := range map[string]bool{
		"r-1": true, "!~": true, strings.Repeat("x", 128): true,
		"": false, "two words": false, "é": false, "tab\tbed": false, strings.Repeat("x", 129): false,
	} {
		got := s.ask(http.MethodGet, "/healthz", "", "X-Request-Id", given).Header.Get("X-Request-Id")
		if (got == given) != taken {
			t.Errorf("%q was given, and there is %q", given, got)
		}
	}
	got := s.ask(http.MethodGet, "/healthz", "", "X-Request-Id", "r-1", "X-Request-Id", "r-2").Header.Get("X-Request-Id")
	if got == "r-1" || got == "r-2" {
		t.Errorf("of two ids %q was taken", got)
	}
}

func TestEventsHaveTheRequestIDAsCorrelation(t *testing.T) {
	s := open(t)
	s.ask(http.MethodPost, "/add_batch", `{"ref":"b1","sku":"LAMP","qty":1}`, "Content-Type", plain, "X-Request-Id", "r-batch")
	s.ask(http.MethodPost, "/v1/bulk", `{"op":"allocate","order_id":"o1","sku":"LAMP","qty":1,"reason":"urgent"}`, "Content-Type", ndjson, "X-Request-Id", "r-bulk")

	page, err := s.store.Events(t.Context(), views.Page{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range page.Items {
		got = append(got, strings.Join([]string{e.Type, e.Correlation, e.Actor, e.Reason, e.Cause}, "|"))
	}
	if want := "batch_created|r-batch||| allocated|r-bulk||urgent|"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// troubled is a reader of views that is in trouble.
type troubled struct {
	views.Reader
	trouble func() error
}

func (r troubled) Order(context.Context, string) (views.Order, error) {
	return views.Order{}, r.trouble()
}
func (r troubled) Products(context.Context, views.Page) (views.List[views.Product], error) {
	return views.List[views.Product]{}, r.trouble()
}

func TestTroubleOfOursIsLoggedAndNotTold(t *testing.T) {
	for name, tt := range map[string]struct {
		trouble func() error
		status  int
		code    string
		log     []string
	}{
		"a fault": {func() error { return errors.New("table lines is corrupt") }, 500, "internal", []string{"level=ERROR", "table lines is corrupt"}},
		"a panic": {func() error { panic("table lines is corrupt") }, 500, "internal", []string{"level=ERROR", "table lines is corrupt", "observe_test.go"}},
		"a passing": {func() error {
			return &domain.Error{Kind: domain.Unavailable, Code: "unavailable", Message: "the disk is full", Hint: "wait"}
		}, 503, "unavailable", []string{"level=WARN", "the disk is full"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			s.serve(s.store, troubled{s.store, tt.trouble})
			got := s.ask(http.MethodGet, "/allocations/o1", "", "X-Request-Id", "r-1")
			expectProblem(t, got, tt.status, tt.code, "")
			if strings.Contains(got.Body, "corrupt") {
				t.Errorf("the world is told too much: %s", got.Body)
			}
			for _, want := range append(tt.log, "request_id=r-1", "/allocations/o1") {
				if !strings.Contains(s.log.String(), want) {
					t.Errorf("%q is not in the log:\n%s", want, s.log)
				}
			}
			s.expect(s.get("/healthz"), 200, plain, `{"status":"alive"}`+"\n") // it lives on
		})
	}
}

// panicky is a store that panics when it is looked at.
type panicky struct{ *memory.Store }

func (panicky) View(context.Context, func(context.Context, service.Reader) error) error {
	panic("out of luck")
}

func TestAnAnswerThatWasBegunBreaksOffIfItsHandlerPanics(t *testing.T) {
	s := open(t)
	s.serve(panicky{s.store}, s.store)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/v1/bulk?dry_run=true", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", ndjson)
	w, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	if body, err := io.ReadAll(w.Body); err == nil || len(body) > 0 {
		t.Errorf("the answer ends properly, with %q", body)
	}
	if !strings.Contains(s.log.String(), "out of luck") {
		t.Errorf("the log has no word of it:\n%s", s.log)
	}
}

func TestHealth(t *testing.T) {
	s := open(t)
	s.expect(s.get("/healthz"), 200, plain, `{"status":"alive"}`+"\n")
	s.expect(s.get("/readyz"), 200, plain, `{"status":"ready"}`+"\n")
	s.expect(s.get("/version"), 200, plain, `{"name":"allot","version":"1.2.3"}`+"\n")

	s.serve(s.store, troubled{s.store, func() error { return errors.New("no such file") }})
	s.expect(s.get("/healthz"), 200, plain, `{"status":"alive"}`+"\n")
	expectProblem(t, s.get("/readyz"), 503, "unavailable", "")
}

func TestAServerThatIsAboutToStopIsNotReady(t *testing.T) {
	s := open(t)
	stopping := make(chan struct{})
	h := httpapi.New(s.bus, s.store, httpapi.Options{Stopping: stopping})
	for _, want := range []int{200, 503} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil))
		if w.Code != want {
			t.Errorf("status %d, want %d", w.Code, want)
		}
		if want == 200 {
			close(stopping)
		}
	}
}
