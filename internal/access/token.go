package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"allot/internal/domain"
)

// Token lets whoever knows its secret do what its scopes say, in its name. The
// secret itself is kept nowhere.
type Token struct {
	Name    string // who uses it; no two that aren't revoked have the same
	Hash    Hash
	Scopes  []Scope
	Created time.Time // to the microsecond, in UTC, as the times below
	Expires time.Time // zero: never
	Revoked time.Time // zero: it isn't
}

// Usable reports whether a token opens anything at a time.
func (t Token) Usable(now time.Time) bool { return t.Revoked.IsZero() && !t.expired(now) }

func (t Token) expired(now time.Time) bool { return !t.Expires.IsZero() && !now.Before(t.Expires) }

// MaxName is how long the name of a token may be, in bytes.
const MaxName = 64

// Validate refuses a token whose name, scopes or expiry can't be right.
func (t Token) Validate(now time.Time) error {
	switch {
	case t.Name == "" || len(t.Name) > MaxName || strings.ContainsFunc(t.Name, isOdd):
		return invalid("name", "choose for example till or web-shop",
			"%q can't be the name of a token; it takes 1 to %d letters, digits and any of . _ -", t.Name, MaxName)
	case len(t.Scopes) == 0:
		return invalid("scopes", "give at least one of "+scopeNames(), "a token without scopes opens nothing")
	case t.expired(now):
		return invalid("expires", "choose a time to come, or leave it out",
			"expires is %s, which has passed", t.Expires.UTC().Format(time.RFC3339))
	}
	for _, s := range t.Scopes {
		if !slices.Contains(Scopes, s) {
			return invalid("scopes", "there are "+scopeNames(), "%q is no scope", s)
		}
	}
	return nil
}

func isOdd(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r))
}

func scopeNames() string {
	var names []string
	for _, s := range Scopes {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}

func invalid(field, hint, format string, args ...any) error {
	return &domain.Error{Kind: domain.Invalid, Code: domain.CodeValidationFailed, Field: field, Hint: hint, Message: fmt.Sprintf(format, args...)}
}

// Hash is the SHA-256 of a secret. A secret is random and long: nothing slower
// is needed to keep it from being guessed.
type Hash [sha256.Size]byte

// HashOf returns the hash of a secret.
func HashOf(secret string) Hash { return sha256.Sum256([]byte(secret)) }

// prefix is what secrets begin with, so that people and scanners of source code
// recognise one that lies where it shouldn't.
const prefix = "allot_"

// NewSecret returns a secret that nobody can guess: 32 random bytes in text
// that needs no quotes.
func NewSecret() string {
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails
	return prefix + base64.RawURLEncoding.EncodeToString(random[:])
}

// Tokens is where tokens are kept. Package storetest says what implementing it
// means.
type Tokens interface {
	// AddToken keeps a new token. It returns ErrNameInUse if another one that
	// isn't revoked has its name.
	AddToken(ctx context.Context, t Token) error

	// RevokeToken marks the token of that name as revoked, unless it is, and
	// returns it. It returns ErrNoToken if there is none to revoke.
	RevokeToken(ctx context.Context, name string, at time.Time) (Token, error)

	// Tokens returns all tokens, those that open nothing any more included, the
	// oldest first.
	Tokens(ctx context.Context) ([]Token, error)
}

var (
	// ErrNameInUse says that a token has the name already.
	ErrNameInUse = errors.New("a token of this name is in use")

	// ErrNoToken says that no token that could be revoked has the name.
	ErrNoToken = errors.New("no token of this name is in use")
)
