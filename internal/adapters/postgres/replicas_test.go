package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"allot/internal/adapters/postgres"
	"allot/internal/domain"
	"allot/internal/service"
)

var opening = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

func clock() time.Time { return opening }

// shortLease is how soon somebody takes over in tests.
const shortLease = time.Second

// replica is one of several processes on a database, but for the process.
type replica struct {
	*postgres.Store
	bus  *service.Bus
	stop func()
}

// replicas opens a database several times. Each delivers to seen.
func replicas(t *testing.T, url string, n int, seen *ledger) (out []*replica) {
	t.Helper()
	for i := range n {
		s, err := postgres.Open(context.Background(), url, postgres.Options{LeaseTime: shortLease})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, deliverTo(s, seen, i))
	}
	return out
}

func deliverTo(s *postgres.Store, seen *ledger, who int) *replica {
	relay := service.NewRelay(s, slog.New(slog.DiscardHandler), time.Now)
	relay.Forward(service.Subscription{Name: "all"}, func(ctx context.Context, e service.Envelope) error { return seen.note(ctx, who, e) })
	bus := service.NewBus(service.NewTransactor(s, 64, clock, relay.Wake))
	service.Register(bus)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { relay.Run(ctx) })
	return &replica{s, bus, func() {
		cancel()
		running.Wait()
	}}
}

