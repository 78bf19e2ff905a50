package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

func ordersAreSummedUp(t *testing.T, s *shop) {
	s.send(t,
		domain.Allocate{OrderID: "order-1", SKU: "CHAIR", Qty: 1},
		domain.CancelLine{OrderID: "order-1", SKU: "LAMP"},
		domain.CreateBatch{Ref: "r1", SKU: "RUG", Qty: 1, ETA: domain.NewDate(2027, 2, 1)},
		domain.Allocate{OrderID: "order-2", SKU: "RUG", Qty: 1},
	)
	same(t, must(s.Orders(t.Context(), "", views.Page{Limit: 3}))(t).Items, []views.OrderSummary{
		{OrderID: "order-1", Lines: 3, Allocated: 1, Backordered: 1, Cancelled: 1},
		{OrderID: "order-2", Lines: 2, Allocated: 2, Promise: "2027-02-01"},
		{OrderID: "order-3", Lines: 1, Backordered: 1},
	})
}

func ordersByStatus(t *testing.T, s *shop) {
	s.send(t, domain.Allocate{OrderID: "order-2", SKU: "CHAIR", Qty: 1}, domain.Allocate{OrderID: "order-2", SKU: "LAMP", Qty: 1})
	for status, want := range map[string][]string{
		"":            {"order-1", "order-2", "order-3", "order-4", "order-5", "order-6", "order-7", "order-8"},
		"allocated":   {"order-1", "order-2", "order-5"},
		"backordered": {"order-2", "order-3", "order-4", "order-6", "order-8"},
		"cancelled":   {"order-7"},
	} {
		var got []string
		for _, o := range must(s.Orders(t.Context(), status, views.Page{}))(t).Items {
			got = append(got, o.OrderID)
			if o.OrderID == "order-2" {
				same(t, o, views.OrderSummary{OrderID: "order-2", Lines: 3, Allocated: 1, Backordered: 2, Promise: "2026-12-01"})
			}
		}
		same(t, got, want)
	}
	_, err := s.Orders(t.Context(), "waiting", views.Page{})
	refused(t, err, "status")
}

func backordersOldestFirst(t *testing.T, s *shop) {
	line := func(order, sku string, qty int) views.Line {
		return views.Line{OrderID: order, SKU: sku, Qty: qty, Status: "backordered"}
	}
	same(t, must(s.Backorders(t.Context(), "", views.Page{}))(t).Items, []views.Line{
		line("order-3", "TABLE", 30), line("order-4", "LAMP", 1), line("order-6", "TABLE", 25), line("order-8", "LAMP", 2),
	})
	same(t, must(s.Backorders(t.Context(), "TABLE", views.Page{}))(t).Items, []views.Line{line("order-3", "TABLE", 30), line("order-6", "TABLE", 25)})

	s.send(t, domain.ChangeBatchQuantity{Ref: "t1", Qty: 0}) // order 1 loses its place, not its age
	lost := line("order-1", "TABLE", 8)
	lost.PromiseChanged = true
	same(t, must(s.Backorders(t.Context(), "TABLE", views.Page{Limit: 1}))(t).Items, []views.Line{line("order-3", "TABLE", 30)})
	s.send(t, domain.ChangeBatchQuantity{Ref: "t3", Qty: 2}, domain.ChangeBatchQuantity{Ref: "t2", Qty: 4})
	same(t, must(s.Backorders(t.Context(), "TABLE", views.Page{Limit: 1}))(t).Items, []views.Line{lost})
}

func allocationsInOrder(t *testing.T, s *shop) {
	var got []string
	for l, err := range s.Allocations(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(l.OrderID, " ", l.SKU, " ", l.Qty, " ", l.BatchRef, " ", l.Promise))
	}
	same(t, got, []string{"order-1 TABLE 8 t1 ", "order-2 TABLE 4 t2 2026-12-01", "order-1 LAMP 3 l1 ", "order-5 TABLE 2 t3 2027-01-05"})

	s.send(t, domain.ChangeBatchQuantity{Ref: "t1", Qty: 7}) // order 1 moves behind the others
	got = got[:0]
	for l := range s.Allocations(t.Context()) {
		if got = append(got, l.OrderID); len(got) == 3 {
			break
		}
	}
	same(t, got, []string{"order-2", "order-1", "order-5"})
}

