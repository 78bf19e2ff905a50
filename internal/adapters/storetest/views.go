package storetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

// Views checks what a store answers as a views.Reader. open returns an empty
// store, which Views closes.
func Views(t *testing.T, open func(t *testing.T) Store) {
	type rule struct {
		name  string
		check func(*testing.T, *shop)
	}
	closed := func(t *testing.T) Store {
		s := open(t)
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
		return s
	}
	asked := furnish(t, closed(t))
	for _, r := range []rule{
		{"an order has its lines by SKU", orderHasLinesBySKU},
		{"a line says why it stands where it does", linesSayWhy},
		{"on hand and inbound less allocated is available", stockAddsUp},
		{"events are listed as they are in the log", eventsAsInTheLog},
		{"the latest events come first, of what they are about", recentEvents},
		{"names are found by how they begin", namesAreFound},
		{"what does not exist is not found", unknownIsNotFound},
		{"stats count everything", statsCountEverything},
	} {
		t.Run(r.name, func(t *testing.T) { r.check(t, asked) })
	}
	for _, r := range []rule{
		{"orders are summed up", ordersAreSummedUp},
		{"orders are listed by the status of their lines", ordersByStatus},
		{"a product has its batches in the order of their use", batchesInOrderOfUse},
		{"batches are listed by where they lie", batchesByLocation},
		{"what is available is told by location, without what expired or is kept for safety", availabilityByPlace},
		{"a batch counts its lines", batchCountsLines},
		{"backorders are listed oldest first", backordersOldestFirst},
		{"allocations come in the order in which they were made", allocationsInOrder},
		{"failures are listed until they are delivered", failuresUntilDelivered},
		{"lists come in pages", listsComeInPages},
		{"what is available is told by date, and of a quantity where from", availabilityByDate},
		{"what is available is told day by day", availabilityDayByDay},
		{"what is available is told of many at once", availabilityOfMany},
		{"lines that come too late or may not come are listed", linesInTrouble},
		{"batches on their way are listed by the day on which they come", batchesOnTheirWay},
		{"a line has a history", historyOfALine},
		{"a batch has a history", historyOfABatch},
	} {
		t.Run(r.name, func(t *testing.T) { r.check(t, furnish(t, closed(t))) })
	}
	t.Run("pages have a size if none is given, and a largest one", func(t *testing.T) { pagesHaveSizes(t, closed(t)) })
	t.Run("an empty store has empty lists", func(t *testing.T) { emptyLists(t, closed(t)) })
}

// shop is a store to ask, with a few things in it.
type shop struct {
	Store
	bus *service.Bus
}

