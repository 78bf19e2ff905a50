package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// Relay takes committed events to subscribers outside of the database, at least
// once each. Every subscription has a position and a pace of its own: one that
// is slow or broken holds no other up, and never a command.
type Relay struct {
	store Store
	log   *slog.Logger
	now   func() time.Time
	ways  []*way
}

// Deliverer takes one event to the outside. An error means that it has to be
// taken there again; ErrUnreachable, that the event can't be blamed for it.
type Deliverer func(ctx context.Context, e Envelope) error

type subscriber struct {
	Subscription
	deliver Deliverer
	refused bool // the last event that was tried failed
	*reach
}

// way is a way out of the log.
type way struct {
	*reach
	name      string
	drain     func(context.Context) error // takes out all there is by now
	mostPause time.Duration               // while it is held up
	breath    time.Duration               // the least time between two looks into the log
	wake      chan struct{}
}

// reach is how far a way has come.
type reach struct {
	position atomic.Int64 // of the last event that it is done with
	behind   atomic.Int64 // when the oldest event happened that it is not done with, in Unix microseconds; 0: it is done
	failed   atomic.Int64 // attempts
	parked   atomic.Int64 // events
	trouble  atomic.Value // string: why it is held up; empty if it is not
}

// isAt says that an event of that time is the next one.
func (r *reach) isAt(at time.Time) { r.behind.Store(at.UnixMicro()) }

// has says that all is done up to a position.
func (r *reach) has(position int64) { r.position.Store(position) }

// isStuck says that it can't be told which event is the next one, if that was
// so before: as far as anybody knows, it is as old as that.
func (r *reach) isStuck(since time.Time) { r.behind.CompareAndSwap(0, since.UnixMicro()) }

// isThrough says that there is nothing more by now.
func (r *reach) isThrough() { r.behind.Store(0) }

// The pace of deliveries.
const (
	// MostAttempts is how often an event is tried before it is parked.
	MostAttempts = 25

	firstPause = time.Second
	mostPause  = 15 * time.Minute
	poll       = time.Second // how soon what is due is looked for
	mostAtOnce = 256         // events read at a time

	// breath is the least time between two looks into the log: commits that
	// come close together are looked for once. Looking for each of them took a
	// tenth of all CPU under load.
	breath = 50 * time.Millisecond
)

// NewRelay returns a relay that has not started.
func NewRelay(store Store, log *slog.Logger, now func() time.Time) *Relay {
	return &Relay{store: store, log: log, now: now}
}

// Forward has deliver take each event that sub wants to the outside. An event
// that fails is tried again later, and the next one is not kept waiting by it;
// after MostAttempts it is parked.
func (r *Relay) Forward(sub Subscription, deliver Deliverer) {
	s := &subscriber{Subscription: sub, deliver: deliver, reach: &reach{}}
	r.add(sub.Name, s.reach, mostPause, func(ctx context.Context) error { return r.drain(ctx, s) })
}

func (r *Relay) add(name string, reach *reach, mostPause time.Duration, drain func(context.Context) error) {
	r.ways = append(r.ways, &way{reach, name, drain, mostPause, breath, make(chan struct{}, 1)})
}

// Progress is how far a way out of the log has come, in this process.
type Progress struct {
	Subscription string
	Position     int64     // of the last event that was taken out or put off; 0 if none was
	Behind       time.Time // when the oldest event happened that it is at, or stuck at; zero if it is through
	Failed       int64     // attempts that failed
	Parked       int64     // events that it parked
	Trouble      string    // why it is held up; empty if it is not
}

// Progress returns how far each way has come.
func (r *Relay) Progress() (out []Progress) {
	for _, w := range r.ways {
		p := Progress{Subscription: w.name, Position: w.position.Load(), Failed: w.failed.Load(), Parked: w.parked.Load()}
		if at := w.behind.Load(); at != 0 {
			p.Behind = time.UnixMicro(at).UTC()
		}
		p.Trouble, _ = w.trouble.Load().(string)
		out = append(out, p)
	}
	return out
}

