package storetest

import (
	"context"
	"slices"

	"pgregory.net/rapid"

	"allot/internal/domain"
	"allot/internal/service"
)

// books are the tables and the log of a store. The numbers that stores give
// out are replaced by their ranks: only their order means something.
func books(t rapid.TB, s service.Audited) (out []service.Book) {
	t.Helper()
	for b, err := range s.Books(context.Background(), func(fault string) { t.Errorf("books: %s", fault) }) {
		if err != nil {
			t.Fatalf("books: %v", err)
		}
		out = append(out, b)
	}
	rank(out)
	return out
}

// rank replaces the numbers of batches and lines by 1, 2, 3 and so on.
func rank(books []service.Book) {
	var batches, lines ranks
	for _, b := range books {
		for _, batch := range b.Batches {
			batches = append(batches, batch.Seq)
		}
		for _, line := range b.Lines {
			lines = append(lines, line.Seq)
		}
	}
	slices.Sort(batches)
	slices.Sort(lines)
	for _, b := range books {
		for i := range b.Batches {
			b.Batches[i].Seq = batches.of(b.Batches[i].Seq)
		}
		for i := range b.Lines {
			b.Lines[i].Seq = lines.of(b.Lines[i].Seq)
		}
		for i := range b.Events {
			b.Events[i].Event = numbered(b.Events[i].Event, batches, lines)
		}
	}
}

// ranks are numbers in their order.
type ranks []int64

// of is the place of n, from 1; 0 if it is not among them.
func (r ranks) of(n int64) int64 {
	if i, ok := slices.BinarySearch(r, n); ok {
		return int64(i) + 1
	}
	return 0
}

// numbered is e with ranks for numbers.
func numbered(e domain.Event, batches, lines ranks) domain.Event {
	switch e := e.(type) {
	case domain.BatchCreated:
		e.Seq = batches.of(e.Seq)
		return e
	case domain.Allocated:
		e.Seq = lines.of(e.Seq)
		return e
	case domain.Backordered:
		e.Seq = lines.of(e.Seq)
		return e
	case domain.LineCancelled:
		e.Seq = lines.of(e.Seq)
		return e
	case domain.HoldEnded:
		e.Seq = lines.of(e.Seq)
		return e
	}
	return e
}
