package postgres

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Clear empties a store, as if it had just been created.
func (s *Store) Clear(ctx context.Context) error {
	s.leases.mu.Lock()
	s.leases.byName = map[string]*lease{}
	s.leases.mu.Unlock()
	s.guesses, s.stocks.bySKU = guesses{}, nil
	_, err := s.writes.Exec(ctx, `UPDATE log_end SET position = 0; DELETE FROM failures; DELETE FROM subscriptions; DELETE FROM lines; DELETE FROM line_events; DELETE FROM events; DELETE FROM commits;
		DELETE FROM answers; DELETE FROM tokens; DELETE FROM what_ifs; DELETE FROM mail_entries; DELETE FROM mails; ALTER SEQUENCE mails_id_seq RESTART; DELETE FROM webhooks; ALTER SEQUENCE webhooks_id_seq RESTART;
		DELETE FROM inbox; DELETE FROM inbox_latest; DELETE FROM parked_messages; DELETE FROM batch_refs; DELETE FROM batches; DELETE FROM products`, pgx.QueryExecModeSimpleProtocol)
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

// Settings is the value of a setting on the connections of each pool.
func (s *Store) Settings(t *testing.T, name string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for what, pool := range map[string]*pgxpool.Pool{"reads": s.reads, "writes": s.writes} {
		var value string
		if err := pool.QueryRow(t.Context(), `SELECT current_setting($1)`, name).Scan(&value); err != nil {
			t.Fatal(err)
		}
		out[what] = value
	}
	return out
}

// AwaitBroken returns when no connection of the pools answers any more.
func (s *Store) AwaitBroken(t *testing.T) {
	t.Helper()
	for _, pool := range []*pgxpool.Pool{s.reads, s.writes} {
		for _, conn := range pool.AcquireAllIdle(t.Context()) {
			for conn.Ping(t.Context()) == nil {
			}
			conn.Release()
		}
	}
}

// Updates are how many updates of a table there were, and how many of them
// touched no index.
func (s *Store) Updates(t *testing.T, table string) (all, hot int64) {
	t.Helper()
	for _, conn := range s.writes.AcquireAllIdle(t.Context()) {
		if _, err := conn.Exec(t.Context(), `SELECT pg_stat_force_next_flush()`); err != nil {
			t.Fatal(err)
		}
		conn.Release()
	}
	const q = `SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = $1`
	if err := s.reads.QueryRow(t.Context(), q, table).Scan(&all, &hot); err != nil {
		t.Fatal(err)
	}
	return all, hot
}

// MayGuess reports whether the next transaction about a product, of which the
// caller knows a version, would not ask first.
func (s *Store) MayGuess(sku string, version int64) bool {
	s.guesses.mu.Lock()
	defer s.guesses.mu.Unlock()
	return s.guesses.ahead != nil && s.guesses.first.wait == 0 && s.guesses.versions[sku] == version
}

// AskFirst has the next transactions ask before they write.
func (s *Store) AskFirst() {
	s.guesses.mu.Lock()
	defer s.guesses.mu.Unlock()
	s.guesses.first.wait = mostPause
}

// HasGuessedLaterWrong reports whether lines of a locked product were taken for
// new that weren't.
func (s *Store) HasGuessedLaterWrong() bool {
	s.guesses.mu.Lock()
	defer s.guesses.mu.Unlock()
	return s.guesses.later.pause > 0
}
