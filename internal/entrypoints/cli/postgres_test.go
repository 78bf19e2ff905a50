package cli_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"allot/internal/bootstrap"
	"allot/internal/entrypoints/wire"
	"allot/internal/pgserver"
	"allot/internal/views"
)

// postgres is the URL of a PostgreSQL of the test's own.
func postgres(t *testing.T, settings ...string) string {
	t.Helper()
	server, err := pgserver.New(context.Background(), settings...)
	if errors.Is(err, pgserver.ErrMissing) && os.Getenv("ALLOT_TEST_REQUIRE") != "all" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Remove(); err != nil {
			t.Error(err)
		}
	})
	return server.URL("postgres")
}

func TestServersShareOneShopOnPostgreSQL(t *testing.T) {
	s := newShell(t)
	url := postgres(t)
	s.must(t, "batch add batch-1 SMALL-TABLE 20")
	s.must(t, "allocate order-1 SMALL-TABLE 5")
	s.must(t, "db copy --from sqlite:allot-data/allot.db --to "+url)

	one, other := start(t, "serve", "--db", url), start(t, "serve", "--db", url)
	for _, request := range []struct{ url, body, want string }{
		{other.url + "/allocations/order-1", "", `200  [{"batchref":"batch-1","sku":"SMALL-TABLE"}]` + "\n"},
		{one.url + "/allocate", `{"orderid":"order-2","sku":"SMALL-TABLE","qty":15}`, "202 allocated OK"},
		{other.url + "/allocate", `{"orderid":"order-2","sku":"SMALL-TABLE","qty":15}`, "202 replayed OK"},
		{other.url + "/allocate", `{"orderid":"order-3","sku":"SMALL-TABLE","qty":1}`, "202 out_of_stock OK"},
		{one.url + "/add_batch", `{"ref":"batch-2","sku":"SMALL-TABLE","qty":1,"eta":null}`, "201  OK"},
		{other.url + "/allocate", `{"orderid":"order-3","sku":"SMALL-TABLE","qty":1}`, "202 allocated OK"},
		{one.url + "/allocations/order-3", "", `200  [{"batchref":"batch-2","sku":"SMALL-TABLE"}]` + "\n"},
	} {
		if got := try(t, request.url, request.body); got != request.want {
			t.Errorf("%s %s: got %q, want %q", request.url, request.body, got, request.want)
		}
	}
	if err := one.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if got := try(t, other.url+"/allocations/order-2", ""); !strings.HasPrefix(got, "200") {
		t.Errorf("when the other server is gone: %s", got)
	}
	s.must(t, "verify --db "+url)
	s.must(t, "db check --db "+url)
	if told := s.must(t, "doctor --addr 127.0.0.1:0 --db "+url); !strings.Contains(told, "keeps what it acknowledges") || !strings.Contains(told, "deliveries\tok") || strings.Contains(told, "messages\t") {
		t.Errorf("the doctor says\n%s", told)
	}
	app, err := bootstrap.Open(t.Context(), url, "a test", bootstrap.Options{})
	if err != nil {
		t.Fatal(err)
	}
	refused := views.ParkedMessage{ID: "allocate/1", Body: "five", Attempts: 1, Error: "the JSON is wrong", At: time.Now().UTC().Truncate(time.Microsecond)}
	if err := errors.Join(app.Store.Park(t.Context(), refused), app.Close()); err != nil {
		t.Fatal(err)
	}
	if told := s.must(t, "doctor --addr 127.0.0.1:0 --db "+url); !strings.Contains(told, "messages\twarn\tthere are some") {
		t.Errorf("of a message that could not be done the doctor says\n%s", told)
	}
	s.fails(t, "events tail --db "+url, wire.ExitUsage, "any number may use it", "hint: name one of its servers with --server")
	s.must(t, "db stats --db "+url)
}

func TestAServerSaysThatItsDatabaseMayLoseWhatWasAcknowledged(t *testing.T) {
	s := newShell(t)
	url := postgres(t, "fsync=off")
	s.must(t, "db migrate --db "+url)
	s.fails(t, "doctor --addr 127.0.0.1:0 --db "+url, wire.ExitFailed, "1 check failed")
	s.fails(t, "product list --db "+url, wire.ExitFailed, "fsync is off", "--allow-loss")
	p := start(t, "serve", "--db", url, "--allow-loss")
	const want = `200  {"status":"alive","unsafe":"fsync is off"}` + "\n"
	if got := try(t, p.url+"/healthz", ""); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
