package service_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"allot/internal/service"
	"allot/internal/views"
)

// subscriber notes what it is delivered, and when, and fails as it is told to.
type subscriber struct {
	service.Subscription
	fail func(e service.Envelope, attempt int) error // nil: never

	mu   sync.Mutex
	got  []int64                     // positions, failures included
	at   map[int64][]time.Time       // of the attempts, by position
	told map[int64]*service.Envelope // the last that was delivered, by position
}

func newSubscriber(name string, events ...string) *subscriber {
	return &subscriber{Subscription: service.Subscription{Name: name, Events: events}, at: map[int64][]time.Time{}, told: map[int64]*service.Envelope{}}
}

func (s *subscriber) deliver(_ context.Context, e service.Envelope) error {
	s.mu.Lock()
	s.got = append(s.got, e.Position)
	s.at[e.Position] = append(s.at[e.Position], time.Now())
	attempt := len(s.at[e.Position])
	s.mu.Unlock()
	if s.fail != nil {
		if err := s.fail(e, attempt); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told[e.Position] = &e
	return nil
}

// has are the positions of the events that were delivered.
func (s *subscriber) has() (out []int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for position := range s.told {
		out = append(out, position)
	}
	slices.Sort(out)
	return out
}

func (s *subscriber) attempts(position int64) []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.at[position])
}

// relayed is a shop with a relay.
type relayed struct {
	*watched
	bus   *service.Bus
	relay *service.Relay
	log   *strings.Builder
}

func newRelayed(subscribers ...*subscriber) *relayed {
	r := &relayed{watched: newStore(), log: &strings.Builder{}}
	r.connect(subscribers...)
	return r
}

// connect gives the shop a relay, as a program does that starts.
func (r *relayed) connect(subscribers ...*subscriber) {
	logger := slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelInfo}))
	r.relay = service.NewRelay(r.watched, logger, time.Now)
	for _, s := range subscribers {
		r.relay.Forward(s.Subscription, s.deliver)
	}
	r.bus = service.NewBus(service.NewTransactor(r.watched, 10, time.Now, r.relay.Wake))
	service.Register(r.bus)
}

// run has the relay deliver, until stop is called, which waits for it.
func (r *relayed) run(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { r.relay.Run(ctx) })
	return func() {
		cancel()
		running.Wait()
	}
}

// pass lets time go by, in a bubble, until nobody has anything left to do.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func upTo(n int64) (out []int64) {
	for i := range n {
		out = append(out, i+1)
	}
	return out
}

func TestEveryEventIsDeliveredOnceAndInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all, some := newSubscriber("all"), newSubscriber("some", "allocated")
		shop := newRelayed(all, some)
		do(t, shop.bus, batch("b1", 1000))
		defer shop.run(t)()
		for i := range 300 {
			do(t, shop.bus, order(fmt.Sprint("o-", i), 1))
		}
		pass(time.Second)
		equal(t, "what all got", all.got, upTo(301))
		equal(t, "what some got", some.got, upTo(301)[1:])
	})
}

func TestACommitWakesTheRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSubscriber("all")
		shop := newRelayed(s)
		defer shop.run(t)()
		pass(time.Second / 2)
		began := time.Now()
		do(t, shop.bus, batch("b1", 1))
		synctest.Wait()
		equal(t, "what was delivered", s.has(), upTo(1))
		equal(t, "how long it took", time.Since(began), 0)
	})
}

// busy is a store that counts how often it was asked what is to be delivered.
type busy struct {
	*watched
	looks atomic.Int64
}

func (b *busy) Deliver(ctx context.Context, sub service.Subscription, limit int, fn func(context.Context, []service.Envelope) (int, error)) (int, error) {
	b.looks.Add(1)
	return b.watched.Deliver(ctx, sub, limit, fn)
}

