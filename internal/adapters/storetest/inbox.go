package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

var inboxRules = []rule{
	{"is known with its transaction", receiptsCommit},
	{"is known for days", receiptsAreKept},
	{"has its effect once", messagesHaveOneEffect},
	{"that was refused may come again", refusedMessagesComeAgain},
	{"has no effect after a later one about the same", laterMessagesWin},
	{"has no effect if a later one is about part of it", halfMessagesAreNone},
	{"that is parked is kept, and counts as received", parkedMessagesAreKept},
	{"that is parked can be discarded, and be sent again then", parkedMessagesAreDiscarded},
	{"that is parked may come again when its receipt is forgotten", parkedMessagesComeAgainMuchLater},
}

// receipt names a message, and what it sets if anything.
func receipt(id string, subjects ...string) service.Receipt {
	return service.Receipt{ID: id, Subjects: subjects, Place: id}
}

// incoming is a command that came of a message.
func incoming(cmd domain.Message, r service.Receipt) domain.Message {
	return service.Incoming{Message: cmd, Receipt: r}
}

func receiptsCommit(t *testing.T, s Store) {
	kept, undone := receipt("m-1", "batch b1"), receipt("m-2", "batch b2")
	want := service.Want{Receipts: []service.Receipt{kept, undone, receipt("m-3")}}
	found := load(t, s, want)
	equal(t, "what is known at first", found, service.Found{})

	for _, r := range []service.Receipt{kept, undone} {
		changes := founding("SKU of "+r.ID, 1)
		if r.ID == undone.ID {
			changes.Products[0].From = 7
		}
		r.At = opened
		changes.Receipts = []service.Receipt{r}
		if err := write(t, s, changes); (err == nil) != (r.ID == kept.ID) {
			t.Fatalf("%s: %v", r.ID, err)
		}
	}
	equal(t, "what is known then", load(t, s, want), service.Found{Received: []string{"m-1"}, Latest: map[string]string{"batch b1": "m-1"}})
}

func receiptsAreKept(t *testing.T, s Store) {
	for _, c := range []struct {
		id  string
		age time.Duration
	}{
		{"m-1", service.KeepReceipts - time.Microsecond}, {"m-2", time.Hour}, {"m-3", 0}, {"m-4", 0},
	} {
		r := receipt(c.id)
		r.At = opened.Add(-c.age)
		if err := write(t, s, service.Changes{Receipts: []service.Receipt{r}}); err != nil {
			t.Fatal(err)
		}
	}
	want := service.Want{Receipts: []service.Receipt{receipt("m-1"), receipt("m-2"), receipt("m-3"), receipt("m-4")}}
	equal(t, "how many are known", len(load(t, s, want).Received), 4)
}

func messagesHaveOneEffect(t *testing.T, s Store) {
	rejected := domain.Allocate{OrderID: "o-1", SKU: "CHAIR", Qty: 5, OnShortage: domain.Refuse}
	do(t, s, batch("b1", "CHAIR", 1))
	for i, group := range [][]domain.Message{
		{incoming(rejected, receipt("m-1")), incoming(rejected, receipt("m-1"))},
		{incoming(rejected, receipt("m-1"))},
	} {
		outcomes := sendAll(t, newBus(s, 9), group...)
		if first := outcomes[0]; i == 0 && (first.Err != nil || first.Result.(domain.Placement).Status != domain.StatusRefused) {
			t.Errorf("the first time, the answer is %+v", first)
		}
		if last := outcomes[len(outcomes)-1]; !errors.Is(last.Err, service.ErrReceived) {
			t.Errorf("once more, the answer is %+v", last)
		}
		do(t, s, change("b1", 10)) // what was refused would not be any more
	}
}

func refusedMessagesComeAgain(t *testing.T, s Store) {
	cut := incoming(change("b1", 3), receipt("m-1", "batch b1"))
	if o := sendAll(t, newBus(s, 9), cut)[0]; domain.KindOf(o.Err) != domain.NotFound {
		t.Errorf("the answer is %+v", o)
	}
	do(t, s, batch("b1", "CHAIR", 9), cut)
	equal(t, "the batch", load(t, s, service.Want{Batches: []string{"b1"}}).Batches[0].Purchased, 3)
}

func laterMessagesWin(t *testing.T, s Store) {
	do(t, s, batch("b1", "CHAIR", 9), batch("b2", "CHAIR", 9))
	message := func(n, qty int) domain.Message {
		return incoming(change("b1", qty), receipt(fmt.Sprint("m-", n), "batch b1"))
	}
	do(t, s, message(5, 50))
	outcomes := sendAll(t, newBus(s, 9), message(4, 40), message(7, 70), message(6, 60), incoming(change("b2", 1), receipt("m-1", "batch b2")))
	for i, want := range []error{service.ErrSuperseded, nil, service.ErrSuperseded, nil} {
		if !errors.Is(outcomes[i].Err, want) {
			t.Errorf("message %d got %v, want %v", i, outcomes[i].Err, want)
		}
	}
	equal(t, "the batch", load(t, s, service.Want{Batches: []string{"b1"}}).Batches[0].Purchased, 70)
	if o := sendAll(t, newBus(s, 9), message(6, 60))[0]; !errors.Is(o.Err, service.ErrSuperseded) {
		t.Errorf("in a transaction of its own, an older message got %v", o.Err)
	}
}

