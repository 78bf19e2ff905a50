package domain_test

import (
	"testing"

	"allot/internal/domain"
)

func TestACancelledLineGivesItsStockBack(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 10, inWarehouse))
	shop.allocate("order-1", 10)

	expect(t, shop.cancel("order-1"), domain.Placement{Status: domain.StatusCancelled})
	expect(t, shop.facts, []domain.Event{
		domain.Deallocated{OrderID: "order-1", SKU: sku, Qty: 10, BatchRef: "warehouse", Reason: domain.Cancelled},
		domain.LineCancelled{OrderID: "order-1", SKU: sku, Qty: 10, Seq: 1},
	})
	shop.allocate("order-2", 10)
	expect(t, shop.standing(), standing{"order-1": "cancelled", "order-2": "warehouse"})
}

func TestFreedStockGoesToThoseWhoWait(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 10, inWarehouse))
	shop.allocate("order-1", 10)
	shop.allocate("order-2", 11)
	shop.allocate("order-3", 6)
	shop.allocate("order-4", 4)
	shop.cancel("order-1")

	expect(t, shop.standing(), standing{
		"order-1": "cancelled", "order-2": "backordered", "order-3": "warehouse", "order-4": "warehouse",
	})
	expect(t, shop.told(), []string{
		"order-1 deallocated from warehouse: cancelled", "order-1 cancelled",
		"order-3 allocated in warehouse", "order-4 allocated in warehouse",
	})
	expect(t, shop.facts[2].(domain.Allocated).Why, domain.Why{Rule: domain.Earliest, Cause: domain.Cancelled, By: "order-1"})
}

func TestFreedStockMovesNobodyUp(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 10, inWarehouse), batch("october", 10, october))
	shop.allocate("order-1", 10)
	shop.allocate("order-2", 10)
	shop.cancel("order-1")

	expect(t, shop.standing(), standing{"order-1": "cancelled", "order-2": "october"})
}

func TestABackorderedLineCanBeCancelled(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 5, inWarehouse))
	shop.allocate("order-1", 10)
	shop.cancel("order-1")

	expect(t, shop.told(), []string{"order-1 cancelled"})
	expect(t, shop.product.Snapshot().Backorders, 0)

	shop.add("october", 10, october)
	expect(t, shop.standing(), standing{"order-1": "cancelled"})
}

func TestCancellingAgainChangesNothing(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 10, inWarehouse))
	shop.allocate("order-1", 10)
	shop.cancel("order-1")

	expect(t, shop.cancel("order-1"), domain.Placement{Status: domain.StatusCancelled, Replayed: true})
	expect(t, shop.told(), []string{})
	expect(t, shop.batches["warehouse"].Allocated, 0)
}

func TestALineOfABatchThatIsNotAtHandCannotBeCancelled(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 10, inWarehouse))
	shop.allocate("order-1", 10) // nothing is left, so that the product forgets the batch

	err := mustFailWithoutTrace(t, shop.product, func(p *domain.Product) error {
		_, err := p.CancelLine(shop.lines["order-1"])
		return err
	})
	expect(t, domain.KindOf(err), domain.Internal)
}