func TestCommitsThatComeCloseTogetherAreLookedForOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, s := &busy{watched: newStore()}, newSubscriber("all")
		relay := service.NewRelay(store, slog.New(slog.DiscardHandler), time.Now)
		relay.Forward(s.Subscription, s.deliver)
		shop := &relayed{watched: store.watched, relay: relay, bus: service.NewBus(service.NewTransactor(store, 10, time.Now, relay.Wake))}
		service.Register(shop.bus)
		do(t, shop.bus, batch("b1", 1000))
		defer shop.run(t)()
		for i := range 200 {
			do(t, shop.bus, order(fmt.Sprint("o-", i), 1))
			pass(time.Millisecond)
		}
		pass(time.Second)
		equal(t, "what was delivered", s.has(), upTo(201))
		if looks := store.looks.Load(); looks > 60 {
			t.Errorf("200 commits in 200 ms were looked for %d times, not about twice every 10 ms", looks)
		}
	})
}

func TestAnEventThatFailsIsTriedAgainAndHoldsNoOtherUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSubscriber("all")
		s.fail = func(e service.Envelope, attempt int) error {
			if e.Position == 2 && attempt < 6 {
				return errors.New("not now")
			}
			return nil
		}
		shop := newRelayed(s)
		do(t, shop.bus, batch("b1", 9), order("o-1", 1), order("o-2", 1))
		defer shop.run(t)()
		synctest.Wait()
		equal(t, "what was delivered at once", s.has(), []int64{1, 3})

		pass(2 * time.Minute)
		equal(t, "what was delivered in the end", s.has(), upTo(3))
		at := s.attempts(2)
		if len(at) != 6 {
			t.Fatalf("it was tried %d times, want 6", len(at))
		}
		for i, least := 1, time.Second/2; i < len(at); i, least = i+1, 2*least {
			// twice that, and up to a second until somebody looks
			if pause := at[i].Sub(at[i-1]); pause < least || pause > 2*least+time.Second {
				t.Errorf("pause %d was %v; want %v to %v", i, pause, least, 2*least+time.Second)
			}
		}
		due, err := shop.Due(t.Context(), s.Name, time.Now().AddDate(9, 0, 0), 9)
		if len(due) > 0 || err != nil {
			t.Errorf("after all was delivered there are failures %v, %v", due, err)
		}
	})
}

// A log tells when deliveries begin to fail, and when they go on: not each of many.
func TestTheLogTellsWhenDeliveriesFailAndWhenTheyGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSubscriber("all")
		s.fail = func(service.Envelope, int) error { return errors.New("refused") }
		shop := newRelayed(s)
		do(t, shop.bus, batch("b1", 9), order("o-1", 1), order("o-2", 1))
		defer shop.run(t)()
		pass(time.Minute)
		if n := strings.Count(shop.log.String(), "event failed, and is tried again"); n != 1 || !strings.Contains(shop.log.String(), "subscription=all position=1 err=refused") {
			t.Errorf("of three events that are refused the log says %q", shop.log)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		var down atomic.Bool
		down.Store(true)
		s := newSubscriber("all")
		s.fail = func(service.Envelope, int) error {
			if down.Load() {
				return service.ErrUnreachable
			}
			return nil
		}
		shop := newRelayed(s)
		do(t, shop.bus, batch("b1", 9))
		defer shop.run(t)()
		pass(time.Minute)
		if strings.Contains(shop.log.String(), "go on") {
			t.Errorf("it goes on too early: %q", shop.log)
		}
		down.Store(false)
		pass(time.Hour)
		if n := strings.Count(shop.log.String(), `level=INFO msg="deliveries go on" subscription=all`); n != 1 {
			t.Errorf("that it goes on is told %d times: %q", n, shop.log)
		}
	})
}

func TestAnEventIsParkedWhenItWasTriedOftenEnough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSubscriber("all")
		s.fail = func(e service.Envelope, attempt int) error {
			if e.Position == 1 {
				return fmt.Errorf("refused %d times", attempt)
			}
			return nil
		}
		shop := newRelayed(s)
		do(t, shop.bus, batch("b1", 9), order("o-1", 1))
		defer shop.run(t)()
		pass(7 * 24 * time.Hour)

		at := s.attempts(1)
		equal(t, "how often it was tried", len(at), service.MostAttempts)
		for i := 1; i < len(at); i++ {
			if pause := at[i].Sub(at[i-1]); pause > 15*time.Minute+time.Second {
				t.Errorf("pause %d was %v", i, pause)
			}
		}
		failures, err := shop.Failures(t.Context(), s.Name, views.Page{})
		if err != nil || len(failures.Items) != 1 {
			t.Fatalf("got %+v, %v", failures, err)
		}
		if f := failures.Items[0]; !f.Parked || f.Attempts != service.MostAttempts || f.Error != "refused 25 times" || f.Position != 1 {
			t.Errorf("got %+v", f)
		}
		if !strings.Contains(shop.log.String(), `msg="event is parked" subscription=all position=1 attempts=25`) {
			t.Errorf("the log says %q", shop.log)
		}
		equal(t, "what was delivered", s.has(), []int64{2})
	})
}

