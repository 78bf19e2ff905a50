package client_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"allot/client"
)

func TestAllThatHappensToALineCanBeCalled(t *testing.T) {
	c, ctx := shop(t), t.Context()
	const sku, order, ref = "LAMP/É 1", "o/1//../x", "b 1/?"
	steps := []struct {
		name string
		do   func() (any, error)
		want string
	}{
		{"create", func() (any, error) {
			return c.CreateBatch(ctx, client.NewBatch{Ref: ref, SKU: sku, Qty: 9, ETA: "2026-12-01"})
		}, "Qty:9"},
		{"hold", func() (any, error) {
			return c.Allocate(ctx, order, client.NewLine{SKU: sku, Qty: 3, Priority: new(7), RequiredBy: "2026-12-02", HoldUntil: "2100-01-01T00:00:00Z"})
		}, "HeldUntil:2100-01-01T00:00:00Z"},
		{"confirm", func() (any, error) { return c.Confirm(ctx, order, sku, client.Step{Note: "paid"}) }, "Status:allocated"},
		{"slip", func() (any, error) {
			return c.ChangeBatch(ctx, ref, client.BatchChange{Qty: new(8), ETA: new("2026-12-09")})
		}, "FromETA:2026-12-01 To:b 1/? ToETA:2026-12-09"},
		{"late", func() (any, error) { return collect(c.Late(ctx, "")) }, "Days:7"},
		{"at risk", func() (any, error) { return collect(c.AtRisk(ctx, "2026-12-12")) }, "Days:3"},
		{"amend", func() (any, error) {
			return c.Amend(ctx, order, sku, client.Amendment{Qty: new(4), RequiredBy: new("")})
		}, "Status:allocated"},
		{"no longer late", func() (any, error) { return collect(c.Late(ctx, "")) }, "[]"},
		{"available", func() (any, error) { return c.Available(ctx, sku, client.Ask{Qty: 4, By: "2026-12-01"}) }, "Available:4"},
		{"available of many", func() (any, error) { return c.AvailableOf(ctx, []string{"NOPE", sku}, client.Ask{}) }, "Unknown:true"},
		{"close", func() (any, error) { return c.CloseBatch(ctx, ref, client.Step{}) }, "Closed:true"},
		{"reopen", func() (any, error) { return c.ReopenBatch(ctx, ref, client.Step{Reason: "found"}) }, "Closed:false"},
		{"receive", func() (any, error) { return c.ReceiveBatch(ctx, ref, client.Receipt{Qty: new(7)}) }, "ETA: Allocated:4"},
		{"ship", func() (any, error) { return c.Ship(ctx, order, sku, client.Shipment{Shipped: 3}) }, "Shipped:3"},
		{"take back", func() (any, error) { return c.TakeBack(ctx, order, sku, client.Return{Returned: 1}) }, "Shipped:3"},
		{"history", func() (any, error) { h, err := c.History(ctx, order, sku); return len(h.Events), err }, "8"},
		{"history of the batch", func() (any, error) { h, err := c.BatchHistory(ctx, ref); return len(h.Events), err }, "7"},
		{"order", func() (any, error) {
			o, err := c.AllocateOrder(ctx, client.NewOrder{OrderID: "o2", Lines: []client.Wanted{{SKU: sku, Qty: 1}, {SKU: "NOPE", Qty: 1}}})
			return client.CodeOf(o.Lines[1].Err()) + string(o.Lines[0].Status), err
		}, "unknown_skuallocated"},
		{"release", func() (any, error) {
			if _, err := c.Allocate(ctx, "o3", client.NewLine{SKU: sku, Qty: 1, HoldUntil: "2100-01-01T00:00:00Z"}); err != nil {
				return nil, err
			}
			return c.Release(ctx, "o3", sku, client.Step{})
		}, "Status:expired"},
		{"subscriptions", func() (any, error) { return collect(c.Subscriptions(ctx)) }, "[]"},
		{"parked messages", func() (any, error) { return collect(c.ParkedMessages(ctx)) }, "[]"},
		{"discard", func() (any, error) { return client.CodeOf(c.DiscardMessage(ctx, 1)), nil }, "not_found"},
		{"deliveries", func() (any, error) { return collect(c.Deliveries(ctx, "")) }, "[]"},
		{"retry", func() (any, error) { return c.Retry(ctx, "out-of-stock-notices", 0) }, "Events:0"},
		{"replay", func() (any, error) { return c.Replay(ctx, "late-promise-notices", client.Range{From: 1, To: 9}, true) }, "DryRun:true"},
	}
	for _, s := range steps {
		got, err := s.do()
		if text := fmt.Sprintf("%+v", got); err != nil || !strings.Contains(text, s.want) {
			t.Errorf("%s: got %s, %v; want %s in it", s.name, text, err, s.want)
		}
	}
}

func TestACommandIsDoneOnItsTerms(t *testing.T) {
	c, ctx := shop(t), t.Context()
	if _, err := c.CreateBatch(ctx, client.NewBatch{Ref: "b1", SKU: "LAMP", Qty: 9}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Allocate(ctx, "o1", client.NewLine{SKU: "LAMP", Qty: 4}); err != nil {
		t.Fatal(err)
	}
	change := func(qty int, terms client.Terms) (client.Stocked, error) {
		return c.ChangeBatch(ctx, "b1", client.BatchChange{Qty: &qty, Terms: terms})
	}
	_, err := change(2, client.Terms{Plan: "another"})
	e, ok := errors.AsType[*client.Error](err)
	if !ok || e.Code != "plan_changed" || e.Now == nil || len(e.Now.Moves) != 1 {
		t.Fatalf("another plan: %#v", err)
	}
	foreseen, err := change(2, client.Terms{DryRun: true})
	if err != nil || foreseen.Plan != e.Now.Plan {
		t.Errorf("the plan is %q, %v, and was said to be %q", foreseen.Plan, err, e.Now.Plan)
	}
	_, err = change(8, client.Terms{Version: 1})
	if e, ok := errors.AsType[*client.Error](err); !ok || e.Code != "version_changed" || e.Now.Version != 2 {
		t.Errorf("an old version: %v", err)
	}
	once := client.Terms{Version: 2, Key: "k-1"}
	for range 2 { // the second time, the version is another
		if got, err := change(8, once); err != nil || got.Qty != 8 || got.Replayed {
			t.Errorf("got %+v, %v", got, err)
		}
	}
	if _, err := c.Cancel(ctx, "o1", "LAMP", client.Cancellation{Reason: "gone", Terms: client.Terms{Version: 9}}); client.CodeOf(err) != "version_changed" {
		t.Errorf("a cancellation: %v", err)
	}
}
