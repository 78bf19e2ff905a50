package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"allot/internal/domain"
	"allot/internal/service"
)

var transactionRules = []rule{
	{"that returns nil is committed", commits},
	{"that returns an error is undone", undoesErrors},
	{"that panics is undone", undoesPanics},
	{"that was based on another version is stale, and undone", staleIsUndone},
	{"of which a write failed is undone, whatever else comes", failedWriteVoidsAll},
	{"loses no other's change", losesNoUpdate},
	{"numbers things in a row", numbersInARow},
	{"gives out no number that is in use", numbersOnce},
}

// founding is the change that makes a product, with one batch of ten units.
func founding(sku string, seq int64) service.Changes {
	b := domain.Batch{Seq: seq, Ref: "batch of " + sku, SKU: sku, Purchased: 10, FirstQty: 10}
	return service.Changes{
		Products: []service.ProductChange{{To: domain.Snapshot{SKU: sku, Version: 1, Batches: []domain.Batch{b}}}},
		Added:    []domain.Batch{b},
		Events: []service.Envelope{{
			At: opened, SKU: sku, Version: 1, Command: "create_batch", Origin: ann,
			Event: domain.BatchCreated{Ref: b.Ref, SKU: sku, Qty: 10, Seq: seq},
		}},
	}
}

// naming is the change that gives CHAIR a name, when it had a version.
func naming(name string, from int64) service.Changes {
	const sku = "CHAIR"
	return service.Changes{
		Products: []service.ProductChange{{From: from, To: domain.Snapshot{SKU: sku, Description: name, Version: from + 1}}},
		Events: []service.Envelope{{
			At: opened, SKU: sku, Version: from + 1, Command: "describe_product",
			Event: domain.ProductDescribed{SKU: sku, Description: name},
		}},
	}
}

// write writes changes in a transaction of its own.
func write(t *testing.T, s Store, changes service.Changes) error {
	t.Helper()
	return s.InTx(t.Context(), func(ctx context.Context, tx service.Tx) error { return tx.Write(ctx, changes) })
}