var (
	opened = time.Date(2026, 11, 2, 9, 0, 0, 123000, time.UTC)
	ann    = domain.Origin{Actor: "ann", Reason: "damaged", Note: "wet", Correlation: "c-1", Cause: "m-1", Trace: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
)

func newShop(store Store) *shop {
	now := func() time.Time { return opened }
	bus := service.NewBus(service.NewTransactor(store, 100, now, nil))
	service.Register(bus)
	return &shop{store, bus}
}

// furnish has, in the end, t1 full with order 1, t2 with order 2 and a unit
// left, t3 with order 5, which moved there. Orders 3, 4, 6 and 8 are backordered.
func furnish(t *testing.T, store Store) *shop {
	s := newShop(store)
	december, january := domain.NewDate(2026, 12, 1), domain.NewDate(2027, 1, 5)
	s.send(t,
		domain.DescribeProduct{SKU: "CHAIR", Description: "A chair"},
		domain.CreateBatch{Ref: "t3", SKU: "TABLE", Qty: 20, ETA: january},
		domain.CreateBatch{Ref: "t2", SKU: "TABLE", Qty: 5, ETA: december},
		domain.CreateBatch{Ref: "t1", SKU: "TABLE", Qty: 10},
		domain.CreateBatch{Ref: "t0", SKU: "TABLE", Qty: 0},
		domain.CreateBatch{Ref: "l1", SKU: "LAMP", Qty: 3},
		domain.Allocate{OrderID: "order-1", SKU: "TABLE", Qty: 8},
		domain.Allocate{OrderID: "order-2", SKU: "TABLE", Qty: 4},
		domain.Allocate{OrderID: "order-3", SKU: "TABLE", Qty: 30},
		domain.Allocate{OrderID: "order-1", SKU: "LAMP", Qty: 3},
		domain.Allocate{OrderID: "order-4", SKU: "LAMP", Qty: 1},
		domain.Allocate{OrderID: "order-5", SKU: "TABLE", Qty: 2},
		domain.Allocate{OrderID: "order-6", SKU: "TABLE", Qty: 25},
		domain.Allocate{OrderID: "order-7", SKU: "TABLE", Qty: 1},
		domain.CancelLine{Origin: ann, OrderID: "order-7", SKU: "TABLE"},
		domain.ChangeBatchQuantity{Origin: ann, Ref: "t1", Qty: 8},
		domain.Allocate{OrderID: "order-8", SKU: "LAMP", Qty: 2},
	)
	return s
}

func (s *shop) send(t *testing.T, commands ...domain.Message) {
	t.Helper()
	i := 0
	for o := range service.SendEach(t.Context(), s.bus, slices.Values(commands)) {
		if o.Err != nil {
			t.Fatalf("%+v: %v", commands[i], o.Err)
		}
		i++
	}
}

func orderHasLinesBySKU(t *testing.T, s *shop) {
	order := must(s.Order(t.Context(), "order-1"))(t)
	for i := range order.Lines {
		order.Lines[i].Why = nil
	}
	same(t, order, views.Order{OrderID: "order-1", Lines: []views.Line{
		{OrderID: "order-1", SKU: "LAMP", Qty: 3, Status: "allocated", BatchRef: "l1"},
		{OrderID: "order-1", SKU: "TABLE", Qty: 8, Status: "allocated", BatchRef: "t1"},
	}})
}

func linesSayWhy(t *testing.T, s *shop) {
	open := []views.PassedOver{{BatchRef: "t1", Available: 2}, {BatchRef: "t2", Available: 1, ETA: "2026-12-01"}, {BatchRef: "t3", Available: 20, ETA: "2027-01-05"}}
	for _, c := range []struct {
		what string
		line views.Line
		why  views.Why
	}{
		{"allocated past a batch",
			views.Line{OrderID: "order-2", Qty: 4, Status: "allocated", BatchRef: "t2", Promise: "2026-12-01"},
			views.Why{Rule: "earliest", Cause: "ordered", Command: "allocate", PassedOver: open[:1]}},
		{"backordered",
			views.Line{OrderID: "order-3", Qty: 30, Status: "backordered"},
			views.Why{Rule: "earliest", Cause: "ordered", Command: "allocate", PassedOver: open}},
		{"moved",
			views.Line{OrderID: "order-5", Qty: 2, Status: "allocated", BatchRef: "t3", Promise: "2027-01-05", PromiseChanged: true},
			views.Why{Rule: "earliest", Cause: "batch_shrunk", By: "t1", MovedFrom: "t1", Command: "change_batch_quantity", PassedOver: open[1:2],
				Actor: "ann", Reason: "damaged", Note: "wet", Correlation: "c-1"}},
		{"cancelled",
			views.Line{OrderID: "order-7", Qty: 1, Status: "cancelled"},
			views.Why{Cause: "cancelled", Command: "cancel_line", Actor: "ann", Reason: "damaged", Note: "wet", Correlation: "c-1"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			c.line.SKU, c.line.Why, c.why.At = "TABLE", &c.why, opened
			c.why.Position, c.why.ProductVersion = s.lastAbout(t, c.line.OrderID)
			same(t, must(s.Order(t.Context(), c.line.OrderID))(t).Lines, []views.Line{c.line})
		})
	}
}

// lastAbout is the position, and the product's version, of the last event that
// says where an order's line stands.
func (s *shop) lastAbout(t *testing.T, orderID string) (position, version int64) {
	for _, e := range s.log(t) {
		if domain.Places(e.Event) && domain.LineOf(e.Event) == orderID {
			position, version = e.Position, e.Version
		}
	}
	return position, version
}

// log is the event log, as subscribers see it.
func (s *shop) log(t *testing.T) (log []service.Envelope) {
	t.Helper()
	_, err := s.Deliver(t.Context(), service.Subscription{Name: "reader of the log"}, 1000, func(_ context.Context, events []service.Envelope) (int, error) {
		log = slices.Clone(events)
		return 0, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func stockAddsUp(t *testing.T, s *shop) {
	all := must(s.Products(t.Context(), views.Page{}))(t).Items
	same(t, all, []views.Product{
		{SKU: "CHAIR", Description: "A chair", Version: all[0].Version},
		{SKU: "LAMP", OnHand: 3, Allocated: 3, Backordered: 3, BackorderedLines: 2, Version: all[1].Version},
		{SKU: "TABLE", OnHand: 8, Inbound: 25, Allocated: 14, Available: 19, Backordered: 55, BackorderedLines: 2, Version: all[2].Version},
	})
	for _, inList := range all {
		alone := must(s.Product(t.Context(), inList.SKU))(t)
		alone.Batches = nil
		same(t, alone, inList)
		if alone.OnHand+alone.Inbound-alone.Allocated != alone.Available {
			t.Errorf("%+v doesn't add up", alone)
		}
		if last := s.lastVersion(t, alone.SKU); alone.Version != last {
			t.Errorf("%s has version %d; its last event has %d", alone.SKU, alone.Version, last)
		}
	}
}

// lastVersion is the version of a product with its last event.
func (s *shop) lastVersion(t *testing.T, sku string) (version int64) {
	for _, e := range s.log(t) {
		if e.SKU == sku {
			version = e.Version
		}
	}
	return version
}

func batchesInOrderOfUse(t *testing.T, s *shop) {
	s.send(t, domain.CreateBatch{Ref: "t4", SKU: "TABLE", Qty: 1, ETA: domain.NewDate(2026, 12, 1)})
	same(t, must(s.Product(t.Context(), "TABLE"))(t).Batches, []views.Batch{
		{Ref: "t1", SKU: "TABLE", Qty: 8, Allocated: 8},
		{Ref: "t2", SKU: "TABLE", Qty: 5, Allocated: 4, Available: 1, ETA: "2026-12-01"},
		{Ref: "t4", SKU: "TABLE", Qty: 1, Available: 1, ETA: "2026-12-01"},
		{Ref: "t3", SKU: "TABLE", Qty: 20, Allocated: 2, Available: 18, ETA: "2027-01-05"},
	})
}

func batchCountsLines(t *testing.T, s *shop) {
	s.send(t, domain.Allocate{OrderID: "order-9", SKU: "TABLE", Qty: 10})
	same(t, must(s.Batch(t.Context(), "t3"))(t), views.Batch{Ref: "t3", SKU: "TABLE", Qty: 20, Allocated: 12, Available: 8, ETA: "2027-01-05", Lines: 2})
	same(t, must(s.Batch(t.Context(), "t0"))(t), views.Batch{Ref: "t0", SKU: "TABLE"})
	same(t, must(s.BatchLines(t.Context(), "t3", views.Page{}))(t).Items, []views.Line{
		{OrderID: "order-5", SKU: "TABLE", Qty: 2, Status: "allocated", BatchRef: "t3", Promise: "2027-01-05", PromiseChanged: true},
		{OrderID: "order-9", SKU: "TABLE", Qty: 10, Status: "allocated", BatchRef: "t3", Promise: "2027-01-05"},
	})
}

func unknownIsNotFound(t *testing.T, s *shop) {
	_, order := s.Order(t.Context(), "ORDER-1")
	_, product := s.Product(t.Context(), "table")
	_, batch := s.Batch(t.Context(), "t9")
	_, lines := s.BatchLines(t.Context(), "t9", views.Page{})
	for what, err := range map[string]error{"order": order, "product": product, "batch": batch, "lines of a batch": lines} {
		if !errors.Is(err, views.ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", what, err)
		}
	}
}

func statsCountEverything(t *testing.T, s *shop) {
	want := views.Stats{Products: 3, Batches: 5, Available: 19, Events: int64(len(s.log(t))), Backorders: 4}
	same(t, must(s.Stats(t.Context()))(t), want)

	log := s.log(t)
	for i, parked := range []bool{true, false, false} {
		f := service.Failure{Subscription: "of-stats", Event: log[i], Attempts: 1, Error: "no", Next: log[i].At, Parked: parked}
		if err := s.Postpone(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	putOff := service.Failure{Subscription: "of-stats", Event: log[3], Error: "not yet", Next: log[3].At}
	if err := s.Postpone(t.Context(), putOff); err != nil {
		t.Fatal(err)
	}
	want.Parked, want.Failing = 1, 2
	same(t, must(s.Stats(t.Context()))(t), want)
	for i := range 4 {
		if err := s.Delivered(t.Context(), "of-stats", log[i].Position); err != nil {
			t.Fatal(err)
		}
	}
	want.Parked, want.Failing = 0, 0
	same(t, must(s.Stats(t.Context()))(t), want)
}

// must returns v, once it is told which test fails if there is an error.
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// same compares answers but for the numbers that stores give out themselves:
// only their order means something.
func same[T any](t *testing.T, got, want T) {
	t.Helper()
	numbers := cmp.Options{cmpopts.IgnoreFields(views.Line{}, "Seq"), cmpopts.IgnoreFields(views.Batch{}, "Seq")}
	if diff := cmp.Diff(want, got, numbers); diff != "" {
		t.Errorf("not as it should be (-want +got):\n%s", diff)
	}
}
