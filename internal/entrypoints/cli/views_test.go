package cli_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"allot/internal/entrypoints/wire"
	"allot/internal/redistest"
)

// A shop that was set up anew, or restored from a backup, finds the Redis of
// another log: it leaves that alone, and whoever looks is told.
func TestARedisOfAnotherLogIsToldAndLeftAlone(t *testing.T) {
	s := newShell(t)
	s.now = time.Now()
	server := redistest.Start(t)
	flag, redis := withRedis(t, server)
	s.must(t, "batch add batch-1 LAMP 10 --data other")
	s.must(t, "batch add batch-2 LAMP 10 --data other")
	other := s.serve(t, "serve --addr 127.0.0.1:0 --redis-availability --data other"+flag)
	soon(t, "the other shop is in Redis", func() bool {
		return redis.XLen(t.Context(), "allot:events").Val() == 2 && redis.HGet(t.Context(), "allot:availability", "complete").Val() == "1"
	})
	other.stop()

	s.must(t, "batch add batch-9 LAMP 7")
	redis.XAdd(t.Context(), &goredis.XAddArgs{Stream: "allot:commands", Values: []string{"command", `{"op":"allocate","order_id":"order-1","sku":"LAMP","qty":1}`}})
	ours := s.serve(t, "serve --addr 127.0.0.1:0 --redis-availability"+flag)
	metrics := func() string { return try(t, ours.url+"/metrics", "") }
	soon(t, "the metrics say that both are stuck", func() bool {
		text := metrics()
		return !strings.Contains(text, `allot_relay_lag_seconds{subscription="redis-stream"} 0`+"\n") && !strings.Contains(text, `allot_relay_lag_seconds{subscription="redis-availability"} 0`+"\n")
	})
	if page := page(t, ours.url+"/deliveries"); !strings.Contains(page, "Held up") || !strings.Contains(page, "not of this log") {
		t.Error("the page of deliveries doesn't say that they are held up, and why: " + page)
	}
	s.fails(t, "views show LAMP CHAIR"+flag, wire.ExitConflict, "of another log", "hint: allot views rebuild")
	if out := s.must(t, "views show --output csv"+flag); !strings.Contains(out, "foreign,2,,") {
		t.Errorf("it says %s, want that nobody can tell how far it is behind", out)
	}
	found, exit := s.examine(t, flag)
	if found["redis"].Status != "fail" || found["read model"].Status != "fail" || exit != wire.ExitFailed {
		t.Errorf("exit %d; the doctor says %+v and %+v", exit, found["redis"], found["read model"])
	}
	s.fails(t, "order show order-1", wire.ExitNotFound, "order-1")

	redis.Del(t.Context(), "allot:events")
	s.must(t, "views rebuild --yes"+flag)
	soon(t, "what was sent is done once the Redis is ours", func() bool { return s.run(t, "order show order-1").exit == wire.ExitDone })
	if out := s.must(t, "views show LAMP LAMP"+flag); !strings.Contains(out, "LAMP\t7\t") {
		t.Errorf("readers see %s", out)
	}
	server.Kill()
	s.fails(t, "views show"+flag, wire.ExitUnavailable, "Redis can't be reached: ", "hint: look whether it runs")
	s.fails(t, "views rebuild"+flag, wire.ExitUnavailable, "Redis can't be reached")
}

// A Redis that answers, and can't be used, is told apart from one that doesn't.
func TestARedisThatCantBeUsedIsToldWithTheNextStep(t *testing.T) {
	s := newShell(t)
	s.must(t, "batch add batch-1 LAMP 10")
	server := redistest.Start(t)
	flag, redis := withRedis(t, server)
	s.must(t, "views rebuild"+flag)
	s.fails(t, "views show LAMP CHAIR"+flag, wire.ExitNotFound, `there is no product "CHAIR" in Redis`, "hint: allot views show")
	if r := s.run(t, "views show LAMP CHAIR"+flag); !strings.Contains(r.out, "LAMP\t10") {
		t.Errorf("it shows %q of what is there", r.out)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	says := func(status, detail, next string) {
		t.Helper()
		found, _ := s.examine(t, flag)
		if f := found["redis"]; f.Status != status || !strings.Contains(f.Detail, detail) || !strings.Contains(f.Next, next) {
			t.Errorf("the doctor says %+v, want %s, %q and %q", f, status, detail, next)
		}
	}
	says("ok", "it answers", "")
	must(redis.ConfigSet(t.Context(), "maxmemory-policy", "allkeys-lru").Err())
	says("ok", "it answers", "") // it has no limit
	must(redis.ConfigSet(t.Context(), "maxmemory", "1gb").Err())
	says("warn", "it takes keys away when its memory is full (allkeys-lru)", "noeviction")
	must(redis.Set(t.Context(), "allot:commands", "mine", 0).Err())
	says("fail", "under a name of ours: WRONGTYPE", "a database of its own")
	must(redis.ConfigSet(t.Context(), "requirepass", "geheim").Err())
	for _, c := range []string{"views show", "views rebuild --yes", "views rebuild --dry-run"} {
		s.fails(t, c+flag, wire.ExitUnavailable, "error: Redis wants a password: NOAUTH", "hint: put it into --redis-url")
	}
	says("fail", "it wants a password: NOAUTH", "put it into --redis-url")
	if _, exit := s.examine(t, flag); exit != wire.ExitFailed {
		t.Errorf("the doctor finds a failure, and exits with %d", exit)
	}
}

func TestAServerKeepsAvailabilityInRedis(t *testing.T) {
	s := newShell(t)
	server := redistest.Start(t)
	flag, redis := withRedis(t, server)
	s.must(t, "batch add batch-1 LAMP 10")
	s.fails(t, "views show", wire.ExitUsage, "no Redis is set")
	s.must(t, "views show"+flag)
	running := s.serve(t, "serve --addr 127.0.0.1:0 --redis-availability"+flag)
	available := func(want string) func() bool {
		return func() bool { return redis.HGet(t.Context(), "allot:availability:LAMP", "available").Val() == want }
	}
	soon(t, "what there was is filled in", available("10"))
	s.must(t, "allocate order-1 LAMP 4")
	soon(t, "an allocation is followed", available("6"))
	if out := s.must(t, "views show LAMP"+flag); !strings.Contains(out, "LAMP\t10\t0\t4\t0\t6\t6\t0") {
		t.Errorf("readers see %s", out)
	}
	redis.FlushAll(t.Context())
	soon(t, "what was lost is filled in again", available("6"))
	running.stop()

	s.must(t, "allocate order-2 LAMP 1")
	redis.HSet(t.Context(), "allot:availability:GONE", "available", 7, "product_version", 1)
	if out := s.must(t, "views rebuild --dry-run --output csv"+flag); !strings.HasSuffix(out, "1,0,1,0,1\n") {
		t.Errorf("of 1 product, 1 is behind and 1 is extra; it says %s", out)
	}
	s.must(t, "views rebuild"+flag)
	if out := s.must(t, "views rebuild --dry-run --output csv"+flag); !strings.HasSuffix(out, "1,0,0,0,0\n") {
		t.Errorf("after a rebuild: %s", out)
	}
	if !available("5")() {
		t.Error("what happened meanwhile is not in it")
	}
}

// page is what a browser gets at an address.
func page(t *testing.T, url string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
