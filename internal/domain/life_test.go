package domain_test

import (
	"testing"

	"allot/internal/domain"
)

// amend and ship do so to the line of an order.
func (l *ledger) amend(order string, to domain.Amendment) (domain.Placement, error) {
	return l.tell(order, func(p *domain.Product, line domain.Line) (domain.Placement, error) { return p.AmendLine(line, to) })
}

func (l *ledger) ship(order string, total int) (domain.Placement, error) {
	return l.tell(order, func(p *domain.Product, line domain.Line) (domain.Placement, error) { return p.ShipLine(line, total) })
}

func TestShippingCountsFromTheStart(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 10, inWarehouse))
	shop.allocate("order-1", 7)
	for _, c := range []struct {
		total  int
		status domain.Status
		again  bool
		code   string
		left   domain.Batch
	}{
		{3, domain.StatusAllocated, false, "", domain.Batch{Allocated: 4, Shipped: 3}},
		{3, domain.StatusAllocated, true, "", domain.Batch{Allocated: 4, Shipped: 3}},
		{2, "", false, domain.CodeBelowShipped, domain.Batch{Allocated: 4, Shipped: 3}},
		{8, "", false, domain.CodeTooManyUnits, domain.Batch{Allocated: 4, Shipped: 3}},
		{0, domain.StatusShipped, false, "", domain.Batch{Shipped: 7}},
		{0, domain.StatusShipped, true, "", domain.Batch{Shipped: 7}},
	} {
		answer, err := shop.ship("order-1", c.total)
		expect(t, answer.Status, c.status)
		expect(t, answer.Replayed, c.again)
		expect(t, codeOf(err), c.code)
		b := shop.batches["warehouse"]
		expect(t, domain.Batch{Allocated: b.Allocated, Shipped: b.Shipped}, c.left)
	}
}

func TestOnlyWhatIsHereAndAllocatedIsShipped(t *testing.T) {
	shop := newLedger(t, batch("october", 5, october))
	shop.allocate("at sea", 5)
	shop.allocate("waits", 5)
	_, err := shop.ship("at sea", 0)
	expect(t, codeOf(err), domain.CodeBatchNotArrived)
	_, err = shop.ship("waits", 0)
	expect(t, codeOf(err), domain.CodeNothingToShip)
}

func TestAReturnServesThoseWhoWait(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 5, inWarehouse))
	shop.allocate("order-1", 5)
	shop.allocate("order-2", 2)
	_, err := shop.ship("order-1", 0)
	shop.must(err)
	_, err = shop.tell("order-1", func(p *domain.Product, l domain.Line) (domain.Placement, error) { return p.ReturnLine(l, 2, "") })
	shop.must(err)

	expect(t, shop.told(), []string{"order-1 returned 2 to warehouse", "order-2 allocated in warehouse"})
	expect(t, shop.batches["warehouse"].Purchased, 7)
}

func TestASmallerLineFreesStockAndALargerOneTakesIt(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 10, inWarehouse))
	shop.allocate("order-1", 8)
	shop.allocate("order-2", 4)
	_, err := shop.amend("order-1", domain.Amendment{Qty: domain.To(6)})
	shop.must(err)
	expect(t, shop.told(), []string{"order-1 6 units, not 8", "order-2 allocated in warehouse"})
	_, err = shop.amend("order-2", domain.Amendment{Qty: domain.To(3)})
	shop.must(err)
	_, err = shop.amend("order-1", domain.Amendment{Qty: domain.To(7)})
	shop.must(err)
	expect(t, shop.standing(), standing{"order-1": "warehouse", "order-2": "warehouse"})
}

func TestALineThatOutgrowsItsBatchMovesOnlyIfItMay(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 10, inWarehouse), batch("october", 20, october))
	shop.allocate("order-1", 8)
	shop.allocate("order-2", 2)
	_, err := shop.amend("order-1", domain.Amendment{Qty: domain.To(9)})
	expect(t, codeOf(err), domain.CodeLineWouldMove)
	expect(t, err.Error(), `order "order-1" wants 1 more unit, and batch "warehouse" has room for 0: the line would move to batch october, which comes on 2026-10-01`)
	_, err = shop.amend("order-1", domain.Amendment{Qty: domain.To(9), MayMove: true})
	shop.must(err)
	expect(t, shop.told(), []string{"order-1 deallocated from warehouse: amended", "order-1 9 units, not 8", "order-1 allocated in october, moved from warehouse"})
}

func TestABackorderThatShrinksMayFit(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 5, inWarehouse))
	shop.allocate("order-1", 8)
	answer, err := shop.amend("order-1", domain.Amendment{Qty: domain.To(5)})
	shop.must(err)
	expect(t, answer.BatchRef, "warehouse")
}

func TestAHigherPriorityIsServedFirstAndLosesLast(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 10, inWarehouse))
	shop.allocate("old", 5)
	shop.allocate("young", 5)
	_, err := shop.amend("young", domain.Amendment{Priority: domain.To(domain.NewPriority(6))})
	shop.must(err)
	shop.change("warehouse", 5)
	expect(t, shop.standing(), standing{"old": "backordered", "young": "warehouse"})
	shop.allocate("urgent", 5)
	_, err = shop.amend("urgent", domain.Amendment{Priority: domain.To(domain.NewPriority(9))})
	shop.must(err)
	shop.change("warehouse", 10)
	expect(t, shop.standing(), standing{"old": "backordered", "young": "warehouse", "urgent": "warehouse"})
}

func TestAHoldIsNeverKeptWaiting(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 5, inWarehouse))
	hold := func(order string, qty int, until domain.Instant) domain.Placement {
		line := wanted(order, qty, 0)
		line.HeldUntil = until
		answer, err := shop.ask(line, domain.KeepBackorder)
		shop.must(err)
		return answer
	}
	expect(t, hold("cart-1", 3, 10).Status, domain.StatusHeld)
	expect(t, hold("cart-2", 3, 10).Status, domain.StatusRefused)
	expect(t, hold("cart-1", 3, 20).HeldUntil, 20)
	shop.change("warehouse", 2)
	expect(t, shop.standing(), standing{"cart-1": "expired"})
	expect(t, hold("cart-1", 2, 30).Status, domain.StatusHeld)
	expect(t, shop.allocate("cart-1", 2).Status, domain.StatusAllocated) // ordering it confirms it
}

func TestRepeatingAnAmendedLineAsItWasOrderedChangesNothing(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 9, inWarehouse))
	shop.allocate("order-1", 3)
	_, err := shop.amend("order-1", domain.Amendment{Qty: domain.To(5)})
	shop.must(err)
	expect(t, shop.allocate("order-1", 3).Replayed, true)
	expect(t, shop.allocate("order-1", 5).Replayed, true)
	_, err = shop.tryAllocate("order-1", 4, domain.KeepBackorder)
	expect(t, codeOf(err), domain.CodeLineConflict)
}

func TestInstantsAreRFC3339(t *testing.T) {
	for text, ok := range map[string]bool{
		"2026-12-01T08:00:00Z": true, "2026-12-01T08:00:00.000001Z": true, "": true,
		"2026-12-01": false, "2026-12-01T08:00:00": false, "0001-01-01T00:00:00Z": false,
	} {
		at, err := domain.ParseInstant(text)
		expect(t, err == nil, ok)
		if ok {
			expect(t, at.String(), text)
			expect(t, domain.InstantOf(at.Time()), at)
		}
	}
}
