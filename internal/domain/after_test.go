package domain_test

import (
	"testing"

	"allot/internal/domain"
)

func TestAFactAboutALineSaysWhereItStands(t *testing.T) {
	line := domain.OrderLine{OrderID: "order-1", SKU: sku, Qty: 3}
	for _, tc := range []struct {
		fact domain.Event
		want domain.Line
		says bool
	}{
		{
			domain.Allocated{OrderID: "order-1", SKU: sku, Qty: 3, BatchRef: "b1", Promise: october, Seq: 7, MovedFrom: "b2"},
			domain.Line{OrderLine: line, Seq: 7, Status: domain.StatusAllocated, BatchRef: "b1", Promise: october}, true,
		},
		{
			domain.Backordered{OrderID: "order-1", SKU: sku, Qty: 3, Seq: 7},
			domain.Line{OrderLine: line, Seq: 7, Status: domain.StatusBackordered}, true,
		},
		{
			domain.LineCancelled{OrderID: "order-1", SKU: sku, Qty: 3, Seq: 7},
			domain.Line{OrderLine: line, Seq: 7, Status: domain.StatusCancelled}, true,
		},
		{domain.Deallocated{OrderID: "order-1", SKU: sku, Qty: 3, BatchRef: "b1"}, domain.Line{}, false}, // what comes next does
		{domain.OutOfStock{SKU: sku, OrderID: "order-1", Qty: 3}, domain.Line{}, false},
		{domain.BatchCreated{Ref: "b1", SKU: sku, Qty: 3}, domain.Line{}, false},
		{domain.BatchQuantityChanged{Ref: "b1", SKU: sku, Qty: 3}, domain.Line{}, false},
		{domain.ProductDescribed{SKU: sku}, domain.Line{}, false},
	} {
		got, says := domain.LineAfter(tc.fact)
		expect(t, got, tc.want)
		expect(t, says, tc.says)
	}
}

func TestAFactMovesTheNumbersOfOneBatch(t *testing.T) {
	before := domain.Batch{Seq: 4, Ref: "b1", SKU: sku, Purchased: 10, Allocated: 5, ETA: october, FirstQty: 8, FirstETA: october}
	with := func(purchased, allocated int) domain.Batch {
		b := before
		b.Purchased, b.Allocated = purchased, allocated
		return b
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
		{domain.OutOfStock{SKU: sku}, "", with("A chair", 3, true)},
		{domain.Allocated{SKU: sku}, "", with("A chair", 3, true)},
		{domain.Allocated{SKU: sku}, domain.StatusAllocated, with("A chair", 3, true)},
		{domain.Allocated{SKU: sku}, domain.StatusBackordered, with("A chair", 2, true)},
		{domain.Deallocated{SKU: sku}, "", with("A chair", 3, true)},
		{domain.Backordered{SKU: sku}, "", with("A chair", 4, true)},
		{domain.Backordered{SKU: sku}, domain.StatusAllocated, with("A chair", 4, true)},
		{domain.LineCancelled{SKU: sku}, domain.StatusAllocated, with("A chair", 3, true)},
		{domain.LineCancelled{SKU: sku}, domain.StatusBackordered, with("A chair", 2, true)},
	} {
		expect(t, before.After(tc.fact, tc.stood), tc.want)
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
