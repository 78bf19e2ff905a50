package service

import (
	"context"
	"iter"
)

// Audited is a store that shows its books.
type Audited interface {
	// Books yields the book of each product, as of one moment. Besides, it
	// reports what is wrong with the log or the tables as a whole.
	Books(ctx context.Context, fault func(string)) iter.Seq2[Book, error]
}

// Report is what Verify found.
type Report struct {
	Products, Batches, Lines, Events int
	Faults                           []string // nothing is wrong if there are none; at most MaxFaults
}

// MaxFaults is how many faults a report names.
const MaxFaults = 100

// Verify replays the event log, compares it with the tables and checks every
// invariant. progress, which may be nil, is called now and then with the
// number of events seen.
func Verify(ctx context.Context, store Audited, progress func(events int)) (r Report, _ error) {
	fault := func(s string) {
		if len(r.Faults) < MaxFaults {
			r.Faults = append(r.Faults, s)
		}
	}
	for book, err := range store.Books(ctx, fault) {
		if err != nil {
			return r, err
		}
		r.Products++
		r.Batches += len(book.Batches)
		r.Lines += len(book.Lines)
		r.Events += len(book.Events)
		for _, s := range book.Check() {
			fault(s)
		}
		if progress != nil {
			progress(r.Events)
		}
	}
	return r, nil
}
