package httpapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"allot/internal/adapters/memory"
	"allot/internal/domain"
	"allot/internal/entrypoints/httpapi"
	"allot/internal/service"
)

// handled has a handler answer a request, without a connection.
func handled(h http.Handler, r *http.Request) answer {
	w := httptest.NewRecorder()
	r.Host = "localhost"
	h.ServeHTTP(w, r)
	return answer{w.Code, w.Header().Get("Content-Type"), w.Body.String(), w.Header()}
}

func order(ctx context.Context) *http.Request {
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/allocate", strings.NewReader(`{"orderid":"o1","sku":"LAMP","qty":3}`))
	r.Header.Set("Content-Type", plain)
	return r
}

// expectPause looks for a Retry-After between least and most seconds.
func expectPause(t *testing.T, got answer, least, most int) {
	t.Helper()
	if after, err := strconv.Atoi(got.Header.Get("Retry-After")); err != nil || after < least || after > most {
		t.Errorf("Retry-After is %q, want %d to %d", got.Header.Get("Retry-After"), least, most)
	}
}

func TestARequestIsAnsweredByItsDeadline(t *testing.T) {
	for code, begun := range map[string]bool{"timed_out": false, "outcome_unknown": true} {
		t.Run(code, func(t *testing.T) {
			s := open(t)
			s.do(domain.CreateBatch{Ref: "b1", SKU: "LAMP", Qty: 100})
			stuck := &stuckStore{Store: s.store, begun: begun, release: make(chan struct{})}
			bus := service.NewBus(service.NewTransactor(stuck, 1, time.Now, nil))
			service.Register(bus)
			h := httpapi.New(bus, s.store, httpapi.Options{Deadline: 50 * time.Millisecond})
			got := handled(h, order(t.Context()))
			expectProblem(t, got, 503, code, "")
			expectPause(t, got, 1, 3)
			close(stuck.release)
			bus.Close()
			order, err := s.store.Order(t.Context(), "o1")
			if done := err == nil && len(order.Lines) == 1; done != begun {
				t.Errorf("it was done: %v", done)
			}
		})
	}
}

// stuckStore is a store whose transactions get stuck, before their commands or
// after them.
type stuckStore struct {
	*memory.Store
	begun   bool
	release chan struct{}
}

func (s *stuckStore) InTx(ctx context.Context, fn func(context.Context, service.Tx) error) error {
	if !s.begun {
		<-s.release
	}
	return s.Store.InTx(ctx, func(ctx context.Context, tx service.Tx) error {
		err := fn(ctx, tx)
		if s.begun {
			<-s.release
		}
		return err
	})
}

func TestMoreRequestsThanMayWaitAreRefusedAtOnce(t *testing.T) {
	s := open(t)
	stuck := gated{s.store, make(chan struct{}, 1), make(chan struct{})}
	work := service.NewTransactor(stuck, 1, time.Now, nil)
	work.LimitQueue(1)
	bus := service.NewBus(work)
	service.Register(bus)
	h := httpapi.New(bus, s.store, httpapi.Options{})
	first := make(chan answer)
	go func() { first <- handled(h, order(t.Context())) }()
	<-stuck.entered
	pauses := map[string]bool{}
	for len(pauses) < 2 { // they differ, so that not all come back at once
		got := handled(h, order(t.Context()))
		if got.Status != 503 {
			t.Fatalf("status %d: the first one takes its place", got.Status)
		}
		expectProblem(t, got, 503, "overloaded", "")
		expectPause(t, got, 1, 3)
		pauses[got.Header.Get("Retry-After")] = true
	}
	s.expect(s.get("/healthz"), 200, plain, `{"status":"alive"}`+"\n")
	close(stuck.gate)
	s.expect(<-first, 400, plain, `{"message":"Invalid sku LAMP"}`+"\n")
}

