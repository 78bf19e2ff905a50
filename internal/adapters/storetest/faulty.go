package storetest

import (
	"context"
	"errors"
	"iter"

	"allot/internal/domain"
	"allot/internal/service"
)

// faulty is a store that fails when it is told to, and counts. It is for one
// transaction at a time.
type faulty struct {
	Store
	failAt  int                         // of the calls, counted from 1, the one that fails; 0: none
	err     error                       // what it fails with
	refuses func(service.Changes) error // if not nil: what it says to changes, always
	calls   int                         // that could have failed
	begun   int                         // transactions
}

// next counts a call, and fails if it is the one.
func (f *faulty) next() error {
	if f.calls++; f.calls == f.failAt {
		return f.err
	}
	return nil
}

// InTx implements service.Store.
func (f *faulty) InTx(ctx context.Context, fn func(context.Context, service.Tx) error) error {
	f.begun++
	failed := false
	err := f.Store.InTx(ctx, func(ctx context.Context, tx service.Tx) error {
		if err := fn(ctx, &faultyTx{tx, f}); err != nil {
			failed = true
			return err
		}
		err := f.next() // COMMIT
		failed = err != nil
		return err
	})
	if errors.Is(err, service.ErrStale) && !failed {
		f.begun-- // the store asks for another run by itself, as it may
	}
	return err
}

type faultyTx struct {
	tx service.Tx
	*faulty
}

// Load implements service.Reader.
func (t *faultyTx) Load(ctx context.Context, want service.Want) (service.Found, error) {
	if err := t.next(); err != nil {
		return service.Found{}, err
	}
	return t.tx.Load(ctx, want)
}

// LinesOf implements service.Reader.
func (t *faultyTx) LinesOf(ctx context.Context, batchRef string) iter.Seq2[domain.Line, error] {
	return t.failing(t.tx.LinesOf(ctx, batchRef))
}

// Stocked implements service.Reader.
func (t *faultyTx) Stocked(ctx context.Context, sku string) ([]domain.Batch, error) {
	if err := t.next(); err != nil {
		return nil, err
	}
	return t.tx.Stocked(ctx, sku)
}

// Backorders implements service.Reader.
func (t *faultyTx) Backorders(ctx context.Context, sku string) iter.Seq2[domain.Line, error] {
	return t.failing(t.tx.Backorders(ctx, sku))
}

// failing yields lines, each of which may be where it fails, or the end.
func (t *faultyTx) failing(lines iter.Seq2[domain.Line, error]) iter.Seq2[domain.Line, error] {
	return func(yield func(domain.Line, error) bool) {
		for line, err := range lines {
			if fault := t.next(); fault != nil {
				line, err = domain.Line{}, fault
			}
			if !yield(line, err) || err != nil {
				return
			}
		}
		if fault := t.next(); fault != nil {
			yield(domain.Line{}, fault)
		}
	}
}

// Reserve implements service.Tx.
func (t *faultyTx) Reserve(ctx context.Context, s service.Sequence, n int) (int64, error) {
	if err := t.next(); err != nil {
		return 0, err
	}
	return t.tx.Reserve(ctx, s, n)
}

// Write implements service.Tx. It may fail before anything is written, and
// after all of it was.
func (t *faultyTx) Write(ctx context.Context, changes service.Changes) error {
	if err := t.next(); err != nil {
		return err
	}
	if t.refuses != nil {
		if err := t.refuses(changes); err != nil {
			return err
		}
	}
	if err := t.tx.Write(ctx, changes); err != nil {
		return err
	}
	return t.next()
}