// Wake says that events were committed.
func (r *Relay) Wake() {
	for _, w := range r.ways {
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

// Run delivers events until ctx ends, and returns when all deliveries have
// stopped.
func (r *Relay) Run(ctx context.Context) {
	var all sync.WaitGroup
	for _, w := range r.ways {
		all.Go(func() { r.serve(ctx, w) })
	}
	all.Wait()
}

func (r *Relay) serve(ctx context.Context, w *way) {
	for failed := 0; ctx.Err() == nil; {
		pause, wake, looked := poll, w.wake, time.Now()
		if err := w.drain(ctx); err == nil {
			if failed > 0 {
				r.log.InfoContext(ctx, "deliveries go on", "subscription", w.name)
			}
			failed = 0
			w.trouble.Store("")
		} else if ctx.Err() == nil {
			failed++
			w.failed.Add(1)
			w.trouble.Store(err.Error())
			pause, wake = min(backOff(failed), w.mostPause), nil // every commit would be too often
			level := slog.LevelWarn
			if errors.Is(err, ErrForeign) || errors.Is(err, ErrForeignModel) { // it will not pass by itself
				level = slog.LevelError
				w.isStuck(r.now())
			}
			r.log.Log(ctx, level, "deliveries are held up", "subscription", w.name, "err", err, "again_in", pause.Round(time.Millisecond).String())
		}
		select {
		case <-ctx.Done():
		case <-wake:
			rest(ctx, time.Until(looked.Add(w.breath)))
		case <-time.After(pause):
		}
	}
}

// rest waits so long, unless ctx ends before.
func rest(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// Drain delivers all there is to deliver by now, in every subscription.
func (r *Relay) Drain(ctx context.Context) error {
	var errs []error
	for _, w := range r.ways {
		errs = append(errs, w.drain(ctx))
	}
	return errors.Join(errs...)
}

func (r *Relay) drain(ctx context.Context, s *subscriber) error {
	for {
		n, err := r.store.Deliver(ctx, s.Subscription, mostAtOnce, func(ctx context.Context, events []Envelope) (int, error) {
			return r.deliverAll(ctx, s, events)
		})
		if err != nil {
			return fmt.Errorf("deliver to %s: %w", s.Name, err)
		}
		if n < mostAtOnce { // those were all
			s.isThrough()
		}
		if err := r.retry(ctx, s); err != nil || n < mostAtOnce {
			return err
		}
	}
}

// deliverAll delivers events one after the other. Those that fail are put off.
func (r *Relay) deliverAll(ctx context.Context, s *subscriber, events []Envelope) (done int, _ error) {
	for i, e := range events {
		s.isAt(e.At)
		if err := r.attempt(ctx, s, Failure{Subscription: s.Name, Event: e}); err != nil {
			return i, err
		}
		s.has(e.Position)
	}
	return len(events), nil
}

// retry delivers what failed before and is due.
func (r *Relay) retry(ctx context.Context, s *subscriber) error {
	for {
		due, err := r.store.Due(ctx, s.Name, r.now(), mostAtOnce)
		if err != nil {
			return fmt.Errorf("look for what is due to %s: %w", s.Name, err)
		}
		for _, f := range due {
			if err := r.attempt(ctx, s, f); err != nil {
				return err
			}
		}
		if len(due) < mostAtOnce { // those were all: what failed again is not due yet
			return nil
		}
	}
}

// attempt delivers an event, whose failures so far are f, or puts it off. It
// fails if the other side can't be reached, or the store.
func (r *Relay) attempt(ctx context.Context, s *subscriber, f Failure) error {
	err := s.try(ctx, f.Event)
	switch {
	case err == nil && f.Next.IsZero(): // it was never put off
		s.refused = false
		return nil
	case err == nil:
		s.refused = false
		return r.store.Delivered(ctx, s.Name, f.Event.Position)
	case errors.Is(err, ErrUnreachable) || ctx.Err() != nil:
		return err
	}
	if later, ok := errors.AsType[*NotYetError](err); ok {
		f.Error, f.Next = err.Error(), later.Until
		return r.store.Postpone(ctx, f)
	}
	f.Attempts++
	s.failed.Add(1)
	f.Error = err.Error()
	f.Next = r.now().Add(backOff(f.Attempts)).UTC().Truncate(time.Microsecond)
	if f.Parked = f.Attempts >= MostAttempts; f.Parked {
		s.parked.Add(1)
		r.log.ErrorContext(ctx, "event is parked", "subscription", s.Name, "position", f.Event.Position, "attempts", f.Attempts, "err", err)
	} else if f.Attempts == 1 && !s.refused { // not for each of many
		r.log.WarnContext(ctx, "event failed, and is tried again", "subscription", s.Name, "position", f.Event.Position, "err", err)
	}
	s.refused = true
	return r.store.Postpone(ctx, f)
}

func (s *subscriber) try(ctx context.Context, e Envelope) (err error) {
	defer func() {
		if p := recover(); p != nil { // it is one event's delivery that failed, not the program
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return s.deliver(ctx, e)
}

// backOff returns the pause after so many failures: doubled each time, up to
// mostPause, and between half of that and all of it, so that not everybody
// comes back at once.
func backOff(failures int) time.Duration {
	pause := mostPause
	if doublings := failures - 1; doublings < 10 {
		pause = min(firstPause<<doublings, mostPause)
	}
	return pause/2 + rand.N(pause/2)
}