// close ends a replica in good order.
func (r *replica) close(t *testing.T) {
	t.Helper()
	r.stop()
	r.bus.Close()
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// ledger is what was delivered, in the order in which it was.
type ledger struct {
	sync.Mutex
	events []service.Envelope
	by     []int // who delivered it
	more   sync.Cond
	broken map[int]error // replicas that can't deliver any more
}

func newLedger() *ledger {
	l := &ledger{broken: map[int]error{}}
	l.more.L = &l.Mutex
	return l
}

func (l *ledger) note(_ context.Context, who int, e service.Envelope) error {
	l.Lock()
	defer l.Unlock()
	if err := l.broken[who]; err != nil {
		return err
	}
	l.events = append(l.events, e)
	l.by = append(l.by, who)
	l.more.Broadcast()
	return nil
}

// breakFor has a replica deliver nothing any more.
func (l *ledger) breakFor(who int) {
	l.Lock()
	defer l.Unlock()
	l.broken[who] = errors.Join(errors.New("this replica is no more"), service.ErrUnreachable)
}

// deliverer is who delivered last.
func (l *ledger) deliverer() int {
	l.Lock()
	defer l.Unlock()
	if len(l.by) == 0 {
		return -1
	}
	return l.by[len(l.by)-1]
}

// await returns when the event at a position was delivered.
func (l *ledger) await(t *testing.T, position int64, patience time.Duration) {
	t.Helper()
	late := time.AfterFunc(patience, l.more.Broadcast)
	defer late.Stop()
	until := time.Now().Add(patience)
	l.Lock()
	defer l.Unlock()
	for len(l.events) == 0 || l.events[len(l.events)-1].Position < position {
		if time.Now().After(until) {
			t.Fatalf("after %v, %d events were delivered; event %d was not", patience, len(l.events), position)
		}
		l.more.Wait()
	}
}

// isComplete expects every event up to a position, for the first time in the
// order of the log and of each product's versions.
func (l *ledger) isComplete(t *testing.T, end int64) {
	t.Helper()
	l.Lock()
	defer l.Unlock()
	var last int64
	versions := map[string]int64{}
	for _, e := range l.events {
		if e.Position <= last {
			continue // again, as after a takeover
		}
		if e.Position != last+1 {
			t.Fatalf("event %d was delivered after event %d", e.Position, last)
		}
		last = e.Position
		if versions[e.SKU]++; e.Version != versions[e.SKU] {
			t.Fatalf("event %d is version %d of %s, after version %d", e.Position, e.Version, e.SKU, versions[e.SKU]-1)
		}
	}
	if last != end {
		t.Errorf("event %d was delivered last, of %d", last, end)
	}
}

// sellEverywhere has clients of each replica order units of some SKUs, and
// every so many times, if any, one of them change a batch. It returns how many
// lines were acknowledged.
func sellEverywhere(t *testing.T, all []*replica, clients, each, changes int, skus ...string) (acknowledged int) {
	var mu sync.Mutex
	var running sync.WaitGroup
	for r, one := range all {
		for c := range clients {
			running.Go(func() {
				for i := range each {
					sku := skus[(c+i)%len(skus)]
					id := fmt.Sprintf("o-%d-%d-%d", r, c, i)
					if _, err := service.Send(context.Background(), one.bus, domain.Allocate{OrderID: id, SKU: sku, Qty: 1 + i%2}); err != nil {
						t.Errorf("%s: %v", id, err)
						continue
					}
					mu.Lock()
					acknowledged++
					mu.Unlock()
					if changes > 0 && c == 0 && i%changes == 0 {
						qty := 20 + (i*37+r*11)%200
						if _, err := service.Send(context.Background(), one.bus, domain.ChangeBatchQuantity{Ref: "of " + sku, Qty: qty}); err != nil {
							t.Errorf("change %s: %v", sku, err)
						}
					}
				}
			})
		}
	}
	running.Wait()
	return acknowledged
}

func TestReplicasSellOneStockAndDeliverInOrder(t *testing.T) {
	url, seen := database(t), newLedger()
	all := replicas(t, url, 3, seen)
	skus := []string{"HOT", "WARM", "COLD"}
	for _, sku := range skus {
		send(t, all[0].bus, domain.CreateBatch{Ref: "of " + sku, SKU: sku, Qty: 100})
	}
	n := sellEverywhere(t, all, 8, 20, 5, skus...)
	report := verified(t, all[1].Store)
	if report.Lines != n {
		t.Errorf("%d lines are kept, and %d were acknowledged", report.Lines, n)
	}
	seen.await(t, int64(report.Events), 10*time.Second)
	seen.isComplete(t, int64(report.Events))
	for _, r := range all {
		r.close(t)
	}
}

func TestAnotherReplicaTakesOverWithinTheLease(t *testing.T) {
	url, seen := database(t), newLedger()
	all := replicas(t, url, 2, seen)
	send(t, all[0].bus, domain.CreateBatch{Ref: "of HOT", SKU: "HOT", Qty: 100})
	seen.await(t, 1, 10*time.Second)
	dead := seen.deliverer()
	living := all[1-dead]

	seen.breakFor(dead)
	all[dead].Die()
	all[dead].stop()
	send(t, living.bus, domain.Allocate{OrderID: "o-1", SKU: "HOT", Qty: 1})
	seen.await(t, 2, shortLease+5*time.Second)
	seen.isComplete(t, 2)
	living.close(t)
}

func TestWhoLostItsLeaseMovesNothingOn(t *testing.T) {
	url := database(t)
	hung, err := postgres.Open(t.Context(), url, postgres.Options{LeaseTime: shortLease})
	if err != nil {
		t.Fatal(err)
	}
	defer hung.Close()
	other, err := postgres.Open(t.Context(), url, postgres.Options{LeaseTime: shortLease})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	bus := newBus(other, 1)
	send(t, bus, domain.CreateBatch{Ref: "b1", SKU: "CHAIR", Qty: 9})
	send(t, bus, domain.Allocate{OrderID: "o-1", SKU: "CHAIR", Qty: 1})
	sub := service.Subscription{Name: "all"}
	deliver := func(s *postgres.Store, fn func(context.Context, []service.Envelope) (int, error)) (int, error) {
		return s.Deliver(context.Background(), sub, 9, fn)
	}
	takeAll := func(_ context.Context, events []service.Envelope) (int, error) { return len(events), nil }

	stopped := false
	n, err := deliver(hung, func(ctx context.Context, events []service.Envelope) (int, error) {
		hung.StopRenewing()
		for took := 0; took == 0; { // until it may
			var err error
			if took, err = deliver(other, takeAll); err != nil {
				return 0, err
			}
		}
		hung.RenewNow()
		stopped = ctx.Err() != nil
		return len(events), nil
	})
	if !stopped {
		t.Error("who had lost its lease was not told to stop")
	}
	if n != 2 || err == nil {
		t.Errorf("it moved on by %d, error %v; want an error", n, err)
	}
	send(t, bus, domain.Allocate{OrderID: "o-2", SKU: "CHAIR", Qty: 1})
	if n, err := deliver(other, takeAll); n != 1 || err != nil {
		t.Errorf("who has the lease was delivered %d, %v; want the one event since", n, err)
	}
}
