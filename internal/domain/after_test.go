package domain_test

import (
	"testing"

	"allot/internal/domain"
)

func TestAFactAboutALineSaysWhereItStands(t *testing.T) {
	before := domain.Line{
		OrderLine: domain.OrderLine{OrderID: "order-1", SKU: sku, Qty: 10}, Seq: 7, Status: domain.StatusAllocated, BatchRef: "b1",
		Promise: october, Promised: true, FirstPromise: october, FirstQty: 10, RequiredBy: november, Shipped: 4,
	}
	with := func(change func(*domain.Line)) domain.Line {
		line := before
		change(&line)
		return line
	}
	without := func(s domain.Status) domain.Line {
		return with(func(l *domain.Line) { l.Status, l.BatchRef, l.Promise = s, "", 0 })
	}
	held := func(until domain.Instant) domain.Line {
		return with(func(l *domain.Line) { l.Status, l.HeldUntil = domain.StatusHeld, until })
	}
	for _, tc := range []struct {
		fact   domain.Event
		before domain.Line
		want   domain.Line
		places bool
	}{
		{
			domain.Allocated{OrderID: "order-1", SKU: sku, Qty: 10, BatchRef: "b1", Promise: october, Seq: 7, RequiredBy: november}, domain.Line{},
			with(func(l *domain.Line) { l.Shipped = 0 }), true,
		},
		{
			domain.Allocated{OrderID: "order-1", SKU: sku, Qty: 6, BatchRef: "b2", Promise: december, Seq: 7, RequiredBy: november, MovedFrom: "b1"}, before,
			with(func(l *domain.Line) { l.BatchRef, l.Promise = "b2", december }), true,
		},
		{
			domain.Allocated{OrderID: "order-1", SKU: sku, Qty: 6, BatchRef: "b1", Promise: october, Seq: 7, RequiredBy: november, HeldUntil: 99}, before,
			held(99), true,
		},
		{
			domain.Allocated{OrderID: "order-1", SKU: sku, Qty: 3, BatchRef: "b2", Seq: 7}, without(domain.StatusExpired),
			domain.Line{
				OrderLine: domain.OrderLine{OrderID: "order-1", SKU: sku, Qty: 3}, Seq: 7, Status: domain.StatusAllocated, BatchRef: "b2",
				Promised: true, FirstQty: 3,
			}, true,
		},
		{domain.Backordered{OrderID: "order-1", SKU: sku, Qty: 6, Seq: 7, RequiredBy: november}, before, without(domain.StatusBackordered), true},
		{domain.LineCancelled{OrderID: "order-1", SKU: sku, Qty: 6, Seq: 7}, before, without(domain.StatusCancelled), true},
		{domain.HoldEnded{OrderID: "order-1", SKU: sku, Qty: 6, Seq: 7}, held(99), without(domain.StatusExpired), true},
		{domain.HoldExtended{OrderID: "order-1", SKU: sku, HeldUntil: 120}, held(99), held(120), false},
		{domain.HoldConfirmed{OrderID: "order-1", SKU: sku, Qty: 10}, held(99), before, false},
		{domain.PromiseChanged{OrderID: "order-1", SKU: sku, Promise: december}, before, with(func(l *domain.Line) { l.Promise = december }), false},
		{domain.LineShipped{OrderID: "order-1", SKU: sku, Qty: 2, Shipped: 6, Left: 4}, before, with(func(l *domain.Line) { l.Shipped = 6 }), false},
		{
			domain.LineShipped{OrderID: "order-1", SKU: sku, Qty: 6, Shipped: 10}, before,
			with(func(l *domain.Line) { l.Shipped, l.Status = 10, domain.StatusShipped }), false,
		},
		{domain.LineReturned{OrderID: "order-1", SKU: sku, Qty: 1, Returned: 3}, before, with(func(l *domain.Line) { l.Returned = 3 }), false},
		{domain.LineAmended{OrderID: "order-1", SKU: sku, Qty: 12, Previous: 10}, before, with(func(l *domain.Line) { l.Qty = 12 }), false},
		{
			domain.LineTermsChanged{OrderID: "order-1", SKU: sku, Priority: domain.NewPriority(9)}, before,
			with(func(l *domain.Line) { l.Priority, l.RequiredBy = 4, 0 }), false,
		},
		{
			domain.LineTermsChanged{OrderID: "order-1", SKU: sku, Frozen: true}, before,
			with(func(l *domain.Line) { l.Priority, l.RequiredBy, l.Frozen = 0, 0, true }), false,
		},
	} {
		expect(t, domain.LineOf(tc.fact), "order-1")
		expect(t, domain.Places(tc.fact), tc.places)
		expect(t, tc.before.After(tc.fact), tc.want)
	}
}

