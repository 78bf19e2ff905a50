package sqlite

import (
	"context"
	"database/sql/driver"
	"iter"

	"allot/internal/domain"
	"allot/internal/service"
)

// reading is a service.Reader on a connection that is in a transaction.
type reading struct {
	*conn
	versions map[string]int64 // of products, as far as known to be right
}

var (
	selectProducts = statement{`SELECT sku, version, description, backorders, out_of_stock FROM products WHERE sku IN (`, `?`, `)`}
	selectOpen     = statement{batchColumns + fromOpen + `AND b.sku IN (`, `?`, `)`}
	selectRefs     = statement{selectBatch + `b.ref IN (`, `?`, `)`}
	selectOrders   = statement{selectLine + `l.order_id IN (`, `?`, `)`}
)

const (
	batchColumns = `SELECT b.seq, b.ref, b.sku, s.purchased, s.allocated, b.eta, b.first_qty, b.first_eta `
	// SQLite would rather take the index of all batches, used up or not.
	fromOpen    = `FROM batches b INDEXED BY open_batches JOIN stock s ON s.batch = b.seq WHERE b.open = 1 `
	selectBatch = batchColumns + `FROM batches b JOIN stock s ON s.batch = b.seq WHERE `
	selectLine  = `SELECT l.seq, l.order_id, l.sku, l.qty, l.status, coalesce(b.ref, ''), coalesce(b.eta, 0)
		FROM lines l LEFT JOIN batches b ON b.seq = l.batch WHERE `
	linesOf     = selectLine + `l.batch = (SELECT seq FROM batches WHERE ref = ?) ORDER BY l.seq DESC`
	backordered = selectBackorders + `INDEXED BY backorders WHERE status = 'backordered' AND sku = ? ORDER BY seq`
)

// Load implements service.Reader.
func (r *reading) Load(_ context.Context, want service.Want) (found service.Found, err error) {
	if found.Products, err = r.products(want.Products); err != nil {
		return found, err
	}
	err = r.read(selectRefs, r.texts(want.Batches), func(v []driver.Value) {
		found.Batches = append(found.Batches, batch(v))
	})
	if err != nil {
		return found, err
	}
	err = r.read(selectOrders, r.texts(want.Orders), func(v []driver.Value) {
		found.Lines = append(found.Lines, line(v))
	})
	if err != nil {
		return found, err
	}
	return found, r.received(want.Receipts, &found)
}

// products loads those that are not as known.
func (r *reading) products(want []service.Known) ([]domain.Snapshot, error) {
	args, known := r.args[:0], map[string]int64{}
	for _, k := range want {
		if k.Version == 0 || r.versions[k.SKU] != k.Version {
			args = append(args, k.SKU)
			known[k.SKU] = k.Version
		}
	}
	r.args = args
	var out []domain.Snapshot
	err := r.read(selectProducts, args, func(v []driver.Value) {
		if p := product(v); p.Version != known[p.SKU] {
			out = append(out, p)
		}
	})
	if err != nil {
		return nil, err
	}
	return out, r.openBatches(out)
}

func (r *reading) openBatches(products []domain.Snapshot) error {
	args, at := r.args[:0], make(map[string]*domain.Snapshot, len(products))
	for i := range products {
		p := &products[i]
		at[p.SKU] = p
		args = append(args, p.SKU)
		if r.versions != nil {
			r.versions[p.SKU] = p.Version
		}
	}
	r.args = args
	return r.read(selectOpen, args, func(v []driver.Value) {
		b := batch(v)
		at[b.SKU].Batches = append(at[b.SKU].Batches, b)
	})
}

// LinesOf implements service.Reader.
func (r *reading) LinesOf(_ context.Context, batchRef string) iter.Seq2[domain.Line, error] {
	return lines(r.scan(linesOf, batchRef))
}

// Backorders implements service.Reader.
func (r *reading) Backorders(_ context.Context, sku string) iter.Seq2[domain.Line, error] {
	return lines(r.scan(backordered, sku))
}

func lines(rows iter.Seq2[[]driver.Value, error]) iter.Seq2[domain.Line, error] {
	return func(yield func(domain.Line, error) bool) {
		for v, err := range rows {
			if err != nil {
				yield(domain.Line{}, err)
				return
			}
			if !yield(line(v), nil) {
				return
			}
		}
	}
}

func product(v []driver.Value) domain.Snapshot {
	return domain.Snapshot{
		SKU: v[0].(string), Version: v[1].(int64), Description: v[2].(string),
		Backorders: int(v[3].(int64)), OutOfStock: v[4].(int64) != 0,
	}
}

func batch(v []driver.Value) domain.Batch {
	return domain.Batch{
		Seq: v[0].(int64), Ref: v[1].(string), SKU: v[2].(string),
		Purchased: int(v[3].(int64)), Allocated: int(v[4].(int64)), ETA: domain.Date(v[5].(int64)),
		FirstQty: int(v[6].(int64)), FirstETA: domain.Date(v[7].(int64)),
	}
}

func line(v []driver.Value) domain.Line {
	return domain.Line{
		Seq:       v[0].(int64),
		OrderLine: domain.OrderLine{OrderID: v[1].(string), SKU: v[2].(string), Qty: int(v[3].(int64))},
		Status:    domain.Status(v[4].(string)), BatchRef: v[5].(string), Promise: domain.Date(v[6].(int64)),
	}
}

// texts is s as arguments, valid until the next use of r.args.
func (r *reading) texts(s []string) []driver.Value {
	args := r.args[:0]
	for _, v := range s {
		args = append(args, v)
	}
	r.args = args
	return args
}
