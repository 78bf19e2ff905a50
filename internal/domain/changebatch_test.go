package domain_test

import (
	"errors"
	"iter"
	"testing"

	"allot/internal/domain"
)

func TestAShrunkenBatchGivesUpItsLatestLinesFirst(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 30, inWarehouse))
	for _, order := range []string{"order-c", "order-a", "order-b"} {
		shop.allocate(order, 10)
	}
	shop.add("october", 100, october)
	shop.change("warehouse", 15)

	expect(t, shop.standing(), standing{"order-c": "warehouse", "order-a": "october", "order-b": "october"})
}

func TestOnlyWhatNoLongerFitsIsDisplaced(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 30, inWarehouse))
	shop.allocate("order-1", 10)
	shop.allocate("order-2", 10)

	shop.change("warehouse", 20)
	expect(t, shop.told(), []string{"warehouse: 20 units, not 30"})

	shop.change("warehouse", 19)
	expect(t, shop.told(), []string{
		"warehouse: 19 units, not 20", "order-2 deallocated from warehouse: batch_shrunk",
		"out of stock for order-2, at most 9", "order-2 backordered",
	})
}

func TestNoMoreLinesAreDrawnThanHaveToGo(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 31, inWarehouse))
	for _, order := range []string{"order-1", "order-2", "order-3"} {
		shop.allocate(order, 10)
	}
	drawn := 0
	if _, err := shop.product.Draft().ChangeBatchQuantity("warehouse", 15, counting(&drawn, shop.newestOf("warehouse"))); err != nil {
		t.Fatal(err)
	}
	expect(t, drawn, 2)
}

func TestDisplacedLinesAreReplacedOldestFirst(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 20, inWarehouse))
	shop.allocate("older", 10)
	shop.allocate("younger", 10)
	shop.add("october", 10, october)
	shop.add("november", 10, november)
	shop.change("warehouse", 0)

	expect(t, shop.standing(), standing{"older": "october", "younger": "november"})
	expect(t, shop.told(), []string{
		"warehouse: 0 units, not 20",
		"older deallocated from warehouse: batch_shrunk", "older allocated in october, moved from warehouse",
		"younger deallocated from warehouse: batch_shrunk", "younger allocated in november, moved from warehouse",
	})
}

func TestADisplacedLineMayGoToABetterBatch(t *testing.T) {
	shop := newLedger(t, batch("october", 20, october))
	shop.allocate("order-1", 20)
	shop.add("warehouse", 20, inWarehouse)
	shop.change("october", 19)

	expect(t, shop.standing(), standing{"order-1": "warehouse"})
}

func TestALineThatReturnsToItsOwnBatchHasNotMoved(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 13, inWarehouse))
	shop.allocate("large", 10)
	shop.allocate("small", 3)
	before := shop.lines["small"]
	shop.change("warehouse", 5)

	expect(t, shop.standing(), standing{"large": "backordered", "small": "warehouse"})
	expect(t, shop.told(), []string{
		"warehouse: 5 units, not 13", "large deallocated from warehouse: batch_shrunk",
		"out of stock for large, at most 5", "large backordered",
	})
	expect(t, shop.lines["small"], before)
	expect(t, shop.batches["warehouse"].Allocated, 3)
}

func TestADisplacedLineThatFindsNoStockIsKeptWithItsAge(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 10, inWarehouse), batch("october", 4, october))
	shop.allocate("displaced", 10)
	shop.allocate("younger", 8)
	shop.change("warehouse", 9)

	expect(t, shop.facts, []domain.Event{
		domain.BatchQuantityChanged{Ref: "warehouse", SKU: sku, Qty: 9, Previous: 10},
		domain.Deallocated{OrderID: "displaced", SKU: sku, Qty: 10, BatchRef: "warehouse", Reason: domain.BatchShrunk, Moved: domain.Moved{Status: domain.StatusBackordered}},
		domain.OutOfStock{SKU: sku, OrderID: "displaced", Qty: 10, LargestFit: 9},
		domain.Backordered{OrderID: "displaced", SKU: sku, Qty: 10, Seq: 1, Why: domain.Why{
			Rule: domain.Earliest, Cause: domain.BatchShrunk, By: "warehouse",
			PassedOver: []domain.PassedOver{{BatchRef: "warehouse", Available: 9}, {BatchRef: "october", Available: 4, ETA: october}},
		}},
		domain.Allocated{OrderID: "younger", SKU: sku, Qty: 8, BatchRef: "warehouse", Seq: 2, Why: domain.Why{
			Rule: domain.Earliest, Cause: domain.BatchShrunk, By: "warehouse",
		}},
	})
	shop.add("november", 10, november)
	expect(t, shop.standing(), standing{"displaced": "november", "younger": "warehouse"})
}

func TestAnOldBackorderMayTakeWhatADisplacedLineLeft(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 20, inWarehouse))
	shop.allocate("large", 20)
	shop.allocate("waits-1", 12)
	shop.allocate("waits-2", 5)
	shop.change("warehouse", 15)

	expect(t, shop.standing(), standing{"large": "backordered", "waits-1": "warehouse", "waits-2": "backordered"})
}

