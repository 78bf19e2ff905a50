package postgres_test

import (
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"

	"allot/internal/adapters/postgres"
	"allot/internal/domain"
	"allot/internal/pgserver"
)

// started is a server of a test's own.
func started(t *testing.T, start func() (*pgserver.Server, error)) *pgserver.Server {
	t.Helper()
	running(t) // or there can be none
	s, err := start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Remove(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Of a server and its standby, the one that can be written to is used, and the
// other one when that has changed. With synchronous replication nothing is lost
// that was acknowledged.
func TestAStandbyThatIsPromotedIsGoneOnWith(t *testing.T) {
	primary := started(t, func() (*pgserver.Server, error) { return pgserver.New(t.Context()) })
	standby := started(t, func() (*pgserver.Server, error) { return primary.Standby(t.Context()) })
	ask(t, primary.URL("postgres"), `ALTER SYSTEM SET synchronous_standby_names = '*'`)
	ask(t, primary.URL("postgres"), `SELECT pg_reload_conf()`)
	awaitReplication(t, primary.URL("postgres"))

	both := strings.Replace(primary.URL("postgres"), primary.Addr(), standby.Addr()+","+primary.Addr(), 1)
	s := opened(t, both)
	defer s.Close()
	bus := newBus(s, 8)
	send(t, bus, domain.CreateBatch{Ref: "b1", SKU: "CHAIR", Qty: 1000})

	const clients, each = 4, 40
	var all, begun sync.WaitGroup
	begun.Add(clients)
	for c := range clients {
		all.Go(func() {
			for i := range each {
				if err := insist(bus, domain.Allocate{OrderID: fmt.Sprintf("o-%d-%d", c, i), SKU: "CHAIR", Qty: 1}); err != nil {
					t.Error(err)
				}
				if i == each/4 {
					begun.Done()
				}
			}
		})
	}
	begun.Wait()
	if err := primary.Stop(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	ask(t, standby.URL("postgres"), `SELECT pg_promote()`)
	all.Wait()
	batch, err := s.Batch(t.Context(), "b1")
	if err != nil || batch.Lines != clients*each {
		t.Errorf("%d lines are there, of %d that were acknowledged (%v)", batch.Lines, clients*each, err)
	}
	verified(t, s)
}

// awaitReplication returns when a standby follows and commits wait for it.
func awaitReplication(t *testing.T, url string) {
	t.Helper()
	for follows := false; !follows; {
		ask(t, url, `SELECT count(*) > 0 FROM pg_stat_replication WHERE sync_state = 'sync'`, &follows)
	}
}

// A server that has been made read-only is left for one that isn't, while we run.
func TestAServerThatOnlyReadsByNowIsLeft(t *testing.T) {
	url := database(t)
	other := started(t, func() (*pgserver.Server, error) { return pgserver.New(t.Context()) })
	var name string
	ask(t, url, `SELECT current_database()`, &name)
	ask(t, other.URL("postgres"), `CREATE DATABASE `+name)
	opened(t, other.URL(name)).Close()
	s := opened(t, strings.Replace(url, running(t).Addr(), running(t).Addr()+","+other.Addr(), 1)+"&target_session_attrs=read-write")
	defer s.Close()
	bus := newBus(s, 8)
	send(t, bus, domain.CreateBatch{Ref: "here", SKU: "CHAIR", Qty: 1})
	ask(t, url, `ALTER DATABASE `+name+` SET default_transaction_read_only = on`)
	ask(t, url, `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	s.AwaitBroken(t)

	if err := insist(bus, domain.CreateBatch{Ref: "there", SKU: "CHAIR", Qty: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Batch(t.Context(), "there"); err != nil {
		t.Errorf("it is not on the server that can be written to: %v", err)
	}
	if _, err := s.Batch(t.Context(), "here"); err == nil {
		t.Error("what was on the server that only reads is still read")
	}
}

func TestTLSIsVerifiedWhenThatIsAskedFor(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	server := started(t, func() (*pgserver.Server, error) { return pgserver.New(t.Context()) })
	certificate, key := ours.issue(t)
	settings := []string{"ssl=on"}
	for name, content := range map[string][]byte{"ssl_cert_file": certificate, "ssl_key_file": key} {
		path, err := server.Put(name, content)
		if err != nil {
			t.Fatal(err)
		}
		settings = append(settings, name+"="+path)
	}
	if err := server.Stop(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := server.Start(t.Context(), settings...); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what, host string
		authority  *authority
		says       string // if it is refused
	}{
		{"the right authority", "127.0.0.1", ours, ""},
		{"a wrong authority", "127.0.0.1", theirs, "unknown authority"},
		{"another host's certificate", "localhost", ours, "certificate"},
	} {
		url := strings.Replace(server.URL("postgres"), "sslmode=disable", "sslmode=verify-full&sslrootcert="+c.authority.file, 1)
		s, err := postgres.Open(t.Context(), strings.Replace(url, "127.0.0.1", c.host, 1), postgres.Options{})
		if c.says != "" {
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: got %v, want a refusal that speaks of %q", c.what, err, c.says)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		defer s.Close()
		send(t, newBus(s, 1), domain.CreateBatch{Ref: "b1", SKU: "CHAIR", Qty: 9})
		var plain int
		ask(t, url, `SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name LIKE 'allot %' AND NOT ssl`, &plain)
		if plain > 0 {
			t.Errorf("%s: %d connections are not encrypted", c.what, plain)
		}
	}
	plain := strings.Replace(database(t), "sslmode=disable", "sslmode=require", 1)
	if s, err := postgres.Open(t.Context(), plain, postgres.Options{}); err == nil {
		s.Close()
		t.Error("a server without TLS was accepted where it is required")
	}
}
