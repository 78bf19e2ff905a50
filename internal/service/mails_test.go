package service_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

// notifier is a service.Notifier that notes what it sends.
type notifier struct {
	fail error // if not nil, it sends nothing

	mu  sync.Mutex
	got []service.Notice
	at  []time.Time // when
}

func (n *notifier) Notify(_ context.Context, notice service.Notice) ([]string, error) {
	if n.fail != nil {
		return nil, n.fail
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.got = append(n.got, notice)
	n.at = append(n.at, time.Now())
	return []string{"buyer@example.com"}, nil
}

// sent is what was sent by now, and when.
func (n *notifier) sent() ([]service.Notice, []time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.got), slices.Clone(n.at)
}

func (n *notifier) subjects() (out []string) {
	got, _ := n.sent()
	for _, notice := range got {
		out = append(out, notice.Subject)
	}
	return out
}

// told is a shop whose buyers are told what there is to tell.
func told(n *notifier) *relayed {
	shop := newRelayed()
	for _, topic := range service.Topics {
		shop.relay.Forward(topic.Subscription, service.SendNotices(topic, shop.Store, n, time.Now))
	}
	return shop
}

// runOut has a product run out of stock once more.
func (r *relayed) runOut(t *testing.T, n int) {
	t.Helper()
	do(t, r.bus, order(fmt.Sprint("o-", n), 1000), domain.CancelLine{OrderID: fmt.Sprint("o-", n), SKU: "CHAIR"}, batch(fmt.Sprint("b-", n), 1))
}

func TestBuyersAreToldWhatRanOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n notifier
		shop := told(&n)
		do(t, shop.bus, batch("b1", 3), domain.CreateBatch{Ref: "b2", SKU: "CHAIR", Qty: 4, ETA: domain.NewDate(2026, 12, 1)},
			order("o-1", 2), order("o-2", 5), order("o-3", 6))
		if err := shop.relay.Drain(t.Context()); err != nil {
			t.Error(err)
		}
		if len(n.got) != 1 || n.got[0].Subject != "Out of stock: CHAIR" {
			t.Fatalf("the notices are %+v", n.got)
		}
		equal(t, "the body", n.got[0].Body, `Out of stock: CHAIR

1 January 2000, 00:00 UTC: order o-2 wanted 5 units, and no batch could take more than 4 units.

On hand 3 + inbound 4 - allocated 2 = available 5.
Backordered: 11 units in 2 lines.

Inbound:
  2026-12-01  b2: 4 units, of which 4 available

What else there is to tell of this within 15 minutes comes in one mail.
`)
	})
}

func TestWhatHappensAgainWithinThePauseIsToldInOneMailAtItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n notifier
		shop := told(&n)
		do(t, shop.bus, batch("b", 1))
		defer shop.run(t)()
		began := time.Now()
		for i := range 10 {
			shop.runOut(t, i)
			pass(time.Minute)
		}
		equal(t, "the mails so far", n.subjects(), []string{"Out of stock: CHAIR"})
		pass(10 * time.Minute)
		equal(t, "the mails in all", n.subjects(), []string{"Out of stock: CHAIR", "Out of stock: CHAIR (9 times)"})
		got, at := n.sent()
		if pause := at[1].Sub(began); pause < service.MailPause || pause > service.MailPause+2*time.Second {
			t.Errorf("the second mail came after %v", pause)
		}
		if got[0].Key == got[1].Key {
			t.Errorf("both mails have the key %s", got[0].Key)
		}
		if !strings.Contains(got[1].Body, "order o-9 wanted") {
			t.Errorf("the last event is not told in\n%s", got[1].Body)
		}
		nothingIsLeft(t, shop)
	})
}

// nothingIsLeft fails if anything is still to be delivered.
func nothingIsLeft(t *testing.T, shop *relayed) {
	t.Helper()
	page, err := shop.Failures(t.Context(), "", views.Page{})
	if err != nil || len(page.Items) > 0 {
		t.Errorf("left to deliver: %+v (error %v)", page.Items, err)
	}
}

func TestAPauseIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n notifier
		shop := told(&n)
		do(t, shop.bus, batch("b", 1))
		defer shop.run(t)()
		shop.runOut(t, 1)
		shop.runOut(t, 2)
		pass(time.Minute)
		page, err := shop.Failures(t.Context(), "out-of-stock-notices", views.Page{})
		if err != nil || len(page.Items) != 1 {
			t.Fatalf("%+v is put off (error %v)", page.Items, err)
		}
		got := page.Items[0]
		if got.Attempts != 0 || got.Parked || got.Error != "put off until its time: it is told in the next mail about CHAIR" {
			t.Errorf("put off is %+v", got)
		}
	})
}

