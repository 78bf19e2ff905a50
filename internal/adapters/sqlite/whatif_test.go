package sqlite

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allot/internal/domain"
	"allot/internal/service"
)

// crowded is a store with a product of 10 batches and so many lines, all of
// which have stock.
func crowded(tb testing.TB, lines int) (*Store, *service.Bus) {
	tb.Helper()
	s := opened(tb, temporary(tb))
	bus := service.NewBus(service.NewTransactor(s, 4096, time.Now, nil))
	service.Register(bus)
	var commands []domain.Message
	for i := range 10 {
		commands = append(commands, domain.CreateBatch{Ref: fmt.Sprint("batch-", i), SKU: "CHAIR", Qty: lines / 10, ETA: domain.NewDate(2026, 12, 1+i)})
	}
	for i := range lines {
		commands = append(commands, domain.Allocate{OrderID: fmt.Sprint("order-", i), SKU: "CHAIR", Qty: 1})
	}
	for o := range service.SendEach(tb.Context(), bus, slices.Values(commands)) {
		if o.Err != nil {
			tb.Fatal(o.Err)
		}
	}
	return s, bus
}

// twenty are 20 changes: all of the batches slip, and each gives up half of its
// lines.
func twenty(lines int) (changes []domain.Message) {
	for i := range 10 {
		ref := fmt.Sprint("batch-", i)
		changes = append(changes,
			domain.ChangeBatch{Ref: ref, ETA: domain.To(domain.NewDate(2026, 12, 15+i))},
			domain.ChangeBatch{Ref: ref, Qty: domain.To(lines / 20)})
	}
	return changes
}

func books(tb testing.TB, s *Store) (out []service.Book) {
	tb.Helper()
	for b, err := range s.Books(context.Background(), func(fault string) { tb.Error(fault) }) {
		if err != nil {
			tb.Fatal(err)
		}
		out = append(out, b)
	}
	return out
}

func TestTryingManyChangesLeavesTheTablesAsTheyAre(t *testing.T) {
	s, bus := crowded(t, 1000)
	before := books(t, s)
	foreseen, err := service.WhatIf(t.Context(), bus, twenty(1000))
	if err != nil || len(foreseen.Moves) != 1000 || foreseen.Count(service.WithoutStock) != 500 {
		t.Fatalf("%d lines move, %d are without stock (%v)", len(foreseen.Moves), foreseen.Count(service.WithoutStock), err)
	}
	if diff := cmp.Diff(before, books(t, s)); diff != "" {
		t.Error(diff)
	}
}

// What it costs to try 20 changes of a product with 10,000 lines, all of which
// move; and to plan all of them afresh, which moves none.
func BenchmarkWhatIf(b *testing.B) {
	_, bus := crowded(b, 10_000)
	for _, of := range []struct {
		name    string
		changes []domain.Message
	}{{"20 changes", twenty(10_000)}, {"replan", []domain.Message{domain.ReplanProduct{SKU: "CHAIR"}}}} {
		b.Run(of.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := service.WhatIf(b.Context(), bus, of.changes); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
