package storetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"allot/internal/domain"
	"allot/internal/service"
)

var subscriptionRules = []rule{
	{"is delivered every event in the order of the log", deliversInOrder},
	{"is delivered events as they were recorded", deliversWholeEvents},
	{"is delivered only what it wants", deliversWhatIsWanted},
	{"is delivered again what was not done", repeatsWhatWasNotDone},
	{"begins at the end of the log if it is to", beginsNow},
	{"has nothing to do when there is nothing new", deliversNothing},
	{"survives a panic", deliversAfterPanic},
	{"is delivered to by one at a time", deliversOneAtATime},
	{"waits for no other, nor keeps anybody from writing", deliversIndependently},
	{"misses nothing while others commit", missesNothing},
	{"gets back what it could not take, when it is due", failuresComeDue},
	{"gets back what failed in words that are no text", failuresOfAnyText},
	{"never gets back what is parked", parkedIsNeverDue},
	{"gets back the last failure of an event, until it is delivered", failuresAreReplaced},
}

// all is a subscription to all events.
func all(name string) service.Subscription { return service.Subscription{Name: name} }

// delivered is what is delivered to a subscription until nothing is left,
// limit events at a time.
func delivered(t *testing.T, s Store, sub service.Subscription, limit int) (got []service.Envelope) {
	t.Helper()
	for {
		n, err := s.Deliver(t.Context(), sub, limit, func(_ context.Context, events []service.Envelope) (int, error) {
			if len(events) == 0 || len(events) > limit {
				t.Errorf("%d events were delivered at once; between 1 and %d were asked for", len(events), limit)
			}
			got = append(got, events...)
			return len(events), nil
		})
		switch {
		case err != nil:
			t.Fatal(err)
		case n == 0:
			return got
		case len(got) > 10_000:
			t.Fatalf("%d events were delivered, which are more than there can be", len(got))
		}
	}
}

func positions(events []service.Envelope) (out []int64) {
	for _, e := range events {
		out = append(out, e.Position)
	}
	return out
}

// upTo are the numbers from first to last.
func upTo(first, last int64) (out []int64) {
	for n := first; n <= last; n++ {
		out = append(out, n)
	}
	return out
}

func deliversInOrder(t *testing.T, s Store) {
	do(t, s, batch("b1", "CHAIR", 10), batch("b2", "LAMP", 10), order("o-1", "CHAIR", 1))
	do(t, s, order("o-1", "LAMP", 1), order("o-2", "CHAIR", 1))
	do(t, s, cancel("o-1", "CHAIR"))
	for _, limit := range []int{1, 2, 3, 6, 7, 100} {
		got := delivered(t, s, all(fmt.Sprint("by ", limit)), limit)
		equal(t, "the positions", positions(got), upTo(1, 7))
		last := map[string]int64{}
		for _, e := range got {
			if last[e.SKU]++; e.Version != last[e.SKU] {
				t.Errorf("event %d has version %d of %s, want %d", e.Position, e.Version, e.SKU, last[e.SKU])
			}
		}
	}
}

func deliversWholeEvents(t *testing.T, s Store) {
	do(t, s,
		domain.CreateBatch{Origin: ann, Ref: "b1", SKU: "CHAIR", Qty: 3, ETA: december},
		domain.Allocate{Origin: ann, OrderID: "o-1", SKU: "CHAIR", Qty: 2},
		domain.Allocate{OrderID: "o-2", SKU: "CHAIR", Qty: 2},
	)
	got := delivered(t, s, all("whole"), 100)
	for i := range got {
		got[i].Event = numbered(got[i].Event, nil, nil) // stores give out the numbers
	}
	why := domain.Why{Rule: domain.Earliest, Cause: domain.Ordered}
	short := why
	short.PassedOver = []domain.PassedOver{{BatchRef: "b1", Available: 1, ETA: december}}
	envelope := func(n int64, command string, origin domain.Origin, e domain.Event) service.Envelope {
		return service.Envelope{Position: n, At: opened, SKU: "CHAIR", Version: n, Command: command, Origin: origin, Event: e}
	}
	equal(t, "the log", got, []service.Envelope{
		envelope(1, "create_batch", ann, domain.BatchCreated{Ref: "b1", SKU: "CHAIR", Qty: 3, ETA: december}),
		envelope(2, "allocate", ann, domain.Allocated{OrderID: "o-1", SKU: "CHAIR", Qty: 2, BatchRef: "b1", Promise: december, Why: why}),
		envelope(3, "allocate", domain.Origin{}, domain.OutOfStock{SKU: "CHAIR", OrderID: "o-2", Qty: 2, LargestFit: 1}),
		envelope(4, "allocate", domain.Origin{}, domain.Backordered{OrderID: "o-2", SKU: "CHAIR", Qty: 2, Why: short}),
	})
}

