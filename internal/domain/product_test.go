package domain_test

import (
	"testing"

	"allot/internal/domain"
)

func TestALineGoesToTheFirstBatchThatCanTakeItWhole(t *testing.T) {
	for _, tc := range []struct {
		rule    string
		batches []domain.Batch
		qty     int
		want    string
	}{
		{
			"warehouse stock comes before any shipment",
			[]domain.Batch{batch("october", 100, october), batch("warehouse", 100, inWarehouse)}, 10, "warehouse",
		},
		{
			"of shipments the earliest comes first",
			[]domain.Batch{batch("december", 100, december), batch("october", 100, october), batch("november", 100, november)}, 10, "october",
		},
		{
			"of equal ETAs the batch created first comes first",
			[]domain.Batch{batch("z", 100, october), batch("a", 100, october)}, 10, "z",
		},
		{
			"of warehouse batches the one created first comes first",
			[]domain.Batch{batch("z", 100, inWarehouse), batch("a", 100, inWarehouse)}, 10, "z",
		},
		{
			"a line may fit exactly",
			[]domain.Batch{batch("warehouse", 10, inWarehouse), batch("october", 100, october)}, 10, "warehouse",
		},
		{
			"a later batch is used when an earlier one has too little",
			[]domain.Batch{batch("warehouse", 9, inWarehouse), batch("october", 100, october)}, 10, "october",
		},
		{
			"a line never splits",
			[]domain.Batch{batch("warehouse", 9, inWarehouse), batch("october", 9, october)}, 10, "backordered",
		},
		{
			"a batch of nothing takes nothing",
			[]domain.Batch{batch("warehouse", 0, inWarehouse)}, 1, "backordered",
		},
		{
			"the largest quantity is one like any other",
			[]domain.Batch{batch("warehouse", domain.MaxQty-1, inWarehouse), batch("october", domain.MaxQty, october)}, domain.MaxQty, "october",
		},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			shop := newLedger(t, tc.batches...)
			shop.allocate("order-1", tc.qty)
			expect(t, shop.standing(), standing{"order-1": tc.want})
		})
	}
}

func TestAProductIsIdentifiedByItsSKU(t *testing.T) {
	p := domain.NewProduct(sku)

	expect(t, p.SKU(), sku)
	expect(t, p.Draft().SKU(), sku)
	expect(t, p.Snapshot(), domain.Snapshot{SKU: sku})
}

func TestAPlacementNamesTheBatchAndPromisesItsETA(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 10, inWarehouse), batch("october", 100, october))

	expect(t, shop.allocate("order-1", 10), domain.Placement{
		Status: domain.StatusAllocated, BatchRef: "warehouse",
		Why: domain.Why{Rule: domain.Earliest, Cause: domain.Ordered},
	})
	expect(t, shop.allocate("order-2", 10), domain.Placement{
		Status: domain.StatusAllocated, BatchRef: "october", Promise: october,
		Why: domain.Why{Rule: domain.Earliest, Cause: domain.Ordered},
	})
}

func TestAllocatingTakesFromWhatIsAvailable(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 20, inWarehouse))
	shop.allocate("order-1", 13)

	b, _ := shop.product.Batch("warehouse")
	expect(t, b.Purchased, 20)
	expect(t, b.Allocated, 13)
	expect(t, b.Available(), 7)
}

func TestAllocatingIsRecordedAsOneFact(t *testing.T) {
	shop := newLedger(t, batch("october", 20, october))
	shop.allocate("order-1", 13)

	expect(t, shop.facts, []domain.Event{domain.Allocated{
		OrderID: "order-1", SKU: sku, Qty: 13, BatchRef: "october", Promise: october, Seq: 1,
		Why: domain.Why{Rule: domain.Earliest, Cause: domain.Ordered},
	}})
}

func TestTheSameLineAgainIsAnsweredAndNotPlacedAgain(t *testing.T) {
	shop := newLedger(t, batch("october", 10, october), batch("november", 30, november))
	shop.allocate("order-1", 10)
	shop.add("warehouse", 100, inWarehouse)

	expect(t, shop.allocate("order-1", 10), domain.Placement{
		Status: domain.StatusAllocated, BatchRef: "october", Promise: october, Replayed: true,
	})
	expect(t, shop.told(), []string{})
	expect(t, shop.product.Version(), 4)
}

func TestABackorderedLineAgainStillWaits(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 10, inWarehouse))
	shop.allocate("order-1", 11)
	shop.allocate("order-2", 3)

	expect(t, shop.allocate("order-1", 11), domain.Placement{
		Status: domain.StatusBackordered, LargestFit: 7, Replayed: true,
	})
	expect(t, shop.told(), []string{})
}

func TestWhatBecomesOfAShortageIsNoPartOfALine(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 10, inWarehouse))
	shop.allocate("order-1", 11)

	again, err := shop.tryAllocate("order-1", 11, domain.Refuse)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, again.Status, domain.StatusBackordered)
	expect(t, again.Replayed, true)
}

