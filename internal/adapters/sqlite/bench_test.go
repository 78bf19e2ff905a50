package sqlite

import (
	"fmt"
	"iter"
	"testing"
	"time"

	"allot/internal/domain"
	"allot/internal/service"
)

// What a line costs when commands share transactions: decision, group and disk.
func BenchmarkAllocateInGroups(b *testing.B) {
	s := opened(b, temporary(b))
	bus := service.NewBus(service.NewTransactor(s, 4096, time.Now, nil))
	service.Register(bus)
	const skus = 100
	for i := range skus {
		cmd := domain.CreateBatch{Ref: fmt.Sprint("batch-", i), SKU: fmt.Sprint("SKU-", i), Qty: domain.MaxQty}
		if _, err := service.Send(b.Context(), bus, cmd); err != nil {
			b.Fatal(err)
		}
	}
	lines := func(n int) iter.Seq[domain.Allocate] {
		return func(yield func(domain.Allocate) bool) {
			for i := range n {
				if !yield(domain.Allocate{OrderID: fmt.Sprint("order-", i), SKU: fmt.Sprint("SKU-", i%skus), Qty: 1}) {
					return
				}
			}
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	for o := range service.SendAll(b.Context(), bus, lines(b.N)) {
		if o.Err != nil {
			b.Fatal(o.Err)
		}
	}
}