func deliversWhatIsWanted(t *testing.T, s Store) {
	do(t, s, batch("b1", "CHAIR", 2), order("o-1", "CHAIR", 2), order("o-2", "CHAIR", 1), cancel("o-1", "CHAIR"))
	for _, c := range []struct {
		events []string
		want   []int64
	}{
		{nil, upTo(1, 7)}, // created, allocated, out of stock, backordered, deallocated, cancelled, allocated
		{[]string{"allocated"}, []int64{2, 7}},
		{[]string{"line_cancelled", "batch_created"}, []int64{1, 6}},
		{[]string{"product_described"}, nil},
	} {
		sub := service.Subscription{Name: fmt.Sprint("wants ", c.events), Events: c.events}
		equal(t, sub.Name, positions(delivered(t, s, sub, 1)), c.want)
	}
	do(t, s, order("o-3", "CHAIR", 1))
	sub := service.Subscription{Name: "wants [allocated]", Events: []string{"allocated"}}
	equal(t, "what came since", positions(delivered(t, s, sub, 100)), []int64{8})
}

func repeatsWhatWasNotDone(t *testing.T, s Store) {
	do(t, s, batch("b1", "CHAIR", 9), order("o-1", "CHAIR", 1), order("o-2", "CHAIR", 1), order("o-3", "CHAIR", 1), order("o-4", "CHAIR", 1))
	full := errors.New("full")
	for i, step := range []struct {
		done int
		err  error
		want []int64
	}{
		{0, full, upTo(1, 3)},
		{2, full, upTo(1, 3)},
		{1, nil, upTo(3, 5)},
		{0, nil, upTo(4, 5)},
		{2, full, upTo(4, 5)},
	} {
		n, err := s.Deliver(t.Context(), all("slow"), 3, func(_ context.Context, events []service.Envelope) (int, error) {
			equal(t, fmt.Sprint("delivery ", i), positions(events), step.want)
			return step.done, step.err
		})
		if n != step.done || !errors.Is(err, step.err) {
			t.Errorf("delivery %d: %d were done, error %v; want %d and %v", i, n, err, step.done, step.err)
		}
	}
	equal(t, "what is left", positions(delivered(t, s, all("slow"), 9)), nil)
}

func beginsNow(t *testing.T, s Store) {
	do(t, s, batch("b1", "CHAIR", 9), order("o-1", "CHAIR", 1))
	now := service.Subscription{Name: "from now", FromNow: true}
	none := service.Subscription{Name: "from now, of some", Events: []string{"allocated"}, FromNow: true}
	for _, sub := range []service.Subscription{now, none} {
		equal(t, "what was there before", positions(delivered(t, s, sub, 9)), nil)
	}
	do(t, s, cancel("o-1", "CHAIR"), order("o-2", "CHAIR", 1))
	equal(t, "what came since", positions(delivered(t, s, now, 9)), upTo(3, 5))
	equal(t, "what came since, of some", positions(delivered(t, s, none, 9)), []int64{5})
}

func deliversNothing(t *testing.T, s Store) {
	for range 2 {
		equal(t, "what an empty log delivers", delivered(t, s, all("idle"), 9), nil)
	}
	do(t, s, batch("b1", "CHAIR", 9))
	equal(t, "the first event", positions(delivered(t, s, all("idle"), 9)), []int64{1})
	equal(t, "what comes after the last event", delivered(t, s, all("idle"), 9), nil)
}

