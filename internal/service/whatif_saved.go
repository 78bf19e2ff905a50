package service

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"allot/internal/domain"
	"allot/internal/views"
)

// WhatIfLife is how long a what-if is kept that was saved.
const WhatIfLife = 90 * 24 * time.Hour

// MaxSavedWhatIf is how long the changes of a what-if may be that is saved, in
// bytes, all of them together.
const MaxSavedWhatIf = 64 << 10

// SavedWhatIf is changes that somebody thought of, kept for others to look at.
// What they would do is not kept: whoever looks has them tried again.
type SavedWhatIf struct {
	ID      string
	At      time.Time // when it was saved, to the microsecond, in UTC
	Actor   string    // who saved it
	Plan    string    // what the changes would have done then
	Changes string    // one a line, as whoever saved them writes commands
}

// Until is when it is forgotten.
func (s SavedWhatIf) Until() time.Time { return s.At.Add(WhatIfLife) }

// WhatIfStore keeps what-ifs. They are no part of the log of events.
type WhatIfStore interface {
	// SaveWhatIf keeps a what-if, and forgets those that were saved before a
	// time.
	SaveWhatIf(ctx context.Context, s SavedWhatIf, forget time.Time) error

	// SavedWhatIf returns the what-if with an id. If there is none it returns
	// views.ErrNotFound.
	SavedWhatIf(ctx context.Context, id string) (SavedWhatIf, error)

	// SavedWhatIfs returns all there are, the oldest first.
	SavedWhatIfs(ctx context.Context) ([]SavedWhatIf, error)
}

// WhatIfs saves what-ifs, under ids that nobody can guess, and finds them again.
type WhatIfs struct {
	store WhatIfStore
	now   func() time.Time
	newID func() string
}

// NewWhatIfs returns the what-ifs in a store. newID makes ids as NewWhatIfID
// does.
func NewWhatIfs(store WhatIfStore, now func() time.Time, newID func() string) *WhatIfs {
	return &WhatIfs{store, now, newID}
}

// whatIfID is how long an id is. Each of its characters is one of 32.
const whatIfID = 16

// NewWhatIfID returns an id with 80 bits of chance in it.
func NewWhatIfID() string { return strings.ToLower(rand.Text()[:whatIfID]) }

// Save tries commands and keeps them, as they are written, if none is refused.
// It returns what they would do as well. The error of a command that would be
// refused is a *Refusal.
func (w *WhatIfs) Save(ctx context.Context, b *Bus, commands []domain.Message, written string) (SavedWhatIf, Difference, error) {
	if len(written) > MaxSavedWhatIf {
		return SavedWhatIf{}, Difference{}, &domain.Error{Kind: domain.Invalid, Code: domain.CodeValidationFailed, Field: "changes",
			Message: fmt.Sprintf("the changes have %d bytes; a what-if that is saved may have %d", len(written), MaxSavedWhatIf), Hint: "save some of them, or try them without saving"}
	}
	foreseen, err := WhatIf(ctx, b, commands)
	if err != nil {
		return SavedWhatIf{}, Difference{}, err
	}
	s := SavedWhatIf{ID: w.newID(), At: micros(w.now()), Actor: commands[0].CameFrom().Actor, Plan: foreseen.Plan(), Changes: written}
	if err := w.store.SaveWhatIf(ctx, s, s.At.Add(-WhatIfLife)); err != nil {
		return SavedWhatIf{}, Difference{}, fmt.Errorf("save a what-if: %w", err)
	}
	return s, foreseen, nil
}

// Find returns the what-if with an id, unless its time is up. If there is none
// it returns views.ErrNotFound.
func (w *WhatIfs) Find(ctx context.Context, id string) (SavedWhatIf, error) {
	if len(id) != whatIfID || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz234567") != "" {
		return SavedWhatIf{}, fmt.Errorf("what-if %q: %w", id, views.ErrNotFound)
	}
	s, err := w.store.SavedWhatIf(ctx, id)
	if err == nil && w.now().After(s.Until()) {
		err = views.ErrNotFound
	}
	if err != nil {
		return SavedWhatIf{}, fmt.Errorf("what-if %q: %w", id, err)
	}
	return s, nil
}
