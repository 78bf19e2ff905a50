package postgres

import (
	"context"
	"fmt"
	"iter"
	"math"

	"github.com/jackc/pgx/v5"

	"allot/internal/adapters/eventjson"
	"allot/internal/domain"
	"allot/internal/service"
)

// reader is a service.Reader in a transaction. One that also writes locks what
// it reads.
type reader struct {
	*session
	tx *tx // nil if it only reads
}

const (
	productColumns = `SELECT sku, version, description, backorders, out_of_stock, coalesce(policy, ''), coalesce(safety_stock, 0),
		coalesce(filling_cause, ''), coalesce(filling_by, '') FROM products `
	selectProducts = productColumns + `WHERE sku = ANY($1)`

	// Locked in one order by everybody, those whose batches are wanted
	// included: what is read after this stays as it is.
	lockProducts = productColumns + `WHERE sku = ANY(ARRAY(
			SELECT unnest($1::text[]) UNION SELECT sku FROM batch_refs WHERE ref = ANY($2)))
		ORDER BY sku FOR NO KEY UPDATE`

	batchColumns = `SELECT b.seq, b.ref, b.sku, b.purchased, b.allocated, b.shipped, b.closed, b.eta, b.first_qty, b.first_eta,
		coalesce(b.location, ''), coalesce(b.use_by, 0), coalesce(b.first_location, ''), coalesce(b.first_use_by, 0) `

	// Of products that are as known, nothing is read.
	selectOpen = batchColumns + `FROM unnest($1::text[], $2::bigint[]) AS w (sku, version)
		JOIN products p ON p.sku = w.sku AND p.version <> w.version
		JOIN batches b ON b.sku = w.sku AND b.open`

	selectStocked = batchColumns + `FROM batches b WHERE b.sku = $1 AND b.allocated > 0`

	selectRefs = batchColumns + `FROM batch_refs r JOIN batches b ON b.sku = r.sku AND b.seq = r.seq WHERE r.ref = ANY($1)`

	lineColumns = `SELECT l.seq, l.order_id, l.sku, l.qty, l.status, coalesce(b.ref, ''), coalesce(b.eta, 0), ` + moreColumns
	moreColumns = `l.rank, l.required_by, l.held_until, l.first_qty, l.first_promise, l.shipped, l.returned, coalesce(l.wishes, ''), coalesce(l.frozen, false)`
	itsBatch    = ` LEFT JOIN batches b ON b.sku = l.sku AND b.seq = l.batch `
	fromLines   = ` FROM lines l` + itsBatch
	hasStock    = `l.status IN ('allocated', 'held') `

	// With the version of each line's product: that need not be locked yet. LIMIT
	// keeps a plan that was made when there were few lines from reading all of them
	// when there are many.
	selectLines = lineColumns + `, (SELECT version FROM products WHERE sku = l.sku) FROM ` + wantedLines + itsBatch
	wantedLines = `unnest($1::text[], $2::text[]) AS w (order_id, sku)
		CROSS JOIN LATERAL (SELECT * FROM lines WHERE order_id = w.order_id AND sku = w.sku LIMIT 1) AS l`

	linesOf = lineColumns + fromLines + `WHERE l.batch = (SELECT seq FROM batch_refs WHERE ref = $1)
		AND l.sku = (SELECT sku FROM batch_refs WHERE ref = $1) AND ` + hasStock + `AND (l.rank, l.seq) < ($2, $3) ORDER BY l.rank DESC, l.seq DESC LIMIT $4`
	backordered = selectBackorders + `AND l.sku = $1 AND (l.rank, l.seq) > ($2, $3) ORDER BY l.rank, l.seq LIMIT $4`

	selectBackorders = `SELECT l.seq, l.order_id, l.sku, l.qty, l.status, '', 0, ` + moreColumns + ` FROM lines l WHERE l.status = 'backordered' `
)

