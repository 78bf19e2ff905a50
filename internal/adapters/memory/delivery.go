package memory

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"allot/internal/service"
)

// Deliver implements service.Store.
func (s *Store) Deliver(ctx context.Context, sub service.Subscription, limit int, fn func(context.Context, []service.Envelope) (int, error)) (int, error) {
	alone, _ := s.delivering.LoadOrStore(sub.Name, new(sync.Mutex))
	alone.(*sync.Mutex).Lock()
	defer alone.(*sync.Mutex).Unlock()

	s.begin(sub)
	events := s.undelivered(sub, limit)
	if len(events) == 0 {
		return 0, nil
	}
	done, err := fn(ctx, events)
	if done > 0 {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.world.positions[sub.Name] = events[done-1].Position
	}
	return done, err
}

// begin gives a subscription its first position.
func (s *Store) begin(sub service.Subscription) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.world.positions[sub.Name]; !known && sub.FromNow {
		s.world.positions[sub.Name] = int64(len(s.world.log))
	}
}

func (s *Store) undelivered(sub service.Subscription, limit int) (out []service.Envelope) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, e := range s.world.log[s.world.positions[sub.Name]:] {
		if len(out) == limit {
			break
		}
		if sub.Wants(e) {
			out = append(out, e)
		}
	}
	return out
}

// Postpone implements service.Store.
func (s *Store) Postpone(_ context.Context, f service.Failure) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.Event = s.world.log[f.Event.Position-1] // the log knows it, whoever asks for it
	s.world.failures[failed{f.Subscription, f.Event.Position}] = f
	return nil
}

// Due implements service.Store.
func (s *Store) Due(_ context.Context, subscription string, now time.Time, limit int) ([]service.Failure, error) {
	due := s.failures(func(f service.Failure) bool {
		return f.Subscription == subscription && !f.Parked && !f.Next.After(now)
	})
	return due[:min(len(due), limit)], nil
}

// failures returns those that keep picks, the longest due first.
func (s *Store) failures(keep func(service.Failure) bool) (out []service.Failure) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, f := range s.world.failures {
		if keep(f) {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b service.Failure) int {
		return cmp.Or(a.Next.Compare(b.Next), cmp.Compare(a.Event.Position, b.Event.Position))
	})
	return out
}

// Delivered implements service.Store.
func (s *Store) Delivered(_ context.Context, subscription string, position int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.world.failures, failed{subscription, position})
	return nil
}
