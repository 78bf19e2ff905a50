package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"allot/internal/service"
)

// trouble is that of the last transaction, if it is some that others would meet
// as well.
type trouble struct {
	mu   sync.Mutex
	last error // nil: it went well
}

func (t *trouble) note(err error) {
	if err != nil && !errors.Is(err, service.ErrStorage) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = err
}

func (t *trouble) get() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last
}

// Writable returns the trouble that keeps commands from being written, nil if
// there is none. After trouble it tries to write, so that it is over as soon as
// it can be, whether commands come or not.
func (s *Store) Writable(ctx context.Context) error {
	try := s.tryToWrite
	if s.trouble.get() == nil {
		try = s.askWhetherPrimary
	}
	if err := try(ctx); err != nil {
		return s.shed(classify(fmt.Errorf("try to write: %w", err)))
	}
	s.trouble.note(nil)
	return nil
}

func (s *Store) askWhetherPrimary(ctx context.Context) error {
	readOnly := false
	err := s.writes.QueryRow(ctx, `SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool`).Scan(&readOnly)
	if err == nil && readOnly {
		err = fmt.Errorf("%w: the server takes no writes: it is a standby, or was told so", service.ErrStorageReadOnly)
	}
	return err
}

// tryToWrite takes some pages of the database's disk and of its log, and gives
// them back.
func (s *Store) tryToWrite(ctx context.Context) error {
	tx, err := s.writes.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(ctx) }() // after a commit there is nothing to undo
	if _, err := tx.Exec(ctx, `CREATE TEMPORARY TABLE allot_probe ON COMMIT DROP AS SELECT repeat('x', 1000) FROM generate_series(1, 100)`); err != nil {
		return err
	}
	return tx.Commit(ctx)
}
