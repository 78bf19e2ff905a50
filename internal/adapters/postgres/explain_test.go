package postgres

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// CheckPlans explains what is asked often, in a shop with a few things in it:
// it must cost the same however much there is.
func (s *Store) CheckPlans(t *testing.T) {
	furnishPlans(t, s.writes)
	for _, c := range []struct {
		what string
		pool *pgxpool.Pool
		sql  string
		args []any
		want []string // what the plan must have
	}{
		{"products, locked", s.writes, lockProducts, []any{[]string{"SKU-1"}, []string{"ref-2"}}, []string{"Index Scan using products_pkey", "batch_refs_pkey", "LockRows"}},
		{"open batches", s.writes, selectOpen, []any{[]string{"SKU-1"}, []int64{0}}, []string{"Index Scan using open_batches", "products_pkey"}},
		{"batches by reference", s.writes, selectRefs, []any{[]string{"ref-2"}}, []string{"batch_refs_pkey", "batches_pkey"}},
		{"lines of orders", s.writes, selectLines, []any{[]string{"order-2"}, []string{"SKU-3"}}, []string{"lines_pkey", "batches_pkey", "products_pkey"}},
		{"lines of a batch", s.writes, linesOf, []any{"ref-2", 9, 1 << 40, 10}, []string{"batch_refs_pkey", "Index Scan Backward using lines_by_batch"}},
		{"backorders", s.writes, backordered, []any{"SKU-1", -9, 0, 10}, []string{"Index Scan using backorders on"}},
		{"a change of products", s.writes, updateProducts, []any{[]string{"SKU-1"}, []int64{1}, []int64{2}, []string{""}, []int{0}, []bool{false}}, []string{"Index Scan using products_pkey"}},
		{"a change of batches", s.writes, updateBatches, []any{[]string{"SKU-1"}, []int64{1}, []int64{2}, []int64{1}, []int64{0}, []bool{false}, []int32{0}}, []string{"Index Scan using batches_pkey"}},
		{"a change of lines", s.writes, updateLines, []any{[]int64{2}, []string{"order-2"}, []string{"SKU-1"}, []int{1}, []string{"cancelled"}, []string{""}, []int{0},
			[]int16{0}, []int32{0}, []int64{0}, []int{1}, []int32{0}, []int{0}, []int{0}, []string{""}, []bool{false}}, []string{"Index Scan using lines_pkey"}},
		{"commits without a position", s.writes, placeCommits, nil, []string{"unplaced_commits"}},

		{"the end of the log", s.reads, selectEnd, nil, []string{"unplaced_commits"}},
		{"the log from a position", s.reads, selectUndelivered, []any{10, 1000, []string{}, 10}, []string{"commits_position_key", "events_pkey"}},
		{"an event", s.reads, selectEvent + atPosition, []any{10}, []string{"commits_position_key", "events_pkey"}},
		{"what is due", s.reads, selectDue, []any{"mail", "2026-11-02", 10}, []string{"due_failures"}},
		{"an order", s.reads, selectExplained, []any{"order-2"}, []string{"lines_pkey", "events_pkey", "commits_pkey"}},
		{"a page of orders", s.reads, selectOrdersOf + anyStatus + byOrder, []any{"order-2", 10}, []string{"lines_pkey"}},
		{"a product", s.reads, selectProduct, []any{"SKU-1"}, []string{"products_pkey", "batches_pkey"}},
		{"a page of products", s.reads, selectProductPage, []any{"SKU-1", 10}, []string{"products_pkey", "batches_pkey"}},
		{"a batch", s.reads, selectCounted, []any{"ref-2"}, []string{"batch_refs_pkey", "lines_by_batch"}},
		{"a page of batches", s.reads, selectBatches, []any{"ref-2", 10}, []string{"batch_refs_pkey"}},
		{"the lines of a batch in pages", s.reads, selectBatchLines, []any{"SKU-1", 2, -9, 0, 10}, []string{"lines_by_batch"}},
		{"all backorders", s.reads, selectAllBackorders, []any{0, 10}, []string{"backorders_by_age"}},
		{"late lines", s.reads, selectLate, []any{0, 20261201, 10}, []string{"inbound_batches", "lines_by_batch", "backorders_by_age"}},
		{"lines at risk", s.reads, selectAtRisk, []any{0, 20261201, 10}, []string{"inbound_batches", "lines_by_batch"}},
		{"holds that end", s.reads, selectHoldsDue, []any{1 << 40, 10}, []string{"Index Scan using holds"}},
		{"products that are filling", s.reads, selectFilling, []any{10}, []string{"products_filling"}},
		{"a history", s.reads, selectHistory, []any{"order-2", "SKU-3"}, []string{"lines_pkey", "line_events_pkey", "events_pkey", "commits_pkey"}},
		{"the history of a batch", s.reads, selectBatchHistory, []any{"ref-2"}, []string{"batch_events", "commits_pkey"}},
		{"recent events", s.reads, selectRecent, []any{30000, 20000, "", "", "", 10}, []string{"commits_position_key", "events_pkey"}},
		{"orders by name", s.reads, findOrders, []any{"order-77", 10}, []string{"lines_pkey"}},
		{"products by name", s.reads, findProducts, []any{"SKU-77", 10}, []string{"products_pkey"}},
		{"batches by name", s.reads, findBatches, []any{"ref-77", 10}, []string{"batch_refs_pkey"}},
		{"versions of products", s.reads, selectVersions, []any{[]string{"SKU-1"}}, []string{"products_pkey"}},
		{"answers", s.writes, selectAnswers, []any{[]string{"ann"}, []string{"k-2"}}, []string{"answers_pkey"}},
		{"messages", s.writes, selectReceived, []any{[]string{"m-2"}}, []string{"inbox_pkey"}},
		{"the last message about each thing", s.writes, selectLatest, []any{[]string{"quantity of batch b1"}}, []string{"inbox_latest_pkey"}},
		{"forgetting old answers", s.writes, forgetAnswers, []any{"2026-11-02", 10}, []string{"answers_by_age", "answers_pkey"}},
		{"forgetting old messages", s.writes, forgetReceived, []any{"2026-11-02", 10}, []string{"inbox_by_age"}},
		{"events", s.reads, selectEvents, []any{10, 10}, []string{"commits_position_key", "events_pkey"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			plan := explain(t, c.pool, c.sql, c.args)
			if i := slices.IndexFunc(plan, func(step string) bool {
				return strings.Contains(step, "Seq Scan") && !strings.Contains(step, "log_end") // which has one row
			}); i >= 0 {
				t.Errorf("it reads a whole table: %s", plan[i])
			}
			if c.pool == s.writes && strings.Contains(c.sql, "LIMIT") && slices.ContainsFunc(plan, func(step string) bool { return strings.Contains(step, "Sort") }) {
				t.Errorf("it sorts what it could read in order:\n%s", strings.Join(plan, "\n"))
			}
			for _, want := range c.want {
				if !slices.ContainsFunc(plan, func(step string) bool { return strings.Contains(step, want) }) {
					t.Errorf("%s is not in its plan:\n%s", want, strings.Join(plan, "\n"))
				}
			}
		})
	}
}

