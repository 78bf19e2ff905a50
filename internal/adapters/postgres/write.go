package postgres

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"allot/internal/adapters/eventjson"
	"allot/internal/domain"
	"allot/internal/service"
)

// The statements that write: any number of rows each, as arrays. Those that
// change rows say how many there must be, so that COMMIT can come with them.
const (
	updateProducts = `WITH w AS (SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::integer[], $6::boolean[])
			AS w (sku, was, version, description, backorders, out_of_stock)),
		changed AS (UPDATE products p SET version = w.version, description = w.description, backorders = w.backorders, out_of_stock = w.out_of_stock
			FROM w WHERE p.sku = w.sku AND p.version = w.was RETURNING 1)
		SELECT all_written((SELECT count(*) FROM changed), cardinality($1))`

	insertProducts = `INSERT INTO products (sku, version, description, backorders, out_of_stock)
		SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::integer[], $5::boolean[])`

	insertBatches = `INSERT INTO batches (seq, ref, sku, purchased, allocated, shipped, closed, eta, first_qty, first_eta)
		SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::boolean[], $8::integer[], $9::bigint[], $10::integer[])`

	insertRefs = `INSERT INTO batch_refs (ref, sku, seq) SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])`

	updateBatches = `WITH w AS (SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::boolean[], $7::integer[])
			AS w (sku, seq, purchased, allocated, shipped, closed, eta)),
		changed AS (UPDATE batches b SET purchased = w.purchased, allocated = w.allocated, shipped = w.shipped, closed = w.closed, eta = w.eta
			FROM w WHERE b.sku = w.sku AND b.seq = w.seq RETURNING 1)
		SELECT all_written((SELECT count(*) FROM changed), cardinality($1))`

	// What seldom is said of products and batches.
	setPolicy  = `UPDATE products SET policy = nullif($2, ''), safety_stock = nullif($3::integer, 0) WHERE sku = $1`
	setFilling = `UPDATE products SET filling_cause = nullif($2, ''), filling_by = nullif($3, '') WHERE sku = $1`
	labelBatch = `UPDATE batches SET location = nullif($3, ''), use_by = nullif($4::integer, 0), first_location = nullif($5, ''), first_use_by = nullif($6::integer, 0)
		WHERE sku = $1 AND seq = $2`

	// Its number is drawn with the products locked, so that the commits of one
	// product are numbered in their order.
	insertCommit = `INSERT INTO commits (token, events) VALUES ($1, $2)`

	insertEvents = `INSERT INTO events (commit, n, at, sku, version, name, command, actor, reason, note, correlation, cause, trace, body)
		SELECT currval('commits_id_seq'), e.* FROM unnest($1::integer[], $2::timestamptz[], $3::text[], $4::bigint[], $5::text[],
			$6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[]) AS e`

	fromLineRows = `FROM unnest($1::bigint[], $2::text[], $3::text[], $4::integer[], $5::text[], $6::text[], $7::integer[],
			$8::smallint[], $9::integer[], $10::bigint[], $11::integer[], $12::integer[], $13::integer[], $14::integer[], $15::text[], $16::boolean[])
			AS w (seq, order_id, sku, qty, status, ref, n, rank, required_by, held_until, first_qty, first_promise, shipped, returned, wishes, frozen) `

	insertLines = `INSERT INTO lines (commit, seq, order_id, sku, qty, status, batch, n, rank, required_by, held_until, first_qty, first_promise, shipped, returned, wishes, frozen)
		SELECT currval('commits_id_seq'), w.seq, w.order_id, w.sku, w.qty, w.status, r.seq, w.n,
			w.rank, w.required_by, w.held_until, w.first_qty, nullif(w.first_promise, -1), w.shipped, w.returned, nullif(w.wishes, ''), nullif(w.frozen, false)
		` + fromLineRows + `LEFT JOIN batch_refs r ON r.ref = w.ref`

	// The event that a line named as its reason is kept with the others, if it
	// names another one now.
	updateLines = `WITH w AS (SELECT w.*, r.seq AS batch ` + fromLineRows + `LEFT JOIN batch_refs r ON r.ref = w.ref),
		kept AS (INSERT INTO line_events (line, commit, n)
			SELECT l.seq, l.commit, l.n FROM w JOIN lines l ON l.order_id = w.order_id AND l.sku = w.sku WHERE w.n >= 0),
		changed AS (UPDATE lines l SET qty = w.qty, status = w.status, batch = w.batch,
				commit = CASE WHEN w.n < 0 THEN l.commit ELSE currval('commits_id_seq') END, n = CASE WHEN w.n < 0 THEN l.n ELSE w.n END,
				rank = w.rank, required_by = w.required_by, held_until = w.held_until,
				first_qty = w.first_qty, first_promise = nullif(w.first_promise, -1), shipped = w.shipped, returned = w.returned, wishes = nullif(w.wishes, ''), frozen = nullif(w.frozen, false)
			FROM w WHERE l.order_id = w.order_id AND l.sku = w.sku RETURNING 1)
		SELECT all_written((SELECT count(*) FROM changed), cardinality($1))`

	insertLineEvents = `INSERT INTO line_events (line, commit, n) SELECT line, currval('commits_id_seq'), n FROM unnest($1::bigint[], $2::integer[]) AS e (line, n)`
)

