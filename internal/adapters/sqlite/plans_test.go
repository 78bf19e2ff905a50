package sqlite

import (
	"slices"
	"strings"
	"testing"
)

// What every command does must cost the same however much there is.
func TestCommandsSearchAndNeverScanOrSort(t *testing.T) {
	s := opened(t, temporary(t))
	for _, c := range []struct {
		what, sql string
		want      []string // searches, as the plan puts them
	}{
		{"products", sized{selectProducts, 64}.String(), []string{"products USING PRIMARY KEY (sku=?)"}},
		{"open batches", sized{selectOpen, 64}.String(), []string{"b USING INDEX open_batches (sku=?)", "s USING INTEGER PRIMARY KEY (rowid=?)"}},
		{"batches by reference", sized{selectRefs, 64}.String(), []string{"b USING INDEX sqlite_autoindex_batches_1 (ref=?)", "s USING INTEGER PRIMARY KEY (rowid=?)"}},
		{"lines", sized{selectLines, 64}.String(), []string{"l USING INDEX sqlite_autoindex_lines_1 (order_id=? AND sku=?)", "b USING INTEGER PRIMARY KEY (rowid=?)"}},
		{"answers", sized{selectAnswers, 8}.String(), []string{"answers USING INDEX sqlite_autoindex_answers_1 (scope=? AND key=?)"}},
		{"answers to forget", sized{forgetAnswers, 1}.String(), []string{"answers USING INTEGER PRIMARY KEY (rowid=?)", "answers USING COVERING INDEX answers_by_age (at<?)"}},
		{"holds that end", selectHoldsDue, []string{"lines USING INDEX holds (held_until<?)"}},
		{"products that are filling", selectFilling, []string{"products USING COVERING INDEX products_filling"}},
		{"a change of a batch", sized{updateBatch, 1}.String(), []string{"batches USING INTEGER PRIMARY KEY (rowid=?)"}},
		{"lines of a batch", linesOf, []string{"l USING INDEX lines_by_batch (batch=?)", "batches USING COVERING INDEX sqlite_autoindex_batches_1 (ref=?)"}},
		{"backorders", backordered, []string{"l USING INDEX backorders (sku=?)"}},
		{"messages", sized{selectReceived, 64}.String(), []string{"inbox USING PRIMARY KEY (id=?)"}},
		{"the last message about each thing", sized{selectLatest, 64}.String(), []string{"inbox_latest USING PRIMARY KEY (subject=?)"}},
		{"forgetting old messages", sized{forgetReceived, 1}.String(), []string{"inbox USING PRIMARY KEY (id=?)", "inbox USING COVERING INDEX inbox_by_age (at<?)"}},
		{"changes of lines", sized{updateLines, 64}.String(), []string{"lines USING INTEGER PRIMARY KEY (rowid=?)"}},
		{"texts of a mail", `SELECT text FROM mail_entries WHERE mail = ? ORDER BY position LIMIT ?`, []string{"mail_entries USING INDEX mail_entries_by_mail (mail=?)"}},
		{"the log from a position", selectEvent + `WHERE e.position > ? AND e.position <= ? ORDER BY e.position LIMIT ?`,
			[]string{"e USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)", "o USING INTEGER PRIMARY KEY (rowid=?)"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			args := make([]any, strings.Count(c.sql, "?"))
			plan, err := query(t.Context(), s.readers, scanStep, "EXPLAIN QUERY PLAN "+c.sql, args...)
			if err != nil {
				t.Fatal(err)
			}
			for _, step := range plan {
				if strings.HasPrefix(step, "SCAN") && !strings.HasSuffix(step, "VALUES CLAUSE") && step != "SCAN v" || strings.Contains(step, "TEMP B-TREE") {
					t.Errorf("it has to %s", step)
				}
			}
			for _, search := range c.want {
				if !slices.ContainsFunc(plan, func(step string) bool { return strings.HasPrefix(step, "SEARCH "+search) }) {
					t.Errorf("it doesn't SEARCH %s; its plan is\n%s", search, strings.Join(plan, "\n"))
				}
			}
		})
	}
}