func TestNoEventIsBlamedForAnUnreachableSubscriber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var down atomic.Bool
		down.Store(true)
		s := newSubscriber("all")
		s.fail = func(service.Envelope, int) error {
			if down.Load() {
				return fmt.Errorf("dial: %w", service.ErrUnreachable)
			}
			return nil
		}
		shop := newRelayed(s)
		do(t, shop.bus, batch("b1", 9), order("o-1", 1), order("o-2", 1))
		defer shop.run(t)()
		pass(24 * time.Hour)
		if failures, err := shop.Failures(t.Context(), s.Name, views.Page{}); err != nil || len(failures.Items) > 0 {
			t.Errorf("an event was blamed: %+v, %v", failures, err)
		}
		tried := s.attempts(1)
		if len(tried) < 24*60/15 || len(tried) > 24*60/7+20 || len(s.attempts(2)) > 0 {
			t.Errorf("in a day the first event was tried %d times, the second %d times", len(tried), len(s.attempts(2)))
		}
		if !strings.Contains(shop.log.String(), `msg="deliveries are held up" subscription=all err="deliver to all: dial: unreachable"`) {
			t.Errorf("the log says %q", shop.log)
		}
		down.Store(false)
		pass(16 * time.Minute)
		equal(t, "what was delivered when it could be", s.has(), upTo(3))
	})
}

func TestWhatWasDeliveredBeforeTheSubscriberWentIsNotRepeated(t *testing.T) {
	s := newSubscriber("all")
	s.fail = func(e service.Envelope, attempt int) error {
		if e.Position == 3 && attempt == 1 {
			return service.ErrUnreachable
		}
		return nil
	}
	shop := newRelayed(s)
	do(t, shop.bus, batch("b1", 9), order("o-1", 1), order("o-2", 1), order("o-3", 1))
	if err := shop.relay.Drain(t.Context()); !errors.Is(err, service.ErrUnreachable) {
		t.Errorf("got error %v", err)
	}
	if err := shop.relay.Drain(t.Context()); err != nil {
		t.Error(err)
	}
	equal(t, "what was delivered", s.got, []int64{1, 2, 3, 3, 4})
}

func TestThePanicOfADelivererIsAFailedAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSubscriber("all")
		s.fail = func(e service.Envelope, attempt int) error {
			if e.Position == 1 && attempt == 1 {
				panic("out of luck")
			}
			return nil
		}
		shop := newRelayed(s)
		do(t, shop.bus, batch("b1", 9), order("o-1", 1))
		if err := shop.relay.Drain(t.Context()); err != nil {
			t.Error(err)
		}
		due, err := shop.Due(t.Context(), s.Name, time.Now().Add(time.Minute), 9)
		if err != nil || len(due) != 1 || !strings.HasPrefix(due[0].Error, "panic: out of luck\n") || due[0].Attempts != 1 {
			t.Errorf("got failures %+v, %v", due, err)
		}
		pass(time.Second)
		if err := shop.relay.Drain(t.Context()); err != nil {
			t.Error(err)
		}
		equal(t, "what was delivered in the end", s.has(), upTo(2))
	})
}