// Write implements service.Tx. What it writes is sent with COMMIT; that the
// versions are right is sure already, because the products are locked.
func (t *tx) Write(ctx context.Context, c service.Changes) error {
	if t.failed == nil {
		t.failed = t.writeAll(ctx, c)
	}
	return t.failed
}

func (t *tx) writeAll(ctx context.Context, c service.Changes) error {
	if err := t.lock(ctx, c.Products); err != nil {
		return err
	}
	if t.writes == nil {
		t.writes = t.batch()
		t.queueGuess()
	}
	t.writeProducts(c.Products)
	writeBatches(t.writes, c)
	writeSeldom(t.writes, c)
	t.writes.Queue(insertCommit, t.token, len(c.Events))
	if err := writeEvents(t.writes, c.Events); err != nil {
		return err
	}
	writeLines(t.writes, c.Lines)
	writeReceipts(t.writes, c.Receipts)
	writeAnswers(t.writes, c)
	return nil
}

func (t *tx) writeProducts(changes []service.ProductChange) {
	var fresh, changed products
	for _, p := range changes {
		t.locked[p.To.SKU] = p.To.Version
		if p.From == 0 {
			fresh.add(p)
		} else {
			changed.add(p)
		}
	}
	if p := &changed; len(p.skus) > 0 {
		t.writes.Queue(updateProducts, p.skus, p.was, p.versions, p.descriptions, p.backorders, p.outOfStock)
	}
	if p := &fresh; len(p.skus) > 0 {
		t.writes.Queue(insertProducts, p.skus, p.versions, p.descriptions, p.backorders, p.outOfStock)
	}
}

// products are rows, by column.
type products struct {
	skus, descriptions []string
	was, versions      []int64
	backorders         []int
	outOfStock         []bool
}

func (p *products) add(c service.ProductChange) {
	p.skus = append(p.skus, c.To.SKU)
	p.descriptions = append(p.descriptions, c.To.Description)
	p.was = append(p.was, c.From)
	p.versions = append(p.versions, c.To.Version)
	p.backorders = append(p.backorders, c.To.Backorders)
	p.outOfStock = append(p.outOfStock, c.To.OutOfStock)
}

func writeBatches(out *pgx.Batch, c service.Changes) {
	if len(c.Added) > 0 {
		byRef := slices.SortedFunc(slices.Values(c.Added), func(a, b domain.Batch) int { return strings.Compare(a.Ref, b.Ref) })
		b := batchRows(byRef) // so that two who add the same ones don't wait for each other
		out.Queue(insertBatches, b.seqs, b.refs, b.skus, b.purchased, b.allocated, b.shipped, b.closed, b.etas, b.firstQtys, b.firstETAs)
		out.Queue(insertRefs, b.refs, b.skus, b.seqs)
	}
	if len(c.Changed) > 0 {
		b := batchRows(c.Changed)
		out.Queue(updateBatches, b.skus, b.seqs, b.purchased, b.allocated, b.shipped, b.closed, b.etas)
	}
}

// batches are rows, by column.
type batches struct {
	seqs, purchased, allocated, shipped, firstQtys []int64
	refs, skus                                     []string
	etas, firstETAs                                []int32
	closed                                         []bool
}

func batchRows(all []domain.Batch) (out batches) {
	for _, b := range all {
		out.seqs = append(out.seqs, b.Seq)
		out.refs = append(out.refs, b.Ref)
		out.skus = append(out.skus, b.SKU)
		out.purchased = append(out.purchased, int64(b.Purchased))
		out.allocated = append(out.allocated, int64(b.Allocated))
		out.shipped = append(out.shipped, int64(b.Shipped))
		out.closed = append(out.closed, b.Closed)
		out.etas = append(out.etas, int32(b.ETA))
		out.firstQtys = append(out.firstQtys, int64(b.FirstQty))
		out.firstETAs = append(out.firstETAs, int32(b.FirstETA))
	}
	return out
}

