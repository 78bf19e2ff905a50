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

// The two differ in the command alone: what allocate takes more than echo is
// what the bus, the domain and the store take.

func BenchmarkEcho(b *testing.B)     { benchmark(b, "/echo") }
func BenchmarkAllocate(b *testing.B) { benchmark(b, "/allocate") }

func benchmark(b *testing.B, path string) {
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
			n := orders.Add(1)
			body := strings.NewReader(fmt.Sprintf(`{"orderid":"order-%d","sku":"SKU-%d","qty":3}`, n, n%100))
			r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, s.url+path, body)
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
			if w.StatusCode != http.StatusAccepted {
				b.Errorf("status %d", w.StatusCode)
				return
			}
		}
	})
}