func TestTroubleWithTheDiskIsToldAndReadingGoesOn(t *testing.T) {
	for code, cause := range map[string]error{"storage_full": service.ErrStorageFull, "read_only": service.ErrStorageReadOnly} {
		t.Run(code, func(t *testing.T) {
			s := open(t)
			s.do(domain.CreateBatch{Ref: "b1", SKU: "LAMP", Qty: 100}, domain.Allocate{OrderID: "o0", SKU: "LAMP", Qty: 1})
			trouble := fmt.Errorf("commit: %w", cause)
			bus := service.NewBus(service.NewTransactor(failing{s.store, &trouble}, 1, time.Now, nil))
			service.Register(bus)
			h := httpapi.New(bus, s.store, httpapi.Options{Writable: func(context.Context) error { return trouble }})
			get := func(path string) answer {
				return handled(h, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
			}
			for what, got := range map[string]answer{"a command": handled(h, order(t.Context())), "readiness": get("/readyz")} {
				expectProblem(t, got, 503, code, "")
				expectPause(t, got, 5, 10)
				if t.Failed() {
					t.Fatal(what)
				}
			}
			s.expect(get("/allocations/o0"), 200, plain, `[{"batchref":"b1","sku":"LAMP"}]`+"\n")
			s.expect(get("/healthz"), 200, plain, `{"status":"alive"}`+"\n")
			trouble = nil
			s.expect(handled(h, order(t.Context())), 202, html, "OK", "Allocation-Status", "allocated")
			s.expect(get("/readyz"), 200, plain, `{"status":"ready"}`+"\n")
		})
	}
}

// failing is a store that can't write while there is trouble.
type failing struct {
	*memory.Store
	trouble *error
}

func (f failing) InTx(ctx context.Context, fn func(context.Context, service.Tx) error) error {
	if *f.trouble != nil {
		return *f.trouble
	}
	return f.Store.InTx(ctx, fn)
}

// accessLine is a line of the access log.
type accessLine struct {
	Level, Msg, Method, Path, Route, Actor string
	From                                   string
	Status                                 int
	Bytes                                  int64
	Took                                   *float64 `json:"took_ms"`
	RequestID                              string   `json:"request_id"`
}

func TestTheAccessLogHasEveryRequest(t *testing.T) {
	s := open(t)
	log := &transcript{}
	h := httpapi.New(s.bus, s.store, httpapi.Options{Log: slog.New(slog.NewJSONHandler(log, nil)), Guard: httpapi.Guard{Key: "s3cret"}})
	r := order(t.Context())
	r.Header.Set("X-Request-Id", "r-7")
	r.Header.Set("Allot-Actor", "webshop")
	r.Header.Set("Authorization", "Bearer s3cret")
	r.URL.RawQuery = "token=s3cret"
	handled(h, r)
	var got accessLine
	if err := json.Unmarshal([]byte(log.String()), &got); err != nil {
		t.Fatalf("%v in %s", err, log)
	}
	if got.Took == nil || got.From == "" {
		t.Errorf("it lacks something: %s", log)
	}
	got.Took, got.From = nil, ""
	want := accessLine{Level: "INFO", Msg: "request", Method: "POST", Path: "/allocate", Route: "/allocate", Actor: "webshop", Status: 400, Bytes: 31, RequestID: "r-7"}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if strings.Contains(log.String(), "s3cret") {
		t.Errorf("it has a secret: %s", log)
	}
}

func TestProbesAreInTheAccessLogForDebuggingOnly(t *testing.T) {
	s := open(t)
	log := &transcript{}
	h := httpapi.New(s.bus, s.store, httpapi.Options{Log: slog.New(slog.NewJSONHandler(log, nil))})
	for _, path := range []string{"/healthz", "/readyz"} {
		handled(h, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	}
	if log.String() != "" {
		t.Errorf("it has %s", log)
	}
}

func TestAnObserverIsToldOfEveryRequestByTheRouteThatItTook(t *testing.T) {
	s := open(t)
	var told []string
	h := httpapi.New(s.bus, s.store, httpapi.Options{Observe: func(_ context.Context, route, method string, status int, _ time.Time) {
		told = append(told, fmt.Sprint(method, " ", route, " ", status))
	}})
	for _, path := range []string{"/healthz", "/allocations/o1//x", "/nothing/here", "/add_batch"} {
		handled(h, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	}
	want := "GET /healthz 200, GET /allocations/{orderid} 404, GET / 404, GET /add_batch 405"
	if got := strings.Join(told, ", "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
