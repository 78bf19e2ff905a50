package service

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"allot/internal/views"
)

// mostPauseInOrder is the longest pause of a way out that waits for one event:
// what comes behind it waits as well.
const mostPauseInOrder = 5 * time.Second

// InOrder takes events, of which there is at least one, to the outside. It
// returns how many of them got there, from the first on.
type InOrder func(ctx context.Context, events []Envelope) (done int, err error)

// ForwardInOrder has deliver take the events that sub wants to the outside, in
// the order of the log. An event that fails is tried until it succeeds, and
// those behind it wait: none is ever parked or passed over.
func (r *Relay) ForwardInOrder(sub Subscription, deliver InOrder) {
	r.add(sub.Name, mostPauseInOrder, func(ctx context.Context) error {
		for {
			n, err := r.store.Deliver(ctx, sub, mostAtOnce, deliver.try)
			if err != nil {
				return fmt.Errorf("deliver to %s: %w", sub.Name, err)
			}
			if n == 0 {
				return nil
			}
		}
	})
}

func (deliver InOrder) try(ctx context.Context, events []Envelope) (done int, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return deliver(ctx, events)
}

// Journal is a copy of the log outside of the database, for others to read. It
// alone knows where it ends: what it acknowledged it may lose, from some event
// on to its end, and others may append to it at the same time.
type Journal interface {
	// Last returns the last event that the journal has; zero if it has none.
	Last(ctx context.Context) (Mark, error)

	// Append appends events, which are the next ones of the log behind the
	// position after. If the journal ends anywhere else, it appends none of
	// them and returns ErrMoved.
	Append(ctx context.Context, after int64, events []views.Event) error
}

// Mark says which event it is that a journal ends with.
type Mark struct {
	Position int64     // in the log
	At       time.Time // of the event; zero if the journal can't tell any more
}

var (
	// ErrMoved says that a journal doesn't end where it did: others appended to
	// it, or it lost its end.
	ErrMoved = errors.New("the journal ends elsewhere")

	// ErrForeign says that a journal ends with an event that the log doesn't
	// have: the database was restored from a backup, or is another one.
	ErrForeign = errors.New("the journal is not of this log")
)

// Mirror keeps a journal equal to the log, from its first event on. What the
// journal loses is appended again. log is where the events are read.
func (r *Relay) Mirror(name string, log views.Reader, j Journal) {
	r.add(name, mostPauseInOrder, func(ctx context.Context) error {
		for {
			n, err := copyNext(ctx, log, j)
			if errors.Is(err, ErrMoved) && ctx.Err() == nil {
				continue // look again where it ends
			}
			if err != nil {
				return fmt.Errorf("append to %s: %w", name, err)
			}
			if n == 0 {
				return nil
			}
		}
	})
}

// copyNext appends the next events of the log to a journal and returns how many.
func copyNext(ctx context.Context, log views.Reader, j Journal) (int, error) {
	last, err := j.Last(ctx)
	if err != nil {
		return 0, err
	}
	// From the last one on, to see that it is the log's.
	list, err := log.Events(ctx, views.Page{After: CursorAtNumber(max(last.Position-1, 0)), Limit: views.MaxPage})
	if err != nil {
		return 0, err
	}
	events := list.Items
	if last.Position > 0 {
		if len(events) == 0 || !last.is(events[0]) {
			return 0, fmt.Errorf("it ends with event %d of %s, which is not in the log: %w", last.Position, last.At.Format(time.RFC3339Nano), ErrForeign)
		}
		events = events[1:]
	}
	if len(events) == 0 {
		return 0, nil
	}
	return len(events), j.Append(ctx, last.Position, events)
}

func (m Mark) is(e views.Event) bool {
	return e.Position == m.Position && (m.At.IsZero() || e.At.Equal(m.At))
}
