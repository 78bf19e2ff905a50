package storetest

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"allot/internal/access"
)

// issued is a token that was made when the shop opened.
func issued(name string, scopes ...access.Scope) access.Token {
	return access.Token{Name: name, Hash: access.HashOf(name), Scopes: scopes, Created: opened}
}

var tokenRules = []rule{
	{"is kept as it is", func(t *testing.T, s Store) {
		expiring := issued("till", access.Scopes...)
		expiring.Expires = opened.Add(time.Hour + time.Microsecond)
		lasting := issued("web-shop", access.Allocate)
		addTokens(t, s, expiring, lasting)
		equal(t, "the list", tokensOf(t, s), []access.Token{expiring, lasting})
	}},
	{"that is revoked stays in the list", func(t *testing.T, s Store) {
		till, shop := issued("till", access.Read), issued("web-shop", access.Allocate)
		addTokens(t, s, till, shop)
		till.Revoked = opened.Add(time.Minute)
		got, err := s.RevokeToken(t.Context(), "till", till.Revoked)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "what was revoked", got, till)
		equal(t, "the list", tokensOf(t, s), []access.Token{till, shop})
	}},
	{"has its name to itself until it is revoked", func(t *testing.T, s Store) {
		addTokens(t, s, issued("till", access.Read))
		again := issued("till", access.Stock)
		again.Hash = access.HashOf("another")
		if err := s.AddToken(t.Context(), again); !errors.Is(err, access.ErrNameInUse) {
			t.Errorf("got %v, want ErrNameInUse", err)
		}
		if _, err := s.RevokeToken(t.Context(), "till", opened); err != nil {
			t.Fatal(err)
		}
		addTokens(t, s, again)
		if got, err := s.RevokeToken(t.Context(), "till", opened); err != nil || got.Hash != again.Hash {
			t.Errorf("%v was revoked, and not the one in use: %v", got, err)
		}
	}},
	{"is revoked once", func(t *testing.T, s Store) {
		addTokens(t, s, issued("till", access.Read))
		for _, want := range []error{nil, access.ErrNoToken} {
			if _, err := s.RevokeToken(t.Context(), "till", opened); !errors.Is(err, want) {
				t.Errorf("got %v, want %v", err, want)
			}
		}
		if _, err := s.RevokeToken(t.Context(), "nobody", opened); !errors.Is(err, access.ErrNoToken) {
			t.Errorf("got %v, want ErrNoToken", err)
		}
	}},
	{"is added by one of many who try", func(t *testing.T, s Store) {
		var added atomic.Int64
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				token := issued("till", access.Read)
				token.Hash = access.HashOf(access.NewSecret())
				err := s.AddToken(t.Context(), token)
				if err == nil {
					added.Add(1)
				} else if !errors.Is(err, access.ErrNameInUse) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := added.Load(); n != 1 || len(tokensOf(t, s)) != 1 {
			t.Errorf("%d were added", n)
		}
	}},
	{"keeps nobody from working", func(t *testing.T, s Store) {
		do(t, s, batch("b1", "LAMP", 10))
		addTokens(t, s, issued("till", access.Read))
		do(t, s, order("o1", "LAMP", 3))
		if _, err := s.RevokeToken(t.Context(), "till", opened); err != nil {
			t.Fatal(err)
		}
		do(t, s, order("o2", "LAMP", 3))
	}},
}

func addTokens(t *testing.T, s access.Tokens, tokens ...access.Token) {
	t.Helper()
	for _, token := range tokens {
		if err := s.AddToken(t.Context(), token); err != nil {
			t.Fatal(err)
		}
	}
}

func tokensOf(t *testing.T, s access.Tokens) []access.Token {
	t.Helper()
	tokens, err := s.Tokens(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}
