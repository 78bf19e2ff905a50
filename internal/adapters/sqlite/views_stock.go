package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"allot/internal/service"
	"allot/internal/views"
)

var (
	productList = listing[views.Product]{"products", scanStock, func(p views.Product) string { return service.CursorAtKey(p.SKU) }}
	batchList   = listing[views.Batch]{"batches", scanShown, func(b views.Batch) string { return service.CursorAtKey(b.Ref) }}
)

// What adds up the stock of some products, which are picked first.
const (
	selectStock = `SELECT p.sku, p.description, p.version, p.backorders,
		coalesce(sum(s.purchased - s.shipped) FILTER (WHERE b.eta = 0), 0), coalesce(sum(s.purchased - s.shipped) FILTER (WHERE b.eta <> 0), 0), coalesce(sum(s.allocated), 0),
		(SELECT coalesce(sum(l.qty - l.shipped), 0) FROM lines l INDEXED BY backorders WHERE l.sku = p.sku AND l.status = 'backordered'),
		coalesce(p.policy, ''), coalesce(p.safety_stock, 0)
		FROM (SELECT sku, description, version, backorders, policy, safety_stock FROM products `
	addedUp = `) p LEFT JOIN batches b ON b.sku = p.sku LEFT JOIN stock s ON s.batch = b.seq GROUP BY p.sku ORDER BY p.sku`

	selectProduct     = selectStock + `WHERE sku = ?` + addedUp
	selectProductPage = selectStock + `WHERE sku > ? ORDER BY sku LIMIT ?` + addedUp
	selectUseful      = selectBatch + `b.sku = ? AND s.purchased > s.shipped ORDER BY b.eta, b.seq`
)

// Product implements views.Reader.
func (s *Store) Product(ctx context.Context, sku string) (out views.Product, _ error) {
	tx, err := s.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return out, fmt.Errorf("read product %q: %w", sku, classify(err))
	}
	defer tx.Rollback()
	if out, err = scanStock(tx.QueryRowContext(ctx, selectProduct, sku).Scan); err != nil {
		return out, missing(err, "product", sku)
	}
	if out.Batches, err = query(ctx, tx, scanShown, selectUseful, sku); err != nil {
		return out, fmt.Errorf("read the batches of product %q: %w", sku, err)
	}
	out.Places = service.ByLocation(out.Batches)
	return out, nil
}

// Products implements views.Reader.
func (s *Store) Products(ctx context.Context, page views.Page) (views.List[views.Product], error) {
	after, err := service.AfterKey(page)
	if err != nil {
		return views.List[views.Product]{}, err
	}
	return productList.page(ctx, s.readers, page, selectProductPage, after)
}

const (
	selectCounted = batchColumns + `, (SELECT count(*) FROM lines l WHERE l.batch = b.seq AND ` + hasStock + `)
		FROM batches b JOIN stock s ON s.batch = b.seq WHERE b.ref = ?`
	selectBatches   = selectBatch + `b.ref > ? ORDER BY b.ref LIMIT ?`
	selectBatchesOf = selectBatch + `+b.ref > ? AND b.sku = ? ORDER BY b.ref LIMIT ?` // by the index on sku
	selectBatchesAt = selectBatch + `+b.ref > ?1 AND b.location = ?2 AND (?3 = '' OR +b.sku = ?3) ORDER BY b.ref LIMIT ?4`
)

// Batch implements views.Reader.
func (s *Store) Batch(ctx context.Context, ref string) (views.Batch, error) {
	b, err := scanCounted(s.readers.QueryRowContext(ctx, selectCounted, ref).Scan)
	return b, missing(err, "batch", ref)
}

// missing says what err, of a query that must find a row, means.
func missing(err error, what, name string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
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
		return batchList.page(ctx, s.readers, page, selectBatchesAt, after, f.Location, f.SKU)
	case f.SKU != "":
		return batchList.page(ctx, s.readers, page, selectBatchesOf, after, f.SKU)
	}
	return batchList.page(ctx, s.readers, page, selectBatches, after)
}

// scanShown scans a row of selectBatch.
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
