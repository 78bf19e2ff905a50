package domain_test

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"

	"allot/internal/domain"
)

func TestALineThatFindsNoStockIsKeptOrForgotten(t *testing.T) {
	for _, tc := range []struct {
		onShortage domain.Shortage
		status     domain.Status
		standing   standing
		told       []string
		backorders int
	}{
		{"", domain.StatusBackordered, standing{"order-1": "backordered"}, []string{"out of stock for order-1, at most 9", "order-1 backordered"}, 1},
		{domain.KeepBackorder, domain.StatusBackordered, standing{"order-1": "backordered"}, []string{"out of stock for order-1, at most 9", "order-1 backordered"}, 1},
		{domain.Refuse, domain.StatusRefused, standing{}, []string{"out of stock for order-1, at most 9"}, 0},
	} {
		t.Run(string(tc.onShortage), func(t *testing.T) {
			shop := newLedger(t, batch("warehouse", 9, inWarehouse), batch("october", 4, october))

			answer, err := shop.tryAllocate("order-1", 10, tc.onShortage)
			if err != nil {
				t.Fatal(err)
			}
			expect(t, answer.Status, tc.status)
			expect(t, answer.BatchRef, "")
			expect(t, answer.LargestFit, 9)
			expect(t, shop.standing(), tc.standing)
			expect(t, shop.told(), tc.told)
			expect(t, shop.product.Snapshot().Backorders, tc.backorders)
		})
	}
}

func TestARefusedLineMayBeAskedForAgain(t *testing.T) {
	shop := newLedger(t)
	shop.describe("A red chair")
	if _, err := shop.tryAllocate("order-1", 10, domain.Refuse); err != nil {
		t.Fatal(err)
	}
	shop.add("warehouse", 20, inWarehouse)
	shop.allocate("order-1", 12)

	expect(t, shop.standing(), standing{"order-1": "warehouse"})
}

func TestOutOfStockIsToldOnceUntilTheSupplyChanges(t *testing.T) {
	tells := func(t *testing.T, shop *ledger, order string, onShortage domain.Shortage) bool {
		t.Helper()
		if _, err := shop.tryAllocate(order, 1000, onShortage); err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(shop.facts, func(e domain.Event) bool { _, ok := e.(domain.OutOfStock); return ok })
	}
	for _, tc := range []struct {
		rule      string
		meanwhile func(*ledger)
		toldAgain bool
	}{
		{"nothing happens", func(*ledger) {}, false},
		{"another line is allocated", func(l *ledger) { l.allocate("other", 1) }, false},
		{"a line is cancelled", func(l *ledger) { l.cancel("early") }, false},
		{"the product is described", func(l *ledger) { l.describe("A red chair") }, false},
		{"a batch is added again", func(l *ledger) { l.add("warehouse", 10, inWarehouse) }, false},
		{"a batch keeps its size", func(l *ledger) { l.change("warehouse", 10) }, false},
		{"a batch arrives", func(l *ledger) { l.add("october", 10, october) }, true},
		{"a batch grows", func(l *ledger) { l.change("warehouse", 11) }, true},
		{"a batch shrinks", func(l *ledger) { l.change("warehouse", 9) }, true},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			shop := newLedger(t, batch("warehouse", 10, inWarehouse))
			shop.allocate("early", 1)
			expect(t, tells(t, shop, "order-1", domain.Refuse), true)
			expect(t, tells(t, shop, "order-2", domain.KeepBackorder), false)
			tc.meanwhile(shop)
			expect(t, tells(t, shop, "order-3", domain.Refuse), tc.toldAgain)
			expect(t, tells(t, shop, "order-4", domain.Refuse), false)
		})
	}
}

func TestNewStockFillsBackordersOldestFirst(t *testing.T) {
	shop := newLedger(t)
	for _, order := range []string{"order-c", "order-a", "order-b"} {
		shop.allocate(order, 4)
	}
	shop.add("october", 8, october)

	expect(t, shop.standing(), standing{"order-c": "october", "order-a": "october", "order-b": "backordered"})
	expect(t, shop.told(), []string{"october: 8 units", "order-c allocated in october", "order-a allocated in october"})
	expect(t, shop.product.Snapshot().Backorders, 1)
}

func TestALargerBatchFillsBackorders(t *testing.T) {
	shop := newLedger(t, batch("october", 2, october))
	shop.allocate("order-1", 4)
	shop.change("october", 4)

	expect(t, shop.standing(), standing{"order-1": "october"})
	expect(t, shop.told(), []string{"october: 4 units, not 2", "order-1 allocated in october"})
}

func TestABackorderThatDoesNotFitIsPassedOver(t *testing.T) {
	shop := newLedger(t)
	shop.allocate("large", 10)
	shop.allocate("small", 2)
	shop.add("october", 9, october)

	expect(t, shop.standing(), standing{"large": "backordered", "small": "october"})
}

