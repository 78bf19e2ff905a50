package domain_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"allot/internal/domain"
)

// standing says of each order where its line stands: the reference of its
// batch, its status, or both.
type standing map[string]string

func (l *ledger) standing() standing {
	s := standing{}
	for order, line := range l.lines {
		s[order] = place(line.BatchRef, string(line.Status))
	}
	return s
}

// told is what the last command made known, in short.
func (l *ledger) told() []string {
	told := []string{}
	for _, e := range l.facts {
		told = append(told, short(e))
	}
	return told
}

func short(e domain.Event) string {
	switch e := e.(type) {
	case domain.BatchCreated:
		return fmt.Sprintf("%s: %d units", e.Ref, e.Qty)
	case domain.BatchQuantityChanged:
		return fmt.Sprintf("%s: %d units, not %d", e.Ref, e.Qty, e.Previous)
	case domain.Allocated:
		if e.MovedFrom != "" {
			return fmt.Sprintf("%s allocated in %s, moved from %s", e.OrderID, e.BatchRef, e.MovedFrom)
		}
		return fmt.Sprintf("%s allocated in %s", e.OrderID, e.BatchRef)
	case domain.Deallocated:
		return fmt.Sprintf("%s deallocated from %s: %s", e.OrderID, e.BatchRef, e.Reason)
	case domain.Backordered:
		return e.OrderID + " backordered"
	case domain.LineCancelled:
		return e.OrderID + " cancelled"
	case domain.BatchETAChanged:
		return fmt.Sprintf("%s comes on %s, not %s", e.Ref, e.ETA, e.Previous)
	case domain.BatchReceived:
		return fmt.Sprintf("%s: %d units arrived", e.Ref, e.Qty)
	case domain.BatchRelabelled:
		return fmt.Sprintf("%s: at %s until %s", e.Ref, e.Location, e.UseBy)
	case domain.PolicySet:
		return fmt.Sprintf("%s, keeping %d", e.Policy, e.SafetyStock)
	case domain.FillingBegan:
		return "filling because of " + e.By
	case domain.FillingEnded:
		return "filled"
	case domain.BatchClosed:
		return e.Ref + ": closed true"
	case domain.BatchReopened:
		return e.Ref + ": closed false"
	case domain.PromiseChanged:
		return fmt.Sprintf("%s promised for %s", e.OrderID, e.Promise)
	case domain.LineShipped:
		return fmt.Sprintf("%s shipped %d from %s", e.OrderID, e.Shipped, e.BatchRef)
	case domain.LineReturned:
		return fmt.Sprintf("%s returned %d to %s", e.OrderID, e.Returned, e.BatchRef)
	case domain.LineAmended:
		return fmt.Sprintf("%s %d units, not %d", e.OrderID, e.Qty, e.Previous)
	case domain.LineTermsChanged:
		return fmt.Sprintf("%s priority %d, needed on %s, frozen %t", e.OrderID, e.Priority.Number(), e.RequiredBy, e.Frozen)
	case domain.HoldExtended:
		return fmt.Sprintf("%s held until %d", e.OrderID, e.HeldUntil)
	case domain.HoldConfirmed:
		return e.OrderID + " confirmed"
	case domain.HoldEnded:
		return fmt.Sprintf("%s ended: %s", e.OrderID, e.Reason)
	case domain.OutOfStock:
		return fmt.Sprintf("out of stock for %s, at most %d", e.OrderID, e.LargestFit)
	}
	return e.EventName()
}

// expect fails the test if got is not what is wanted.
func expect[T any](t tester, got, want T) {
	t.Helper()
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Fatalf("-want +got\n%s", diff)
	}
}

// codeOf is the code of a domain error, or "" if err is none.
func codeOf(err error) string {
	if e, ok := errors.AsType[*domain.Error](err); ok {
		return e.Code
	}
	return ""
}

// mustFailWithoutTrace has a method fail on a draft of p, and fails the test
// if it succeeds or leaves a trace.
func mustFailWithoutTrace(t *testing.T, p *domain.Product, method func(draft *domain.Product) error) error {
	t.Helper()
	before := p.Snapshot()
	before.Batches = slices.Clone(before.Batches)
	draft := p.Draft()

	failure := method(draft)
	if failure == nil {
		t.Fatal("no error")
	}
	expect(t, draft.PopEvents(), nil)
	edits, err := draft.Settle(0)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, edits, nil)
	expect(t, draft.Snapshot(), before)
	return failure
}