func TestAMailServerThatIsDownLosesNoNotice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := notifier{fail: fmt.Errorf("dial: %w", service.ErrUnreachable)}
		shop := told(&n)
		do(t, shop.bus, batch("b", 1))
		stop := shop.run(t)
		for i := range 5 {
			shop.runOut(t, i)
		}
		pass(time.Minute)
		mails, err := shop.Mails(t.Context(), views.Page{})
		if err != nil || len(mails.Items) != 1 || mails.Items[0].Status != "due" || mails.Items[0].Body == "" {
			t.Errorf("meanwhile there is %+v (error %v)", mails.Items, err)
		}
		stop() // and restarted
		n.fail = nil
		defer shop.run(t)()
		pass(time.Hour)
		equal(t, "the mails", n.subjects(), []string{"Out of stock: CHAIR", "Out of stock: CHAIR (4 times)"})
		nothingIsLeft(t, shop)
	})
}

func TestAMailThatIsRefusedIsTriedAgainAndParked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := notifier{fail: errors.New("550 no such mailbox")}
		shop := told(&n)
		do(t, shop.bus, batch("b", 1))
		defer shop.run(t)()
		shop.runOut(t, 1)
		pass(12 * time.Hour)
		page, err := shop.Failures(t.Context(), "", views.Page{})
		if err != nil || len(page.Items) != 1 || !page.Items[0].Parked {
			t.Errorf("%+v is parked (error %v)", page.Items, err)
		}
	})
}

func TestAMailSaysHowManyMoreThereAre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := notifier{fail: errors.New("451 later")}
		shop := told(&n)
		do(t, shop.bus, batch("b", 1))
		for i := range 25 {
			shop.runOut(t, i)
		}
		if err := shop.relay.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		n.fail = nil
		pass(time.Second)
		if err := shop.relay.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(n.got) != 1 || !strings.Contains(n.got[0].Body, "\nAnd 5 more.\n") || !strings.Contains(n.got[0].Body, "\nNothing is inbound.\n") {
			t.Errorf("the mails are %+v", n.got)
		}
	})
}

func TestANoticeOfSomethingElseIsRefused(t *testing.T) {
	var n notifier
	deliver := service.SendNotices(service.OutOfStockNotices, newStore().Store, &n, time.Now)
	err := deliver(t.Context(), service.Envelope{Event: domain.LineCancelled{}})
	if err == nil || err.Error() != "a notice of line_cancelled was asked for" || len(n.got) > 0 {
		t.Errorf("got error %v", err)
	}
}

func TestBuyersAreToldOfPromisesThatMoveLaterOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n notifier
		shop := told(&n)
		first, later := domain.NewDate(2026, 12, 1), domain.NewDate(2026, 12, 9)
		do(t, shop.bus, domain.CreateBatch{Ref: "b1", SKU: "CHAIR", Qty: 9, ETA: first}, order("o-1", 2), order("o-2", 1))
		do(t, shop.bus, domain.ChangeBatch{Ref: "b1", ETA: domain.To(first.AddDays(-1))}) // sooner: nothing to tell
		do(t, shop.bus, domain.ChangeBatch{Ref: "b1", ETA: domain.To(later)})
		defer shop.run(t)()
		pass(time.Hour)
		equal(t, "the mails", n.subjects(), []string{"Promised later: CHAIR", "Promised later: CHAIR"})
		got, _ := n.sent()
		for i, want := range []string{"2 units of order o-1, promised for 2026-11-30, come on 2026-12-09 with batch b1 (", "1 unit of order o-2, promised for 2026-11-30, come on 2026-12-09 with batch b1 ("} {
			if len(got) > i && !strings.Contains(got[i].Body, want) {
				t.Errorf("%q is not in\n%s", want, got[i].Body)
			}
		}
		nothingIsLeft(t, shop)
	})
}

func TestBuyersAreToldOfLinesThatMovedToALaterBatchOrHaveNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n notifier
		shop := newRelayed()
		shop.relay.Forward(service.LatePromiseNotices.Subscription, service.SendNotices(service.LatePromiseNotices, shop.Store, &n, time.Now))
		do(t, shop.bus, batch("b1", 9), order("o-1", 2), order("o-2", 1), order("o-3", 4),
			domain.CreateBatch{Ref: "b2", SKU: "CHAIR", Qty: 2, ETA: domain.NewDate(2026, 12, 9)}, batch("b3", 1),
			domain.ChangeBatchQuantity{Ref: "b1", Qty: 0}, domain.CancelLine{OrderID: "o-3", SKU: "CHAIR"})
		defer shop.run(t)()
		pass(time.Hour)
		equal(t, "the mails", n.subjects(), []string{"Promised later: CHAIR", "Promised later: CHAIR"})
		got, _ := n.sent()
		for i, want := range []string{
			"2 units of order o-1, promised for delivery from the warehouse, come on 2026-12-09 with batch b2 (batch_shrunk).",
			"4 units of order o-3, promised for delivery from the warehouse, wait for stock (batch_shrunk).",
		} {
			if len(got) > i && !strings.Contains(got[i].Body, want) {
				t.Errorf("%q is not in\n%s", want, got[i].Body)
			}
		}
		nothingIsLeft(t, shop)
	})
}
