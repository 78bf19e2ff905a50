package memory

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"

	"allot/internal/domain"
	"allot/internal/service"
)

// Books implements service.Audited.
func (s *Store) Books(_ context.Context, _ func(string)) iter.Seq2[service.Book, error] {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var books []service.Book
	for _, sku := range slices.Sorted(maps.Keys(s.world.Products)) {
		books = append(books, s.world.book(sku))
	}
	return each(books)
}

func (w *world) book(sku string) service.Book {
	b := service.Book{SKU: sku, Product: w.Products[sku]}
	for _, e := range w.log {
		if e.SKU == sku {
			b.Events = append(b.Events, e)
		}
	}
	for _, batch := range w.Batches {
		if batch.SKU == sku {
			b.Batches = append(b.Batches, batch)
		}
	}
	slices.SortFunc(b.Batches, func(x, y domain.Batch) int { return cmp.Compare(x.Seq, y.Seq) })
	b.Lines = w.lines(func(l domain.Line) bool { return l.SKU == sku })
	for _, l := range b.Lines {
		b.LineWhys = append(b.LineWhys, w.reason(l))
	}
	return b
}
