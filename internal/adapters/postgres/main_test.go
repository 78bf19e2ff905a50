package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"allot/internal/adapters/postgres"
	"allot/internal/adapters/storetest"
	"allot/internal/pgserver"
)

// server is a PostgreSQL for the tests of this package, or why there is none.
var server struct {
	*pgserver.Server
	err error
}

func TestMain(m *testing.M) {
	if url := os.Getenv(replicaVariable); url != "" {
		beReplica(url)
		return
	}
	server.Server, server.err = pgserver.New(context.Background(), "max_connections=300")
	code := m.Run()
	closeSpares()
	if server.Server != nil {
		if err := server.Remove(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// running returns the server, or skips the test if there can be none here.
func running(t *testing.T) *pgserver.Server {
	t.Helper()
	if errors.Is(server.err, pgserver.ErrMissing) && os.Getenv("ALLOT_TEST_REQUIRE") != "all" {
		t.Skip(server.err)
	}
	if server.err != nil {
		t.Fatal(server.err)
	}
	return server.Server
}

// database creates a database that nobody else uses and returns its URL.
func database(t *testing.T) string {
	t.Helper()
	admin, err := pgx.Connect(t.Context(), running(t).URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(context.Background())
	databases.Lock()
	databases.n++
	name := fmt.Sprint("test_", databases.n)
	databases.Unlock()
	if _, err := admin.Exec(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	return server.URL(name)
}

var databases struct {
	sync.Mutex
	n int
}

// spares are stores that are done with. To empty one takes a hundredth of the
// time that it takes to make another.
var spares struct {
	sync.Mutex
	stores []*postgres.Store
}

// spare is a store that is kept when it is closed.
type spare struct {
	*postgres.Store
	keep sync.Once
}

func (s *spare) Close() error {
	s.keep.Do(func() {
		spares.Lock()
		defer spares.Unlock()
		spares.stores = append(spares.stores, s.Store)
	})
	return nil
}

func closeSpares() {
	for _, s := range spares.stores {
		_ = s.Close() // the server goes next
	}
}

// empty returns a store without anything in it.
func empty(t *testing.T) storetest.Store {
	t.Helper()
	s := &spare{Store: unused(t)}
	t.Cleanup(func() { _ = s.Close() }) // for tests that don't
	return s
}

func unused(t *testing.T) *postgres.Store {
	t.Helper()
	running(t)
	spares.Lock()
	n := len(spares.stores)
	if n == 0 {
		spares.Unlock()
		return opened(t, database(t))
	}
	s := spares.stores[n-1]
	spares.stores = spares.stores[:n-1]
	spares.Unlock()
	if err := s.Clear(context.Background()); err != nil {
		t.Fatal(err)
	}
	return s
}

// opened opens a database. Whoever does so closes it.
func opened(t *testing.T, url string) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(context.Background(), url, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
