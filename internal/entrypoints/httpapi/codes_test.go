package httpapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"allot/internal/access"
	"allot/internal/domain"
	"allot/internal/entrypoints/httpapi"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
)

// refusals lead to the codes that a shop in good order refuses with, one
// request after the other; those without a code are done.
var refusals = []struct{ method, path, body, code string }{
	{"POST", "/v1/batches", `{"ref":"near","sku":"LAMP","qty":10}`, ""},
	{"POST", "/v1/batches", `{"ref":"far","sku":"LAMP","qty":10,"eta":"2100-01-01"}`, ""},
	{"POST", "/v1/batches", `{"ref":"near","sku":"LAMP","qty":11}`, domain.CodeBatchConflict},
	{"POST", "/v1/batches", `{"ref":"b","sku":"LAMP","qty":-1}`, domain.CodeValidationFailed},
	{"POST", "/v1/batches", `{"ref":`, wire.CodeMalformedJSON},
	{"POST", "/v1/batches", strings.Repeat(" ", httpapi.MaxBody+1), wire.CodeTooLarge},
	{"PUT", "/v1/batches", `{}`, wire.CodeMethodNotAllowed},
	{"GET", "/v1/nowhere", ``, wire.CodeNotFound},
	{"GET", "/v1/batches/nix", ``, domain.CodeUnknownBatch},
	{"POST", "/v1/orders/o1/lines", `{"sku":"NIX","qty":1}`, domain.CodeUnknownSKU},
	{"GET", "/v1/orders/o1/lines/LAMP", ``, domain.CodeUnknownLine},
	{"POST", "/v1/orders/o1/lines", `{"sku":"LAMP","qty":99,"on_shortage":"reject"}`, wire.CodeOutOfStock},
	{"POST", "/v1/orders", `{"order_id":"o1","mode":"all","lines":[{"sku":"LAMP","qty":99}]}`, domain.CodeOrderIncomplete},

	{"POST", "/v1/orders/o1/lines", `{"sku":"LAMP","qty":4}`, ""},
	{"POST", "/v1/orders/o1/lines", `{"sku":"LAMP","qty":5}`, domain.CodeLineConflict},
	{"POST", "/v1/orders/o1/lines/LAMP/release", `{}`, domain.CodeNotHeld},
	{"POST", "/v1/orders/o1/lines/LAMP/ship", `{"shipped":5}`, domain.CodeTooManyUnits},
	{"POST", "/v1/orders/o1/lines/LAMP/ship", `{"shipped":3}`, ""},
	{"PATCH", "/v1/batches/near", `{"qty":2}`, domain.CodeBelowShipped},
	{"PATCH", "/v1/orders/o1/lines/LAMP", `{"qty":99}`, domain.CodeLineWouldMove},
	{"POST", "/v1/orders/o1/lines/LAMP/ship", `{"shipped":4}`, ""},
	{"DELETE", "/v1/orders/o1/lines/LAMP", ``, domain.CodeLineShipped},

	{"POST", "/v1/orders/o2/lines", `{"sku":"LAMP","qty":9}`, ""},
	{"POST", "/v1/orders/o2/lines/LAMP/ship", `{"shipped":1}`, domain.CodeBatchNotArrived},
	{"POST", "/v1/batches/far/receive", `{"qty":10}`, ""},
	{"POST", "/v1/batches/far/receive", `{"qty":11}`, domain.CodeBatchArrived},
	{"POST", "/v1/orders/o3/lines", `{"sku":"LAMP","qty":99}`, ""},
	{"POST", "/v1/orders/o3/lines/LAMP/ship", `{"shipped":1}`, domain.CodeNothingToShip},
	{"DELETE", "/v1/orders/o3/lines/LAMP", ``, ""},
	{"POST", "/v1/orders/o3/lines", `{"sku":"LAMP","qty":99}`, domain.CodeLineCancelled},
	{"POST", "/v1/orders/o4/lines", `{"sku":"LAMP","qty":1,"hold_until":"2100-01-01T00:00:00Z"}`, ""},
	{"POST", "/v1/orders/o4/lines/LAMP/release", `{}`, ""},
	{"POST", "/v1/orders/o4/lines/LAMP/confirm", `{}`, domain.CodeHoldEnded},
	{"PATCH", "/v1/batches/near?plan=9f86d081884c7d659a2feaa0c55ad015", `{"qty":20}`, service.CodePlanChanged},
}

