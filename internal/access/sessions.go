package access

import (
	"context"
	"sync"
	"time"
)

// Sessions let people who showed a token once in for a while without showing it
// again. They are kept in memory, by the hash of their secret: whoever reads
// memory learns no secret, and after a restart everybody shows their token
// again. A session opens what its token opens, as long as that does. Sessions
// may be used by many at once.
type Sessions struct {
	tokens *Registry
	now    func() time.Time

	mu   sync.Mutex
	open map[Hash]session
}

type session struct {
	token Hash
	ends  time.Time
}

const (
	// SessionAge is how long a session lasts: a working day.
	SessionAge = 12 * time.Hour

	// mostSessions is how many there are at most. The one that ends first makes
	// room for another.
	mostSessions = 10_000
)

// NewSessions returns sessions of those who show tokens. now is asked for the
// time.
func NewSessions(tokens *Registry, now func() time.Time) *Sessions {
	return &Sessions{tokens: tokens, now: now, open: map[Hash]session{}}
}

// Begin begins a session of whoever shows the secret of a token, and returns the
// secret of the session. It refuses what Registry.Caller refuses.
func (s *Sessions) Begin(ctx context.Context, token string) (secret string, _ Caller, _ error) {
	c, err := s.tokens.Caller(ctx, token)
	if err != nil {
		return "", Caller{}, err
	}
	secret = NewSecret()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.open) >= mostSessions {
		s.tidy()
	}
	s.open[HashOf(secret)] = session{HashOf(token), s.now().Add(SessionAge)}
	return secret, c, nil
}

// tidy makes room: it forgets the sessions that have ended, or else the one that
// ends first.
func (s *Sessions) tidy() {
	now := s.now()
	var first Hash
	for h, one := range s.open {
		if !now.Before(one.ends) {
			delete(s.open, h)
		} else if begun, ok := s.open[first]; !ok || one.ends.Before(begun.ends) {
			first = h
		}
	}
	if len(s.open) >= mostSessions {
		delete(s.open, first)
	}
}

// Caller returns whose session it is, or says why it opens nothing.
func (s *Sessions) Caller(ctx context.Context, secret string) (Caller, error) {
	h := HashOf(secret)
	s.mu.Lock()
	one, ok := s.open[h]
	s.mu.Unlock()
	if !ok || !s.now().Before(one.ends) {
		return Caller{}, unauthorized("the session has ended", "sign in again")
	}
	return s.tokens.holder(ctx, one.token)
}

// End ends a session, if there is one.
func (s *Sessions) End(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, HashOf(secret))
}