func TestASlowSubscriberHoldsNoOtherUpNorACommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow, fast := newSubscriber("slow"), newSubscriber("fast")
		slow.fail = func(service.Envelope, int) error {
			time.Sleep(time.Hour)
			return nil
		}
		shop := newRelayed(slow, fast)
		defer shop.run(t)()
		began := time.Now()
		do(t, shop.bus, batch("b1", 9), order("o-1", 1))
		synctest.Wait()
		do(t, shop.bus, order("o-2", 1))
		equal(t, "how long it took", time.Since(began), 0)
		pass(time.Second)
		equal(t, "what the fast one has", fast.has(), upTo(3))
		equal(t, "what the slow one has", slow.has(), nil)
		pass(4 * time.Hour)
		equal(t, "what the slow one has in the end", slow.has(), upTo(3))
	})
}

func TestDrainDeliversAllThereIsByNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const events = 1000 // more than are read at a time
		var down atomic.Bool
		down.Store(true)
		s, other := newSubscriber("first"), newSubscriber("second")
		s.fail = func(service.Envelope, int) error {
			if down.Load() {
				return errors.New("down")
			}
			return nil
		}
		shop := newRelayed(s, other)
		do(t, shop.bus, batch("b1", events))
		for i := range events - 1 {
			do(t, shop.bus, order(fmt.Sprint("o-", i), 1))
		}
		if err := shop.relay.Drain(t.Context()); err != nil {
			t.Error(err)
		}
		equal(t, "what the one that is down has", s.has(), nil)
		equal(t, "what the other has", other.got, upTo(events))
		down.Store(false)
		if err := shop.relay.Drain(t.Context()); err != nil {
			t.Error(err)
		}
		equal(t, "what the first has, as nothing is due", s.has(), nil)
		pass(time.Second)
		if err := shop.relay.Drain(t.Context()); err != nil {
			t.Error(err)
		}
		equal(t, "what the first has when all is due", s.has(), upTo(events))
		equal(t, "what the other has then", other.got, upTo(events))
	})
}

func TestDrainNamesWhoCanNotBeReached(t *testing.T) {
	s, other := newSubscriber("first"), newSubscriber("second")
	s.fail = func(service.Envelope, int) error { return service.ErrUnreachable }
	shop := newRelayed(s, other)
	do(t, shop.bus, batch("b1", 1))
	if err := shop.relay.Drain(t.Context()); !errors.Is(err, service.ErrUnreachable) || !strings.Contains(err.Error(), "deliver to first") {
		t.Errorf("got error %v", err)
	}
	equal(t, "what the other has", other.has(), upTo(1))
}

func TestAProgramThatStopsGoesOnWhereItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSubscriber("all")
		shop := newRelayed(s)
		do(t, shop.bus, batch("b1", 9), order("o-1", 1), order("o-2", 1))
		stop := shop.run(t)
		synctest.Wait()
		stop()
		do(t, shop.bus, order("o-3", 1))
		synctest.Wait()
		equal(t, "what was delivered before it stopped", s.got, upTo(3))

		shop.connect(s)
		defer shop.run(t)()
		synctest.Wait()
		equal(t, "what was delivered in all", s.got, upTo(4))
	})
}

// forgetful is a store that loses what was done to subscriptions, as if the
// program had been killed after the delivery.
type forgetful struct{ *watched }

func (f forgetful) Deliver(ctx context.Context, sub service.Subscription, limit int, fn func(context.Context, []service.Envelope) (int, error)) (int, error) {
	return f.watched.Deliver(ctx, sub, limit, func(ctx context.Context, events []service.Envelope) (int, error) {
		if _, err := fn(ctx, events); err != nil {
			return 0, err
		}
		return 0, io.ErrUnexpectedEOF
	})
}

func TestWhatWasDeliveredWhenTheProgramDiedIsDeliveredAgain(t *testing.T) {
	s := newSubscriber("all")
	shop := newRelayed(s)
	do(t, shop.bus, batch("b1", 9), order("o-1", 1))
	dying := service.NewRelay(forgetful{shop.watched}, slog.New(slog.DiscardHandler), time.Now)
	dying.Forward(s.Subscription, s.deliver)
	if err := dying.Drain(t.Context()); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got error %v", err)
	}
	if err := shop.relay.Drain(t.Context()); err != nil {
		t.Error(err)
	}
	equal(t, "what was delivered", s.got, []int64{1, 2, 1, 2})
}

func TestARelayWithoutSubscribersStops(t *testing.T) {
	shop := newRelayed()
	shop.run(t)()
}
