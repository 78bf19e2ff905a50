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
		coalesce(sum(s.purchased) FILTER (WHERE b.eta = 0), 0), coalesce(sum(s.purchased) FILTER (WHERE b.eta <> 0), 0), coalesce(sum(s.allocated), 0),
		(SELECT coalesce(sum(l.qty), 0) FROM lines l INDEXED BY backorders WHERE l.sku = p.sku AND l.status = 'backordered')
		FROM (SELECT sku, description, version, backorders FROM products `
	addedUp = `) p LEFT JOIN batches b ON b.sku = p.sku LEFT JOIN stock s ON s.batch = b.seq GROUP BY p.sku ORDER BY p.sku`

	selectProduct     = selectStock + `WHERE sku = ?` + addedUp
	selectProductPage = selectStock + `WHERE sku > ? ORDER BY sku LIMIT ?` + addedUp
	selectUseful      = selectBatch + `b.sku = ? AND s.purchased > 0 ORDER BY b.eta, b.seq` // what was never allocated nor left has none
)

// Product implements views.Reader.
func (s *Store) Product(ctx context.Context, sku string) (out views.Product, _ error) {
	tx, err := s.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return out, fmt.Errorf("read product %q: %w", sku, classify(err))
	}
	defer tx.Rollback()
	found, err := query(ctx, tx, scanStock, selectProduct, sku)
	if err != nil {
		return out, fmt.Errorf("read product %q: %w", sku, err)
	}
	if len(found) == 0 {
		return out, fmt.Errorf("product %q: %w", sku, views.ErrNotFound)
	}
	out = found[0]
	if out.Batches, err = query(ctx, tx, scanShown, selectUseful, sku); err != nil {
		return out, fmt.Errorf("read the batches of product %q: %w", sku, err)
	}
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
	selectByRef    = selectBatch + `b.ref = ?`
	countLines     = `SELECT count(*) FROM lines WHERE batch = ?`
	selectBatches  = selectBatch + `b.ref > ? ORDER BY b.ref LIMIT ?`
	selectOfOneSKU = selectBatch + `+b.ref > ? AND b.sku = ? ORDER BY b.ref LIMIT ?`
)

// Batch implements views.Reader.
func (s *Store) Batch(ctx context.Context, ref string) (views.Batch, error) {
	b, err := s.batch(ctx, ref)
	if err != nil {
		return b, err
	}
	if err := s.readers.QueryRowContext(ctx, countLines, b.Seq).Scan(&b.Lines); err != nil {
		return b, fmt.Errorf("count the lines of batch %q: %w", ref, classify(err))
	}
	return b, nil
}

// batch returns a batch without the number of its lines.
func (s *Store) batch(ctx context.Context, ref string) (views.Batch, error) {
	b, err := scanShown(s.readers.QueryRowContext(ctx, selectByRef, ref).Scan)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return b, fmt.Errorf("batch %q: %w", ref, views.ErrNotFound)
	case err != nil:
		return b, fmt.Errorf("read batch %q: %w", ref, classify(err))
	}
	return b, nil
}

// Batches implements views.Reader.
func (s *Store) Batches(ctx context.Context, sku string, page views.Page) (views.List[views.Batch], error) {
	after, err := service.AfterKey(page)
	if err != nil {
		return views.List[views.Batch]{}, err
	}
	if sku == "" {
		return batchList.page(ctx, s.readers, page, selectBatches, after)
	}
	return batchList.page(ctx, s.readers, page, selectOfOneSKU, after, sku)
}

// scanShown scans a row of selectBatch.
func scanShown(scan func(...any) error) (views.Batch, error) {
	b, err := scanBatch(scan)
	return service.ViewBatch(b), err
}

// scanStock scans a row of selectStock.
func scanStock(scan func(...any) error) (p views.Product, err error) {
	err = scan(&p.SKU, &p.Description, &p.Version, &p.BackorderedLines, &p.OnHand, &p.Inbound, &p.Allocated, &p.Backordered)
	p.Available = p.OnHand + p.Inbound - p.Allocated
	return p, err
}
