package sqlite

import (
	"fmt"
	"iter"
	"testing"
	"time"

	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
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

// stocked is a store with so many batches of a SKU on so many days.
func stocked(b *testing.B, batches, days int) (*Store, *service.Bus) {
	b.Helper()
	s := opened(b, temporary(b))
	bus := service.NewBus(service.NewTransactor(s, 4096, time.Now, nil))
	service.Register(bus)
	for i := range batches {
		cmd := domain.CreateBatch{Ref: fmt.Sprint("batch-", i), SKU: "CHAIR", Qty: 10_000, ETA: domain.NewDate(2026, 12, 1).AddDays(i % days)}
		if _, err := service.Send(b.Context(), bus, cmd); err != nil {
			b.Fatal(err)
		}
	}
	return s, bus
}

// What a customer's question costs, when nothing has changed and when every
// question comes after an allocation.
func BenchmarkAvailability(b *testing.B) {
	ask := []views.Ask{{SKU: "CHAIR", Qty: 3, By: "2026-12-24"}}
	for _, size := range []struct{ batches, days int }{{20, 20}, {1000, 60}} {
		b.Run(fmt.Sprintf("batches=%d", size.batches), func(b *testing.B) {
			s, _ := stocked(b, size.batches, size.days)
			for b.Loop() {
				if _, err := s.Availability(b.Context(), ask); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("batches=%d/forgotten", size.batches), func(b *testing.B) {
			s, _ := stocked(b, size.batches, size.days)
			for b.Loop() {
				s.stocks.forget()
				if _, err := s.Availability(b.Context(), ask); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// What it costs to move a batch of 10,000 lines.
func BenchmarkTenThousandLines(b *testing.B) {
	_, bus := stocked(b, 2, 2)
	lines := func(yield func(domain.Allocate) bool) {
		for i := range 10_000 {
			if !yield(domain.Allocate{OrderID: fmt.Sprint("order-", i), SKU: "CHAIR", Qty: 1}) {
				return
			}
		}
	}
	for o := range service.SendAll(b.Context(), bus, lines) {
		if o.Err != nil {
			b.Fatal(o.Err)
		}
	}
	slip := domain.ChangeBatch{Ref: "batch-0", ETA: domain.To(domain.NewDate(2026, 12, 9))}
	shrink := domain.ChangeBatch{Ref: "batch-0", Qty: domain.To(0)}
	for name, cmd := range map[string]domain.ChangeBatch{"preview a slip": slip, "preview a cut": shrink} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if effect, err := service.Preview(b.Context(), bus, cmd); err != nil || len(effect.Events) < 10_000 {
					b.Fatal(err, len(effect.Events))
				}
			}
		})
	}
	b.Run("slip", func(b *testing.B) {
		day := slip.ETA.To
		for b.Loop() {
			day = day.AddDays(1)
			if _, err := service.Send(b.Context(), bus, domain.ChangeBatch{Ref: "batch-0", ETA: domain.To(day)}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("cut", func(b *testing.B) {
		for b.Loop() {
			for ref, qty := range map[string]int{"batch-0": 0, "batch-1": 10_000} {
				if _, err := service.Send(b.Context(), bus, domain.ChangeBatch{Ref: ref, Qty: domain.To(qty)}); err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			if _, err := service.Send(b.Context(), bus, domain.ChangeBatch{Ref: "batch-0", Qty: domain.To(10_000)}); err != nil {
				b.Fatal(err)
			}
			if _, err := service.Send(b.Context(), bus, domain.ChangeBatch{Ref: "batch-1", Qty: domain.To(0)}); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
	})
}
