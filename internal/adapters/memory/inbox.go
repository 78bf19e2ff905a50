package memory

import (
	"context"
	"fmt"
	"slices"

	"allot/internal/service"
	"allot/internal/views"
)

// Receipts are kept for ever: nothing here lives long enough to forget.

func (w *world) receive(r service.Receipt) {
	w.received[r.ID] = true
	for _, subject := range r.Subjects {
		w.latest[subject] = r.Place
	}
}

// known is what there is to know of messages.
func (w *world) known(receipts []service.Receipt) (received []string, latest map[string]string) {
	latest = map[string]string{}
	for _, r := range receipts {
		if w.received[r.ID] {
			received = append(received, r.ID)
		}
		for _, subject := range r.Subjects {
			if place, ok := w.latest[subject]; ok {
				latest[subject] = place
			}
		}
	}
	return received, latest
}

// Park implements service.Store.
func (s *Store) Park(_ context.Context, messages ...views.ParkedMessage) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range messages {
		if s.world.received[m.ID] {
			continue
		}
		s.world.received[m.ID] = true
		s.world.lastParked++
		m.Number = s.world.lastParked
		s.world.parked = append(s.world.parked, m)
	}
	return nil
}

// Discard implements service.Store.
func (s *Store) Discard(_ context.Context, number int64) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.world.parked, func(m views.ParkedMessage) bool { return m.Number == number })
	if i < 0 {
		return fmt.Errorf("discard message %d: %w", number, views.ErrNotFound)
	}
	delete(s.world.received, s.world.parked[i].ID)
	s.world.parked = slices.Delete(slices.Clone(s.world.parked), i, i+1)
	return nil
}

// ParkedMessages implements views.Reader.
func (s *Store) ParkedMessages(_ context.Context, page views.Page) (views.List[views.ParkedMessage], error) {
	after, err := service.AfterNumber(page)
	if err != nil {
		return views.List[views.ParkedMessage]{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	rest := s.world.parked
	for len(rest) > 0 && rest[0].Number <= after {
		rest = rest[1:]
	}
	return views.NewList(rest, page.Size(), service.CursorAtParked), nil
}
