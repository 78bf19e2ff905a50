package sqlite_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"allot/internal/adapters/sqlite"
	"allot/internal/adapters/storetest"
)

// empty is a database without anything in it. Copies of it spare the suite a
// thousand migrations.
var empty = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "allot-empty-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "allot.db")
	s, err := sqlite.Open(context.Background(), file, "test")
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
})

func open(t *testing.T) storetest.Store {
	t.Helper()
	body, err := empty()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "allot.db")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(t.Context(), file, "test")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStore(t *testing.T) { storetest.Run(t, open) }

func TestSoakStore(t *testing.T) { storetest.Soak(t, open) }

func TestViews(t *testing.T) { storetest.Views(t, open) }
