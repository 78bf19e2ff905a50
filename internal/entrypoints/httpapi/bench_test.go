package httpapi_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"allot/internal/domain"
)

// The first two differ in the command alone: what allocate takes more than echo
// is what the bus, the domain and the store take. The third says more in its
// answer.

func BenchmarkEcho(b *testing.B)         { benchmark(b, byBook("/echo"), http.StatusAccepted) }
func BenchmarkAllocate(b *testing.B)     { benchmark(b, byBook("/allocate"), http.StatusAccepted) }
func BenchmarkAllocateLine(b *testing.B) { benchmark(b, line, http.StatusCreated) }

// byBook is what asks for the nth order line as the book does.
func byBook(path string) func(n int64) (string, string) {
	return func(n int64) (string, string) {
		return path, fmt.Sprintf(`{"orderid":"order-%d","sku":"SKU-%d","qty":3}`, n, n%100)
	}
}

func line(n int64) (path, body string) {
	return fmt.Sprintf("/v1/orders/order-%d/lines", n), fmt.Sprintf(`{"sku":"SKU-%d","qty":3}`, n%100)
}

func benchmark(b *testing.B, ask func(n int64) (path, body string), status int) {
	b.Helper()
	s := open(b)
	for n := range 100 {
		s.do(domain.CreateBatch{Ref: fmt.Sprintf("batch-%d", n), SKU: fmt.Sprintf("SKU-%d", n), Qty: domain.MaxQty})
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 256}
	defer transport.CloseIdleConnections()
	var orders atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(32)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			path, body := ask(orders.Add(1))
			r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, s.url+path, strings.NewReader(body))
			if err != nil {
				b.Error(err)
				return
			}
			r.Header["Content-Type"] = []string{plain}
			w, err := transport.RoundTrip(r)
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, w.Body)
			w.Body.Close()
			if w.StatusCode != status {
				b.Errorf("status %d", w.StatusCode)
				return
			}
		}
	})
}
