package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"time"

	"allot/internal/access"
)

var _ access.Tokens = (*Store)(nil)

const tokenColumns = `name, hash, scopes, created, expires, revoked`

// AddToken implements access.Tokens.
func (s *Store) AddToken(_ context.Context, t access.Token) error {
	return s.aside(func(c *conn) error {
		_, err := tokenInUse(c, t.Name)
		if err == nil {
			return access.ErrNameInUse
		}
		if !errors.Is(err, access.ErrNoToken) {
			return err
		}
		_, err = c.write(statement{head: `INSERT INTO tokens (` + tokenColumns + `) VALUES `, row: `(?, ?, ?, ?, ?, ?)`},
			t.Name, t.Hash[:], joined(t.Scopes), t.Created.UnixMicro(), orNull(t.Expires), orNull(t.Revoked))
		return err
	})
}

// RevokeToken implements access.Tokens.
func (s *Store) RevokeToken(_ context.Context, name string, at time.Time) (t access.Token, err error) {
	err = s.aside(func(c *conn) error {
		if t, err = tokenInUse(c, name); err != nil {
			return err
		}
		t.Revoked = at
		_, err = c.write(statement{head: `UPDATE tokens SET revoked = `, row: `? WHERE hash = ?`}, at.UnixMicro(), t.Hash[:])
		return err
	})
	return t, err
}

// aside runs fn in a transaction of its own, which leaves the shop alone.
func (s *Store) aside(fn func(*conn) error) error {
	if s.writer == nil {
		return errReadOnly
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return classify(s.inTx(func() error { return fn(s.writer) }))
}

// Tokens implements access.Tokens.
func (s *Store) Tokens(ctx context.Context) (all []access.Token, _ error) {
	err := s.snapshot(ctx, func(c *conn) error {
		return readTokens(c, func(t access.Token) { all = append(all, t) }, `ORDER BY id`)
	})
	return all, classify(err)
}

func tokenInUse(c *conn, name string) (found access.Token, _ error) {
	err := readTokens(c, func(t access.Token) { found = t }, `WHERE name = ? AND revoked IS NULL`, name)
	if err == nil && found.Name == "" {
		err = access.ErrNoToken
	}
	return found, err
}

// readTokens calls each with the tokens that the rest of a query finds.
func readTokens(c *conn, each func(access.Token), rest string, args ...driver.Value) error {
	for v, err := range c.scan(`SELECT `+tokenColumns+` FROM tokens `+rest, args...) {
		if err != nil {
			return fmt.Errorf("read tokens: %w", err)
		}
		t := access.Token{Name: v[0].(string), Created: micros(v[3]), Expires: micros(v[4]), Revoked: micros(v[5])}
		copy(t.Hash[:], v[1].([]byte))
		for scope := range strings.FieldsSeq(v[2].(string)) {
			t.Scopes = append(t.Scopes, access.Scope(scope))
		}
		each(t)
	}
	return nil
}

func joined(scopes []access.Scope) string {
	var names []string
	for _, s := range scopes {
		names = append(names, string(s))
	}
	return strings.Join(names, " ")
}

// orNull is a time as the tables have it; NULL if it is none.
func orNull(t time.Time) driver.Value {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// micros is the inverse of orNull.
func micros(v driver.Value) time.Time {
	if v == nil {
		return time.Time{}
	}
	return time.UnixMicro(v.(int64)).UTC()
}
