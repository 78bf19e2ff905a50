package cli_test

import (
	"encoding/json"
	"strings"
	"testing"

	"allot/internal/entrypoints/wire"
)

func TestReplanningIsShownThenDone(t *testing.T) {
	s := newShell(t)
	s.must(t, "batch add late SMALL-TABLE 9 --eta 2026-12-20")
	s.must(t, "allocate order-1 SMALL-TABLE 4")
	s.must(t, "allocate order-2 SMALL-TABLE 4")
	s.must(t, "order amend order-2 SMALL-TABLE --frozen")
	s.must(t, "batch add soon SMALL-TABLE 9 --eta 2026-12-01")

	var foreseen wire.WhatIf
	if err := json.Unmarshal([]byte(s.must(t, "replan SMALL-TABLE --dry-run -o json")), &foreseen); err != nil || foreseen.Earlier != 1 || len(foreseen.Moves) != 1 {
		t.Fatalf("%+v (%v)", foreseen, err)
	}
	s.fails(t, "replan SMALL-TABLE", wire.ExitUsage, "--yes")
	s.fails(t, "replan SMALL-TABLE --confirm 3", wire.ExitConflict, "1 line changes, not 3")
	s.fails(t, "replan NOTHING --dry-run", wire.ExitNotFound, `no product has SKU "NOTHING"`)
	s.fails(t, "replan", wire.ExitUsage, "the SKU is missing")
	if out := s.must(t, "order show order-1"); !strings.Contains(out, "late") {
		t.Errorf("before it was done the order is %s", out)
	}
	s.must(t, "replan SMALL-TABLE --yes")
	if out := s.must(t, "order show order-1"); !strings.Contains(out, "soon") {
		t.Errorf("the order is %s", out)
	}
	if out := s.must(t, "order show order-2"); !strings.Contains(out, "late") {
		t.Errorf("the frozen line moved: %s", out)
	}
	s.must(t, "verify")
}

func TestEveryProductIsReplannedThroughTheServerThatHasTheDatabase(t *testing.T) {
	s := newShell(t)
	server := s.serve(t, "serve --addr 127.0.0.1:0")
	for _, sku := range []string{"TABLE", "CHAIR"} {
		s.must(t, "batch add late-"+sku+" "+sku+" 9 --eta 2026-12-20")
		s.must(t, "allocate order-1 "+sku+" 4")
		s.must(t, "batch add soon-"+sku+" "+sku+" 9 --eta 2026-12-01")
	}
	const want = `"products":2,"planned":2,"moved":2`
	compact := func(text string) string { return strings.Join(strings.Fields(text), "") }
	if out := compact(s.must(t, "replan --all --dry-run -o json --data nowhere --server "+server.url)); !strings.Contains(out, want) {
		t.Errorf("the server would re-plan %s", out)
	}
	if out := compact(s.must(t, "replan --all --yes -o json")); !strings.Contains(out, want) {
		t.Errorf("re-planned: %s", out)
	}
	if out := compact(s.must(t, "replan --all --yes -o json")); !strings.Contains(out, `"moved":0`) {
		t.Errorf("again: %s", out)
	}
	s.must(t, "verify")
}
