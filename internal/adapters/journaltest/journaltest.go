// Package journaltest says what it means to be a journal: one suite that every
// copy of the log passes which brokers keep, the one in memory included; and
// another for channels, which keep nothing.
//
// It knows the port, and the relay that works through it. It knows no broker.
package journaltest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"allot/internal/service"
	"allot/internal/views"
)

// Journal is a service.Journal that can be looked at and broken.
type Journal interface {
	service.Journal

	// Events returns what is in the journal.
	Events(t *testing.T) []views.Event

	// Lose has the journal lose its last n events, or all if there are fewer.
	Lose(t *testing.T, n int)
}

// Run holds a journal to the port. open returns an empty one.
func Run(t *testing.T, open func(t *testing.T) Journal) {
	for _, rule := range []struct {
		says  string
		check func(*testing.T, Journal)
	}{
		{"it ends where it was appended to", endsWhereAppended},
		{"it has events as they were", keepsEvents},
		{"it is appended to only at its end", appendsAtEnd},
		{"it gets again what it lost", getsAgain},
		{"two that append at once make one log", twoAtOnce},
		{"it is not taken for the journal of another log", foreign},
	} {
		t.Run(rule.says, func(t *testing.T) { rule.check(t, open(t)) })
	}
}

var opened = time.Date(2026, 11, 2, 9, 0, 0, 123000, time.UTC)

// event is the event of a position in the log of these tests.
func event(position int64) views.Event {
	return views.Event{
		Position: position, At: opened.Add(time.Duration(position) * time.Second), Type: "product_described", SKU: fmt.Sprint("SKU-", position%7),
		Version: position/7 + 1, Command: "describe_product", Actor: "ann", Reason: "damaged", Note: "wet, \"very\" wet: ärger", Correlation: "c-1", Cause: "m-1", Trace: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		Data: fmt.Appendf(nil, `{"sku":"SKU-%d","description":"number %d"}`, position%7, position),
	}
}

// events are those from first to last.
func events(first, last int64) (out []views.Event) {
	for n := first; n <= last; n++ {
		out = append(out, event(n))
	}
	return out
}

// log is a log of so many events, for the relay to read.
type log struct {
	views.Reader
	end int64
}

// Events implements views.Reader.
func (l log) Events(_ context.Context, page views.Page) (views.List[views.Event], error) {
	after, err := service.AfterNumber(page)
	if err != nil {
		return views.List[views.Event]{}, err
	}
	return views.List[views.Event]{Items: events(after+1, min(after+int64(page.Size()), l.end))}, nil
}

// mirrored brings a journal up to date with a log, once.
func mirrored(j service.Journal, l views.Reader) error {
	relay := service.NewRelay(nil, slog.New(slog.DiscardHandler), time.Now)
	relay.Mirror("journal", l, j)
	return relay.Drain(context.Background())
}

func mirror(t *testing.T, j service.Journal, end int64) {
	t.Helper()
	if err := mirrored(j, log{end: end}); err != nil {
		t.Fatal(err)
	}
}

func has(t *testing.T, j Journal, want []views.Event) {
	t.Helper()
	if diff := cmp.Diff(want, j.Events(t), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the journal is not as it should be (-want +got):\n%s", diff)
	}
}

func endsWhereAppended(t *testing.T, j Journal) {
	if last, err := j.Last(t.Context()); err != nil || last != (service.Mark{}) {
		t.Errorf("an empty journal ends at %v, %v", last, err)
	}
	for _, end := range []int64{1, 2, 9} {
		mirror(t, j, end)
		if last, err := j.Last(t.Context()); err != nil || last != (service.Mark{Position: end, At: event(end).At}) {
			t.Errorf("it ends at %v, %v; want %d", last, err, end)
		}
	}
}

func keepsEvents(t *testing.T, j Journal) {
	mirror(t, j, 2*views.MaxPage+1)
	has(t, j, events(1, 2*views.MaxPage+1))
	mirror(t, j, 2*views.MaxPage+1)
	has(t, j, events(1, 2*views.MaxPage+1))
}

func appendsAtEnd(t *testing.T, j Journal) {
	for _, step := range []struct {
		after, last int64
		moved       bool
	}{
		{1, 2, true}, {0, 3, false}, {0, 3, true}, {2, 4, true}, {4, 5, true}, {3, 5, false},
	} {
		err := j.Append(t.Context(), step.after, events(step.after+1, step.last))
		if errors.Is(err, service.ErrMoved) != step.moved || err != nil && !step.moved {
			t.Errorf("events %d to %d: got %v", step.after+1, step.last, err)
		}
	}
	has(t, j, events(1, 5))
}

func getsAgain(t *testing.T, j Journal) {
	mirror(t, j, 20)
	for _, n := range []int{1, 7, 100} {
		j.Lose(t, n)
		mirror(t, j, 20)
		has(t, j, events(1, 20))
		j.Lose(t, n)
		mirror(t, j, 21)
		has(t, j, events(1, 21))
		j.Lose(t, 1)
	}
}

func twoAtOnce(t *testing.T, j Journal) {
	const end = 5000
	var relays sync.WaitGroup
	for range 2 {
		relays.Go(func() {
			if err := mirrored(j, log{end: end}); err != nil {
				t.Error(err)
			}
		})
	}
	relays.Wait()
	has(t, j, events(1, end))
}

// elsewhere is the log of a shop that had other events.
type elsewhere struct{ log }

func (l elsewhere) Events(ctx context.Context, page views.Page) (views.List[views.Event], error) {
	list, err := l.log.Events(ctx, page)
	for i := range list.Items {
		list.Items[i].At = list.Items[i].At.Add(time.Microsecond)
	}
	return list, err
}

func foreign(t *testing.T, j Journal) {
	mirror(t, j, 20)
	for what, l := range map[string]views.Reader{
		"a log that ends before": log{end: 19}, "an empty log": log{}, "another log": elsewhere{log{end: 30}},
	} {
		if err := mirrored(j, l); !errors.Is(err, service.ErrForeign) {
			t.Errorf("%s: got %v", what, err)
		}
	}
	has(t, j, events(1, 20))
}