// load is what a store finds, now.
func load(t *testing.T, s Store, want service.Want) (found service.Found) {
	t.Helper()
	err := s.View(t.Context(), func(ctx context.Context, r service.Reader) (err error) {
		found, err = r.Load(ctx, want)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// chair asks for CHAIR, of which a version may be known.
func chair(version ...int64) service.Want {
	return service.Want{Products: []service.Known{{SKU: "CHAIR", Version: append(version, 0)[0]}}}
}

func commits(t *testing.T, s Store) {
	changes := founding("CHAIR", 1)
	if err := write(t, s, changes); err != nil {
		t.Fatal(err)
	}
	equal(t, "the product", load(t, s, chair()).Products, []domain.Snapshot{changes.Products[0].To})
}

func undoesErrors(t *testing.T, s Store) {
	do(t, s, batch("b1", "LAMP", 1))
	before := books(t, s)
	broken := errors.New("broken")
	err := s.InTx(t.Context(), func(ctx context.Context, tx service.Tx) error {
		if err := tx.Write(ctx, founding("CHAIR", 2)); err != nil {
			t.Error(err)
		}
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("InTx returned %v and not what its function did", err)
	}
	equal(t, "the store", books(t, s), before)
	do(t, s, batch("b2", "CHAIR", 1))
}

func undoesPanics(t *testing.T, s Store) {
	do(t, s, batch("b1", "CHAIR", 1))
	before := books(t, s)
	func() {
		defer func() {
			if p := recover(); p != "oh" {
				t.Errorf("recovered %v, and not what was thrown", p)
			}
		}()
		_ = s.InTx(t.Context(), func(ctx context.Context, tx service.Tx) error {
			if err := tx.Write(ctx, naming("A chair", 1)); err != nil {
				t.Error(err)
			}
			panic("oh")
		})
	}()
	equal(t, "the store", books(t, s), before)

	err := s.InTx(t.Context(), func(ctx context.Context, tx service.Tx) error {
		found, err := tx.Load(ctx, chair(2)) // which never came to be
		if err == nil && len(found.Products) != 1 {
			t.Errorf("after the panic the store found %+v; want the product, which still has version 1", found.Products)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	do(t, s, domain.DescribeProduct{SKU: "CHAIR", Description: "A chair"})
}

func staleIsUndone(t *testing.T, s Store) {
	do(t, s, batch("b1", "CHAIR", 1), order("order-1", "CHAIR", 1)) // version 2
	before := books(t, s)
	for _, from := range []int64{0, 1, 3} {
		changes := founding("LAMP", 7)
		stale := naming("A chair", from)
		changes.Products = append(stale.Products, changes.Products...)
		changes.Events = append(changes.Events, stale.Events...)
		if err := write(t, s, changes); !errors.Is(err, service.ErrStale) {
			t.Errorf("a change of version %d, now 2, gave %v", from, err)
		}
		equal(t, "the store", books(t, s), before)
	}
	if err := write(t, s, naming("A chair", 2)); err != nil {
		t.Errorf("a change of the version that there is gave %v", err)
	}
}

func failedWriteVoidsAll(t *testing.T, s Store) {
	do(t, s, batch("b1", "CHAIR", 1))
	before := books(t, s)
	err := s.InTx(t.Context(), func(ctx context.Context, tx service.Tx) error {
		if err := tx.Write(ctx, naming("A chair", 7)); !errors.Is(err, service.ErrStale) {
			t.Errorf("a change of version 7, now 1, gave %v", err)
		}
		_ = tx.Write(ctx, founding("LAMP", 2)) // as if nothing had happened
		return nil
	})
	if !errors.Is(err, service.ErrStale) {
		t.Errorf("InTx returned %v", err)
	}
	equal(t, "the store", books(t, s), before)
}

func losesNoUpdate(t *testing.T, s Store) {
	const writers, writes = 4, 10
	do(t, s, batch("b1", "CHAIR", 1))
	rename := func(ctx context.Context, tx service.Tx) error {
		found, err := tx.Load(ctx, chair())
		if err != nil {
			return err
		}
		version := found.Products[0].Version
		return tx.Write(ctx, naming(fmt.Sprint("name ", version), version))
	}
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for done := 0; done < writes; {
				err := s.InTx(context.Background(), rename)
				if err == nil {
					done++
				} else if !errors.Is(err, service.ErrStale) {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	equal(t, "the version", load(t, s, chair()).Products[0].Version, 1+writers*writes)
}

func numbersInARow(t *testing.T, s Store) {
	err := s.InTx(t.Context(), func(ctx context.Context, tx service.Tx) error {
		for _, seq := range []service.Sequence{service.BatchSeq, service.LineSeq} {
			var last int64
			for _, n := range []int{1, 5, 1, 100, 3} {
				first, err := tx.Reserve(ctx, seq, n)
				if err != nil {
					return err
				}
				if first <= last {
					t.Errorf("%s: %d came after %d", seq, first, last)
				}
				last = first + int64(n) - 1
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// numbersOnce uses some of the numbers that it reserves, in transactions that
// are committed and others that are not.
func numbersOnce(t *testing.T, s Store) {
	undo := errors.New("undo")
	used := map[int64]bool{}
	var largest int64
	for i := range 12 {
		var seq int64
		err := s.InTx(t.Context(), func(ctx context.Context, tx service.Tx) error {
			first, err := tx.Reserve(ctx, service.BatchSeq, 10)
			if err != nil {
				return err
			}
			seq = first + int64(i%3)
			if err := tx.Write(ctx, founding(fmt.Sprint("SKU-", i), seq)); err != nil {
				return err
			}
			if i%4 == 3 {
				return undo
			}
			return nil
		})
		if errors.Is(err, undo) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if used[seq] || seq <= largest {
			t.Errorf("%d was given out after %d", seq, largest)
		}
		used[seq], largest = true, seq
	}
}
