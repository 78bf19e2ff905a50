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

	insertBatches = `INSERT INTO batches (seq, ref, sku, purchased, allocated, eta, first_qty, first_eta)
		SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::integer[], $7::bigint[], $8::integer[])`

	insertRefs = `INSERT INTO batch_refs (ref, sku, seq) SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])`

	updateBatches = `WITH w AS (SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) AS w (sku, seq, purchased, allocated)),
		changed AS (UPDATE batches b SET purchased = w.purchased, allocated = w.allocated
			FROM w WHERE b.sku = w.sku AND b.seq = w.seq RETURNING 1)
		SELECT all_written((SELECT count(*) FROM changed), cardinality($1))`

	// Its number is drawn with the products locked, so that the commits of one
	// product are numbered in their order.
	insertCommit = `INSERT INTO commits (token, events) VALUES ($1, $2)`

	insertEvents = `INSERT INTO events (commit, n, at, sku, version, name, command, actor, reason, note, correlation, cause, body)
		SELECT currval('commits_id_seq'), e.* FROM unnest($1::integer[], $2::timestamptz[], $3::text[], $4::bigint[], $5::text[],
			$6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[]) AS e`

	insertLines = `INSERT INTO lines (commit, seq, order_id, sku, qty, status, batch, n)
		SELECT currval('commits_id_seq'), seq, order_id, sku, qty, status, nullif(batch, 0), n
		FROM unnest($1::bigint[], $2::text[], $3::text[], $4::integer[], $5::text[], $6::bigint[], $7::integer[])
			AS l (seq, order_id, sku, qty, status, batch, n)`

	updateLines = `WITH w AS (SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::integer[]) AS w (order_id, sku, status, batch, n)),
		changed AS (UPDATE lines l SET status = w.status, batch = nullif(w.batch, 0), commit = currval('commits_id_seq'), n = w.n
			FROM w WHERE l.order_id = w.order_id AND l.sku = w.sku RETURNING 1)
		SELECT all_written((SELECT count(*) FROM changed), cardinality($1))`
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
	t.writes.Queue(insertCommit, t.token, len(c.Events))
	if err := writeEvents(t.writes, c.Events); err != nil {
		return err
	}
	writeLines(t.writes, c)
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
		out.Queue(insertBatches, b.seqs, b.refs, b.skus, b.purchased, b.allocated, b.etas, b.firstQtys, b.firstETAs)
		out.Queue(insertRefs, b.refs, b.skus, b.seqs)
	}
	if len(c.Changed) > 0 {
		b := batchRows(c.Changed)
		out.Queue(updateBatches, b.skus, b.seqs, b.purchased, b.allocated)
	}
}

// batches are rows, by column.
type batches struct {
	seqs, purchased, allocated, firstQtys []int64
	refs, skus                            []string
	etas, firstETAs                       []int32
}

func batchRows(all []domain.Batch) (out batches) {
	for _, b := range all {
		out.seqs = append(out.seqs, b.Seq)
		out.refs = append(out.refs, b.Ref)
		out.skus = append(out.skus, b.SKU)
		out.purchased = append(out.purchased, int64(b.Purchased))
		out.allocated = append(out.allocated, int64(b.Allocated))
		out.etas = append(out.etas, int32(b.ETA))
		out.firstQtys = append(out.firstQtys, int64(b.FirstQty))
		out.firstETAs = append(out.firstETAs, int32(b.FirstETA))
	}
	return out
}

func writeEvents(out *pgx.Batch, events []service.Envelope) error {
	var (
		ns                                                                          []int
		ats                                                                         []time.Time
		versions                                                                    []int64
		skus, names, commands, actors, reasons, notes, correlations, causes, bodies []string
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
		bodies = append(bodies, string(body))
	}
	out.Queue(insertEvents, ns, ats, skus, versions, names, commands, actors, reasons, notes, correlations, causes, bodies)
	return nil
}

// lines are rows, by column.
type lines struct {
	seqs, batches            []int64 // batch 0: none
	orderIDs, skus, statuses []string
	qtys, ns                 []int
}

func (l *lines) add(c service.LineChange, batch int64) {
	l.seqs = append(l.seqs, c.Seq)
	l.batches = append(l.batches, batch)
	l.orderIDs = append(l.orderIDs, c.OrderID)
	l.skus = append(l.skus, c.SKU)
	l.statuses = append(l.statuses, string(c.Status))
	l.qtys = append(l.qtys, c.Qty)
	l.ns = append(l.ns, c.Event)
}

func writeLines(out *pgx.Batch, c service.Changes) {
	seqs := seqsByRef(c)
	var fresh, changed lines
	for _, l := range c.Lines {
		if l.New {
			fresh.add(l, seqs[l.BatchRef])
		} else {
			changed.add(l, seqs[l.BatchRef])
		}
	}
	if l := &fresh; len(l.seqs) > 0 {
		out.Queue(insertLines, l.seqs, l.orderIDs, l.skus, l.qtys, l.statuses, l.batches, l.ns)
	}
	if l := &changed; len(l.seqs) > 0 {
		out.Queue(updateLines, l.orderIDs, l.skus, l.statuses, l.batches, l.ns)
	}
}

// seqsByRef numbers the batches that lines may have gone to: all of them
// changed. A line without batch has 0.
func seqsByRef(c service.Changes) map[string]int64 {
	out := make(map[string]int64, len(c.Changed)+len(c.Added))
	for _, b := range slices.Concat(c.Changed, c.Added) {
		out[b.Ref] = b.Seq
	}
	return out
}
