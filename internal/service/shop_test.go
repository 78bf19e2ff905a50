package service_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"

	"allot/internal/adapters/memory"
	"allot/internal/domain"
	"allot/internal/service"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var opened = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// watched is a store in memory that counts transactions, and does what it is
// told to before each and when each is about to be committed.
type watched struct {
	*memory.Store
	begun    atomic.Int64
	before   func(nth int64) error
	atCommit func(ctx context.Context, nth int64) error
	lane     func(sku string) string
}

func newStore() *watched { return &watched{Store: memory.New()} }

// InTx implements service.Store.
func (w *watched) InTx(ctx context.Context, fn func(context.Context, service.Tx) error) error {
	n := w.begun.Add(1)
	if w.before != nil {
		if err := w.before(n); err != nil {
			return err
		}
	}
	return w.Store.InTx(ctx, func(ctx context.Context, tx service.Tx) error {
		if err := fn(ctx, tx); err != nil || w.atCommit == nil {
			return err
		}
		return w.atCommit(ctx, n)
	})
}

// Lane implements service.Store.
func (w *watched) Lane(sku string) string {
	if w.lane != nil {
		return w.lane(sku)
	}
	return w.Store.Lane(sku)
}

// newBus returns a bus over a store, with up to group commands in one
// transaction, that knows all handlers.
func newBus(s service.Store, group int) *service.Bus {
	bus := bareBus(s, group)
	service.Register(bus)
	return bus
}

// bareBus is newBus without handlers.
func bareBus(s service.Store, group int) *service.Bus {
	return service.NewBus(service.NewTransactor(s, group, func() time.Time { return opened }, nil))
}

// do has commands done, one after the other. None may fail.
func do(t *testing.T, bus *service.Bus, commands ...domain.Message) {
	t.Helper()
	if err := errors.Join(errorsOf(t, bus, commands...)...); err != nil {
		t.Fatal(err)
	}
}

// errorsOf hands commands over all at once and returns what became of each.
func errorsOf(t *testing.T, bus *service.Bus, commands ...domain.Message) (errs []error) {
	t.Helper()
	for o := range service.SendEach(t.Context(), bus, slices.Values(commands)) {
		errs = append(errs, o.Err)
	}
	if len(errs) != len(commands) {
		t.Fatalf("%d outcomes of %d commands", len(errs), len(commands))
	}
	return errs
}

// books are all that there is in a store.
func books(t *testing.T, s service.Audited) (out []service.Book) {
	t.Helper()
	for b, err := range s.Books(t.Context(), func(fault string) { t.Error(fault) }) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
	return out
}

// names are those of the events in a store's log, in its order.
func names(t *testing.T, s *watched) []string {
	t.Helper()
	events := make([]string, 0, 16)
	for _, e := range log(t, s) {
		events = append(events, e.Event.EventName())
	}
	return events
}

func log(t *testing.T, s *watched) (events []service.Envelope) {
	t.Helper()
	for _, b := range books(t, s) {
		events = append(events, b.Events...)
	}
	slices.SortFunc(events, func(a, b service.Envelope) int { return int(a.Position - b.Position) })
	return events
}

func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s is not as it should be (-want +got):\n%s", what, diff)
	}
}

// batch, order and rename are commands, for short.

func batch(ref string, qty int) domain.Message {
	return domain.CreateBatch{Ref: ref, SKU: "CHAIR", Qty: qty}
}

func order(id string, qty int) domain.Message {
	return domain.Allocate{OrderID: id, SKU: "CHAIR", Qty: qty}
}

func rename(sku, name string) domain.Message {
	return domain.DescribeProduct{SKU: sku, Description: name}
}
