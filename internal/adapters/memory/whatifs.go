package memory

import (
	"context"
	"slices"
	"time"

	"allot/internal/service"
	"allot/internal/views"
)

// SaveWhatIf implements service.WhatIfStore.
func (s *Store) SaveWhatIf(_ context.Context, w service.SavedWhatIf, forget time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := slices.DeleteFunc(s.world.whatIfs, func(w service.SavedWhatIf) bool { return w.At.Before(forget) })
	s.world.whatIfs = append(kept, w)
	return nil
}

// SavedWhatIf implements service.WhatIfStore.
func (s *Store) SavedWhatIf(_ context.Context, id string) (service.SavedWhatIf, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, w := range s.world.whatIfs {
		if w.ID == id {
			return w, nil
		}
	}
	return service.SavedWhatIf{}, views.ErrNotFound
}

// SavedWhatIfs implements service.WhatIfStore.
func (s *Store) SavedWhatIfs(context.Context) ([]service.SavedWhatIf, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.SortedStableFunc(slices.Values(s.world.whatIfs), func(a, b service.SavedWhatIf) int { return a.At.Compare(b.At) }), nil
}