func TestTheSameQuantityAgainChangesNothing(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 10, inWarehouse))
	shop.allocate("order-1", 10)

	expect(t, shop.change("warehouse", 10), domain.Batched{Batch: shop.batches["warehouse"], Replayed: true})
	expect(t, shop.told(), []string{})
	expect(t, shop.product.Version(), 2)
}

func TestAChangeAnswersWithTheBatch(t *testing.T) {
	shop := newLedger(t, batch("october", 10, october))
	shop.allocate("order-1", 4)

	expect(t, shop.change("october", 7).Batch, domain.Batch{
		Seq: 1, Ref: "october", SKU: sku, Purchased: 7, Allocated: 4, ETA: october, FirstQty: 10, FirstETA: october,
	})
}

func TestAnExhaustedBatchMayGrow(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 10, inWarehouse))
	shop.allocate("order-1", 10)
	shop.change("warehouse", 12)
	shop.allocate("order-2", 2)

	expect(t, shop.standing(), standing{"order-1": "warehouse", "order-2": "warehouse"})
}

func TestABatchMayChangeTwiceInOneDraft(t *testing.T) {
	shop := newLedger(t)
	shop.allocate("order-1", 9)
	shop.keepOpen = true
	shop.add("warehouse", 5, inWarehouse)
	shop.change("warehouse", 6)
	expect(t, shop.told(), []string{"warehouse: 6 units, not 5"})
	shop.change("warehouse", 9)
	expect(t, shop.told(), []string{"warehouse: 9 units, not 6", "order-1 allocated in warehouse"})
}

func TestAChangeThatFailsLeavesTheProductAsItWas(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 21, inWarehouse))
	shop.allocate("order-1", 10)
	shop.allocate("order-2", 10)
	broken := errors.New("connection lost")

	for _, tc := range []struct {
		rule   string
		ref    string
		newest iter.Seq2[domain.Line, error]
		kind   domain.Kind
		is     error
	}{
		{"there is no such batch", "October", yielding(), domain.NotFound, nil},
		{"the lines break off", "warehouse", breakingAfter(broken, shop.lines["order-2"]), domain.Internal, broken},
		{"there are too few lines", "warehouse", yielding(shop.lines["order-2"]), domain.Internal, nil},
		{"there are no lines", "warehouse", yielding(), domain.Internal, nil},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			err := mustFailWithoutTrace(t, shop.product, func(p *domain.Product) error {
				_, err := p.ChangeBatchQuantity(tc.ref, 5, tc.newest)
				return err
			})
			expect(t, domain.KindOf(err), tc.kind)
			expect(t, tc.is == nil || errors.Is(err, tc.is), true)
		})
	}
}

func TestDisplacedLinesMustBePlacedBeforeTheDraftIsSettled(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 21, inWarehouse), batch("october", 20, october))
	shop.allocate("order-1", 10)
	shop.allocate("order-2", 10)
	draft := shop.product.Draft()
	if _, err := draft.ChangeBatchQuantity("warehouse", 0, shop.newestOf("warehouse")); err != nil {
		t.Fatal(err)
	}
	events := draft.PopEvents()
	displaced := domain.LinesDisplaced{SKU: sku, BatchRef: "warehouse", Lines: []domain.Line{shop.lines["order-1"], shop.lines["order-2"]}}
	expect(t, events[len(events)-1], domain.Event(displaced))

	if _, err := draft.Settle(1); err == nil {
		t.Fatal("the displaced lines are lost")
	}
	draft.Reallocate(displaced)
	if _, err := draft.Settle(5); err != nil {
		t.Fatal(err)
	}
}

func TestALineThatLosesItsStockSaysWhereItIsNow(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 10, inWarehouse))
	shop.allocate("older", 6)
	shop.allocate("younger", 4)
	shop.add("october", 6, october)
	shop.change("warehouse", 0)
	expect(t, shop.moved(), []domain.Moved{
		{Status: domain.StatusAllocated, BatchRef: "october", Promise: october}, {Status: domain.StatusBackordered},
	})
	shop.add("november", 6, november)
	shop.change("october", 0)
	expect(t, shop.moved(), []domain.Moved{{Status: domain.StatusBackordered, Previous: october}})
}

// moved is where the lines are that the last command took stock from.
func (l *ledger) moved() (out []domain.Moved) {
	for _, e := range l.facts {
		if e, ok := e.(domain.Deallocated); ok {
			out = append(out, e.Moved)
		}
	}
	return out
}

func TestWhoComesLaterIsWhoWaitsOrIsPromisedALaterDay(t *testing.T) {
	for _, tc := range []struct {
		moved domain.Moved
		want  bool
	}{
		{domain.Moved{}, false},
		{domain.Moved{Status: domain.StatusBackordered}, true},
		{domain.Moved{Status: domain.StatusAllocated, Promise: october}, true},
		{domain.Moved{Status: domain.StatusAllocated, Promise: november, Previous: october}, true},
		{domain.Moved{Status: domain.StatusAllocated, Promise: october, Previous: october}, false},
		{domain.Moved{Status: domain.StatusAllocated, Previous: october}, false},
		{domain.Moved{Status: domain.StatusHeld, Promise: november, Previous: october}, false},
		{domain.Moved{Status: domain.StatusExpired, Previous: october}, false},
	} {
		expect(t, tc.moved.Later(), tc.want)
	}
}
