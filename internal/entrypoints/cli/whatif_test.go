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

func TestAWhatIfThatIsSavedIsShownAndApplied(t *testing.T) {
	s := newShell(t)
	write(t, "changes.ndjson", someChanges)
	s.must(t, "batch add batch-1 SMALL-TABLE 9")
	s.must(t, "allocate order-1 SMALL-TABLE 4")
	s.fails(t, "what-if -f changes.ndjson --save --apply --plan 0", wire.ExitUsage, "--save keeps changes that --apply makes")
	s.fails(t, "what-if show k3v7q2xmb5tdw4ha", wire.ExitNotFound, "look at the id again")
	here := s.saved(t, "what-if -f changes.ndjson --save")
	server := s.serve(t, "serve --addr 127.0.0.1:0")
	there := s.saved(t, "what-if -f changes.ndjson --save")
	for _, saved := range []wire.SavedWhatIf{here, there} {
		for _, from := range []string{"", " --data nowhere --server " + server.url} {
			if again := s.saved(t, "what-if show "+saved.ID+from); !again.Same || again.SavedPlan != saved.SavedPlan {
				t.Errorf("%s%s: %+v", saved.ID, from, again)
			}
		}
	}
	if out := s.must(t, "what-if show "+here.ID+" --apply --output name --plan "+here.SavedPlan); out != "order-1\n" {
		t.Errorf("the lines that moved are %q", out)
	}
	if then := s.saved(t, "what-if show "+here.ID); then.Same {
		t.Errorf("what was done is the same: %+v", then)
	}
	s.must(t, "verify")
}

// saved saves or shows a what-if.
func (s *shell) saved(t *testing.T, line string) (w wire.SavedWhatIf) {
	t.Helper()
	if err := json.Unmarshal([]byte(s.must(t, line+" --output json")), &w); err != nil || len(w.Changes) != 2 {
		t.Fatalf("%+v (%v)", w, err)
	}
	return w
}
