package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"allot/internal/adapters/memory"
	"allot/internal/domain"
	"allot/internal/entrypoints/httpapi"
	"allot/internal/service"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// gated is a store whose transactions wait for a gate.
type gated struct {
	*memory.Store
	entered chan struct{}
	gate    chan struct{}
}

func (g gated) InTx(ctx context.Context, fn func(context.Context, service.Tx) error) error {
	g.entered <- struct{}{}
	<-g.gate
	return g.Store.InTx(ctx, fn)
}

func TestAServerThatStopsFinishesWhatItHasAccepted(t *testing.T) {
	s := open(t)
	s.do(domain.CreateBatch{Ref: "b1", SKU: "LAMP", Qty: 100})
	store := gated{s.store, make(chan struct{}, 10), make(chan struct{})}
	s.serve(store, s.store)

	answered := make(chan answer, 1)
	go func() { answered <- s.post("/allocate", `{"orderid":"o1","sku":"LAMP","qty":3}`) }()
	<-store.entered
	stopped := make(chan error, 1)
	go func() { stopped <- s.stop() }()
	refused(t, s.url)
	close(store.gate)

	s.expect(<-answered, 202, html, "OK", "Allocation-Status", "allocated")
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if order, err := s.store.Order(t.Context(), "o1"); err != nil || len(order.Lines) != 1 {
		t.Errorf("what was acknowledged is not there: %+v, %v", order, err)
	}
}

// refused returns when a server accepts no connection any more.
func refused(t *testing.T, url string) {
	t.Helper()
	for {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			return
		}
		conn.Close()
	}
}

func TestNothingThatWasAcknowledgedIsLostByStopping(t *testing.T) {
	s := open(t)
	s.do(domain.CreateBatch{Ref: "b1", SKU: "LAMP", Qty: 1_000_000})
	transport := &http.Transport{MaxIdleConnsPerHost: 8}
	defer transport.CloseIdleConnections()
	var acknowledged sync.Map
	var count atomic.Int64
	enough := make(chan struct{})
	var clients sync.WaitGroup
	for c := range 8 {
		clients.Go(func() {
			for n := 0; ; n++ {
				order := fmt.Sprintf("o%d-%d", c, n)
				if !allocate(t, transport, s.url, order) {
					return
				}
				acknowledged.Store(order, true)
				if count.Add(1) == 500 {
					close(enough)
				}
			}
		})
	}
	<-enough
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	clients.Wait()
	for order := range acknowledged.Range {
		if _, err := s.store.Order(t.Context(), order.(string)); err != nil {
			t.Errorf("%s was acknowledged: %v", order, err)
		}
	}
}

// allocate reports whether an order was acknowledged.
func allocate(t *testing.T, transport http.RoundTripper, url, order string) bool {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/allocate", strings.NewReader(`{"orderid":"`+order+`","sku":"LAMP","qty":1}`))
	if err != nil {
		t.Error(err)
		return false
	}
	r.Header.Set("Content-Type", plain)
	w, err := transport.RoundTrip(r)
	if err != nil {
		return false // the server has gone
	}
	defer w.Body.Close()
	if _, err := io.Copy(io.Discard, w.Body); err != nil {
		return false
	}
	if w.StatusCode != http.StatusAccepted {
		t.Errorf("status %d", w.StatusCode)
	}
	return true
}

func TestARequestThatTakesTooLongIsCutOffAndTheServerSaysSo(t *testing.T) {
	s := &shop{t: t, log: &transcript{}}
	started, ended := make(chan struct{}), false
	ctx, cancel := context.WithCancel(t.Context())
	s.listen(ctx, cancel, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(started)
		<-r.Context().Done()
		ended = true
	}), httpapi.ServeOptions{Grace: time.Millisecond})

	answered := make(chan struct{})
	go func() {
		defer close(answered)
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url, nil)
		if w, err := http.DefaultTransport.RoundTrip(r); err == nil {
			w.Body.Close()
		}
	}()
	<-started
	err := s.stop()
	if err == nil || err.Error() != "requests were still running after 1ms, and were cut off" {
		t.Errorf("the server says %v", err)
	}
	if !ended {
		t.Error("the handler still runs")
	}
	<-answered
}

func TestAServerThatCannotAcceptSaysSo(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	err = httpapi.Serve(t.Context(), l, http.NotFoundHandler(), httpapi.ServeOptions{})
	if !errors.Is(err, net.ErrClosed) || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("got %v", err)
	}
}

func TestAClientThatIsSilentDoesNotKeepTheServerFromStopping(t *testing.T) {
	s := open(t)
	s.get("/healthz") // and the connection stays open
	if err := s.stop(); err != nil {
		t.Error(err)
	}
}

func TestHeadersAreLimited(t *testing.T) {
	s := open(t)
	if got := s.ask(http.MethodGet, "/healthz", "", "X-Long", strings.Repeat("x", 32<<10)); got.Status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status %d", got.Status)
	}
}