func deliversAfterPanic(t *testing.T, s Store) {
	do(t, s, batch("b1", "CHAIR", 9))
	func() {
		defer func() {
			if p := recover(); p != "oh" {
				t.Errorf("recovered %v, and not what was thrown", p)
			}
		}()
		_, _ = s.Deliver(t.Context(), all("fragile"), 9, func(context.Context, []service.Envelope) (int, error) { panic("oh") })
	}()
	equal(t, "what is delivered next", positions(delivered(t, s, all("fragile"), 9)), []int64{1})
}

func deliversOneAtATime(t *testing.T, s Store) {
	commands := []domain.Message{batch("b1", "CHAIR", 100)}
	for i := range 99 {
		commands = append(commands, order(fmt.Sprint("o-", i), "CHAIR", 1))
	}
	do(t, s, commands...)
	var alone sync.Mutex
	var got []int64
	var deliverers sync.WaitGroup
	for range 4 {
		deliverers.Go(func() {
			for n := 1; n > 0; {
				var err error
				n, err = s.Deliver(context.Background(), all("shared"), 3, func(_ context.Context, events []service.Envelope) (int, error) {
					if !alone.TryLock() {
						t.Error("two deliver at the same time")
						return len(events), nil
					}
					defer alone.Unlock()
					for range 100 { // so that others would meet us
						runtime.Gosched()
					}
					got = append(got, positions(events)...)
					return len(events), nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	deliverers.Wait()
	equal(t, "what was delivered", got, upTo(1, 100))
}

func deliversIndependently(t *testing.T, s Store) {
	do(t, s, batch("b1", "CHAIR", 9))
	n, err := s.Deliver(t.Context(), all("slow"), 9, func(context.Context, []service.Envelope) (int, error) {
		equal(t, "what another gets meanwhile", positions(delivered(t, s, all("fast"), 9)), []int64{1})
		do(t, s, order("o-1", "CHAIR", 1))
		return 1, nil
	})
	if n != 1 || err != nil {
		t.Errorf("%d were done, error %v", n, err)
	}
	for _, name := range []string{"slow", "fast"} {
		equal(t, "what comes next", positions(delivered(t, s, all(name), 9)), []int64{2})
	}
}

func missesNothing(t *testing.T, s Store) {
	const writers, each = 4, 50
	var all sync.WaitGroup
	bus := newBus(s, 8)
	for w := range writers {
		all.Go(func() {
			for i := range each {
				ref := fmt.Sprintf("b-%d-%d", w, i)
				if _, err := service.Send(context.Background(), bus, domain.CreateBatch{Ref: ref, SKU: fmt.Sprint("SKU-", w), Qty: 1}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var got []int64
	for len(got) < writers*each && !t.Failed() {
		got = append(got, positions(delivered(t, s, service.Subscription{Name: "live"}, 7))...)
	}
	all.Wait()
	got = append(got, positions(delivered(t, s, service.Subscription{Name: "live"}, 7))...)
	equal(t, "what was delivered", got, upTo(1, writers*each))
}

// due are the positions of what is due to a subscription at a time.
func due(t *testing.T, s Store, subscription string, now time.Time, limit int) (at []int64) {
	t.Helper()
	for _, f := range must(s.Due(t.Context(), subscription, now, limit))(t) {
		at = append(at, f.Event.Position)
	}
	return at
}

// failed has events that failed in "mail", due an hour apart, the third first,
// and one that failed in "hook".
func failed(t *testing.T, s Store) []service.Failure {
	t.Helper()
	do(t, s, domain.CreateBatch{Origin: ann, Ref: "b1", SKU: "CHAIR", Qty: 9}, order("o-1", "CHAIR", 1), order("o-2", "CHAIR", 1))
	log := delivered(t, s, all("mail"), 9)
	failures := []service.Failure{
		{Subscription: "mail", Event: log[2], Attempts: 1, Error: "no such mailbox", Next: opened.Add(time.Microsecond)},
		{Subscription: "mail", Event: log[1], Attempts: 2, Error: "busy", Next: opened.Add(time.Hour)},
		{Subscription: "mail", Event: log[0], Attempts: 3, Error: "busy\nand slow", Next: opened.Add(2 * time.Hour)},
		{Subscription: "hook", Event: log[0], Attempts: 4, Error: "500", Next: opened},
	}
	for _, f := range failures {
		postpone(t, s, f)
	}
	return failures
}

// What the other side says is not always text.
func failuresOfAnyText(t *testing.T, s Store) {
	do(t, s, domain.CreateBatch{Origin: ann, Ref: "b1", SKU: "CHAIR", Qty: 9})
	postpone(t, s, service.Failure{Subscription: "mail", Event: delivered(t, s, all("mail"), 1)[0], Attempts: 1, Error: "no\x00\xff", Next: opened})
	due, err := s.Due(t.Context(), "mail", opened, 9)
	if err != nil || len(due) != 1 || !strings.HasPrefix(due[0].Error, "no") {
		t.Errorf("due are %+v, %v", due, err)
	}
}

func postpone(t *testing.T, s Store, f service.Failure) {
	t.Helper()
	if err := s.Postpone(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func failuresComeDue(t *testing.T, s Store) {
	failures := failed(t, s)
	for _, c := range []struct {
		after time.Duration
		limit int
		want  []int64
	}{
		{0, 9, nil},
		{time.Microsecond, 9, []int64{3}},
		{time.Hour, 9, []int64{3, 2}},
		{3 * time.Hour, 9, []int64{3, 2, 1}},
		{3 * time.Hour, 2, []int64{3, 2}},
	} {
		equal(t, fmt.Sprintf("what is due after %v, at most %d", c.after, c.limit), due(t, s, "mail", opened.Add(c.after), c.limit), c.want)
	}
	equal(t, "what is due to another", due(t, s, "hook", opened, 9), []int64{1})
	equal(t, "what is due to nobody", due(t, s, "nobody", opened.Add(3*time.Hour), 9), nil)
	equal(t, "what is due in full", must(s.Due(t.Context(), "mail", opened.Add(3*time.Hour), 9))(t), failures[:3])
	for _, f := range failures[:3] {
		f.Next = opened
		postpone(t, s, f)
	}
	equal(t, "what is due at the same time", due(t, s, "mail", opened, 9), []int64{1, 2, 3})
}

func parkedIsNeverDue(t *testing.T, s Store) {
	parked := failed(t, s)[1]
	parked.Parked = true
	postpone(t, s, parked)
	equal(t, "what is due", due(t, s, "mail", opened.AddDate(100, 0, 0), 9), []int64{3, 1})
	parked.Parked = false
	postpone(t, s, parked)
	equal(t, "what is due when it is parked no more", due(t, s, "mail", opened.AddDate(100, 0, 0), 9), []int64{3, 2, 1})
}

func failuresAreReplaced(t *testing.T, s Store) {
	f := failed(t, s)[0]
	f.Attempts, f.Error, f.Next = 9, "gone", opened.Add(5*time.Hour)
	postpone(t, s, f)
	equal(t, "what was due before", due(t, s, "mail", opened.Add(3*time.Hour), 9), []int64{2, 1})
	last := must(s.Due(t.Context(), "mail", opened.Add(5*time.Hour), 9))(t)
	equal(t, "what is due at last", last[len(last)-1], f)

	if err := s.Delivered(t.Context(), "mail", 1); err != nil {
		t.Fatal(err)
	}
	if err := s.Delivered(t.Context(), "mail", 1); err != nil {
		t.Errorf("forgetting what is forgotten gave %v", err)
	}
	equal(t, "what is left", due(t, s, "mail", opened.Add(9*time.Hour), 9), []int64{2, 3})
	equal(t, "what is left to another", due(t, s, "hook", opened, 9), []int64{1})
	if slices.Contains(positions(delivered(t, s, all("mail"), 9)), 1) {
		t.Error("what was put off is delivered twice")
	}
}
