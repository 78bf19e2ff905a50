package storetest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

var concurrencyRules = []rule{
	{"never sell more than there is", neverOversell},
	{"are done once each, while batches shrink and lines are cancelled", acknowledgedOnce},
	{"may come through several transactors", throughTwoTransactors},
	{"are part of what is available once they are acknowledged", shownOnceAcknowledged},
	{"happen in one order, each between its sending and its answer", inOneOrder},
}

const clients = 32

// everyClient runs fn for each of the clients at the same time.
func everyClient(fn func(client int)) {
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() { fn(client) })
	}
	all.Wait()
}

func neverOversell(t *testing.T, s Store) {
	const each, stock = 10, clients * 10 * 2 / 3
	for _, group := range []int{1, 64} {
		sku := fmt.Sprint("HOT-", group)
		do(t, s, batch(sku, sku, stock))
		acknowledged := sellTo(t, sku, each, func(int) *service.Bus { return newBus(s, group) })
		if n := acknowledged.count(domain.StatusAllocated); n != stock {
			t.Errorf("in groups of %d, %d of %d units were allocated", group, n, stock)
		}
		acknowledged.areKept(t, s, sku)
	}
}

func throughTwoTransactors(t *testing.T, s Store) {
	const each, stock = 10, clients * 10 * 2 / 3
	do(t, s, batch("b1", "HOT", stock))
	buses := []*service.Bus{newBus(s, 8), newBus(s, 8)}
	acknowledged := sellTo(t, "HOT", each, func(client int) *service.Bus { return buses[client%2] })
	if n := acknowledged.count(domain.StatusAllocated); n != stock {
		t.Errorf("%d of %d units were allocated", n, stock)
	}
	acknowledged.areKept(t, s, "HOT")
}

// answers are what clients were told of their lines, by order id.
type answers struct {
	sync.Mutex
	of map[string]domain.Placement
}

func (a *answers) note(id string, p domain.Placement) {
	a.Lock()
	defer a.Unlock()
	a.of[id] = p
}

func (a *answers) count(status domain.Status) (n int) {
	for _, p := range a.of {
		if p.Status == status {
			n++
		}
	}
	return n
}

// areKept fails the test if the lines of a SKU are not those acknowledged.
func (a *answers) areKept(t *testing.T, s Store, sku string) {
	t.Helper()
	kept := map[string]int{}
	for _, b := range books(t, s) {
		if b.SKU != sku {
			continue
		}
		for _, l := range b.Lines {
			kept[l.OrderID]++
		}
	}
	acknowledged := map[string]int{}
	for id := range a.of {
		acknowledged[id] = 1
	}
	equal(t, "how often each acknowledged line is kept", kept, acknowledged)
}

// sellTo has every client order a number of lines of one unit, each twice.
func sellTo(t *testing.T, sku string, lines int, bus func(client int) *service.Bus) *answers {
	got := &answers{of: map[string]domain.Placement{}}
	buses := make([]*service.Bus, clients)
	for client := range buses {
		buses[client] = bus(client)
	}
	everyClient(func(client int) {
		for i := range lines {
			id := fmt.Sprintf("o-%d-%d", client, i)
			first, err := service.Send(context.Background(), buses[client], domain.Allocate{OrderID: id, SKU: sku, Qty: 1})
			if err != nil {
				t.Errorf("%s: %v", id, err)
				continue
			}
			got.note(id, first)
			again, err := service.Send(context.Background(), buses[client], domain.Allocate{OrderID: id, SKU: sku, Qty: 1})
			if err != nil || !again.Replayed || again.BatchRef != first.BatchRef {
				t.Errorf("%s again: %+v, %v; first %+v", id, again, err, first)
			}
		}
	})
	return got
}

// acknowledgedOnce has clients order and cancel while batches change and events
// are delivered.
func acknowledgedOnce(t *testing.T, s Store) {
	do(t, s, batch("b0", "HOT", 60), batch("b1", "HOT", 40, december), batch("b2", "HOT", 20, january))
	bus := newBus(s, 64)
	got := &answers{of: map[string]domain.Placement{}}
	everyClient(func(client int) {
		ctx := context.Background()
		for i := range 8 {
			id := fmt.Sprintf("o-%d-%d", client, i)
			placed, err := service.Send(ctx, bus, domain.Allocate{OrderID: id, SKU: "HOT", Qty: 1 + i%3})
			if err == nil && i%4 == 3 {
				placed, err = service.Send(ctx, bus, domain.CancelLine{OrderID: id, SKU: "HOT"})
			}
			if err != nil {
				t.Errorf("%s: %v", id, err)
			}
			got.note(id, placed)
			if i%3 == 2 {
				ref := fmt.Sprint("b", (client+i)%3)
				if _, err := service.Send(ctx, bus, domain.ChangeBatchQuantity{Ref: ref, Qty: 10 + (client*7+i*13)%60}); err != nil {
					t.Errorf("change %s: %v", ref, err)
				}
			}
			if client == 0 {
				delivered(t, s, all("live"), 16)
			}
		}
	})
	got.areKept(t, s, "HOT")
	standing := standing(t, s)
	for id, p := range got.of {
		if at := standing[id+" HOT"]; (p.Status == domain.StatusCancelled) != (at == "cancelled") {
			t.Errorf("%s was acknowledged as %s and is %s", id, p.Status, at)
		}
	}
}

// shownOnceAcknowledged has clients order, and ask what is allocated in between.
func shownOnceAcknowledged(t *testing.T, s Store) {
	do(t, s, batch("b0", "HOT", 5), batch("b1", "HOT", 1000, december))
	bus := newBus(s, 8)
	var acknowledged atomic.Int64
	everyClient(func(client int) {
		seen := 0
		for i := range 10 {
			if _, err := service.Send(context.Background(), bus, order(fmt.Sprintf("o-%d-%d", client, i), "HOT", 1).(domain.Allocate)); err != nil {
				t.Error(err)
			}
			acknowledged.Add(1)
			for range 3 {
				least := max(seen, int(acknowledged.Load()))
				found, err := s.Availability(context.Background(), []views.Ask{{SKU: "HOT"}})
				if err != nil {
					t.Error(err)
					return
				}
				if seen = found[0].Allocated; seen < least {
					t.Errorf("%d units are allocated; %d were already", seen, least)
				}
			}
		}
	})
}
