package sqlite

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What is asked often must cost the same however much there is: it may search,
// by an index or by number, and never scan a table that grows.
func TestViewsSearchAndNeverScan(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "allot.db"), "test")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()

	for _, c := range []struct {
		what, query string
		want        []string // searches, as the plan puts them
	}{
		{"an order", selectExplained, []string{"l USING INDEX sqlite_autoindex_lines_1 (order_id=?)", "e USING INTEGER PRIMARY KEY", "o USING INTEGER PRIMARY KEY"}},
		{"a page of orders", selectOrdersOf + anyStatus + byOrder, []string{"lines USING COVERING INDEX sqlite_autoindex_lines_1 (order_id>?)", "l USING INDEX sqlite_autoindex_lines_1 (order_id=?)"}},
		{"a page of orders of another status", selectOrdersOf + oneStatus + byOrder, []string{"lines USING COVERING INDEX lines_by_status (status=? AND order_id>?)", "l USING INDEX sqlite_autoindex_lines_1 (order_id=?)"}},
		{"a page of allocated orders", selectOrdersOf + allocatedIDs + byOrder, []string{"lines USING INDEX sqlite_autoindex_lines_1 (order_id>?)", "l USING INDEX sqlite_autoindex_lines_1 (order_id=?)"}},
		{"a product", selectProduct, []string{"products USING PRIMARY KEY (sku=?)", "b USING INDEX batches_by_sku (sku=?)", "l USING INDEX backorders (sku=?)"}},
		{"a page of products", selectProductPage, []string{"products USING PRIMARY KEY (sku>?)", "b USING INDEX batches_by_sku (sku=?)", "l USING INDEX backorders (sku=?)"}},
		{"the batches of a product", selectUseful, []string{"b USING INDEX batches_by_sku (sku=?)"}},
		{"a page of the batches of a SKU", selectBatchesOf, []string{"b USING INDEX batches_by_sku (sku=?)"}},
		{"a batch", selectCounted, []string{"b USING INDEX sqlite_autoindex_batches_1 (ref=?)", "l USING INDEX lines_by_batch (batch=?)"}},
		{"a page of batches", selectBatches, []string{"b USING INDEX sqlite_autoindex_batches_1 (ref>?)"}},
		{"the lines of a batch", selectBatchLines, []string{"l USING INDEX lines_by_batch (batch=? AND rank>?)"}},
		{"all backorders", selectAllBackorders, []string{"l USING INDEX backorders_by_age (status=? AND rowid>?)"}},
		{"the backorders of a SKU", selectBackordersOf, []string{"l USING INDEX backorders (sku=? AND rank>?)"}},
		{"events", selectEvents, []string{"e USING INTEGER PRIMARY KEY (rowid>?)"}},
		{"versions of products", selectVersions, []string{"p USING PRIMARY KEY (sku=?)"}},
		{"a product to sell", selectAtRest, []string{"products USING PRIMARY KEY (sku=?)"}},
		{"its batches", selectToSell, []string{"b USING INDEX batches_by_sku (sku=?)", "s USING INTEGER PRIMARY KEY (rowid=?)"}},
		{"lines that are late", selectLate, []string{"l USING COVERING INDEX urgent_lines (seq>?)", "l USING INDEX backorders_by_age (status=? AND rowid>?)", "l USING INTEGER PRIMARY KEY (rowid=?)"}},
		{"lines at risk", selectAtRisk, []string{"b USING COVERING INDEX inbound_batches (eta>? AND eta<?)", "l USING INDEX lines_by_batch (batch=?)", "l USING INTEGER PRIMARY KEY (rowid=?)"}},
		{"batches on their way", selectComing, []string{"b USING INDEX inbound_batches (eta>? AND eta<?)", "s USING INTEGER PRIMARY KEY (rowid=?)"}},
		{"a line", selectExplainedLine, []string{"l USING INDEX sqlite_autoindex_lines_1 (order_id=? AND sku=?)"}},
		{"the history of a batch", selectBatchHistory, []string{"e USING INDEX batch_events (<expr>=?)"}},
		{"the history of a line", selectHistory, []string{"e USING INTEGER PRIMARY KEY (rowid=?)", "le USING PRIMARY KEY (line=?)"}},
		{"failures", selectFailures, []string{"f USING PRIMARY KEY ((subscription,position)>(?,?))", "e USING INTEGER PRIMARY KEY"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			args := make([]any, strings.Count(c.query, "?"))
			plan, err := query(t.Context(), s.readers, scanStep, "EXPLAIN QUERY PLAN "+c.query, args...)
			if err != nil {
				t.Fatal(err)
			}
			if i := slices.IndexFunc(plan, scansWhatGrows); i >= 0 {
				t.Errorf("it scans: %s", plan[i])
			}
			for _, search := range c.want {
				if !slices.ContainsFunc(plan, func(step string) bool { return strings.Contains(step, "SEARCH "+search) }) {
					t.Errorf("it doesn't SEARCH %s; its plan is\n%s", search, strings.Join(plan, "\n"))
				}
			}
		})
	}
}

func scanStep(scan func(...any) error) (step string, err error) {
	var id, parent, unused int
	err = scan(&id, &parent, &unused, &step)
	return step, err
}

// scansWhatGrows reports whether a step of a plan reads all of a table. What a
// subquery has picked, a page, it may scan, and what was asked for.
func scansWhatGrows(step string) bool {
	return strings.HasPrefix(step, "SCAN ") && step != "SCAN p" && !strings.HasPrefix(step, "SCAN j ")
}
