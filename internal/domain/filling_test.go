package domain_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"allot/internal/domain"
)

// goOn does what follows a product that is filling, a draft at a time.
func (l *ledger) goOn() (answer domain.Filled) {
	l.t.Helper()
	l.must(l.do(func(p *domain.Product) (err error) {
		answer, err = p.GoOnFilling(l.queue(), l.mostFilled)
		return err
	}))
	return answer
}

// crowded is a shop that fills three lines at a time, for which seven wait.
func crowded(t *testing.T) *ledger {
	shop := newLedger(t)
	shop.mostFilled = 3
	for i := range 7 {
		shop.allocate(fmt.Sprint("order-", i), 1)
	}
	return shop
}

func TestMoreLinesThanADraftServesAreServedInSteps(t *testing.T) {
	shop := crowded(t)
	shop.add("october", 9, october)
	expect(t, shop.told(), []string{
		"october: 9 units", "order-0 allocated in october", "order-1 allocated in october", "order-2 allocated in october", "filling because of october",
	})
	expect(t, shop.goOn(), domain.Filled{SKU: sku, Lines: 3, Filling: true})
	expect(t, shop.told(), []string{"order-3 allocated in october", "order-4 allocated in october", "order-5 allocated in october"})
	shop.reload()
	expect(t, shop.goOn(), domain.Filled{SKU: sku, Lines: 1})
	expect(t, shop.told(), []string{"order-6 allocated in october", "filled"})
	expect(t, shop.facts[0].(domain.Allocated).Why, domain.Why{Rule: domain.Earliest, Cause: domain.BatchArrived, By: "october"})
	expect(t, shop.goOn(), domain.Filled{SKU: sku, Replayed: true})
	expect(t, shop.told(), []string{})
}

func TestAProductThatServesJustAsManyAsItMayIsNotFilling(t *testing.T) {
	shop := crowded(t)
	shop.add("october", 3, october)
	expect(t, shop.product.Snapshot().Filling, domain.Filling{})
	expect(t, shop.product.Snapshot().Backorders, 4)
}

func TestNobodyOvertakesThoseWhoWaitForAProductThatIsFilling(t *testing.T) {
	shop := crowded(t)
	shop.add("october", 8, october)
	passedOver := []domain.PassedOver{{BatchRef: "october", Available: 5, ETA: october, Reason: domain.BeingFilled}}

	kept, err := shop.tryAllocate("kept", 1, domain.KeepBackorder)
	shop.must(err)
	expect(t, kept.Status, domain.StatusBackordered)
	expect(t, kept.Why.PassedOver, passedOver)
	expect(t, kept.LargestFit, 0)
	expect(t, shop.told(), []string{"kept backordered"})

	refused, err := shop.tryAllocate("refused", 1, domain.Refuse)
	shop.must(err)
	expect(t, refused.Status, domain.StatusRefused)
	expect(t, refused.Why.PassedOver, passedOver)
	expect(t, shop.told(), []string{})

	amended, err := shop.tell("kept", func(p *domain.Product, line domain.Line) (domain.Placement, error) {
		return p.AmendLine(line, domain.Amendment{Qty: domain.To(2)})
	})
	shop.must(err)
	expect(t, amended.Status, domain.StatusBackordered)
	for shop.goOn().Filling {
	}
	expect(t, shop.lines["order-6"].Status, domain.StatusAllocated)
	expect(t, shop.lines["kept"].Status, domain.StatusBackordered) // a unit is left
}

func TestFillingEndsWhenItsStockIsGone(t *testing.T) {
	shop := crowded(t)
	shop.add("october", 9, october)
	shop.change("october", 3)
	expect(t, shop.goOn(), domain.Filled{SKU: sku})
	expect(t, shop.told(), []string{"filled"})
}

// Filling in steps comes to the same as filling at once, whatever is done, if
// nothing is done in between; and if something is, nobody waits in vain in the
// end.
func TestFillingInStepsIsFilling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		once, steps, between := newLedger(t), newLedger(t), newLedger(t)
		steps.mostFilled, between.mostFilled = 3, 3
		orders, batches := 0, 0
		each := func(does func(*ledger)) {
			for _, l := range []*ledger{once, steps, between} {
				before := l.product.Snapshot().Backorders
				does(l)
				if n := before - l.product.Snapshot().Backorders; l != once && n > 4 { // three, and one cancelled
					t.Fatalf("%d lines that wait got stock at once", n)
				}
			}
			for i := 0; steps.product.Snapshot().Filling != (domain.Filling{}); i++ {
				if i > 100 {
					t.Fatalf("it never ends")
				}
				steps.goOn()
			}
			expectSame(t, "in steps", steps, once)
		}
		t.Repeat(map[string]func(*rapid.T){
			"order": func(t *rapid.T) {
				qty := rapid.IntRange(1, 4).Draw(t, "qty")
				orders++
				each(func(l *ledger) {
					filling := l.product.Snapshot().Filling != domain.Filling{}
					if answer := l.allocate(fmt.Sprint("order-", orders), qty); filling && answer.Status != domain.StatusBackordered {
						t.Fatalf("a line of %d overtook those who wait", qty)
					}
				})
			},
			"cancel": func(t *rapid.T) {
				if orders == 0 {
					t.Skip("nothing was ordered")
				}
				id := fmt.Sprint("order-", rapid.IntRange(1, orders).Draw(t, "order"))
				each(func(l *ledger) { l.cancel(id) })
			},
			"batch": func(t *rapid.T) {
				qty := rapid.IntRange(0, 30).Draw(t, "qty")
				batches++
				each(func(l *ledger) { l.add(fmt.Sprint("batch-", batches), qty, october) })
			},
			"change": func(t *rapid.T) {
				if batches == 0 {
					t.Skip("there is no batch")
				}
				ref, qty := fmt.Sprint("batch-", rapid.IntRange(1, batches).Draw(t, "batch")), rapid.IntRange(0, 30).Draw(t, "qty")
				each(func(l *ledger) { l.change(ref, qty) })
			},
			"reload": func(*rapid.T) { each((*ledger).reload) },
			"go on":  func(*rapid.T) { between.goOn() },
			"": func(t *rapid.T) {
				for _, l := range []*ledger{once, steps, between} {
					expectNobodyWaitsInVain(t, l)
				}
			},
		})
	})
}

func expectSame(t *rapid.T, what string, got, want *ledger) {
	t.Helper()
	for id, line := range want.lines {
		if got.lines[id] != line {
			t.Fatalf("%s, %s is %+v, want %+v", what, id, got.lines[id], line)
		}
	}
}

func expectNobodyWaitsInVain(t *rapid.T, l *ledger) {
	t.Helper()
	now := l.product.Snapshot()
	if now.Filling != l.numbers.Filling {
		t.Fatalf("the facts say filling %+v, the product %+v", l.numbers.Filling, now.Filling)
	}
	if now.Filling != (domain.Filling{}) {
		return
	}
	for line := range l.queue() {
		if b, fits := l.product.Choose(line); fits {
			t.Fatalf("%s waits, and %s has %d", line.OrderID, b.Ref, b.Room())
		}
	}
}
