package domain_test

import (
	"fmt"
	"testing"

	"allot/internal/domain"
)

// What a command costs the domain: a draft, a decision, and settling it.
func BenchmarkAllocate(b *testing.B) {
	for _, batches := range []int{1, 20} {
		b.Run(fmt.Sprint("batches=", batches), func(b *testing.B) {
			shop := newLedger(b)
			for i := range batches {
				shop.add(fmt.Sprint("batch-", i), domain.MaxQty, october.AddDays(i))
			}
			p := shop.product
			b.ReportAllocs()
			for b.Loop() {
				p = p.Draft()
				if _, err := p.Allocate(wanted("order-1", 1, 1), domain.KeepBackorder, domain.Line{}); err != nil {
					b.Fatal(err)
				}
				if _, err := p.Settle(len(p.PopEvents())); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
