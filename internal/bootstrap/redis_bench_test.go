package bootstrap_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"allot/internal/bootstrap"
	"allot/internal/domain"
	"allot/internal/redistest"
	"allot/internal/service"
)

// What Redis costs allocations: nothing while it is down, little while it is
// there.
func BenchmarkAllocate(b *testing.B) {
	for _, how := range []string{"without Redis", "with Redis", "with Redis down"} {
		b.Run(how, func(b *testing.B) {
			app, err := bootstrap.Open(b.Context(), filepath.Join(b.TempDir(), "allot.db"), "bench", bootstrap.Options{})
			if err != nil {
				b.Fatal(err)
			}
			if how != "without Redis" {
				server := redistest.Start(b)
				if err := app.SendToRedis(server.URL, 100_000); err != nil {
					b.Fatal(err)
				}
				if how == "with Redis down" {
					server.Kill()
				}
			}
			ctx, cancel := context.WithCancel(b.Context())
			var relay sync.WaitGroup
			relay.Go(func() { app.Run(ctx) })
			allocate(b, app)
			cancel()
			relay.Wait()
			if err := app.Close(); err != nil {
				b.Error(err)
			}
		})
	}
}

// allocate has 64 clients allocate b.N lines, as fast as they can.
func allocate(b *testing.B, app *bootstrap.App) {
	for sku := range 100 {
		if _, err := service.Send(b.Context(), app.Bus, domain.CreateBatch{Ref: fmt.Sprint("b", sku), SKU: fmt.Sprint("SKU-", sku), Qty: domain.MaxQty}); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	began := time.Now()
	var next atomic.Int64
	var clients sync.WaitGroup
	for range 64 {
		clients.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				if _, err := service.Send(b.Context(), app.Bus, domain.Allocate{OrderID: fmt.Sprint("o", n), SKU: fmt.Sprint("SKU-", n%100), Qty: 1}); err != nil {
					b.Error(err)
				}
			}
		})
	}
	clients.Wait()
	b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "allocations/s")
}