func eventsAsInTheLog(t *testing.T, s *shop) {
	log := s.log(t)
	events := must(s.Events(t.Context(), views.Page{}))(t).Items
	if len(events) != len(log) {
		t.Fatalf("%d events are listed, %d are in the log", len(events), len(log))
	}
	for i, e := range log {
		if body, err := json.Marshal(e.Event); err != nil || string(events[i].Data) != string(body) {
			t.Errorf("event %d is %s, want %s (%v)", e.Position, events[i].Data, body, err)
		}
		events[i].Data = nil
		same(t, events[i], views.Event{
			Position: e.Position, At: e.At, Type: e.Event.EventName(), SKU: e.SKU, Version: e.Version, Command: e.Command,
			Actor: e.Origin.Actor, Reason: e.Origin.Reason, Note: e.Origin.Note, Correlation: e.Origin.Correlation, Cause: e.Origin.Cause, Trace: e.Origin.Trace,
		})
	}
	second := must(s.Events(t.Context(), views.Page{After: fmt.Sprint(log[0].Position), Limit: 1}))(t).Items
	if len(second) != 1 || second[0].Position != log[1].Position {
		t.Errorf("after the first event comes %+v, want the second", second)
	}
}

// postponed has events fail in two subscriptions.
func (s *shop) postponed(t *testing.T) []views.Failure {
	t.Helper()
	log := s.log(t)
	var out []views.Failure
	for i, f := range []service.Failure{
		{Subscription: "mail", Event: log[1], Attempts: 3, Error: "no such mailbox", Next: opened.Add(2 * time.Hour)},
		{Subscription: "mail", Event: log[9], Attempts: 25, Error: "refused", Next: opened, Parked: true},
		{Subscription: "web hook", Event: log[1], Attempts: 1, Error: "500", Next: opened.Add(time.Hour)},
		{Subscription: "web hook", Event: log[2], Attempts: 1, Error: "500", Next: opened},
		{Subscription: "web hook", Event: log[3], Attempts: 1, Error: "500", Next: opened},
	} {
		out = append(out, views.Failure{
			Subscription: f.Subscription, Position: f.Event.Position, Type: f.Event.Event.EventName(), SKU: f.Event.SKU,
			Attempts: f.Attempts, Error: f.Error, Next: f.Next, Parked: f.Parked,
		})
		if err := s.Postpone(t.Context(), f); err != nil {
			t.Fatalf("failure %d: %v", i, err)
		}
	}
	return out
}

func failuresUntilDelivered(t *testing.T, s *shop) {
	failed := s.postponed(t)
	same(t, must(s.Failures(t.Context(), "", views.Page{}))(t).Items, failed)
	same(t, must(s.Failures(t.Context(), "mail", views.Page{}))(t).Items, failed[:2])
	if err := s.Delivered(t.Context(), "mail", failed[0].Position); err != nil {
		t.Fatal(err)
	}
	same(t, must(s.Failures(t.Context(), "mail", views.Page{}))(t).Items, failed[1:2])
}

// listers returns each list of s as a function of the page. None is short.
func (s *shop) listers(t *testing.T) map[string]func(views.Page) (views.List[any], error) {
	t.Helper()
	ctx := t.Context()
	s.postponed(t)
	for i := range 5 {
		if err := s.Park(ctx, views.ParkedMessage{ID: fmt.Sprint("m-", i), Body: "{", Error: "no JSON", Attempts: 1, At: opened}); err != nil {
			t.Fatal(err)
		}
		id := fmt.Sprintf("Ärger %d", i)
		s.send(t, domain.CreateBatch{Ref: id, SKU: "RUG " + id, Qty: 1}, domain.Allocate{OrderID: id, SKU: "TABLE", Qty: 1}, domain.Allocate{OrderID: id, SKU: "CHAIR", Qty: 1})
	}
	return map[string]func(views.Page) (views.List[any], error){
		"orders":             lister(func(p views.Page) (views.List[views.OrderSummary], error) { return s.Orders(ctx, "", p) }),
		"orders backordered": lister(func(p views.Page) (views.List[views.OrderSummary], error) { return s.Orders(ctx, "backordered", p) }),
		"orders allocated":   lister(func(p views.Page) (views.List[views.OrderSummary], error) { return s.Orders(ctx, "allocated", p) }),
		"products":           lister(func(p views.Page) (views.List[views.Product], error) { return s.Products(ctx, p) }),
		"batches":            lister(func(p views.Page) (views.List[views.Batch], error) { return s.Batches(ctx, views.BatchFilter{}, p) }),
		"batches of a SKU": lister(func(p views.Page) (views.List[views.Batch], error) {
			return s.Batches(ctx, views.BatchFilter{SKU: "TABLE"}, p)
		}),
		"lines of a batch":         lister(func(p views.Page) (views.List[views.Line], error) { return s.BatchLines(ctx, "t3", p) }),
		"backorders":               lister(func(p views.Page) (views.List[views.Line], error) { return s.Backorders(ctx, "", p) }),
		"backorders of a SKU":      lister(func(p views.Page) (views.List[views.Line], error) { return s.Backorders(ctx, "CHAIR", p) }),
		"events":                   lister(func(p views.Page) (views.List[views.Event], error) { return s.Events(ctx, p) }),
		"failures":                 lister(func(p views.Page) (views.List[views.Failure], error) { return s.Failures(ctx, "", p) }),
		"failures of a subscriber": lister(func(p views.Page) (views.List[views.Failure], error) { return s.Failures(ctx, "web hook", p) }),
		"parked messages":          lister(func(p views.Page) (views.List[views.ParkedMessage], error) { return s.ParkedMessages(ctx, p) }),
	}
}