// A plan is made once and used for long: what is asked about lines while there
// are none must be searched for all the same when there are a million.
func (s *Store) CheckFirstPlans(t *testing.T) {
	for _, c := range []struct {
		what, sql string
		args      []any
		want      string
	}{
		{"lines of orders", selectLines, []any{[]string{}, []string{}}, "Index Cond: ((order_id = w.order_id) AND (sku = w.sku))"},
		{"that lines are new", mustBeNew, []any{[]string{}, []string{}}, "Index Cond: ((order_id = w.order_id) AND (sku = w.sku))"},
		{"answers", selectAnswers, []any{[]string{}, []string{}}, "Index Cond: ((scope = w.scope) AND (key = w.key))"},
		{"that there are no answers", mustBeUnanswered, []any{[]string{}, []string{}}, "Index Cond: ((scope = w.scope) AND (key = w.key))"},
	} {
		t.Run(c.what, func(t *testing.T) {
			plan := strings.Join(explain(t, s.writes, c.sql, c.args), "\n")
			if !strings.Contains(plan, c.want) {
				t.Errorf("the plan has no %s:\n%s", c.want, plan)
			}
		})
	}
}

// explain is the plan of a query, whatever its arguments are: the one that is
// used when it was asked a few times.
func explain(t *testing.T, pool *pgxpool.Pool, sql string, args []any) (plan []string) {
	t.Helper()
	err := pgx.BeginTxFunc(context.Background(), pool, pgx.TxOptions{}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), `SELECT nextval(pg_get_serial_sequence('commits', 'id'))`); err != nil {
			return err
		}
		var err error
		plan, err = query(t.Context(), tx, text, `EXPLAIN `+sql, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// furnishPlans fills the tables as a shop would.
func furnishPlans(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	_, err := pool.Exec(t.Context(), `
		INSERT INTO products (sku, version, description, backorders, out_of_stock) SELECT 'SKU-' || i, 1, '', 0, false FROM generate_series(1, 2000) i;
		INSERT INTO batches (sku, seq, ref, purchased, allocated, eta, first_qty, first_eta)
			SELECT 'SKU-' || 1 + i % 2000, i, 'ref-' || i, 10, CASE WHEN i % 10 = 0 THEN 5 ELSE 10 END, 0, 10, 0 FROM generate_series(1, 20000) i;
		INSERT INTO batch_refs (ref, sku, seq) SELECT ref, sku, seq FROM batches;
		INSERT INTO commits (token, events, position) SELECT gen_random_uuid(), 10, 10 * i - 9 FROM generate_series(1, 4000) i;
		INSERT INTO events (commit, n, at, sku, version, name, command, actor, reason, note, correlation, cause, body)
			SELECT 1 + i / 10, i % 10, now(), 'SKU-' || 1 + i % 2000, 1, 'allocated', 'allocate', '', '', '', '', '', repeat('x', 100) FROM generate_series(0, 39999) i;
		INSERT INTO lines (seq, batch, commit, n, qty, first_qty, order_id, sku, status)
			SELECT i, CASE WHEN i % 50 = 0 THEN NULL ELSE 1 + i % 20000 END, 1 + i / 10, i % 10, 1, 1, 'order-' || i, 'SKU-' || 1 + (1 + i % 20000) % 2000,
				CASE WHEN i % 50 = 0 THEN 'backordered' ELSE 'allocated' END FROM generate_series(0, 39999) i;
		INSERT INTO line_events (line, commit, n) SELECT seq, commit, 9 - n FROM lines WHERE n <> 9 - n;
		INSERT INTO answers (at, scope, key, request, answer) SELECT now(), 'ann', 'k-' || i, '', '' FROM generate_series(1, 20000) i;
		INSERT INTO inbox (id, at) SELECT 'm-' || i, now() + i * interval '1 minute' FROM generate_series(1, 20000) i;
		INSERT INTO inbox_latest (subject, place) SELECT 'quantity of batch b' || i, i FROM generate_series(1, 20000) i;
		INSERT INTO failures (subscription, position, attempts, error, next, parked)
			SELECT CASE WHEN i % 2 = 0 THEN 'mail' ELSE 'hook' END, i, 1, '', now() + i * interval '1 hour', i % 3 = 0 FROM generate_series(1, 20000) i;
		UPDATE log_end SET position = 40000;
		ANALYZE`, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		t.Fatal(err)
	}
}
