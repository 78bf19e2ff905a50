package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Clear empties a store, as if it had just been created.
func (s *Store) Clear(ctx context.Context) error {
	s.leases.mu.Lock()
	s.leases.byName = map[string]*lease{}
	s.leases.mu.Unlock()
	_, err := s.writes.Exec(ctx, `UPDATE log_end SET position = 0; DELETE FROM failures; DELETE FROM subscriptions; DELETE FROM lines; DELETE FROM events; DELETE FROM commits;
		DELETE FROM batch_refs; DELETE FROM batches; DELETE FROM products`, pgx.QueryExecModeSimpleProtocol)
	return err
}

// Die ends a store as the end of its process would: nobody is told, and its
// leases run on.
func (s *Store) Die() {
	s.stopSequencer()
	s.leases.stop()
	<-s.leases.done
	s.closePools()
}

// StopRenewing has the leases run out, as if the process hung.
func (s *Store) StopRenewing() {
	s.leases.stop()
	<-s.leases.done
}

// RenewNow tries to renew the leases.
func (s *Store) RenewNow() { s.renewAll(context.Background()) }
