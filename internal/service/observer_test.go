package service_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"allot/internal/domain"
	"allot/internal/service"
)

// observed is what an observer was told.
type observed struct {
	mu           sync.Mutex
	commands     []service.CommandDone
	transactions []service.TransactionDone
	senders      int
}

// observe returns a bus that is observed.
func observe(s service.Store) (*service.Bus, *observed) {
	o := &observed{}
	work := service.NewTransactor(s, 10, time.Now, nil)
	work.Observe(service.Observer{
		Command: func(_ context.Context, c service.CommandDone) {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.commands = append(o.commands, c)
		},
		Transaction: func(_ context.Context, d service.TransactionDone) {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.transactions = append(o.transactions, d)
			o.senders += len(slices.Collect(d.Senders))
		},
	})
	bus := service.NewBus(work)
	service.Register(bus)
	return bus, o
}

func TestAnObserverIsToldOfEveryCommand(t *testing.T) {
	bus, o := observe(newStore())
	errorsOf(t, bus, batch("b1", 5), order("o-1", 3), order("o-1", 0), order("o-1", 4))
	_, err := service.Send(t.Context(), bus, domain.CreateBatch{Ref: "b1", SKU: "CHAIR", Qty: -1})
	if err == nil {
		t.Error("it was not refused")
	}
	bus.Close()
	told := map[string]int{}
	for _, c := range o.commands {
		what := c.Name
		if c.Err != nil {
			e, _ := errors.AsType[*domain.Error](c.Err)
			what += " " + e.Code
		}
		if (c.Err == nil) != (c.Result != nil) {
			t.Errorf("%s has result %v", what, c.Result)
		}
		told[what]++
	}
	equal(t, "what was told", told, map[string]int{
		"create_batch": 1, "create_batch validation_failed": 1, "allocate": 1, "allocate validation_failed": 1, "allocate line_conflict": 1,
	})
}

func TestAnObserverIsToldOfEveryTransaction(t *testing.T) {
	s := newStore()
	bus, o := observe(s)
	do(t, bus, batch("b1", 5), order("o-1", 3))
	s.before = func(int64) error { return service.ErrStorage }
	errorsOf(t, bus, order("o-2", 1))
	bus.Close()
	commands, events := 0, 0
	for _, d := range o.transactions {
		commands += d.Commands
		events += d.Events
		if d.Began.IsZero() {
			t.Error("one has no beginning")
		}
	}
	equal(t, "the commands", commands, 3)
	equal(t, "the senders", o.senders, 3)
	equal(t, "the events", events, 2)
	if last := o.transactions[len(o.transactions)-1]; !errors.Is(last.Err, service.ErrStorage) || last.Events != 0 {
		t.Errorf("the one that failed is told as %+v", last)
	}
}

func TestTheProgressOfASubscriptionIsKnown(t *testing.T) {
	s := newStore()
	bus := newBus(s, 10)
	relay := service.NewRelay(s, slog.New(slog.DiscardHandler), time.Now)
	reachable := false
	relay.Forward(service.Subscription{Name: "all"}, func(context.Context, service.Envelope) error {
		if !reachable {
			return service.ErrUnreachable
		}
		return nil
	})
	equal(t, "the progress before", relay.Progress(), []service.Progress{{Subscription: "all"}})
	do(t, bus, batch("b1", 5), order("o-1", 3))
	if err := relay.Drain(t.Context()); !errors.Is(err, service.ErrUnreachable) {
		t.Fatal(err)
	}
	equal(t, "the progress of who can't be reached", relay.Progress(), []service.Progress{{Subscription: "all", Behind: opened}})
	reachable = true
	if err := relay.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	equal(t, "the progress of who is through", relay.Progress(), []service.Progress{{Subscription: "all", Position: 2}})
}