// troubles lead to the codes of everything else.
var troubles = map[string]func(*testing.T) answer{
	wire.CodeUnsupportedMediaType: func(t *testing.T) answer {
		return open(t).ask("POST", "/allocate", "<xml/>", "Content-Type", "text/xml")
	},
	wire.CodeForeignOrigin: func(t *testing.T) answer {
		return open(t).ask("POST", "/allocate", "{}", "Content-Type", plain, "Origin", "https://evil.example")
	},
	wire.CodeUnknownHost: func(t *testing.T) answer {
		w := httptest.NewRecorder()
		httpapi.New(nil, nil, httpapi.Options{}).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "http://evil.example/healthz", nil))
		return answer{w.Code, w.Header().Get("Content-Type"), w.Body.String(), w.Header()}
	},
	service.CodeVersionChanged: func(t *testing.T) answer {
		s := open(t)
		s.do(domain.CreateBatch{Ref: "b1", SKU: "LAMP", Qty: 9})
		return s.ask("PATCH", "/v1/batches/b1", `{"qty":8}`, "Content-Type", plain, "If-Match", `"7"`)
	},
	service.CodeKeyReused: func(t *testing.T) answer {
		s := open(t)
		once := []string{"Content-Type", plain, "Idempotency-Key", "k-1"}
		s.ask("POST", "/v1/batches", `{"ref":"b1","sku":"LAMP","qty":9}`, once...)
		return s.ask("POST", "/v1/batches", `{"ref":"b2","sku":"LAMP","qty":9}`, once...)
	},

	access.CodeUnauthorized: func(t *testing.T) answer { return openGuarded(t, httpapi.Guard{Required: true}).get("/v1/batches") },
	access.CodeForbidden: func(t *testing.T) answer {
		s := openGuarded(t, httpapi.Guard{Required: true})
		return s.ask("GET", "/v1/tokens", "", bearer(s.issue("reader", access.Read))...)
	},
	access.CodeTokenConflict: func(t *testing.T) answer {
		s := openGuarded(t, httpapi.Guard{})
		s.issue("till", access.Allocate)
		return s.post("/v1/tokens", `{"name":"till","scopes":["read"]}`)
	},
	access.CodeUnknownToken: func(t *testing.T) answer {
		return openGuarded(t, httpapi.Guard{}).ask("DELETE", "/v1/tokens/nobody", "")
	},
	wire.CodeRateLimited: func(t *testing.T) (last answer) {
		s := openGuarded(t, httpapi.Guard{Rate: 1})
		for range 9 {
			last = s.get("/v1/batches")
		}
		return last
	},

	service.CodeOverloaded: func(t *testing.T) answer {
		f := fullAPI(t, httpapi.Options{})
		defer func() { f.open(); <-f.first }()
		return handled(f.h, order(t.Context()))
	},
	service.CodeTimedOut:       func(t *testing.T) answer { return stuckAt(t, false) },
	service.CodeOutcomeUnknown: func(t *testing.T) answer { return stuckAt(t, true) },
	service.CodeStorageFull:    func(t *testing.T) answer { return ordered(t, service.ErrStorageFull) },
	service.CodeReadOnly:       func(t *testing.T) answer { return ordered(t, service.ErrStorageReadOnly) },
	service.CodeUnavailable:    func(t *testing.T) answer { return ordered(t, service.ErrStorage) },
	wire.CodeInternal:          func(t *testing.T) answer { return ordered(t, errors.New("a fault of ours")) },
}

// stuckAt orders from a store that gets stuck.
func stuckAt(t *testing.T, begun bool) answer {
	s := open(t)
	stuck := &stuckStore{Store: s.store, begun: begun, release: make(chan struct{})}
	bus := service.NewBus(service.NewTransactor(stuck, 1, time.Now, nil))
	service.Register(bus)
	defer func() { close(stuck.release); bus.Close() }()
	return handled(httpapi.New(bus, s.store, httpapi.Options{Deadline: 50 * time.Millisecond}), order(t.Context()))
}

// ordered orders from a store that is in trouble.
func ordered(t *testing.T, trouble error) answer {
	s := open(t)
	trouble = fmt.Errorf("commit: %w", trouble)
	bus := service.NewBus(service.NewTransactor(failing{s.store, &trouble}, 1, time.Now, nil))
	service.Register(bus)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return handled(httpapi.New(bus, s.store, httpapi.Options{}), order(ctx))
}

// Every code in the table of problems is told over HTTP, with the status that
// stands there.
func TestEveryCodeIsReached(t *testing.T) {
	status := map[string]int{}
	for _, m := range wire.Meanings() {
		status[m.Code] = m.Status
	}
	left := func(code string) int {
		defer delete(status, code)
		return status[code]
	}
	s := open(t)
	for _, r := range refusals {
		got := s.ask(r.method, r.path, r.body, "Content-Type", plain)
		if r.code == "" && got.Status >= http.StatusBadRequest {
			t.Fatalf("%s %s %s: %d %s", r.method, r.path, r.body, got.Status, got.Body)
		}
		if r.code != "" {
			expectProblem(t, got, left(r.code), r.code, fieldOf(t, got))
		}
	}
	for code, provoke := range troubles {
		t.Run(code, func(t *testing.T) {
			got := provoke(t)
			expectProblem(t, got, left(code), code, fieldOf(t, got))
		})
	}
	for code := range status {
		t.Errorf("nothing here leads to %s", code)
	}
}

// fieldOf is the member that a problem is about.
func fieldOf(t *testing.T, got answer) string {
	t.Helper()
	var p wire.Problem
	if err := json.Unmarshal([]byte(got.Body), &p); err != nil {
		t.Fatalf("%d %s: %v", got.Status, got.Body, err)
	}
	return p.Field
}
