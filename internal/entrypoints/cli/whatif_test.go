package cli_test

import (
	"encoding/json"
	"strings"
	"testing"

	"allot/internal/entrypoints/wire"
)

const someChanges = `{"op": "change_batch", "ref": "batch-1", "qty": 3}
{"op": "add_batch", "ref": "batch-2", "sku": "SMALL-TABLE", "qty": 5, "eta": "2026-12-01"}
`

// planned tries changes and returns their plan.
func (s *shell) planned(t *testing.T, line string) string {
	t.Helper()
	var tried wire.WhatIf
	if err := json.Unmarshal([]byte(s.must(t, line+" --output json")), &tried); err != nil || !tried.DryRun || tried.Later != 1 {
		t.Fatalf("%+v (%v)", tried, err)
	}
	return tried.Plan
}

func TestChangesAreMadeThroughTheServerThatHasTheDatabase(t *testing.T) {
	s := newShell(t)
	server := s.serve(t, "serve --addr 127.0.0.1:0")
	write(t, "changes.ndjson", someChanges)
	s.must(t, "batch add batch-1 SMALL-TABLE 9")
	s.must(t, "allocate order-1 SMALL-TABLE 4")
	plan := s.planned(t, "what-if -f changes.ndjson")
	if named := s.planned(t, "what-if -f changes.ndjson --data nowhere --server "+server.url); named != plan {
		t.Errorf("the server says plan %q, and the database %q", named, plan)
	}
	s.fails(t, "what-if -f changes.ndjson --apply --plan 0", wire.ExitConflict, "nothing was done")
	if out := s.must(t, "what-if -f changes.ndjson --apply --output name --plan "+plan); out != "order-1\n" {
		t.Errorf("the lines that moved are %q", out)
	}
	if out := s.must(t, "order show order-1"); !strings.Contains(out, "batch-2") {
		t.Errorf("the order is %s", out)
	}
	s.must(t, "verify")
}

func TestChangesNeedTheScopesOfEach(t *testing.T) {
	s := newShell(t)
	server := s.serve(t, "serve --addr 127.0.0.1:0 --auth required")
	write(t, "changes.ndjson", someChanges)
	s.must(t, "batch add batch-1 SMALL-TABLE 9")
	s.must(t, "allocate order-1 SMALL-TABLE 4")
	till := strings.TrimSpace(s.must(t, "token create till --scope allocate"))
	depot := strings.TrimSpace(s.must(t, "token create depot --scope stock"))
	s.env["ALLOT_TOKEN"] = till
	s.fails(t, "what-if -f changes.ndjson --server "+server.url, wire.ExitDenied, `the token "till" lacks the scope`)
	s.fails(t, "what-if -f changes.ndjson --apply --plan 0 --server "+server.url, wire.ExitDenied, `the token "till" lacks the scope`)
	s.env["ALLOT_TOKEN"] = depot
	plan := s.planned(t, "what-if -f changes.ndjson --server "+server.url)
	s.must(t, "what-if -f changes.ndjson --apply --plan "+plan+" --server "+server.url)
}
