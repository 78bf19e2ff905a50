package service_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

// hooked is a shop with webhooks, which are subscribers by URL.
type hooked struct {
	*watched
	bus   *service.Bus
	hooks *service.Webhooks
	at    map[string]*subscriber
}

func newHooked(subscribers ...*subscriber) *hooked {
	h := &hooked{watched: newStore(), at: map[string]*subscriber{}}
	for _, s := range subscribers {
		h.at[s.Name] = s
	}
	h.hooks = service.NewWebhooks(service.WebhookOptions{
		Store: h.Store, Events: []string{"allocated", "out_of_stock"}, Log: slog.New(slog.DiscardHandler), Now: time.Now,
		Prepare: func(w views.Webhook) (views.Webhook, error) { w.Secret = "secret of " + w.URL; return w, nil },
		To:      func(w views.Webhook) service.Deliverer { return h.at[w.URL].deliver },
	})
	h.bus = service.NewBus(service.NewTransactor(h.watched, 10, time.Now, h.hooks.Wake))
	service.Register(h.bus)
	return h
}

// run has webhooks delivered to, until stop is called, which waits for it.
func (h *hooked) run(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { h.hooks.Run(ctx) })
	return func() {
		cancel()
		running.Wait()
	}
}

func (h *hooked) add(t *testing.T, url string, events ...string) views.Webhook {
	t.Helper()
	w, err := h.hooks.Add(t.Context(), views.Webhook{URL: url, Events: events})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestWebhooksComeAndGoWhileTheProgramRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newSubscriber("a"), newSubscriber("b")
		shop := newHooked(a, b)
		do(t, shop.bus, batch("b1", 9)) // before anybody wants to know
		defer shop.run(t)()
		first := shop.add(t, "a", "allocated")
		do(t, shop.bus, order("o-1", 1))
		pass(time.Second / 10)
		equal(t, "what a got", a.has(), []int64{2})
		equal(t, "how far it is", shop.hooks.Progress(), []service.Progress{{Subscription: service.WebhookName(first.ID), Position: 2}})

		shop.add(t, "b")
		do(t, shop.bus, order("o-2", 1))
		pass(time.Second / 10)
		if err := shop.hooks.Remove(t.Context(), first.ID); err != nil {
			t.Fatal(err)
		}
		do(t, shop.bus, order("o-3", 1))
		pass(time.Second / 10)
		equal(t, "what a got in all", a.has(), []int64{2, 3})
		equal(t, "what b got in all", b.has(), []int64{3, 4})
	})
}

func TestAWebhookThatAnotherProcessAddedIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newSubscriber("a")
		shop := newHooked(a)
		defer shop.run(t)()
		synctest.Wait()
		w, err := shop.AddWebhook(t.Context(), views.Webhook{URL: "a"})
		if err != nil {
			t.Fatal(err)
		}
		do(t, shop.bus, batch("b1", 9))
		pass(5 * time.Second)
		equal(t, "what it got", a.has(), upTo(1))
		if err := shop.RemoveWebhook(t.Context(), w.ID); err != nil {
			t.Fatal(err)
		}
		pass(5 * time.Second)
		do(t, shop.bus, batch("b2", 9))
		pass(5 * time.Second)
		equal(t, "what it got in all", a.has(), upTo(1))
	})
}

func TestAWebhookThatHangsHoldsNeitherACommandNorAnotherUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow, fast := newSubscriber("slow"), newSubscriber("fast")
		slow.fail = func(service.Envelope, int) error { time.Sleep(time.Hour); return nil }
		shop := newHooked(slow, fast)
		defer shop.run(t)()
		shop.add(t, "slow")
		shop.add(t, "fast")
		began := time.Now()
		do(t, shop.bus, batch("b1", 9))
		for i := range 5 {
			do(t, shop.bus, order(fmt.Sprint("o-", i), 1))
		}
		equal(t, "how long it took", time.Since(began), 0)
		pass(time.Second / 10)
		equal(t, "what the other got", fast.has(), upTo(6))
		equal(t, "what the slow one got", slow.has(), nil)
		pass(7 * time.Hour)
		equal(t, "what the slow one got at last", slow.has(), upTo(6))
	})
}

func TestOnlyWhoeverAddsAWebhookIsToldItsSecret(t *testing.T) {
	shop := newHooked()
	if w := shop.add(t, "a", "out_of_stock", "allocated", "allocated"); w.Secret != "secret of a" || w.ID != 1 {
		t.Errorf("added is %+v", w)
	}
	list, err := shop.hooks.List(t.Context())
	if err != nil || len(list) != 1 || list[0].Secret != "" {
		t.Fatalf("listed is %+v (error %v)", list, err)
	}
	equal(t, "its events", list[0].Events, []string{"allocated", "out_of_stock"})
}

func TestAWebhookForEventsThatDoNotExistIsRefused(t *testing.T) {
	shop := newHooked()
	_, err := shop.hooks.Add(t.Context(), views.Webhook{URL: "a", Events: []string{"alocated"}})
	if e, ok := errors.AsType[*domain.Error](err); !ok || e.Field != "events" || e.Hint != "there are allocated, out_of_stock" {
		t.Errorf("got error %v", err)
	}
	if err := shop.hooks.Remove(t.Context(), 7); !errors.Is(err, views.ErrNotFound) {
		t.Errorf("removing what there isn't gave %v", err)
	}
}

func TestAPulseWakesAllWhoListen(t *testing.T) {
	var p service.Pulse
	p.Beat() // nobody listens
	a, b := p.Next(), p.Next()
	p.Beat()
	<-a
	<-b
	select {
	case <-p.Next():
		t.Error("a beat that was before is heard")
	default:
	}
}
