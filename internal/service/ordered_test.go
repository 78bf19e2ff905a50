package service_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"allot/internal/adapters/memory"
	"allot/internal/service"
	"allot/internal/views"
)

// inOrder is a subscriber that takes several events at a time and fails as it
// is told to.
type inOrder struct {
	fail func(position int64) error

	mu    sync.Mutex
	got   []int64
	tried int // times
}

func (s *inOrder) deliver(_ context.Context, events []service.Envelope) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tried++
	for i, e := range events {
		if err := s.fail(e.Position); err != nil {
			return i, err
		}
		s.got = append(s.got, e.Position)
	}
	return len(events), nil
}

func (s *inOrder) has() []int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]int64(nil), s.got...)
}

// Unlike a subscriber that is independent: see TestAnEventThatFailsIsTriedAgainAndHoldsNoOtherUp.
func TestInOrderAnEventThatFailsIsWaitedForAndNeverParked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var broken atomic.Bool
		broken.Store(true)
		s := &inOrder{fail: func(position int64) error {
			if broken.Load() && position == 300 {
				return errors.New("not that one")
			}
			return nil
		}}
		other := newSubscriber("other")
		shop := newRelayed(other)
		shop.relay.ForwardInOrder(service.Subscription{Name: "ordered"}, s.deliver)
		do(t, shop.bus, batch("b1", 1000))
		for i := range 399 {
			do(t, shop.bus, order(fmt.Sprint("o-", i), 1))
		}
		defer shop.run(t)()
		pass(time.Hour) // some 700 attempts
		equal(t, "what was delivered before the one that fails", s.has(), upTo(299))
		equal(t, "what another got", other.has(), upTo(400))
		list, err := shop.Failures(t.Context(), "", views.Page{})
		if err != nil || len(list.Items) > 0 {
			t.Errorf("there are failures %v, %v", list.Items, err)
		}
		broken.Store(false)
		pass(6 * time.Second)
		equal(t, "what was delivered when it could be", s.has(), upTo(400))
	})
}

func TestInOrderAPanicIsAFailure(t *testing.T) {
	s := &inOrder{fail: func(int64) error { panic("out of luck") }}
	shop := newRelayed()
	shop.relay.ForwardInOrder(service.Subscription{Name: "ordered"}, s.deliver)
	do(t, shop.bus, batch("b1", 1))
	if err := shop.relay.Drain(t.Context()); err == nil || !strings.Contains(err.Error(), "deliver to ordered: panic: out of luck") {
		t.Errorf("got error %v", err)
	}
}

func TestCommitsDoNotHurryWhatIsHeldUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &inOrder{fail: func(int64) error { return service.ErrUnreachable }}
		shop := newRelayed()
		shop.relay.ForwardInOrder(service.Subscription{Name: "ordered"}, s.deliver)
		do(t, shop.bus, batch("b1", 1000))
		defer shop.run(t)()
		for i := range 600 {
			do(t, shop.bus, order(fmt.Sprint("o-", i), 1))
			pass(100 * time.Millisecond)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.tried < 12 || s.tried > 30 { // every 2.5 to 5 seconds, at first sooner
			t.Errorf("in a minute it was tried %d times", s.tried)
		}
	})
}

func TestAJournalFollowsTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		journal := &memory.Journal{}
		shop := newRelayed()
		shop.relay.Mirror("journal", shop.watched.Store, journal)
		defer shop.run(t)()
		do(t, shop.bus, batch("b1", 9), order("o-1", 1))
		pass(time.Second / 10)
		log := func() []views.Event {
			list, err := shop.Events(t.Context(), views.Page{})
			if err != nil {
				t.Error(err)
			}
			return list.Items
		}
		equal(t, "the journal", journal.Events(), log())

		journal.Lose(2)
		pass(2 * time.Second) // though nothing is committed
		equal(t, "the journal that has lost events", journal.Events(), log())
	})
}

func TestAJournalOfAnotherLogIsAnAlarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		journal := &memory.Journal{}
		if err := journal.Append(t.Context(), 0, []views.Event{{Position: 1}, {Position: 2}}); err != nil {
			t.Fatal(err)
		}
		shop := newRelayed()
		shop.relay.Mirror("journal", shop.watched.Store, journal)
		do(t, shop.bus, batch("b1", 9))
		stop := shop.run(t)
		pass(time.Second)
		stop()
		if want := `level=ERROR msg="deliveries are held up" subscription=journal err="append to journal: it ends with event 2`; !strings.Contains(shop.log.String(), want) {
			t.Errorf("the log says %q", shop.log)
		}
		if p := shop.relay.Progress()[0]; p.Behind.IsZero() || !strings.Contains(p.Trouble, "not in the log") {
			t.Errorf("its progress is %+v, want that it is stuck and why", p)
		}
	})
}

// lost is a journal that can't be reached while it is away.
type lost struct {
	*memory.Journal
	away bool
}

func (j *lost) Last(ctx context.Context) (service.Mark, error) {
	if j.away {
		return service.Mark{}, service.ErrUnreachable
	}
	return j.Journal.Last(ctx)
}

func (j *lost) Append(ctx context.Context, after int64, events []views.Event) error {
	if j.away {
		return service.ErrUnreachable
	}
	return j.Journal.Append(ctx, after, events)
}

func TestTheProgressOfWhatIsInOrderIsKnown(t *testing.T) {
	shop, journal := newRelayed(newSubscriber("other")), &lost{Journal: &memory.Journal{}}
	var refuse int64
	s := &inOrder{fail: func(position int64) error {
		if position == refuse {
			return errors.New("not that one")
		}
		return nil
	}}
	shop.relay.ForwardInOrder(service.Subscription{Name: "ordered"}, s.deliver)
	shop.relay.Mirror("journal", shop.Store, journal)
	progress := func(what string, ordered, mirrored service.Progress) {
		t.Helper()
		ordered.Subscription, mirrored.Subscription = "ordered", "journal"
		equal(t, what, shop.relay.Progress()[1:], []service.Progress{ordered, mirrored})
	}
	at := func(position int64) time.Time {
		t.Helper()
		list, err := shop.Events(t.Context(), views.Page{After: service.CursorAtNumber(position - 1), Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		return list.Items[0].At
	}

	do(t, shop.bus, batch("b1", 5))
	if err := shop.relay.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	progress("when all is through", service.Progress{Position: 1}, service.Progress{Position: 1})

	refuse, journal.away = 3, true
	do(t, shop.bus, order("o-1", 1), order("o-2", 1))
	if err := shop.relay.Drain(t.Context()); !errors.Is(err, service.ErrUnreachable) {
		t.Fatal(err)
	}
	progress("when one event is refused, and the journal is away", service.Progress{Position: 2, Behind: at(3)}, service.Progress{Position: 1, Behind: at(2)})

	refuse, journal.away = 0, false
	if err := shop.relay.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	progress("when both are back", service.Progress{Position: 3}, service.Progress{Position: 3})
}
