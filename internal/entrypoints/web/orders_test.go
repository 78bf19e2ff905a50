package web_test

import (
	"strings"
	"testing"
	"time"

	"allot/internal/domain"
)

func TestACustomerIsToldWhatBecameOfTheOrder(t *testing.T) {
	ask := func(sku string, qty int) domain.Allocate { return domain.Allocate{OrderID: "o", SKU: sku, Qty: qty} }
	ship := func(sku string) domain.ShipLine { return domain.ShipLine{OrderID: "o", SKU: sku} }
	for name, tt := range map[string]struct {
		do             []domain.Message
		says, customer string
	}{
		"one is reserved": {[]domain.Message{ask("CHAIR", 1)}, "The line has stock, in the warehouse.", "The item in your order is reserved for you. It is in our warehouse."},
		"all are":         {[]domain.Message{ask("CHAIR", 1), ask("LAMP", 1)}, "2 of 2 lines have stock", "All items in your order are reserved for you. They are in our warehouse."},
		"one of two is": {[]domain.Message{ask("CHAIR", 1), ask("LAMP", 99)}, "1 of 2 lines has stock, in the warehouse; 1 is backordered.",
			"1 of the 2 items in your order is reserved for you. It is in our warehouse. We have no stock yet of LAMP; we will write as soon as we know a date."},
		"one was sent": {[]domain.Message{ask("CHAIR", 1), ask("LAMP", 1), ship("CHAIR")}, "2 of 2 lines have stock, 1 shipped",
			"1 of the 2 items in your order was sent, 1 more is reserved for you. It is in our warehouse."},
		"the rest waits": {[]domain.Message{ask("CHAIR", 1), ask("LAMP", 99), ship("CHAIR")}, "1 of 2 lines has stock, 1 shipped.",
			"1 of the 2 items in your order was sent. We have no stock yet of LAMP;"},
		"some came back": {[]domain.Message{ask("CHAIR", 3), ship("CHAIR"), domain.ReturnLine{OrderID: "o", SKU: "CHAIR", Returned: 2}},
			"Shipped in full; 2 units came back.", "The item in your order was sent. 2 units came back to us."},
		"cancelled": {[]domain.Message{ask("CHAIR", 1), domain.CancelLine{OrderID: "o", SKU: "CHAIR"}}, "Cancelled: no line is left.", "Your order was cancelled."},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			s.do(domain.CreateBatch{Ref: "b1", SKU: "CHAIR", Qty: 9}, domain.CreateBatch{Ref: "b2", SKU: "LAMP", Qty: 9})
			s.do(tt.do...)
			s.get("/orders/o").says(t, 200, tt.says, tt.customer)
		})
	}
}

func TestAnOrderHasTheLinesFirstThatWait(t *testing.T) {
	s := open(t)
	s.do(domain.CreateBatch{Ref: "b1", SKU: "CHAIR", Qty: 9}, domain.CreateBatch{Ref: "b2", SKU: "LAMP", Qty: 9, ETA: domain.NewDate(2027, 3, 9)}, domain.CreateBatch{Ref: "b3", SKU: "RUG", Qty: 9})
	for sku, qty := range map[string]int{"CHAIR": 1, "LAMP": 1, "RUG": 99} {
		s.do(domain.Allocate{OrderID: "o", SKU: sku, Qty: qty})
	}
	text := s.get("/orders/o").text()
	if rug, lamp, chair := strings.Index(text, "RUG × 99"), strings.Index(text, "LAMP × 1"), strings.Index(text, "CHAIR × 1"); rug < 0 || rug > lamp || lamp > chair {
		t.Errorf("it doesn't say RUG, LAMP, CHAIR in this order: %s", text)
	}
}

func TestAHoldThatEndedWasNotCancelled(t *testing.T) {
	s := open(t)
	s.do(domain.CreateBatch{Ref: "b1", SKU: "CHAIR", Qty: 9},
		domain.Allocate{OrderID: "o", SKU: "CHAIR", Qty: 1, HoldUntil: domain.InstantOf(time.Date(2027, 3, 2, 10, 0, 0, 0, time.UTC))},
		domain.ReleaseHold{OrderID: "o", SKU: "CHAIR"})
	s.get("/orders/o").says(t, 200, "The hold ended: no line is left.", "We held the items for you, and that time is over.")
}

func TestAFrozenLineIsSaidToBe(t *testing.T) {
	s := open(t)
	s.do(domain.CreateBatch{Ref: "b1", SKU: "CHAIR", Qty: 9}, domain.Allocate{OrderID: "o", SKU: "CHAIR", Qty: 1},
		domain.AmendLine{OrderID: "o", SKU: "CHAIR", Amendment: domain.Amendment{Frozen: domain.To(true)}})
	s.get("/orders/o").says(t, 200, "Frozen: re-planning leaves it where it is.")
}
