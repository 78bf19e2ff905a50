package storetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"

	"allot/internal/domain"
	"allot/internal/service"
)

// mostInGroup is the largest group into which failures are injected.
const mostInGroup = 16

// groupSizes are the sizes of groups into which failures are injected, at every
// place: all of them if ALLOT_SOAK is set.
func groupSizes() []int {
	if os.Getenv("ALLOT_SOAK") == "" {
		return []int{1, 2, 3, 5, 8, mostInGroup}
	}
	sizes := make([]int, mostInGroup)
	for i := range sizes {
		sizes[i] = i + 1
	}
	return sizes
}

// failures has groups meet a failure at every place.
func failures(t *testing.T, open opener) {
	full := fmt.Errorf("disk full: %w", service.ErrStorage)
	for _, c := range []struct {
		says  string
		check func(*testing.T)
	}{
		{"of any statement changes nothing of what is done in the end", func(t *testing.T) { everyFault(t, open, errStatement, passes) }},
		{"that says stale changes nothing of what is done in the end", func(t *testing.T) { everyFault(t, open, service.ErrStale, passes) }},
		{"of storage has a whole group told so, and nothing written", func(t *testing.T) { everyFault(t, open, full, stopsAll) }},
		{"of a command that the store refuses is its own", func(t *testing.T) { everyOffender(t, open, refusedByStore) }},
		{"of a command whose handler fails is its own", func(t *testing.T) { everyOffender(t, open, refusedByHandler) }},
		{"of a command whose handler panics is its own", func(t *testing.T) { everyOffender(t, open, panicking) }},
	} {
		t.Run(c.says, func(t *testing.T) {
			t.Parallel() // they mostly wait for the disk
			c.check(t)
		})
	}
}

var errStatement = errors.New("this statement failed")

// beforehand is what there is before eventful, a group of commands made to
// read, write, refuse and answer in every way.
var (
	beforehand = []domain.Message{
		batch("b1", "CHAIR", 10), batch("b2", "CHAIR", 6, december), batch("b3", "LAMP", 2),
		order("o-1", "CHAIR", 4), order("o-2", "CHAIR", 4), order("o-3", "LAMP", 2), order("o-4", "LAMP", 1), order("o-5", "LAMP", 3),
	}
	eventful = [mostInGroup]domain.Message{
		order("o-6", "CHAIR", 2),
		change("b1", 5),            // moves lines, written or not
		order("o-6", "TABLE", 1),   // refused
		cancel("o-3", "LAMP"),      // serves another
		batch("b4", "LAMP", 3),     // serves one more
		order("o-6", "CHAIR", 2),   // answered again
		batch("b1", "LAMP", 1),     // refused
		order("o-7", "CHAIR", 9),   // waits
		order("o-8", "CHAIR", 0),   // never gets as far
		batch("b5", "TABLE", 1),    // a new product
		order("o-6", "TABLE", 1),   // which can be ordered now
		change("b5", 0),            // and no more
		change("b9", 1),            // refused
		cancel("o-6", "CHAIR"),     // which was never written
		change("b2", 20),           // serves the one that waits
		order("o-9", "CHAIR", 100), // waits
	}
)

// scene is a group of commands that are done in one transaction, if nothing
// fails.
type scene struct {
	*faulty
	bus   *service.Bus
	group []domain.Message
	model *model
}

// play sets the scene on a store of its own and has check play it.
func play(t *testing.T, open opener, fault faulty, group []domain.Message, check func(*testing.T, *scene)) {
	t.Helper()
	with(t, open, func(s Store) {
		do(t, s, beforehand...)
		m := newModel()
		for _, c := range beforehand {
			m.do(c)
		}
		fault.Store = s
		sc := &scene{&fault, newBus(&fault, mostInGroup), group, m}
		service.OnCommand(sc.bus, disturb, func(c disturbing) service.About { return service.About{SKU: c.SKU, OrderID: c.OrderID} })
		check(t, sc)
	})
}

func (sc *scene) send(t *testing.T) []service.Outcome[any] {
	t.Helper()
	return sendAll(t, sc.bus, sc.group...)
}

// endedWell expects the answers, but to the command at except, and the tables
// to be what the model says of the group without that command.
func (sc *scene) endedWell(t *testing.T, outcomes []service.Outcome[any], except int) {
	t.Helper()
	for i, c := range sc.group {
		if i != except {
			equal(t, fmt.Sprintf("the answer to command %d %+v", i, c), told(outcomes[i]), sc.model.do(c))
		}
	}
	sc.isAsModelled(t)
}

