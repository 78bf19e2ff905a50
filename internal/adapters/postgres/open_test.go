package postgres_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"allot/internal/adapters/postgres"
	"allot/internal/domain"
	"allot/internal/views"
)

func TestPlansSearchAndNeverScan(t *testing.T) {
	s := opened(t, database(t))
	defer s.Close()
	s.CheckPlans(t)
}

func TestPlansOfAnEmptyShopSearch(t *testing.T) {
	s := opened(t, database(t)+"&plan_cache_mode=force_generic_plan")
	defer s.Close()
	s.CheckFirstPlans(t)
}

// ask runs SQL on a database, as its owner.
func ask(t *testing.T, url, sql string, into ...any) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if len(into) > 0 {
		err = conn.QueryRow(t.Context(), sql).Scan(into...)
	} else {
		_, err = conn.Exec(t.Context(), sql)
	}
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func TestAServerThatMayLoseWhatItAcknowledgedIsRefused(t *testing.T) {
	for name, setting := range map[string]struct{ off, on string }{
		"synchronous_commit": {`ALTER DATABASE NAME SET synchronous_commit = off`, `ALTER DATABASE NAME RESET synchronous_commit`},
		"fsync":              {`ALTER SYSTEM SET fsync = off`, `ALTER SYSTEM RESET fsync`},
	} {
		t.Run(name, func(t *testing.T) {
			url := database(t)
			var db string
			ask(t, url, `SELECT current_database()`, &db)
			set := func(sql string) {
				ask(t, url, strings.Replace(sql, "NAME", db, 1))
				ask(t, url, `SELECT pg_reload_conf()`)
			}
			defer set(setting.on)
			set(setting.off)
			awaitSetting(t, url, name, "off")

			if s, err := postgres.Open(t.Context(), url, postgres.Options{}); err == nil || !strings.Contains(err.Error(), name+" is off") {
				t.Errorf("opened %v, error %v; want it to be refused for %s", s, err, name)
			}
			s, err := postgres.Open(t.Context(), url, postgres.Options{AllowLoss: true})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if !strings.Contains(s.Unsafe(), name) {
				t.Errorf("it says %q, and not that %s is off", s.Unsafe(), name)
			}
		})
	}
}

// awaitSetting returns when new connections have a setting.
func awaitSetting(t *testing.T, url, name, want string) {
	t.Helper()
	for got := ""; got != want; {
		ask(t, url, `SELECT current_setting('`+name+`')`, &got)
	}
}

func TestManyProcessesMayMigrateAtOnce(t *testing.T) {
	url := database(t)
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			s, err := postgres.Open(context.Background(), url, postgres.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			s.Close()
		})
	}
	all.Wait()
}

func TestADatabaseOfANewerProgramIsRefused(t *testing.T) {
	url := database(t)
	opened(t, url).Close()
	ask(t, url, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, true)`)
	for name, open := range map[string]func(context.Context, string, postgres.Options) (*postgres.Store, error){
		"for writing": postgres.Open, "for reading": postgres.OpenCurrent,
	} {
		if _, err := open(t.Context(), url, postgres.Options{}); err == nil || !strings.Contains(err.Error(), "99") {
			t.Errorf("opening %s gave %v; want a refusal that names version 99", name, err)
		}
	}
}

// A database that has all migrations but one gets that one.
func TestAMigrationThatIsMissingIsMadeUpFor(t *testing.T) {
	url := database(t)
	opened(t, url).Close()
	ask(t, url, `DELETE FROM goose_db_version WHERE version_id = 4`)
	ask(t, url, `DROP TABLE inbox, inbox_latest, parked_messages`)
	if _, err := postgres.OpenCurrent(t.Context(), url, postgres.Options{}); err == nil || !strings.Contains(err.Error(), "allot db migrate") {
		t.Errorf("who would read got error %v", err)
	}
	if h, err := postgres.Check(t.Context(), url); err != nil || len(h.Faults) != 1 {
		t.Errorf("a check says %+v, %v", h, err)
	}
	s := opened(t, url)
	defer s.Close()
	if list, err := s.ParkedMessages(t.Context(), views.Page{}); err != nil || len(list.Items) > 0 {
		t.Errorf("then there are %+v, %v", list, err)
	}
}

func TestAnEmptyDatabaseIsNotReadable(t *testing.T) {
	if _, err := postgres.OpenCurrent(t.Context(), database(t), postgres.Options{}); err == nil || !strings.Contains(err.Error(), "allot db migrate") {
		t.Errorf("opening gave %v; want a refusal that names allot db migrate", err)
	}
}

func TestConnectionsHaveTheirLimits(t *testing.T) {
	s := opened(t, database(t)+"&statement_timeout=1234")
	defer s.Close()
	for name, want := range map[string]string{
		"lock_timeout": "2s", "statement_timeout": "1234ms", "idle_in_transaction_session_timeout": "10s",
		"synchronous_commit": "on", "default_transaction_isolation": "read committed",
	} {
		for pool, got := range s.Settings(t, name) {
			if got != want {
				t.Errorf("%s of who %s is %s, want %s", name, pool, got, want)
			}
		}
	}
}

// A server that is none any more, or that only reads, is passed over.
func TestOfSeveralServersTheOneThatWritesIsTaken(t *testing.T) {
	url := database(t)
	several := strings.Replace(url, "@", "@127.0.0.1:1,", 1)
	s := opened(t, several)
	defer s.Close()
	send(t, newBus(s, 1), domain.CreateBatch{Ref: "b1", SKU: "CHAIR", Qty: 9})
	verified(t, s)
}

func TestAPoolReplacesConnectionsThatBreak(t *testing.T) {
	url := database(t)
	s := opened(t, url)
	defer s.Close()
	bus := newBus(s, 1)
	send(t, bus, domain.CreateBatch{Ref: "b1", SKU: "CHAIR", Qty: 9})
	for range 3 {
		ask(t, url, `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
		s.AwaitBroken(t)
		send(t, bus, domain.Allocate{OrderID: "o-1", SKU: "CHAIR", Qty: 9})
	}
	verified(t, s)
}

func TestUpdatesOfStockTouchNoIndex(t *testing.T) {
	url := database(t)
	s := opened(t, url)
	defer s.Close()
	all := []*replica{{Store: s, bus: newBus(s, 16)}}
	skus := []string{"HOT", "WARM"}
	for _, sku := range skus {
		send(t, all[0].bus, domain.CreateBatch{Ref: "of " + sku, SKU: sku, Qty: 100_000})
	}
	sellEverywhere(t, all, 16, 100, 0, skus...)
	for _, table := range []string{"products", "batches"} {
		updates, hot := s.Updates(t, table)
		if updates < 100 || float64(hot) < 0.95*float64(updates) {
			t.Errorf("of %d updates of %s, %d touched no index", updates, table, hot)
		}
	}
}
