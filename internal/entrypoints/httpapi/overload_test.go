package httpapi_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"allot/internal/adapters/memory"
	"allot/internal/domain"
	"allot/internal/entrypoints/httpapi"
	"allot/internal/service"
)

// full is an API whose queue has one place, which is taken until the gate opens.
type full struct {
	h     http.Handler
	open  func()     // the gate
	first chan error // of the command that has the place
}

func fullAPI(t *testing.T, o httpapi.Options) full {
	t.Helper()
	store := memory.New()
	stuck := gated{store, make(chan struct{}, 1), make(chan struct{})}
	work := service.NewTransactor(stuck, 1, time.Now, nil)
	work.LimitQueue(1)
	bus := service.NewBus(work)
	service.Register(bus)
	f := full{httpapi.New(bus, store, o), func() { close(stuck.gate) }, make(chan error, 1)}
	go func() {
		_, err := service.Send(t.Context(), bus, domain.CreateBatch{Ref: "b1", SKU: "LAMP", Qty: 100})
		f.first <- err
	}()
	<-stuck.entered
	return f
}

// unread is a body that must not be read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body is read")
	return 0, errors.New("it is not to be read")
}

func TestARequestThatFindsNoRoomIsRefusedBeforeItIsLookedAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fullAPI(t, httpapi.Options{Guard: httpapi.Guard{Required: true}})
		for _, r := range []struct{ method, path string }{
			{http.MethodPost, "/allocate"}, {http.MethodPost, "/add_batch"}, {http.MethodPatch, "/v1/batches/b1"}, {http.MethodDelete, "/v1/orders/o1/lines/LAMP"},
		} {
			began := time.Now()
			got := handled(f.h, httptest.NewRequestWithContext(t.Context(), r.method, r.path, unread{t}))
			expectProblem(t, got, 503, "overloaded", "")
			expectPause(t, got, 1, 3)
			if took := time.Since(began); took < 100*time.Millisecond || took > 200*time.Millisecond {
				t.Errorf("%s %s: who doesn't wait is refused after %v; it should take 100 to 200 ms", r.method, r.path, took)
			}
		}
		f.open()
		<-f.first
	})
}

func TestARequestThatFindsRoomAfterAllIsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fullAPI(t, httpapi.Options{})
		second := make(chan answer)
		go func() { second <- handled(f.h, order(t.Context())) }()
		synctest.Wait() // it pauses
		f.open()
		if got := <-second; got.Status != http.StatusAccepted || got.Header.Get("Allocation-Batch") != "b1" {
			t.Errorf("it got %+v", got)
		}
		<-f.first
	})
}

func TestReadingAndDryRunsNeedNoRoom(t *testing.T) {
	f := fullAPI(t, httpapi.Options{})
	for path, want := range map[string]int{"/v1/products": 200, "/healthz": 200} {
		if got := handled(f.h, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)); got.Status != want {
			t.Errorf("%s got %+v", path, got)
		}
	}
	r := order(t.Context())
	r.URL.Path, r.URL.RawQuery = "/v1/orders/o1/lines", "dry_run=true"
	expectProblem(t, handled(f.h, r), 422, "validation_failed", "orderid") // it was looked at
	f.open()
	<-f.first
}

func TestSoManyAreRefusedSlowlyAndOthersAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fullAPI(t, httpapi.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		answers := make(chan answer)
		for range httpapi.MaxPaused {
			go func() { answers <- handled(f.h, order(ctx)) }()
		}
		synctest.Wait()
		began := time.Now()
		expectProblem(t, handled(f.h, order(ctx)), 503, "overloaded", "")
		if took := time.Since(began); took != 0 {
			t.Errorf("one too many is refused after %v", took)
		}
		cancel() // who has gone needs no pause
		for range httpapi.MaxPaused {
			<-answers
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("those who have gone are paused for %v", took)
		}
		f.open()
		<-f.first
	})
}