func (sc *scene) isAsModelled(t *testing.T) {
	t.Helper()
	equal(t, "the store", tables(books(t, sc)), sc.model.tables())
}

// reaching is how many commands of the group get as far as a transaction.
func (sc *scene) reaching() (n int) {
	for _, c := range sc.group {
		if c.Validate() == nil {
			n++
		}
	}
	return n
}

// everyFault plays groups of every size, with err from every call that they
// make.
func everyFault(t *testing.T, open opener, err error, check func(*testing.T, *scene)) {
	for _, size := range groupSizes() {
		var calls int
		play(t, open, faulty{}, eventful[:size], func(t *testing.T, sc *scene) {
			sc.endedWell(t, sc.send(t), -1)
			equal(t, "transactions", sc.begun, 1)
			calls = sc.calls
		})
		for at := 1; at <= calls; at++ {
			play(t, open, faulty{failAt: at, err: err}, eventful[:size], check)
			if t.Failed() {
				t.Fatalf("with %q from call %d of %d, in a group of %d", err, at, calls, size)
			}
		}
	}
}

// passes expects that the group ends as if the fault had not been. Only a
// command that was alone is told, unless it is a fault that says to try again.
func passes(t *testing.T, sc *scene) {
	outcomes := sc.send(t)
	n := sc.reaching()
	again := n // each in a transaction of its own
	switch {
	case errors.Is(sc.err, service.ErrStale):
		again = 1
	case n == 1:
		if !errors.Is(outcomes[0].Err, sc.err) {
			t.Errorf("the command was told %v", outcomes[0].Err)
		}
		sc.isAsModelled(t)
		outcomes, again = sc.send(t), 1
	}
	sc.endedWell(t, outcomes, -1)
	equal(t, "transactions", sc.begun, 1+again)
}

// stopsAll expects that nothing was done and everybody is told to try later,
// which then works.
func stopsAll(t *testing.T, sc *scene) {
	for i, o := range sc.send(t) {
		want := domain.Unavailable
		if sc.group[i].Validate() != nil {
			want = domain.Invalid
		}
		if o.Result != nil || domain.KindOf(o.Err) != want {
			t.Errorf("command %d was told %v, %v; want it to be %s", i, o.Result, o.Err, want)
		}
	}
	equal(t, "transactions", sc.begun, 1)
	sc.isAsModelled(t)
	sc.endedWell(t, sc.send(t), -1)
}

// failing is how a command fails whose handler has run.
type failing string

const (
	refusedByStore   failing = "the store refuses what it did"
	refusedByHandler failing = "its handler fails after all"
	panicking        failing = "its handler panics"
)

// everyOffender plays groups of every size with a command that fails at every
// place in them, and expects it to be missed by nobody.
func everyOffender(t *testing.T, open opener, how failing) {
	for _, size := range groupSizes() {
		for at := range size {
			var offender domain.Message = disturbing{offending, how == panicking}
			if how == refusedByStore {
				offender = offending
			}
			group := slices.Insert(slices.Clone(eventful[:size-1]), at, offender)
			play(t, open, faulty{refuses: offends}, group, func(t *testing.T, sc *scene) {
				outcomes := sc.send(t)
				if o := outcomes[at]; o.Result != nil || domain.KindOf(o.Err) != domain.Internal {
					t.Errorf("the offender was told %v, %v", o.Result, o.Err)
				}
				sc.endedWell(t, outcomes, at)
				again := 0
				if n := sc.reaching(); how == refusedByStore && n > 1 {
					again = n
				}
				equal(t, "transactions", sc.begun, 1+again)
			})
			if t.Failed() {
				t.Fatalf("with the offender at place %d, in a group of %d", at, size)
			}
		}
	}
}

var offending = domain.Allocate{OrderID: "offender", SKU: "CHAIR", Qty: 1}

// offends is how a store refuses what offending did.
func offends(changes service.Changes) error {
	if slices.ContainsFunc(changes.Lines, func(l service.LineChange) bool { return l.OrderID == offending.OrderID }) {
		return errStatement
	}
	return nil
}

// disturbing is a command whose handler fails when it has done its work.
type disturbing struct {
	domain.Allocate
	panics bool
}

func (disturbing) CommandName() string      { return "disturb" }
func (disturbing) Returns(domain.Placement) {}

func disturb(ctx context.Context, uow *service.UnitOfWork, cmd disturbing) (domain.Placement, error) {
	placed, err := service.Allocate(ctx, uow, cmd.Allocate)
	if err != nil {
		return placed, err
	}
	uow.CollectNewEvents()
	if cmd.panics {
		panic("in the middle of it")
	}
	return placed, errStatement
}