// writeSeldom writes what seldom is said: how the lines of products are placed,
// where batches lie and how long they keep.
func writeSeldom(out *pgx.Batch, c service.Changes) {
	policies, fillings, labels := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, e := range c.Events {
		switch e := e.Event.(type) {
		case domain.PolicySet:
			policies[e.SKU] = true
		case domain.FillingBegan:
			fillings[e.SKU] = true
		case domain.FillingEnded:
			fillings[e.SKU] = true
		case domain.BatchRelabelled:
			labels[e.Ref] = true
		case domain.BatchCreated:
			labels[e.Ref] = labels[e.Ref] || e.Location != "" || e.UseBy != 0
		}
	}
	for _, p := range c.Products {
		if policies[p.To.SKU] {
			out.Queue(setPolicy, p.To.SKU, p.To.Policy, p.To.SafetyStock)
		}
		if fillings[p.To.SKU] {
			out.Queue(setFilling, p.To.SKU, string(p.To.Filling.Cause), p.To.Filling.By)
		}
	}
	for _, b := range slices.Concat(c.Changed, c.Added) {
		if labels[b.Ref] {
			out.Queue(labelBatch, b.SKU, b.Seq, b.Location, int32(b.UseBy), b.FirstLocation, int32(b.FirstUseBy))
		}
	}
}

func writeEvents(out *pgx.Batch, events []service.Envelope) error {
	var (
		ns                                                                                  []int
		ats                                                                                 []time.Time
		versions                                                                            []int64
		skus, names, commands, actors, reasons, notes, correlations, causes, traces, bodies []string
	)
	for n, e := range events {
		body, err := eventjson.Encode(e.Event)
		if err != nil {
			return err
		}
		ns = append(ns, n)
		ats = append(ats, e.At)
		versions = append(versions, e.Version)
		skus = append(skus, e.SKU)
		names = append(names, e.Event.EventName())
		commands = append(commands, e.Command)
		actors = append(actors, e.Origin.Actor)
		reasons = append(reasons, e.Origin.Reason)
		notes = append(notes, e.Origin.Note)
		correlations = append(correlations, e.Origin.Correlation)
		causes = append(causes, e.Origin.Cause)
		traces = append(traces, e.Origin.Trace)
		bodies = append(bodies, string(body))
	}
	out.Queue(insertEvents, ns, ats, skus, versions, names, commands, actors, reasons, notes, correlations, causes, traces, bodies)
	return nil
}

// lines are rows, by column, in the order of fromLineRows.
type lines struct {
	seqs, heldUntil                        []int64
	orderIDs, skus, statuses, refs, wishes []string
	qtys, ns, firstQtys, shipped, returned []int
	ranks                                  []int16
	requiredBy, firstPromises              []int32 // first promise -1: none
	frozen                                 []bool
}

func (l *lines) add(c service.LineChange) {
	l.seqs = append(l.seqs, c.Seq)
	l.orderIDs = append(l.orderIDs, c.OrderID)
	l.skus = append(l.skus, c.SKU)
	l.qtys = append(l.qtys, c.Qty)
	l.statuses = append(l.statuses, string(c.Status))
	l.refs = append(l.refs, c.BatchRef)
	l.ns = append(l.ns, c.Event)
	l.ranks = append(l.ranks, rankOf(c.Line))
	l.requiredBy = append(l.requiredBy, int32(c.RequiredBy))
	l.heldUntil = append(l.heldUntil, int64(c.HeldUntil))
	l.firstQtys = append(l.firstQtys, c.FirstQty)
	l.firstPromises = append(l.firstPromises, firstPromise(c.Line))
	l.shipped = append(l.shipped, c.Shipped)
	l.returned = append(l.returned, c.Returned)
	l.wishes = append(l.wishes, eventjson.EncodeWishes(c.Wishes))
	l.frozen = append(l.frozen, c.Frozen)
}

func firstPromise(l domain.Line) int32 {
	if !l.Promised {
		return -1
	}
	return int32(l.FirstPromise)
}

func (l *lines) queue(out *pgx.Batch, q string) {
	if len(l.seqs) > 0 {
		out.Queue(q, l.seqs, l.orderIDs, l.skus, l.qtys, l.statuses, l.refs, l.ns,
			l.ranks, l.requiredBy, l.heldUntil, l.firstQtys, l.firstPromises, l.shipped, l.returned, l.wishes, l.frozen)
	}
}

func writeLines(out *pgx.Batch, all []service.LineChange) {
	var fresh, changed lines
	var seqs []int64
	var ns []int
	for _, l := range all {
		if l.New {
			fresh.add(l)
		} else {
			changed.add(l)
		}
		for _, n := range l.More {
			seqs, ns = append(seqs, l.Seq), append(ns, n)
		}
	}
	fresh.queue(out, insertLines)
	changed.queue(out, updateLines)
	if len(seqs) > 0 {
		out.Queue(insertLineEvents, seqs, ns)
	}
}
