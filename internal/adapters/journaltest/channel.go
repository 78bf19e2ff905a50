package journaltest

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"allot/internal/domain"
	"allot/internal/service"
)

// Channel tells allocations to those who listen at the moment, and keeps
// nothing: a journal's rules about what it has can't hold for it. It can be
// listened to and broken.
type Channel interface {
	// Tell is the service.InOrder that is held to the port.
	Tell(ctx context.Context, events []service.Envelope) (done int, err error)

	// Heard waits until somebody who has listened from the start has heard n
	// allocations, and returns the orders of all that they have heard.
	Heard(t *testing.T, n int) []string

	// Break has the broker go away, and Mend has it come back, with who listened.
	Break(t *testing.T)
	Mend(t *testing.T)
}

// RunChannel holds a channel to the port. open returns one that somebody listens
// to.
func RunChannel(t *testing.T, open func(t *testing.T) Channel) {
	for _, rule := range []struct {
		says  string
		check func(*testing.T, Channel)
	}{
		{"who listens hears each allocation once, in the order of the log", heardInOrder},
		{"what nobody could be told is not done, and told again", toldAgain},
		{"what is no allocation is not told", onlyAllocations},
	} {
		t.Run(rule.says, func(t *testing.T) { rule.check(t, open(t)) })
	}
}

// allocations are those of the orders from first to last.
func allocations(first, last int64) (out []service.Envelope, orders []string) {
	for n := first; n <= last; n++ {
		order := fmt.Sprint("order-", n)
		orders = append(orders, order)
		out = append(out, service.Envelope{Position: n, At: opened, SKU: "LAMP", Version: n, Event: domain.Allocated{OrderID: order, SKU: "LAMP", Qty: 1, BatchRef: "b1"}})
	}
	return out, orders
}

func tell(t *testing.T, c Channel, events []service.Envelope) {
	t.Helper()
	if done, err := c.Tell(t.Context(), events); done != len(events) || err != nil {
		t.Fatalf("%d of %d were told, %v", done, len(events), err)
	}
}

func heardInOrder(t *testing.T, c Channel) {
	events, orders := allocations(1, 600)
	for some := range slices.Chunk(events, 250) {
		tell(t, c, some)
	}
	if got := c.Heard(t, len(orders)); !slices.Equal(got, orders) {
		t.Errorf("heard were %q", got)
	}
}

func toldAgain(t *testing.T, c Channel) {
	first, orders := allocations(1, 3)
	tell(t, c, first)
	c.Heard(t, len(orders))
	c.Break(t)
	next, more := allocations(4, 9)
	if done, err := c.Tell(t.Context(), next); done != 0 || err == nil {
		t.Errorf("with nobody there, %d were told, %v", done, err)
	}
	c.Mend(t)
	tell(t, c, next)
	if got := c.Heard(t, len(orders)+len(more)); !slices.Equal(got, append(orders, more...)) {
		t.Errorf("heard were %q", got)
	}
}

func onlyAllocations(t *testing.T, c Channel) {
	events, orders := allocations(1, 1)
	tell(t, c, events)
	other := service.Envelope{Position: 2, At: opened, Event: domain.BatchClosed{Ref: "b1", SKU: "LAMP"}}
	if done, err := c.Tell(t.Context(), []service.Envelope{other}); done != 0 || err == nil {
		t.Errorf("%d were told, %v", done, err)
	}
	if got := c.Heard(t, 1); !slices.Equal(got, orders) {
		t.Errorf("heard were %q", got)
	}
}
