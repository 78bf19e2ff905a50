package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"allot/internal/access"
)

var _ access.Tokens = (*Store)(nil)

const (
	tokenColumns = `name, hash, scopes, created, expires, revoked`
	insertToken  = `INSERT INTO tokens (` + tokenColumns + `) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (name) WHERE revoked IS NULL DO NOTHING`
	revokeToken  = `UPDATE tokens SET revoked = $2 WHERE name = $1 AND revoked IS NULL RETURNING ` + tokenColumns
	selectTokens = `SELECT ` + tokenColumns + ` FROM tokens ORDER BY id`
)

// AddToken implements access.Tokens.
func (s *Store) AddToken(ctx context.Context, t access.Token) error {
	scopes := append([]access.Scope{}, t.Scopes...)
	done, err := s.writes.Exec(ctx, insertToken, t.Name, t.Hash[:], scopes, t.Created, orNull(t.Expires), orNull(t.Revoked))
	if err != nil {
		return s.shed(classify(fmt.Errorf("add a token: %w", err)))
	}
	if done.RowsAffected() == 0 {
		return access.ErrNameInUse
	}
	return nil
}

// RevokeToken implements access.Tokens.
func (s *Store) RevokeToken(ctx context.Context, name string, at time.Time) (access.Token, error) {
	t, err := one(ctx, s.writes, scanToken, revokeToken, name, at)
	if errors.Is(err, pgx.ErrNoRows) {
		return t, access.ErrNoToken
	}
	if err != nil {
		return t, s.shed(fmt.Errorf("revoke a token: %w", err))
	}
	return t, nil
}

// Tokens implements access.Tokens.
func (s *Store) Tokens(ctx context.Context) ([]access.Token, error) {
	all, err := query(ctx, s.reads, scanToken, selectTokens)
	if err != nil {
		return nil, fmt.Errorf("read tokens: %w", err)
	}
	return all, nil
}

// scanToken scans a row of tokenColumns.
func scanToken(scan func(...any) error) (t access.Token, err error) {
	var hash []byte
	var expires, revoked *time.Time
	err = scan(&t.Name, &hash, &t.Scopes, &t.Created, &expires, &revoked)
	copy(t.Hash[:], hash)
	t.Created, t.Expires, t.Revoked = t.Created.UTC(), orZero(expires), orZero(revoked)
	return t, err
}

// orNull is a time as the tables have it; NULL if it is none.
func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// orZero is the inverse of orNull.
func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}
