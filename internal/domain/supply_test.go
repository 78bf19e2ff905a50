package domain_test

import (
	"testing"

	"allot/internal/domain"
)

func (l *ledger) reschedule(ref string, eta domain.Date) {
	l.t.Helper()
	_, err := l.supply(ref, func(p *domain.Product) (domain.Batched, error) {
		return p.ChangeBatch(ref, domain.Change[int]{}, domain.To(eta), l.newestOf(ref))
	})
	l.must(err)
}

func (l *ledger) receive(ref string, qty domain.Change[int]) error {
	_, err := l.supply(ref, func(p *domain.Product) (domain.Batched, error) { return p.ReceiveBatch(ref, qty, l.newestOf(ref)) })
	return err
}

func (l *ledger) closeBatch(ref string, closed bool) {
	l.t.Helper()
	_, err := l.supply(ref, func(p *domain.Product) (domain.Batched, error) {
		if closed {
			return p.CloseBatch(ref)
		}
		return p.ReopenBatch(ref)
	})
	l.must(err)
}

func TestABatchThatSlipsKeepsItsLinesAndMovesTheirPromises(t *testing.T) {
	shop := newLedger(t, batch("october", 20, october), batch("november", 20, november))
	shop.allocate("order-1", 10)
	shop.allocate("order-2", 10)
	shop.reschedule("october", december)

	expect(t, shop.standing(), standing{"order-1": "october", "order-2": "october"})
	expect(t, shop.told(), []string{
		"october comes on 2026-12-01, not 2026-10-01", "order-1 promised for 2026-12-01", "order-2 promised for 2026-12-01",
	})
	expect(t, shop.lines["order-1"].Promise, december)
	expect(t, shop.lines["order-1"].FirstPromise, october)
}

func TestABatchThatSlippedIsUsedInItsNewPlace(t *testing.T) {
	shop := newLedger(t, batch("october", 20, october), batch("november", 20, november))
	shop.reschedule("october", december)
	expect(t, shop.allocate("order-1", 10).BatchRef, "november")
	shop.reschedule("october", inWarehouse)
	expect(t, shop.allocate("order-2", 10).BatchRef, "october")
}

func TestQuantityAndETAChangeTogether(t *testing.T) {
	shop := newLedger(t, batch("october", 20, october), batch("november", 10, november))
	shop.allocate("older", 10)
	shop.allocate("younger", 10)
	_, err := shop.supply("october", func(p *domain.Product) (domain.Batched, error) {
		return p.ChangeBatch("october", domain.To(15), domain.To(december), shop.newestOf("october"))
	})
	shop.must(err)

	expect(t, shop.standing(), standing{"older": "october", "younger": "november"})
	expect(t, shop.told(), []string{
		"october: 15 units, not 20", "october comes on 2026-12-01, not 2026-10-01", "older promised for 2026-12-01",
		"younger deallocated from october: batch_shrunk", "younger allocated in november, moved from october",
	})
}

func TestABatchArrivesWithWhatReallyCame(t *testing.T) {
	shop := newLedger(t, batch("october", 20, october))
	shop.allocate("order-1", 10)
	shop.allocate("order-2", 10)
	shop.must(shop.receive("october", domain.To(19)))

	expect(t, shop.standing(), standing{"order-1": "october", "order-2": "backordered"})
	expect(t, shop.lines["order-1"].Promise, inWarehouse)
	shop.must(shop.receive("october", domain.To(19)))
	expect(t, shop.told(), []string{})
	expect(t, codeOf(shop.receive("october", domain.To(20))), domain.CodeBatchArrived)
}

func TestAClosedBatchKeepsItsLinesAndTakesNoOthers(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 20, inWarehouse), batch("october", 5, october))
	shop.allocate("order-1", 10)
	shop.closeBatch("warehouse", true)
	expect(t, shop.allocate("order-2", 5).BatchRef, "october")
	expect(t, shop.allocate("order-3", 5).Status, domain.StatusBackordered)
	shop.change("warehouse", 9)
	expect(t, shop.standing(), standing{"order-1": "backordered", "order-2": "october", "order-3": "backordered"})
	shop.closeBatch("warehouse", false)
	expect(t, shop.standing(), standing{"order-1": "backordered", "order-2": "october", "order-3": "warehouse"})
}

func TestALineThatFitsItsClosedBatchStaysThere(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 13, inWarehouse))
	shop.allocate("large", 10)
	shop.allocate("small", 3)
	shop.closeBatch("warehouse", true)
	shop.change("warehouse", 5)

	expect(t, shop.standing(), standing{"large": "backordered", "small": "warehouse"})
}

func TestWhatWasShippedCanNotBeChangedAway(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 20, inWarehouse))
	shop.allocate("order-1", 10)
	_, err := shop.tell("order-1", func(p *domain.Product, l domain.Line) (domain.Placement, error) { return p.ShipLine(l, 4) })
	shop.must(err)
	_, err = shop.tryChange("warehouse", 3)
	expect(t, codeOf(err), domain.CodeBelowShipped)
	shop.change("warehouse", 4)
	expect(t, shop.standing(), standing{"order-1": "backordered"})
	expect(t, shop.lines["order-1"].Shipped, 4)
	_, err = shop.supply("warehouse", func(p *domain.Product) (domain.Batched, error) {
		return p.ChangeBatch("warehouse", domain.Change[int]{}, domain.To(december), shop.newestOf("warehouse"))
	})
	expect(t, codeOf(err), domain.CodeBatchArrived)
}