func lister[T any](list func(views.Page) (views.List[T], error)) func(views.Page) (views.List[any], error) {
	return func(p views.Page) (views.List[any], error) {
		l, err := list(p)
		out := views.List[any]{Next: l.Next}
		for _, item := range l.Items {
			out.Items = append(out.Items, item)
		}
		return out, err
	}
}

func listsComeInPages(t *testing.T, s *shop) {
	for what, list := range s.listers(t) {
		t.Run(what+": pages put together are the list", func(t *testing.T) { pagesAreTheList(t, list) })
		t.Run(what+": a cursor that no page ended with is refused", func(t *testing.T) {
			for _, cursor := range []string{"zz", "12x", " 12", "0x12", "A0A", "\x00"} {
				_, err := list(views.Page{After: cursor})
				refused(t, err, "cursor")
			}
		})
	}
}

func pagesAreTheList(t *testing.T, list func(views.Page) (views.List[any], error)) {
	whole := must(list(views.Page{Limit: views.MaxPage}))(t)
	if len(whole.Items) < 3 || whole.Next != "" {
		t.Fatalf("one page has %d items and goes on at %q; want all of them, and more than two", len(whole.Items), whole.Next)
	}
	var items []any
	for after, pages := "", 0; after != "" || pages == 0; pages++ {
		page := must(list(views.Page{After: after, Limit: 2}))(t)
		if items = append(items, page.Items...); len(page.Items) > 2 || len(items) > len(whole.Items) {
			t.Fatalf("page %d has %d items, of %d in all", pages, len(page.Items), len(whole.Items))
		}
		after = page.Next
	}
	same(t, items, whole.Items)
}

func refused(t *testing.T, err error, field string) {
	t.Helper()
	e, ok := errors.AsType[*domain.Error](err)
	if !ok || e.Kind != domain.Invalid || e.Code != domain.CodeValidationFailed || e.Field != field {
		t.Errorf("%#v, want %s to be refused as invalid", err, field)
	}
}

func pagesHaveSizes(t *testing.T, store Store) {
	s := newShop(store)
	commands := []domain.Message{domain.CreateBatch{Ref: "b", SKU: "TABLE", Qty: 1000}}
	for i := range views.MaxPage + 1 {
		commands = append(commands, domain.Allocate{OrderID: fmt.Sprint("order-", i), SKU: "TABLE", Qty: 1})
	}
	s.send(t, commands...)
	for limit, want := range map[int]int{0: views.DefaultPage, 1: 1, views.MaxPage: views.MaxPage, views.MaxPage + 1: views.MaxPage} {
		page := must(s.BatchLines(t.Context(), "b", views.Page{Limit: limit}))(t)
		if len(page.Items) != want || page.Next == "" {
			t.Errorf("limit %d gives %d lines, then %q; want %d, then more", limit, len(page.Items), page.Next, want)
		}
	}
}

func emptyLists(t *testing.T, store Store) {
	ctx := t.Context()
	orders := must(store.Orders(ctx, "", views.Page{}))(t)
	backorders := must(store.Backorders(ctx, "NO-SUCH-SKU", views.Page{}))(t)
	batches := must(store.Batches(ctx, views.BatchFilter{SKU: "NO-SUCH-SKU"}, views.Page{}))(t)
	failures := must(store.Failures(ctx, "nobody", views.Page{}))(t)
	parked := must(store.ParkedMessages(ctx, views.Page{}))(t)
	for what, list := range map[string]any{"orders": orders, "backorders": backorders, "batches": batches, "failures": failures, "parked messages": parked} {
		if body, err := json.Marshal(list); err != nil || string(body) != `{"items":[]}` {
			t.Errorf("%s: %s (%v), want an empty list", what, body, err)
		}
	}
	for line := range store.Allocations(ctx) {
		t.Errorf("%+v is allocated in an empty store", line)
	}
	same(t, must(store.Stats(ctx))(t), views.Stats{})
}