// Load implements service.Reader.
func (r *reader) Load(ctx context.Context, want service.Want) (found service.Found, _ error) {
	l := newLoad(want)
	if l.empty() {
		return found, nil
	}
	if r.tx != nil {
		if granted, err := r.tx.takeForGranted(ctx, want); granted || err != nil {
			return found, err
		}
	}
	b := r.batch()
	l.queue(b, r.tx)
	if err := r.send(ctx, b); err != nil {
		return found, classify(fmt.Errorf("load: %w", err))
	}
	if r.tx != nil {
		if err := r.tx.check(l); err != nil {
			return found, err
		}
	}
	return l.found(), nil
}

// load is what is wanted, and what was found of it.
type load struct {
	service.Want
	skus     []string
	versions []int64          // as known
	known    map[string]int64 // the same by SKU

	locked  []domain.Snapshot // and those of batches that are wanted
	open    []domain.Batch
	batches []domain.Batch
	lines   []domain.Line
	of      []int64 // the versions of the products of lines
	answers []service.KeptAnswer
	inbox   service.Found // what is known of messages
}

func newLoad(want service.Want) *load {
	l := &load{Want: want, known: make(map[string]int64, len(want.Products))}
	for _, k := range want.Products {
		l.skus = append(l.skus, k.SKU)
		l.versions = append(l.versions, k.Version)
		l.known[k.SKU] = k.Version
	}
	return l
}

func (l *load) empty() bool {
	return len(l.skus) == 0 && len(l.Batches) == 0 && len(l.Want.Lines) == 0 && len(l.Answers) == 0 && len(l.Receipts) == 0
}

// queue puts the queries in a batch. In a transaction that writes, what comes
// first locks: each query sees what is committed when it begins.
func (l *load) queue(b *pgx.Batch, t *tx) {
	switch {
	case t != nil && len(l.skus)+len(l.Batches) > 0:
		b.Queue(lockProducts, l.skus, l.Batches).Query(each(scanProduct, &l.locked))
	case len(l.skus) > 0:
		b.Queue(selectProducts, l.skus).Query(each(scanProduct, &l.locked))
	}
	if t != nil {
		t.queueNumbers(b)
	}
	if len(l.skus) > 0 {
		b.Queue(selectOpen, l.skus, l.versions).Query(each(scanBatch, &l.open))
	}
	if len(l.Batches) > 0 {
		b.Queue(selectRefs, l.Batches).Query(each(scanBatch, &l.batches))
	}
	if orders, skus := keysOf(l.Want.Lines); len(orders) > 0 {
		b.Queue(selectLines, orders, skus).Query(each(l.scanLine, &l.lines))
	}
	queueAnswers(b, l.Answers, &l.answers)
	queueReceipts(b, l.Receipts, &l.inbox)
}

// keysOf are lines as columns.
func keysOf(ids []service.LineID) (orders, skus []string) {
	for _, id := range ids {
		orders, skus = append(orders, id.OrderID), append(skus, id.SKU)
	}
	return orders, skus
}

// scanLine scans a row of selectLines.
func (l *load) scanLine(scan func(...any) error) (line domain.Line, err error) {
	var version int64
	line, err = scanDomainLine(func(columns ...any) error { return scan(append(columns, &version)...) })
	l.of = append(l.of, version)
	return line, err
}

// found is what there is of what is wanted.
func (l *load) found() service.Found {
	out := service.Found{Batches: l.batches, Lines: l.lines, Answers: l.answers, Received: l.inbox.Received, Latest: l.inbox.Latest}
	at := make(map[string]int, len(l.locked))
	for _, p := range l.locked {
		if known, wanted := l.known[p.SKU]; wanted && known != p.Version {
			at[p.SKU] = len(out.Products)
			out.Products = append(out.Products, p)
		}
	}
	for _, b := range l.open {
		if i, ok := at[b.SKU]; ok {
			out.Products[i].Batches = append(out.Products[i].Batches, b)
		}
	}
	return out
}

// LinesOf implements service.Reader.
func (r *reader) LinesOf(ctx context.Context, batchRef string) iter.Seq2[domain.Line, error] {
	return r.pages(ctx, linesOf, batchRef, place{math.MaxInt16, math.MaxInt64})
}