func TestABackorderMayBeFilledFromAnyBatch(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 3, inWarehouse))
	shop.allocate("order-1", 4)
	shop.allocate("order-2", 5)
	shop.change("warehouse", 4)
	shop.add("october", 20, october)
	shop.add("warehouse-2", 20, inWarehouse)

	expect(t, shop.standing(), standing{"order-1": "warehouse", "order-2": "october"})
}

func TestANewOrderMayTakeWhatNoBackorderCan(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 3, inWarehouse))
	shop.allocate("large", 4)
	shop.allocate("small", 3)

	expect(t, shop.standing(), standing{"large": "backordered", "small": "warehouse"})
}

func TestAFilledBackorderSaysWhatFilledIt(t *testing.T) {
	shop := newLedger(t)
	shop.allocate("order-1", 4)
	shop.add("october", 4, october)

	expect(t, shop.facts[1], domain.Event(domain.Allocated{
		OrderID: "order-1", SKU: sku, Qty: 4, BatchRef: "october", Promise: october, Seq: 1,
		Why: domain.Why{Rule: domain.Earliest, Cause: domain.BatchArrived, By: "october"},
	}))
}

func TestStockIsOnlyOfferedIfLinesWaitForIt(t *testing.T) {
	p := domain.NewProduct(sku)
	if _, err := p.AddBatch(batch("october", 10, october)); err != nil {
		t.Fatal(err)
	}
	expect(t, p.PopEvents(), []domain.Event{domain.BatchCreated{Ref: "october", SKU: sku, Qty: 10, ETA: october}})
}

func TestABatchOfNothingIsNotOffered(t *testing.T) {
	p := domain.Restore(domain.Snapshot{SKU: sku, Backorders: 1})
	if _, err := p.AddBatch(batch("october", 0, october)); err != nil {
		t.Fatal(err)
	}
	expect(t, p.PopEvents(), []domain.Event{domain.BatchCreated{Ref: "october", SKU: sku, ETA: october}})
}

func TestFillingStopsWhenNothingIsLeft(t *testing.T) {
	p := domain.Restore(domain.Snapshot{SKU: sku, Backorders: 5, Batches: []domain.Batch{batch("october", 6, october)}})
	queue := yielding(
		backordered("order-1", 1, 3), backordered("order-2", 2, 3), backordered("order-3", 3, 3),
		backordered("order-4", 4, 3), backordered("order-5", 5, 3))
	drawn := 0
	if err := p.FillBackorders(domain.StockAvailable{SKU: sku}, counting(&drawn, queue), domain.MostFilled); err != nil {
		t.Fatal(err)
	}
	expect(t, drawn, 3) // the third finds nothing left
}

func TestAQueueThatBreaksLeavesTheProductAsItWas(t *testing.T) {
	p := domain.Restore(domain.Snapshot{SKU: sku, Version: 9, Backorders: 2, Batches: []domain.Batch{batch("october", 6, october)}})
	broken := errors.New("connection lost")

	err := mustFailWithoutTrace(t, p, func(draft *domain.Product) error {
		return draft.FillBackorders(domain.StockAvailable{SKU: sku}, breakingAfter(broken, backordered("order-1", 1, 3)), domain.MostFilled)
	})
	expect(t, errors.Is(err, broken), true)
}

func TestAQueueThatBreaksUndoesNoEarlierChangeOfTheDraft(t *testing.T) {
	for _, edited := range []int{1, 20} { // few and many
		shop := newLedger(t)
		for i := range edited {
			shop.add(fmt.Sprint("batch-", i), 10, october.AddDays(i))
		}
		draft := shop.product.Draft()
		for i := range edited {
			mustAllocate(t, draft, fmt.Sprint("order-", i), 6)
		}
		err := draft.FillBackorders(domain.StockAvailable{SKU: sku}, breakingAfter(errors.New("connection lost"), backordered("waits", 99, 4)), domain.MostFilled)
		if err == nil {
			t.Fatal("no error")
		}
		expect(t, len(draft.PopEvents()), edited)
		for i := range edited {
			expect(t, mustAllocate(t, draft, fmt.Sprint("later-", i), 4).BatchRef, fmt.Sprint("batch-", i))
		}
		edits, err := draft.Settle(2 * edited)
		if err != nil {
			t.Fatal(err)
		}
		expect(t, len(edits), edited)
		for _, b := range edits {
			expect(t, b.Allocated, 10)
		}
	}
}

func backordered(order string, seq int64, qty int) domain.Line {
	return domain.Line{OrderLine: domain.OrderLine{OrderID: order, SKU: sku, Qty: qty}, Seq: seq, Status: domain.StatusBackordered}
}

// breakingAfter yields lines, and then err.
func breakingAfter(err error, lines ...domain.Line) iter.Seq2[domain.Line, error] {
	return func(yield func(domain.Line, error) bool) {
		for line := range yielding(lines...) {
			if !yield(line, nil) {
				return
			}
		}
		yield(domain.Line{}, err)
	}
}
