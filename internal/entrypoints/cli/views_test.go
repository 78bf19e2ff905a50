package cli_test

import (
	"strings"
	"testing"

	"allot/internal/entrypoints/wire"
	"allot/internal/redistest"
)

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
