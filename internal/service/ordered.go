package service

import (
	"cmp"
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
	at := &reach{}
	try := func(ctx context.Context, events []Envelope) (done int, err error) {
		at.isAt(events[0].At)
		if done, err = deliver.try(ctx, events); done > 0 {
			at.has(events[done-1].Position)
		}
		if done < len(events) {
			at.isAt(events[done].At)
		}
		return done, err
	}
	r.add(sub.Name, at, mostPauseInOrder, func(ctx context.Context) error {
		for {
			n, err := r.store.Deliver(ctx, sub, mostAtOnce, try)
			if err != nil {
				return fmt.Errorf("deliver to %s: %w", sub.Name, err)
			}
			if n < mostAtOnce { // those were all
				at.isThrough()
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
	// position after, each if the journal ends with the one before. Else it
	// returns ErrMoved. If it fails, some of them may have been appended, the
	// first ones.
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
	ErrForeign = errors.New("the journal is not of this log; nothing is appended until it is, or is empty")
)

// mostMirrored is how many events are appended to a journal at a time.
const mostMirrored = 5000

// Mirror keeps a journal equal to the log, from its first event on. What the
// journal loses is appended again. log is where the events are read.
func (r *Relay) Mirror(name string, log views.Reader, j Journal) {
	m := &mirror{log: log, journal: j}
	r.add(name, &m.reach, mostPauseInOrder, func(ctx context.Context) error {
		for {
			err := m.catchUp(ctx)
			if err != nil {
				m.found = time.Time{}
			}
			if errors.Is(err, ErrMoved) && ctx.Err() == nil {
				continue // look again where it ends
			}
			if err != nil {
				return fmt.Errorf("append to %s: %w", name, err)
			}
			return nil
		}
	})
}

// mirror is a journal that is kept equal to the log.
type mirror struct {
	reach
	log     views.Reader
	journal Journal
	end     int64     // where the journal ends, as far as we know
	found   time.Time // when we asked it
}

// catchUp appends to the journal what it lacks.
func (m *mirror) catchUp(ctx context.Context) error {
	if err := m.find(ctx); err != nil {
		return err
	}
	events, err := eventsAfter(ctx, m.log, m.end)
	for err == nil && len(events) > 0 {
		m.isAt(events[0].At)
		ahead := func() ([]views.Event, error) { return nil, nil }
		next := events[len(events)-1].Position
		if len(events) >= mostMirrored {
			ahead = readAhead(ctx, m.log, next)
		}
		appended := m.journal.Append(ctx, m.end, events)
		if events, err = ahead(); appended == nil {
			m.end = next
			m.has(next)
		}
		err = cmp.Or(appended, err)
	}
	if err == nil {
		m.isThrough()
	}
	return err
}

// find asks the journal where it ends, unless it was asked just now: what it has
// lost since, it says when something is appended.
func (m *mirror) find(ctx context.Context) error {
	if time.Since(m.found) < poll/2 {
		return nil
	}
	last, err := CheckJournal(ctx, m.log, m.journal)
	if errors.Is(err, ErrForeign) {
		return err
	}
	if err != nil {
		return cmp.Or(m.look(ctx, m.log), err)
	}
	m.end, m.found = last.Position, time.Now()
	m.has(last.Position)
	return nil
}

// look sees which event is next, as far as can be told without the journal. The
// error is of the log.
func (r *reach) look(ctx context.Context, log views.Reader) error {
	list, err := log.Events(ctx, views.Page{After: CursorAtNumber(r.position.Load()), Limit: 1})
	if err == nil && len(list.Items) > 0 {
		r.isAt(list.Items[0].At)
	}
	return err
}

// readAhead reads events while something else is done. wait returns them.
func readAhead(ctx context.Context, log views.Reader, position int64) (wait func() ([]views.Event, error)) {
	var events []views.Event
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		events, err = eventsAfter(ctx, log, position)
	}()
	return func() ([]views.Event, error) {
		<-done
		return events, err
	}
}

// CheckJournal returns the last event that a journal has, and ErrForeign if it is
// not one of the log.
func CheckJournal(ctx context.Context, log views.Reader, j Journal) (Mark, error) {
	last, err := j.Last(ctx)
	if err != nil {
		return last, err
	}
	return last, last.check(ctx, log)
}

// check returns ErrForeign if the event is not in the log.
func (m Mark) check(ctx context.Context, log views.Reader) error {
	ours, err := m.in(ctx, log)
	if err == nil && !ours {
		err = fmt.Errorf("it ends with event %d of %s, which is not in the log: %w", m.Position, m.At.Format(time.RFC3339Nano), ErrForeign)
	}
	return err
}

// in reports whether the event is in the log.
func (m Mark) in(ctx context.Context, log views.Reader) (bool, error) {
	if m.Position == 0 {
		return true, nil
	}
	list, err := log.Events(ctx, views.Page{After: CursorAtNumber(m.Position - 1), Limit: 1})
	return err == nil && len(list.Items) > 0 && m.is(list.Items[0]), err
}

func (m Mark) is(e views.Event) bool {
	return e.Position == m.Position && (m.At.IsZero() || e.At.Equal(m.At))
}

// eventsAfter returns the next events of the log, at most mostMirrored.
func eventsAfter(ctx context.Context, log views.Reader, position int64) (out []views.Event, _ error) {
	for len(out) < mostMirrored {
		list, err := log.Events(ctx, views.Page{After: CursorAtNumber(position), Limit: views.MaxPage})
		if err != nil {
			return nil, err
		}
		out = append(out, list.Items...)
		if len(list.Items) < views.MaxPage {
			break
		}
		position = out[len(out)-1].Position
	}
	return out, nil
}