func TestALineThatStandsCannotBeAskedForOtherwise(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 10, inWarehouse))
	shop.allocate("allocated", 4)
	shop.allocate("waiting", 50)
	shop.allocate("cancelled", 1)
	shop.cancel("cancelled")

	for _, tc := range []struct {
		order    string
		qty      int
		wantCode string
		message  string
	}{
		{"allocated", 5, domain.CodeLineConflict, `order "allocated" already has a line of 4 units of "RED-CHAIR" (allocated in batch warehouse), not 5`},
		{"waiting", 1, domain.CodeLineConflict, `order "waiting" already has a line of 50 units of "RED-CHAIR" (backordered), not 1`},
		{"cancelled", 1, domain.CodeLineCancelled, `the line of order "cancelled" for "RED-CHAIR" was cancelled`},
		{"cancelled", 2, domain.CodeLineCancelled, `the line of order "cancelled" for "RED-CHAIR" was cancelled`},
	} {
		err := mustFailWithoutTrace(t, shop.product, func(p *domain.Product) error {
			_, err := p.Allocate(wanted(tc.order, tc.qty, 0), domain.KeepBackorder, shop.lines[tc.order])
			return err
		})
		expect(t, codeOf(err), tc.wantCode)
		expect(t, domain.KindOf(err), domain.Conflict)
		expect(t, err.Error(), tc.message)
	}
}

func TestTheSameBatchAgainChangesNothing(t *testing.T) {
	for _, tc := range []struct {
		rule string
		qty  int
	}{
		{"as it was first given", 10},
		{"as it holds now", 30},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			shop := newLedger(t, batch("october", 10, october))
			shop.change("october", 30)
			shop.allocate("order-1", 8)

			again := shop.add("october", tc.qty, october)
			expect(t, again, domain.Batched{Batch: shop.batches["october"], Replayed: true})
			expect(t, again.Batch.Available(), 22)
			expect(t, shop.told(), []string{})
		})
	}
}

func TestAnExhaustedBatchAgainChangesNothing(t *testing.T) {
	shop := newLedger(t, batch("october", 10, october))
	shop.allocate("order-1", 10)

	expect(t, shop.add("october", 10, october).Replayed, true)
	expect(t, shop.told(), []string{})
}

func TestAReferenceCannotBeGivenToAnotherBatch(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 5, inWarehouse), batch("october", 10, october))
	shop.change("october", 30)

	for _, tc := range []struct {
		rule    string
		again   domain.Batch
		message string
	}{
		{"of another quantity", batch("october", 20, october), `batch "october" exists already: 30 units of "RED-CHAIR", with ETA 2026-10-01`},
		{"of another ETA", batch("october", 30, november), `batch "october" exists already: 30 units of "RED-CHAIR", with ETA 2026-10-01`},
		{"of another SKU", domain.Batch{Ref: "october", SKU: "BLUE-CHAIR", Purchased: 30, ETA: october}, `batch "october" exists already: 30 units of "RED-CHAIR", with ETA 2026-10-01`},
		{"of a shipment", batch("warehouse", 5, october), `batch "warehouse" exists already: 5 units of "RED-CHAIR", in the warehouse`},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			err := mustFailWithoutTrace(t, shop.product, func(p *domain.Product) error {
				_, err := p.AddBatch(tc.again)
				return err
			})
			expect(t, codeOf(err), domain.CodeBatchConflict)
			expect(t, domain.KindOf(err), domain.Conflict)
			expect(t, err.Error(), tc.message)
		})
	}
}

func TestABatchRemembersWhatWasFirstGiven(t *testing.T) {
	shop := newLedger(t)
	given := batch("october", 10, october)
	given.Seq, given.Allocated, given.FirstQty = 7, 5, 99 // only a product says what is allocated

	answer, err := shop.product.AddBatch(given)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, answer, domain.Batched{Batch: domain.Batch{
		Seq: 7, Ref: "october", SKU: sku, Purchased: 10, ETA: october, FirstQty: 10, FirstETA: october,
	}})
}

func TestDescribingMakesAProductKnown(t *testing.T) {
	shop := newLedger(t)

	expect(t, shop.describe(""), domain.Described{SKU: sku})
	expect(t, shop.facts, []domain.Event{domain.ProductDescribed{SKU: sku}})
	expect(t, shop.product.Version(), 1)
}

func TestTheSameDescriptionAgainChangesNothing(t *testing.T) {
	shop := newLedger(t)

	expect(t, shop.describe("A red chair"), domain.Described{SKU: sku, Description: "A red chair"})
	expect(t, shop.describe("A red chair"), domain.Described{SKU: sku, Description: "A red chair", Replayed: true})
	expect(t, shop.told(), []string{})

	expect(t, shop.describe(""), domain.Described{SKU: sku})
	expect(t, shop.product.Snapshot().Description, "")
	expect(t, shop.product.Version(), 2)
}

func TestOrdersMayWaitBeforeThereIsAnyBatch(t *testing.T) {
	shop := newLedger(t)
	shop.describe("A red chair")
	shop.allocate("order-1", 3)
	shop.add("october", 3, october)

	expect(t, shop.standing(), standing{"order-1": "october"})
}
