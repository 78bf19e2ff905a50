package postgres

import (
	"context"
	"fmt"
	"iter"
	"math"

	"github.com/jackc/pgx/v5"

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
	productColumns = `SELECT sku, version, description, backorders, out_of_stock FROM products `
	selectProducts = productColumns + `WHERE sku = ANY($1)`

	// Locked in one order by everybody, those whose batches are wanted
	// included: what is read after this stays as it is.
	lockProducts = productColumns + `WHERE sku = ANY(ARRAY(
			SELECT unnest($1::text[]) UNION SELECT sku FROM batch_refs WHERE ref = ANY($2)))
		ORDER BY sku FOR NO KEY UPDATE`

	batchColumns = `SELECT b.seq, b.ref, b.sku, b.purchased, b.allocated, b.eta, b.first_qty, b.first_eta `

	// Of products that are as known, nothing is read.
	selectOpen = batchColumns + `FROM unnest($1::text[], $2::bigint[]) AS w (sku, version)
		JOIN products p ON p.sku = w.sku AND p.version <> w.version
		JOIN batches b ON b.sku = w.sku AND b.open`

	selectRefs = batchColumns + `FROM batch_refs r JOIN batches b ON b.sku = r.sku AND b.seq = r.seq WHERE r.ref = ANY($1)`

	lineColumns = `SELECT l.seq, l.order_id, l.sku, l.qty, l.status, coalesce(b.ref, ''), coalesce(b.eta, 0)`
	fromLines   = ` FROM lines l LEFT JOIN batches b ON b.sku = l.sku AND b.seq = l.batch `

	// With the version of each line's product: that need not be locked yet.
	selectOrders = lineColumns + `, p.version` + fromLines + `JOIN products p ON p.sku = l.sku WHERE l.order_id = ANY($1)`

	linesOf = lineColumns + fromLines + `WHERE l.batch = (SELECT seq FROM batch_refs WHERE ref = $1)
		AND l.sku = (SELECT sku FROM batch_refs WHERE ref = $1) AND l.seq < $2 ORDER BY l.seq DESC LIMIT $3`
	backordered = backorderColumns + `WHERE status = 'backordered' AND sku = $1 AND seq > $2 ORDER BY seq LIMIT $3`

	backorderColumns = `SELECT seq, order_id, sku, qty, status, '', 0 FROM lines `
)

// Load implements service.Reader.
func (r *reader) Load(ctx context.Context, want service.Want) (found service.Found, _ error) {
	l := newLoad(want)
	if l.empty() {
		return found, nil
	}
	if r.tx != nil && r.tx.guess != nil {
		if r.tx.guess.fits(want) {
			r.tx.guess.add(want)
			return found, nil
		}
		if err := r.tx.makeSure(ctx); err != nil {
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

func (l *load) empty() bool { return len(l.skus) == 0 && len(l.Batches) == 0 && len(l.Orders) == 0 }

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
	if len(l.Orders) > 0 {
		b.Queue(selectOrders, l.Orders).Query(each(l.scanLine, &l.lines))
	}
}

// scanLine scans a row of selectOrders.
func (l *load) scanLine(scan func(...any) error) (line domain.Line, err error) {
	var version int64
	err = scan(&line.Seq, &line.OrderID, &line.SKU, &line.Qty, &line.Status, &line.BatchRef, &line.Promise, &version)
	l.of = append(l.of, version)
	return line, err
}

// found is what there is of what is wanted.
func (l *load) found() service.Found {
	out := service.Found{Batches: l.batches, Lines: l.lines}
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
	return r.pages(ctx, linesOf, batchRef, math.MaxInt64)
}

// Backorders implements service.Reader.
func (r *reader) Backorders(ctx context.Context, sku string) iter.Seq2[domain.Line, error] {
	return r.pages(ctx, backordered, sku, 0)
}

// linesAtOnce is how many lines are read in one round trip: who reads them
// often stops early, and asks something else in between.
const linesAtOnce = 256

// pages yields the lines that a query finds for a key, page by page, from the
// place of acceptance after the one given.
func (r *reader) pages(ctx context.Context, q, key string, after int64) iter.Seq2[domain.Line, error] {
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
			b.Queue(q, key, after, linesAtOnce).Query(each(scanDomainLine, &page))
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
			after = page[len(page)-1].Seq
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
	err = scan(&p.SKU, &p.Version, &p.Description, &p.Backorders, &p.OutOfStock)
	return p, err
}

func scanBatch(scan func(...any) error) (b domain.Batch, err error) {
	err = scan(&b.Seq, &b.Ref, &b.SKU, &b.Purchased, &b.Allocated, &b.ETA, &b.FirstQty, &b.FirstETA)
	return b, err
}

func scanDomainLine(scan func(...any) error) (l domain.Line, err error) {
	err = scan(&l.Seq, &l.OrderID, &l.SKU, &l.Qty, &l.Status, &l.BatchRef, &l.Promise)
	return l, err
}
