package metrics_test

import (
	"context"
	"testing"
	"time"

	"allot/internal/domain"
	"allot/internal/metrics"
	"allot/internal/service"
)

// What metrics add to one allocation over HTTP.
func BenchmarkCountAnAllocation(b *testing.B) {
	m := metrics.New("1.2.3")
	ctx, began := context.Background(), time.Now()
	done := service.CommandDone{Name: "allocate", Queued: began, Result: domain.Placement{Status: domain.StatusAllocated}}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			m.Request(ctx, "/allocate", "POST", 202, began)
			m.Command(ctx, done)
		}
	})
}