func TestAFactAboutNoLineLeavesLinesAlone(t *testing.T) {
	for _, fact := range []domain.Event{
		domain.Deallocated{OrderID: "order-1", SKU: sku, Qty: 3, BatchRef: "b1"}, // what comes next says where it stands
		domain.OutOfStock{SKU: sku, OrderID: "order-1", Qty: 3},
		domain.BatchCreated{Ref: "b1", SKU: sku, Qty: 3},
		domain.BatchQuantityChanged{Ref: "b1", SKU: sku, Qty: 3},
		domain.BatchETAChanged{Ref: "b1", SKU: sku},
		domain.BatchReceived{Ref: "b1", SKU: sku},
		domain.BatchClosed{Ref: "b1", SKU: sku},
		domain.BatchReopened{Ref: "b1", SKU: sku},
		domain.ProductDescribed{SKU: sku},
	} {
		expect(t, domain.LineOf(fact), "")
		expect(t, domain.Places(fact), false)
		expect(t, domain.Line{}.After(fact), domain.Line{})
	}
}

func TestAFactMovesTheNumbersOfOneBatch(t *testing.T) {
	before := domain.Batch{Seq: 4, Ref: "b1", SKU: sku, Purchased: 10, Allocated: 5, ETA: october, FirstQty: 8, FirstETA: october}
	changed := func(change func(*domain.Batch)) domain.Batch {
		b := before
		change(&b)
		return b
	}
	with := func(purchased, allocated int) domain.Batch {
		return changed(func(b *domain.Batch) { b.Purchased, b.Allocated = purchased, allocated })
	}
	for _, tc := range []struct {
		fact domain.Event
		ref  string
		want domain.Batch
	}{
		{
			domain.BatchCreated{Ref: "b1", SKU: sku, Qty: 12, ETA: november, Seq: 9}, "b1",
			domain.Batch{Seq: 9, Ref: "b1", SKU: sku, Purchased: 12, ETA: november, FirstQty: 12, FirstETA: november},
		},
		{domain.BatchQuantityChanged{Ref: "b1", SKU: sku, Qty: 20, Previous: 10}, "b1", with(20, 5)},
		{domain.Allocated{OrderID: "order-1", SKU: sku, Qty: 3, BatchRef: "b1"}, "b1", with(10, 8)},
		{domain.Deallocated{OrderID: "order-1", SKU: sku, Qty: 3, BatchRef: "b1"}, "b1", with(10, 2)},
		{domain.LineShipped{OrderID: "order-1", SKU: sku, Qty: 3, BatchRef: "b1"}, "b1", changed(func(b *domain.Batch) { b.Allocated, b.Shipped = 2, 3 })},
		{domain.LineReturned{OrderID: "order-1", SKU: sku, Qty: 3, BatchRef: "b1"}, "b1", with(13, 5)},
		{domain.LineAmended{OrderID: "order-1", SKU: sku, Qty: 3, Previous: 1, BatchRef: "b1"}, "b1", with(10, 7)},
		{domain.BatchETAChanged{Ref: "b1", SKU: sku, ETA: december, Previous: october}, "b1", changed(func(b *domain.Batch) { b.ETA = december })},
		{domain.BatchReceived{Ref: "b1", SKU: sku, Qty: 10, Previous: october}, "b1", changed(func(b *domain.Batch) { b.ETA = inWarehouse })},
		{domain.BatchClosed{Ref: "b1", SKU: sku}, "b1", changed(func(b *domain.Batch) { b.Closed = true })},
		{domain.BatchReopened{Ref: "b1", SKU: sku}, "b1", before},
		{domain.Backordered{OrderID: "order-1", SKU: sku, Qty: 3}, "", before},
		{domain.LineCancelled{OrderID: "order-1", SKU: sku, Qty: 3}, "", before},
		{domain.OutOfStock{SKU: sku, OrderID: "order-1", Qty: 3}, "", before},
		{domain.ProductDescribed{SKU: sku}, "", before},
	} {
		expect(t, domain.BatchOf(tc.fact), tc.ref)
		expect(t, before.After(tc.fact), tc.want)
	}
}

