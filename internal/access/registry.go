package access

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"allot/internal/domain"
)

// Codes of refusals. They are part of the wire format: never reuse or change one.
const (
	CodeUnauthorized  = "unauthorized"
	CodeForbidden     = "forbidden"
	CodeTokenConflict = "token_conflict"
	CodeUnknownToken  = "unknown_token"
)

// Registry issues tokens, revokes them, and tells whose a secret is. It may be
// used by many at once.
type Registry struct {
	tokens Tokens
	now    func() time.Time

	known   atomic.Pointer[known]
	reading sync.Mutex // held while known is replaced
}

// known is what was in the store at some time.
type known struct {
	at     time.Time
	byHash map[Hash]Token
}

// MaxAge is how long a registry goes by what it has read: a token that somebody
// else issued or revoked is known that much later.
const MaxAge = 500 * time.Millisecond

// NewRegistry returns a registry of the tokens in a store. now is asked for the
// time.
func NewRegistry(tokens Tokens, now func() time.Time) *Registry {
	return &Registry{tokens: tokens, now: now}
}

// Issue keeps a token with the name, scopes and expiry of t, and returns it
// with its secret, which nobody can find out later.
func (r *Registry) Issue(ctx context.Context, t Token) (_ Token, secret string, _ error) {
	t, err := r.prepare(t)
	if err != nil {
		return Token{}, "", err
	}
	secret = NewSecret()
	t.Hash = HashOf(secret)
	err = r.tokens.AddToken(ctx, t)
	if errors.Is(err, ErrNameInUse) {
		return Token{}, "", nameInUse(t.Name)
	}
	if err != nil {
		return Token{}, "", fmt.Errorf("keep token %q: %w", t.Name, err)
	}
	r.forget()
	return t, secret, nil
}

// PreviewIssue returns what Issue would, but for the secret, and keeps nothing.
func (r *Registry) PreviewIssue(ctx context.Context, t Token) (Token, error) {
	t, err := r.prepare(t)
	if err != nil {
		return Token{}, err
	}
	_, err = r.inUse(ctx, t.Name)
	if err == nil {
		return Token{}, nameInUse(t.Name)
	}
	if !errors.Is(err, ErrNoToken) {
		return Token{}, err
	}
	return t, nil
}

// prepare is a new token that can be right.
func (r *Registry) prepare(t Token) (Token, error) {
	now := r.now()
	if err := t.Validate(now); err != nil {
		return Token{}, err
	}
	t.Created, t.Revoked = stored(now), time.Time{}
	if !t.Expires.IsZero() {
		t.Expires = stored(t.Expires)
	}
	return t, nil
}

func nameInUse(name string) error {
	return &domain.Error{Kind: domain.Conflict, Code: CodeTokenConflict, Field: "name",
		Message: fmt.Sprintf("there is a token %q already", name), Hint: "choose another name, or revoke that one first"}
}

// inUse is the token of that name which isn't revoked, or ErrNoToken.
func (r *Registry) inUse(ctx context.Context, name string) (Token, error) {
	all, err := r.tokens.Tokens(ctx)
	if err != nil {
		return Token{}, fmt.Errorf("read the tokens: %w", err)
	}
	for _, t := range all {
		if t.Name == name && t.Revoked.IsZero() {
			return t, nil
		}
	}
	return Token{}, ErrNoToken
}

// stored is a time as stores keep it.
func stored(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// Revoke makes the token of that name open nothing any more, and returns it.
func (r *Registry) Revoke(ctx context.Context, name string) (Token, error) {
	t, err := r.tokens.RevokeToken(ctx, name, stored(r.now()))
	if err != nil {
		return Token{}, notRevoked(name, err)
	}
	r.forget()
	return t, nil
}

// PreviewRevoke returns what Revoke would, and changes nothing.
func (r *Registry) PreviewRevoke(ctx context.Context, name string) (Token, error) {
	t, err := r.inUse(ctx, name)
	if err != nil {
		return Token{}, notRevoked(name, err)
	}
	t.Revoked = stored(r.now())
	return t, nil
}

func notRevoked(name string, err error) error {
	if errors.Is(err, ErrNoToken) {
		return &domain.Error{Kind: domain.NotFound, Code: CodeUnknownToken, Field: "name",
			Message: fmt.Sprintf("no token %q is in use", name), Hint: "allot token list shows those that there are"}
	}
	return fmt.Errorf("revoke token %q: %w", name, err)
}

// List returns all tokens, the oldest first.
func (r *Registry) List(ctx context.Context) ([]Token, error) { return r.tokens.Tokens(ctx) }

// Caller returns whose a secret is, or says why it opens nothing.
//
// Secrets are looked up by their hash. How long that takes tells something of
// hashes at most, and nobody can make a secret with a hash of their choice.
func (r *Registry) Caller(ctx context.Context, secret string) (Caller, error) {
	return r.holder(ctx, HashOf(secret))
}

// holder returns whose the secret with a hash is.
func (r *Registry) holder(ctx context.Context, h Hash) (Caller, error) {
	k, err := r.read(ctx)
	if err != nil {
		return Caller{}, err
	}
	t, ok := k.byHash[h]
	switch {
	case !ok:
		return Caller{}, unauthorized("the token is not known", "look whether all of it was sent; allot token create makes a new one")
	case !t.Revoked.IsZero():
		return Caller{}, unauthorized(fmt.Sprintf("the token %q was revoked", t.Name), "use another one; allot token create makes one")
	case t.expired(r.now()):
		return Caller{}, unauthorized(fmt.Sprintf("the token %q expired on %s", t.Name, t.Expires.Format(time.RFC3339)),
			"use another one; allot token create makes one")
	}
	return Caller{Actor: t.Name, Token: t.Name, Scopes: t.Scopes}, nil
}

// read returns what is in the store, or was a moment ago.
func (r *Registry) read(ctx context.Context) (*known, error) {
	if k := r.known.Load(); k.fresh(r.now()) {
		return k, nil
	}
	r.reading.Lock()
	defer r.reading.Unlock()
	before := r.known.Load()
	k := &known{at: r.now(), byHash: map[Hash]Token{}}
	if before.fresh(k.at) { // somebody else has read it meanwhile
		return before, nil
	}
	tokens, err := r.tokens.Tokens(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the tokens: %w", err)
	}
	for _, t := range tokens {
		k.byHash[t.Hash] = t
	}
	r.known.Store(k)
	return k, nil
}

// forget has the store read again, after what is being read now.
func (r *Registry) forget() {
	r.reading.Lock()
	defer r.reading.Unlock()
	r.known.Store(nil)
}

func (k *known) fresh(now time.Time) bool { return k != nil && now.Sub(k.at) < MaxAge }

// NoToken is the refusal of somebody who shows no token where one is needed.
func NoToken() error {
	return unauthorized("a token is needed, and none was sent", "send it as Authorization: Bearer TOKEN; allot token create makes one")
}

// MayNot is the refusal of a caller who lacks a scope.
func MayNot(c Caller, lacking Scope) error {
	return &domain.Error{Kind: domain.Invalid, Code: CodeForbidden,
		Message: fmt.Sprintf("the token %q lacks the scope %s", c.Token, lacking),
		Hint:    "use a token that has it; allot token create makes one"}
}

func unauthorized(message, hint string) error {
	return &domain.Error{Kind: domain.Invalid, Code: CodeUnauthorized, Message: message, Hint: hint}
}
