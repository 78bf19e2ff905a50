package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"sync"
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
}

// way is a way out of the log.
type way struct {
	name      string
	drain     func(context.Context) error // takes out all there is by now
	mostPause time.Duration               // while it is held up
	wake      chan struct{}
}

// The pace of deliveries.
const (
	// MostAttempts is how often an event is tried before it is parked.
	MostAttempts = 25

	firstPause = time.Second
	mostPause  = 15 * time.Minute
	poll       = time.Second // how soon what is due is looked for
	mostAtOnce = 256         // events read at a time
)

// NewRelay returns a relay that has not started.
func NewRelay(store Store, log *slog.Logger, now func() time.Time) *Relay {
	return &Relay{store: store, log: log, now: now}
}

// Forward has deliver take each event that sub wants to the outside. An event
// that fails is tried again later, and the next one is not kept waiting by it;
// after MostAttempts it is parked.
func (r *Relay) Forward(sub Subscription, deliver Deliverer) {
	s := &subscriber{sub, deliver}
	r.add(sub.Name, mostPause, func(ctx context.Context) error { return r.drain(ctx, s) })
}

func (r *Relay) add(name string, mostPause time.Duration, drain func(context.Context) error) {
	r.ways = append(r.ways, &way{name, drain, mostPause, make(chan struct{}, 1)})
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
		pause, wake := poll, w.wake
		if err := w.drain(ctx); err == nil {
			failed = 0
		} else if ctx.Err() == nil {
			failed++
			pause, wake = min(backOff(failed), w.mostPause), nil // every commit would be too often
			level := slog.LevelWarn
			if errors.Is(err, ErrForeign) { // it will not pass by itself
				level = slog.LevelError
			}
			r.log.Log(ctx, level, "deliveries are held up", "subscription", w.name, "err", err, "again_in", pause.Round(time.Millisecond))
		}
		select {
		case <-ctx.Done():
		case <-wake:
		case <-time.After(pause):
		}
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
		if err := r.retry(ctx, s); err != nil || n == 0 {
			return err
		}
	}
}

// deliverAll delivers events one after the other. Those that fail are put off.
func (r *Relay) deliverAll(ctx context.Context, s *subscriber, events []Envelope) (done int, _ error) {
	for i, e := range events {
		if err := r.attempt(ctx, s, Failure{Subscription: s.Name, Event: e}); err != nil {
			return i, err
		}
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
	case err == nil && f.Attempts == 0:
		return nil
	case err == nil:
		return r.store.Delivered(ctx, s.Name, f.Event.Position)
	case errors.Is(err, ErrUnreachable) || ctx.Err() != nil:
		return err
	}
	f.Attempts++
	f.Error = err.Error()
	f.Next = r.now().Add(backOff(f.Attempts)).UTC().Truncate(time.Microsecond)
	if f.Parked = f.Attempts >= MostAttempts; f.Parked {
		r.log.ErrorContext(ctx, "event is parked", "subscription", s.Name, "position", f.Event.Position, "attempts", f.Attempts, "err", err)
	}
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