func TestAFactMovesTheNumbersOfTheProduct(t *testing.T) {
	before := domain.Snapshot{SKU: sku, Description: "A chair", Version: 7, Backorders: 3, OutOfStock: true}
	with := func(description string, backorders int, outOfStock bool) domain.Snapshot {
		return domain.Snapshot{SKU: sku, Description: description, Version: 8, Backorders: backorders, OutOfStock: outOfStock}
	}
	for _, tc := range []struct {
		fact  domain.Event
		stood domain.Status
		want  domain.Snapshot
	}{
		{domain.ProductDescribed{SKU: sku, Description: "A red chair"}, "", with("A red chair", 3, true)},
		{domain.BatchCreated{Ref: "b1", SKU: sku}, "", with("A chair", 3, false)},
		{domain.BatchQuantityChanged{Ref: "b1", SKU: sku}, "", with("A chair", 3, false)},
		{domain.BatchClosed{Ref: "b1", SKU: sku}, "", with("A chair", 3, false)},
		{domain.BatchReopened{Ref: "b1", SKU: sku}, "", with("A chair", 3, false)},
		{domain.BatchReceived{Ref: "b1", SKU: sku}, "", with("A chair", 3, true)},
		{domain.LineReturned{SKU: sku}, domain.StatusShipped, with("A chair", 3, false)},
		{domain.LineAmended{SKU: sku}, domain.StatusBackordered, with("A chair", 3, true)},
		{domain.OutOfStock{SKU: sku}, "", with("A chair", 3, true)},
		{domain.FillingEnded{SKU: sku}, "", with("A chair", 3, true)},
		{domain.Allocated{SKU: sku}, "", with("A chair", 3, true)},
		{domain.Allocated{SKU: sku}, domain.StatusAllocated, with("A chair", 3, true)},
		{domain.Allocated{SKU: sku}, domain.StatusBackordered, with("A chair", 2, true)},
		{domain.Deallocated{SKU: sku}, "", with("A chair", 3, true)},
		{domain.Backordered{SKU: sku}, "", with("A chair", 4, true)},
		{domain.Backordered{SKU: sku}, domain.StatusAllocated, with("A chair", 4, true)},
		{domain.LineCancelled{SKU: sku}, domain.StatusAllocated, with("A chair", 3, true)},
		{domain.LineCancelled{SKU: sku}, domain.StatusBackordered, with("A chair", 2, true)},
	} {
		stands := domain.Line{Status: tc.stood}.After(tc.fact).Status
		expect(t, before.After(tc.fact, tc.stood, stands), tc.want)
	}
}

func TestTheFactsOfAProductGiveTheProduct(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 20, inWarehouse), batch("october", 5, october))
	shop.describe("A red chair")
	shop.allocate("order-1", 12)
	shop.allocate("order-2", 8)
	shop.allocate("order-3", 9)
	shop.change("warehouse", 14)
	shop.cancel("order-1")
	shop.add("november", 30, november)

	want := shop.numbers
	want.Batches = atRest(shop.product).Batches
	expect(t, atRest(shop.product), want)
	expect(t, shop.standing(), standing{"order-1": "cancelled", "order-2": "warehouse", "order-3": "november"})
	for _, b := range want.Batches {
		expect(t, shop.batches[b.Ref], b)
	}
}

func TestFactsAreNoSignals(t *testing.T) {
	for _, tc := range []struct {
		event  domain.Event
		name   string
		signal bool
	}{
		{domain.ProductDescribed{}, "product_described", false},
		{domain.BatchCreated{}, "batch_created", false},
		{domain.BatchQuantityChanged{}, "batch_quantity_changed", false},
		{domain.Allocated{}, "allocated", false},
		{domain.Deallocated{}, "deallocated", false},
		{domain.Backordered{}, "backordered", false},
		{domain.LineCancelled{}, "line_cancelled", false},
		{domain.OutOfStock{}, "out_of_stock", false},
		{domain.LinesDisplaced{}, "lines_displaced", true},
		{domain.StockAvailable{}, "stock_available", true},
	} {
		_, signal := tc.event.(domain.Signal)
		expect(t, tc.event.EventName(), tc.name)
		expect(t, signal, tc.signal)
	}
}