func halfMessagesAreNone(t *testing.T, s Store) {
	message := func(id string, cmd domain.ChangeBatch, subjects ...string) domain.Message {
		cmd.Ref = "b1"
		return incoming(cmd, receipt(id, subjects...))
	}
	soon, late := domain.NewDate(2026, 12, 1), domain.NewDate(2026, 12, 24)
	do(t, s, batch("b1", "CHAIR", 9), message("m-5", domain.ChangeBatch{Qty: domain.To(50)}, "quantity"))
	outcomes := sendAll(t, newBus(s, 9),
		message("m-4", domain.ChangeBatch{Qty: domain.To(40), ETA: domain.To(soon)}, "quantity", "eta"),
		message("m-3", domain.ChangeBatch{ETA: domain.To(late)}, "eta"),
		message("m-7", domain.ChangeBatch{Qty: domain.To(70), ETA: domain.To(soon)}, "quantity", "eta"),
		message("m-6", domain.ChangeBatch{ETA: domain.To(late)}, "eta"),
	)
	for i, want := range []error{service.ErrSupersededInPart, nil, nil, service.ErrSuperseded} {
		if !errors.Is(outcomes[i].Err, want) {
			t.Errorf("message %d got %v, want %v", i, outcomes[i].Err, want)
		}
	}
	b := load(t, s, service.Want{Batches: []string{"b1"}}).Batches[0]
	if b.Purchased != 70 || b.ETA != soon {
		t.Errorf("the batch has %d and comes on %v", b.Purchased, b.ETA)
	}
}

func parkedMessagesAreKept(t *testing.T, s Store) {
	message := func(id string, attempts int) views.ParkedMessage {
		return views.ParkedMessage{ID: id, Body: `{"op":`, Attempts: attempts, Error: "the JSON is\nwrong", At: opened}
	}
	do(t, s, incoming(batch("b1", "CHAIR", 9), receipt("m-0")))
	for range 2 {
		if err := s.Park(t.Context(), message("m-0", 5), message("m-1", 5), message("m-2", 1)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Park(t.Context(), message("m-1", 6)); err != nil {
		t.Fatal(err)
	}
	parked := must(s.ParkedMessages(t.Context(), views.Page{}))(t).Items
	want := []views.ParkedMessage{message("m-1", 5), message("m-2", 1)}
	for i := range parked {
		want[min(i, 1)].Number = parked[i].Number
	}
	equal(t, "what is parked", parked, want)
	if o := sendAll(t, newBus(s, 9), incoming(batch("b2", "CHAIR", 9), receipt("m-1")))[0]; !errors.Is(o.Err, service.ErrReceived) {
		t.Errorf("a message that was parked got %v", o.Err)
	}
}

func parkedMessagesAreDiscarded(t *testing.T, s Store) {
	for _, id := range []string{"m-1", "m-2", "m-3"} {
		if err := s.Park(t.Context(), views.ParkedMessage{ID: id, Body: "{", Attempts: 5, Error: "no JSON", At: opened}); err != nil {
			t.Fatal(err)
		}
	}
	parked := must(s.ParkedMessages(t.Context(), views.Page{}))(t).Items
	for _, m := range parked[1:] {
		if err := s.Discard(t.Context(), m.Number); err != nil {
			t.Fatal(err)
		}
		if err := s.Discard(t.Context(), m.Number); !errors.Is(err, views.ErrNotFound) {
			t.Errorf("discarded again it got %v", err)
		}
	}
	left := must(s.ParkedMessages(t.Context(), views.Page{}))(t).Items
	equal(t, "what is left", left, parked[:1])

	o := sendAll(t, newBus(s, 9), incoming(batch("b1", "CHAIR", 9), receipt("m-1")), incoming(batch("b2", "CHAIR", 9), receipt("m-2")))
	if !errors.Is(o[0].Err, service.ErrReceived) || o[1].Err != nil {
		t.Errorf("sent again, one that is parked got %v, one that was discarded %v", o[0].Err, o[1].Err)
	}
	if err := s.Park(t.Context(), views.ParkedMessage{ID: "m-4", Body: "{", Attempts: 5, Error: "no JSON", At: opened}); err != nil {
		t.Fatal(err)
	}
	if now := must(s.ParkedMessages(t.Context(), views.Page{}))(t).Items; len(now) != 2 || now[1].Number <= parked[2].Number {
		t.Errorf("after %v were discarded there are %v: a number was used again", parked[1:], now)
	}
}

func parkedMessagesComeAgainMuchLater(t *testing.T, s Store) {
	m := views.ParkedMessage{ID: "m-1", Body: "{", Attempts: 5, Error: "no JSON", At: opened}
	if err := s.Park(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	later := service.NewBus(service.NewTransactor(s, 9, func() time.Time { return opened.Add(service.KeepReceipts + time.Hour) }, nil))
	service.Register(later)
	sendAll(t, later, incoming(batch("b1", "CHAIR", 9), receipt("m-2"))) // the receipt of m-1 may be forgotten with it
	if err := s.Park(t.Context(), m); err != nil {
		t.Errorf("parked again it got %v", err)
	}
	if parked := must(s.ParkedMessages(t.Context(), views.Page{}))(t).Items; len(parked) != 1 {
		t.Errorf("parked is %v", parked)
	}
}
