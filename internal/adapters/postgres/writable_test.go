package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"allot/internal/service"
)

func TestAServerThatTakesNoWritesIsNotWritable(t *testing.T) {
	url := database(t)
	s := opened(t, url)
	defer s.Close()
	if err := s.Writable(t.Context()); err != nil {
		t.Fatalf("at first: %v", err)
	}
	admin, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(context.Background()) // a test's context has ended by then
	say := func(how string) {
		t.Helper()
		for _, q := range []string{
			`ALTER DATABASE ` + pgx.Identifier{admin.Config().Database}.Sanitize() + how,
			`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
		} {
			if _, err := admin.Exec(t.Context(), q); err != nil {
				t.Fatal(err)
			}
		}
	}
	say(` SET default_transaction_read_only = on`)
	for range 2 { // the first one may find only that connections have ended
		if err := s.Writable(t.Context()); !errors.Is(err, service.ErrStorage) {
			t.Errorf("it is read-only, and Writable says %v", err)
		}
	}
	if _, err := admin.Exec(t.Context(), `SET default_transaction_read_only = off`); err != nil { // for this connection
		t.Fatal(err)
	}
	say(` RESET default_transaction_read_only`)
	for err = s.Writable(t.Context()); err != nil && t.Context().Err() == nil; {
		err = s.Writable(t.Context())
	}
}

func TestTroubleIsOverWhenWritingWorks(t *testing.T) {
	s := opened(t, database(t))
	defer s.Close()
	full := fmt.Errorf("commit: %w", service.ErrStorageFull)
	if err := s.InTx(t.Context(), func(context.Context, service.Tx) error { return full }); !errors.Is(err, full) {
		t.Fatal(err)
	}
	if err := s.Writable(t.Context()); err != nil { // it tries
		t.Errorf("writing works, and it says %v", err)
	}
}
