package domain_test

import (
	"fmt"
	"slices"
	"testing"

	"allot/internal/domain"
)

func TestDroppingADraftUndoesIt(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 20, inWarehouse), batch("october", 20, october))
	shop.allocate("order-1", 10)
	shop.allocate("order-2", 50)
	before := atRest(shop.product)

	draft := shop.product.Draft()
	draft.Describe("A red chair")
	if _, err := draft.ChangeBatchQuantity("warehouse", 3, shop.newestOf("warehouse")); err != nil {
		t.Fatal(err)
	}
	if _, err := draft.CancelLine(shop.lines["order-2"]); err != nil {
		t.Fatal(err)
	}
	mustAllocate(t, draft, "order-3", 5)
	mustAdd(t, draft, batch("november", 50, november))

	expect(t, atRest(shop.product), before)
	expect(t, shop.product.PopEvents(), nil)
}

func TestADraftStartsWhereItsOriginalStands(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 20, inWarehouse))
	shop.describe("A red chair")
	shop.allocate("order-1", 10)
	shop.allocate("order-2", 50)

	expect(t, atRest(shop.product.Draft()), atRest(shop.product))
	expect(t, atRest(shop.product), domain.Snapshot{
		SKU: sku, Description: "A red chair", Version: 5, Backorders: 1, OutOfStock: true,
		Batches: []domain.Batch{{Seq: 1, Ref: "warehouse", SKU: sku, Purchased: 20, Allocated: 10, FirstQty: 20}},
	})
}

func TestADraftSeesItsOwnChanges(t *testing.T) {
	shop := newLedger(t, batch("october", 5, october))
	draft := shop.product.Draft()
	mustAllocate(t, draft, "order-1", 4)
	expect(t, mustAllocate(t, draft, "order-2", 2).LargestFit, 1)
	mustAdd(t, draft, batch("warehouse", 2, inWarehouse))
	expect(t, mustAllocate(t, draft, "order-3", 1).BatchRef, "warehouse")

	b, _ := draft.Batch("october")
	expect(t, b.Available(), 1)
}

func TestSettlingReturnsTheBatchesThatChanged(t *testing.T) {
	for _, batches := range []int{3, 30} { // few and many
		t.Run(fmt.Sprint(batches), func(t *testing.T) {
			shop := newLedger(t)
			for i := range batches {
				shop.add(fmt.Sprint("batch-", i), 3, october.AddDays(i))
			}
			draft := shop.product.Draft()
			want := []domain.Batch{}
			for i := range batches - 1 {
				b := shop.batches[fmt.Sprint("batch-", i)]
				expect(t, mustAllocate(t, draft, fmt.Sprint("two-of-", i), 2).BatchRef, b.Ref)
				b.Allocated = 2
				want = append(want, b)
			}
			for i := range want {
				expect(t, mustAllocate(t, draft, fmt.Sprint("one-of-", i), 1).BatchRef, want[i].Ref)
				want[i].Allocated = 3
			}
			mustAdd(t, draft, domain.Batch{Seq: 99, Ref: "new", SKU: sku, Purchased: 7})
			want = append(want, domain.Batch{Seq: 99, Ref: "new", SKU: sku, Purchased: 7, FirstQty: 7})

			edits, err := draft.Settle(2*batches - 1)
			if err != nil {
				t.Fatal(err)
			}
			expect(t, edits, want)
			for _, b := range want {
				known, _ := draft.Batch(b.Ref)
				expect(t, known, b)
			}
		})
	}
}

func TestASettledDraftIsAnOriginal(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 20, inWarehouse))
	draft := shop.product.Draft()
	mustAllocate(t, draft, "order-1", 5)
	if _, err := draft.Settle(1); err != nil {
		t.Fatal(err)
	}
	expect(t, draft.Version(), 2)
	if edits, err := draft.Settle(0); err != nil || edits != nil {
		t.Fatalf("settled again, it has changed %v, %v", edits, err)
	}

	next := draft.Draft()
	mustAllocate(t, next, "order-2", 5)
	edits, err := next.Settle(1)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, edits, []domain.Batch{{Seq: 1, Ref: "warehouse", SKU: sku, Purchased: 20, Allocated: 10, FirstQty: 20}})
	expect(t, next.Version(), 3)
}

func TestEventsAreHandedOutOnce(t *testing.T) {
	draft := newLedger(t, batch("warehouse", 20, inWarehouse)).product.Draft()
	mustAllocate(t, draft, "order-1", 5)

	expect(t, len(draft.PopEvents()), 1)
	expect(t, draft.PopEvents(), nil)
}

func TestARestoredProductIsTheOneItWasTakenOf(t *testing.T) {
	shop := newLedger(t, batch("october", 20, october), batch("warehouse", 20, inWarehouse), batch("november", 20, november))
	shop.describe("A red chair")
	shop.allocate("order-1", 10)
	shop.allocate("order-2", 50)
	before := atRest(shop.product)
	expect(t, atRest(domain.Restore(atRest(shop.product))), before)

	shuffled := atRest(shop.product)
	slices.Reverse(shuffled.Batches)
	restored := domain.Restore(shuffled)
	expect(t, atRest(restored), before)
	expect(t, mustAllocate(t, restored, "order-3", 15).BatchRef, "october")
}

func TestAProductForgetsTheBatchesThatHaveNothingLeft(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 20, inWarehouse), batch("empty", 0, inWarehouse), batch("october", 20, october))
	shop.allocate("order-1", 20)

	expect(t, atRest(shop.product).Batches, []domain.Batch{shop.batches["october"]})
	if _, known := shop.product.Batch("warehouse"); known {
		t.Fatal("the exhausted batch is still at hand")
	}
}

func TestAProductCanBeToldOfABatchThatItForgot(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 20, inWarehouse), batch("october", 20, october))
	shop.allocate("order-1", 20)
	draft := shop.product.Draft()
	draft.Recall(shop.batches["warehouse"])

	b, _ := draft.Batch("warehouse")
	expect(t, b, shop.batches["warehouse"])
	if _, known := shop.product.Batch("warehouse"); known {
		t.Fatal("the original was told as well")
	}
}

func TestWhatAProductKnowsOfABatchItKnowsBetter(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 20, inWarehouse))
	old := shop.batches["warehouse"]
	shop.allocate("order-1", 5)
	draft := shop.product.Draft()
	draft.Recall(old)

	b, _ := draft.Batch("warehouse")
	expect(t, b.Allocated, 5)
	expect(t, len(draft.Snapshot().Batches), 1)
}

func TestABatchThatHasMovedIsNotRecalledToItsOldPlace(t *testing.T) {
	shop := newLedger(t, batch("october", 20, october))
	old := shop.batches["october"]
	draft := shop.product.Draft()
	if _, err := draft.ReceiveBatch("october", domain.Change[int]{}, yielding()); err != nil {
		t.Fatal(err)
	}
	draft.Recall(old)

	expect(t, len(draft.Snapshot().Batches), 1)
}

// atRest is a snapshot that stays as it is.
func atRest(p *domain.Product) domain.Snapshot {
	s := p.Snapshot()
	s.Batches = slices.Clone(s.Batches)
	return s
}

func mustAllocate(t *testing.T, p *domain.Product, order string, qty int) domain.Placement {
	t.Helper()
	answer, err := p.Allocate(wanted(order, qty, 1), domain.KeepBackorder, domain.Line{})
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func mustAdd(t *testing.T, p *domain.Product, b domain.Batch) {
	t.Helper()
	if _, err := p.AddBatch(b); err != nil {
		t.Fatal(err)
	}
}