// Stocked implements service.Reader.
func (r *reader) Stocked(ctx context.Context, sku string) (out []domain.Batch, _ error) {
	if r.tx != nil {
		if err := r.tx.makeSure(ctx); err != nil {
			return nil, err
		}
	}
	b := r.batch()
	b.Queue(selectStocked, sku).Query(each(scanBatch, &out))
	if err := r.send(ctx, b); err != nil {
		return nil, classify(fmt.Errorf("read the batches of %q: %w", sku, err))
	}
	return out, nil
}

// Backorders implements service.Reader.
func (r *reader) Backorders(ctx context.Context, sku string) iter.Seq2[domain.Line, error] {
	return r.pages(ctx, backordered, sku, place{math.MinInt16, 0})
}

// place is where a line stands among those that are served and lose one after
// the other.
type place struct {
	rank int16
	seq  int64
}

func placeOf(l domain.Line) place { return place{rankOf(l), l.Seq} }

func rankOf(l domain.Line) int16 { return -int16(l.Priority) }

// linesAtOnce is how many lines are read in one round trip: who reads them
// often stops early, and asks something else in between.
const linesAtOnce = 256

// pages yields the lines that a query finds for a key, page by page, from the
// place after the one given.
func (r *reader) pages(ctx context.Context, q, key string, after place) iter.Seq2[domain.Line, error] {
	return func(yield func(domain.Line, error) bool) {
		if r.tx != nil {
			if err := r.tx.makeSure(ctx); err != nil {
				yield(domain.Line{}, err)
				return
			}
		}
		for {
			var page []domain.Line
			b := r.batch()
			b.Queue(q, key, after.rank, after.seq, linesAtOnce).Query(each(scanDomainLine, &page))
			err := classify(r.send(ctx, b))
			if err == nil && r.tx != nil {
				err = r.tx.checkLines(page)
			}
			if err != nil {
				yield(domain.Line{}, fmt.Errorf("read lines: %w", err))
				return
			}
			for _, line := range page {
				if !yield(line, nil) {
					return
				}
			}
			if len(page) < linesAtOnce {
				return
			}
			after = placeOf(page[len(page)-1])
		}
	}
}

// each has a query add its rows, each turned into a T by scan, to out.
func each[T any](scan func(func(...any) error) (T, error), out *[]T) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		defer rows.Close()
		for rows.Next() {
			v, err := scan(rows.Scan)
			if err != nil {
				return err
			}
			*out = append(*out, v)
		}
		return rows.Err()
	}
}

func scanProduct(scan func(...any) error) (p domain.Snapshot, err error) {
	err = scan(&p.SKU, &p.Version, &p.Description, &p.Backorders, &p.OutOfStock, &p.Policy, &p.SafetyStock, &p.Filling.Cause, &p.Filling.By)
	return p, err
}

func scanBatch(scan func(...any) error) (b domain.Batch, err error) {
	err = scan(&b.Seq, &b.Ref, &b.SKU, &b.Purchased, &b.Allocated, &b.Shipped, &b.Closed, &b.ETA, &b.FirstQty, &b.FirstETA,
		&b.Location, &b.UseBy, &b.FirstLocation, &b.FirstUseBy)
	return b, err
}

// scanDomainLine scans a row of lineColumns.
func scanDomainLine(scan func(...any) error) (l domain.Line, err error) {
	var rank int16
	var first *domain.Date
	var wishes string
	err = scan(&l.Seq, &l.OrderID, &l.SKU, &l.Qty, &l.Status, &l.BatchRef, &l.Promise,
		&rank, &l.RequiredBy, &l.HeldUntil, &l.FirstQty, &first, &l.Shipped, &l.Returned, &wishes, &l.Frozen)
	if err != nil {
		return l, err
	}
	l.Priority = domain.Priority(-rank)
	if first != nil {
		l.Promised, l.FirstPromise = true, *first
	}
	l.Wishes, err = eventjson.DecodeWishes(wishes)
	return l, err
}
