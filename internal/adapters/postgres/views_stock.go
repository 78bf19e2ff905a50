package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"allot/internal/service"
	"allot/internal/views"
)

var (
	productList = listing[views.Product]{"products", scanStock, func(p views.Product) string { return service.CursorAtKey(p.SKU) }}
	batchList   = listing[views.Batch]{"batches", scanShown, func(b views.Batch) string { return service.CursorAtKey(b.Ref) }}
)

// What adds up the stock of some products, which are picked first.
const (
	selectStock = `SELECT p.sku, p.description, p.version, p.backorders, s.on_hand, s.inbound, s.allocated,
		(SELECT coalesce(sum(l.qty - l.shipped), 0)::bigint FROM lines l WHERE l.sku = p.sku AND l.status = 'backordered'),
		coalesce(p.policy, ''), coalesce(p.safety_stock, 0)
		FROM (SELECT sku, description, version, backorders, policy, safety_stock FROM products `
	addedUp = `) p CROSS JOIN LATERAL (SELECT coalesce(sum(purchased - shipped) FILTER (WHERE eta = 0), 0)::bigint AS on_hand,
			coalesce(sum(purchased - shipped) FILTER (WHERE eta <> 0), 0)::bigint AS inbound, coalesce(sum(allocated), 0)::bigint AS allocated
			FROM batches WHERE sku = p.sku) s ORDER BY p.sku`

	selectProduct     = selectStock + `WHERE sku = $1` + addedUp
	selectProductPage = selectStock + `WHERE sku > $1 ORDER BY sku LIMIT $2` + addedUp
	selectUseful      = batchColumns + `FROM batches b WHERE b.sku = $1 AND b.purchased > b.shipped ORDER BY b.eta, b.seq`
)

// Product implements views.Reader.
func (s *Store) Product(ctx context.Context, sku string) (out views.Product, _ error) {
	err := s.glance(ctx, func(tx pgx.Tx) (err error) {
		if out, err = one(ctx, tx, scanStock, selectProduct, sku); err != nil {
			return err
		}
		out.Batches, err = query(ctx, tx, scanShown, selectUseful, sku)
		return err
	})
	out.Places = service.ByLocation(out.Batches)
	return out, missing(err, "product", sku)
}

// Products implements views.Reader.
func (s *Store) Products(ctx context.Context, page views.Page) (views.List[views.Product], error) {
	after, err := service.AfterKey(page)
	if err != nil {
		return views.List[views.Product]{}, err
	}
	return productList.page(ctx, s.reads, page, selectProductPage, after)
}

const (
	selectCounted = batchColumns + `, (SELECT count(*) FROM lines l WHERE l.batch = b.seq AND ` + hasStock + `)
		FROM batch_refs r JOIN batches b ON b.sku = r.sku AND b.seq = r.seq WHERE r.ref = $1`
	selectBatches   = batchColumns + `FROM batch_refs r JOIN batches b ON b.sku = r.sku AND b.seq = r.seq WHERE r.ref > $1 ORDER BY r.ref LIMIT $2`
	selectBatchesOf = batchColumns + `FROM batches b WHERE b.ref > $1 AND b.sku = $2 ORDER BY b.ref LIMIT $3`
	selectBatchesAt = batchColumns + `FROM batches b WHERE b.ref > $1 AND b.location = $2 AND ($3 = '' OR b.sku = $3) ORDER BY b.ref LIMIT $4`
)

// Batch implements views.Reader.
func (s *Store) Batch(ctx context.Context, ref string) (views.Batch, error) {
	b, err := one(ctx, s.reads, scanCounted, selectCounted, ref)
	return b, missing(err, "batch", ref)
}

// missing says what err, of a query that must find a row, means.
func missing(err error, what, name string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pgx.ErrNoRows):
		return fmt.Errorf("%s %q: %w", what, name, views.ErrNotFound)
	}
	return fmt.Errorf("read %s %q: %w", what, name, classify(err))
}

// Batches implements views.Reader.
func (s *Store) Batches(ctx context.Context, f views.BatchFilter, page views.Page) (views.List[views.Batch], error) {
	after, err := service.AfterKey(page)
	if err != nil {
		return views.List[views.Batch]{}, err
	}
	switch {
	case f.Location != "":
		return batchList.page(ctx, s.reads, page, selectBatchesAt, after, f.Location, f.SKU)
	case f.SKU != "":
		return batchList.page(ctx, s.reads, page, selectBatchesOf, after, f.SKU)
	}
	return batchList.page(ctx, s.reads, page, selectBatches, after)
}

// scanShown scans a row of batchColumns.
func scanShown(scan func(...any) error) (views.Batch, error) {
	b, err := scanBatch(scan)
	return service.ViewBatch(b), err
}

// scanCounted scans a row of selectCounted: a batch with the number of its lines.
func scanCounted(scan func(...any) error) (views.Batch, error) {
	lines := 0
	b, err := scanShown(func(batch ...any) error { return scan(append(batch, &lines)...) })
	b.Lines = lines
	return b, err
}

// scanStock scans a row of selectStock.
func scanStock(scan func(...any) error) (p views.Product, err error) {
	err = scan(&p.SKU, &p.Description, &p.Version, &p.BackorderedLines, &p.OnHand, &p.Inbound, &p.Allocated, &p.Backordered, &p.Policy, &p.SafetyStock)
	p.Available = p.OnHand + p.Inbound - p.Allocated
	return p, err
}
