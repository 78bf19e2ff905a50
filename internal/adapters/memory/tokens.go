package memory

import (
	"context"
	"slices"
	"sync"
	"time"

	"allot/internal/access"
)

var _ access.Tokens = (*Store)(nil)

type tokens struct {
	mu  sync.Mutex
	all []access.Token
}

// AddToken implements access.Tokens.
func (s *Store) AddToken(_ context.Context, t access.Token) error {
	s.tokens.mu.Lock()
	defer s.tokens.mu.Unlock()
	if s.tokens.inUse(t.Name) >= 0 {
		return access.ErrNameInUse
	}
	t.Scopes = slices.Clone(t.Scopes)
	s.tokens.all = append(s.tokens.all, t)
	return nil
}

// RevokeToken implements access.Tokens.
func (s *Store) RevokeToken(_ context.Context, name string, at time.Time) (access.Token, error) {
	s.tokens.mu.Lock()
	defer s.tokens.mu.Unlock()
	i := s.tokens.inUse(name)
	if i < 0 {
		return access.Token{}, access.ErrNoToken
	}
	s.tokens.all[i].Revoked = at
	return s.tokens.all[i], nil
}

// Tokens implements access.Tokens.
func (s *Store) Tokens(context.Context) ([]access.Token, error) {
	s.tokens.mu.Lock()
	defer s.tokens.mu.Unlock()
	return slices.Clone(s.tokens.all), nil
}

// inUse is the index of the token that has the name and isn't revoked; -1 if
// there is none.
func (t *tokens) inUse(name string) int {
	return slices.IndexFunc(t.all, func(t access.Token) bool { return t.Name == name && t.Revoked.IsZero() })
}
