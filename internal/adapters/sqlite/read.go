package sqlite

import (
	"cmp"
	"context"
	"database/sql/driver"
	"iter"
	"slices"
	"time"

	"allot/internal/adapters/eventjson"
	"allot/internal/domain"
	"allot/internal/service"
)

// reading is a service.Reader on a connection that is in a transaction.
type reading struct {
	*conn
	versions map[string]int64 // of products, as far as known to be right
}

var (
	selectProducts = statement{productColumns + `FROM products WHERE sku IN (`, `?`, `)`}
	selectOpen     = statement{batchColumns + fromOpen + `AND b.sku IN (`, `?`, `)`}
	selectRefs     = statement{selectBatch + `b.ref IN (`, `?`, `)`}
	selectLines    = statement{lineColumns + `FROM (VALUES `, `(?, ?)`, `) v CROSS JOIN lines l ON l.order_id = v.column1 AND l.sku = v.column2 LEFT JOIN batches b ON b.seq = l.batch`}
	selectStocked  = statement{selectBatch + `s.allocated > 0 AND b.sku IN (`, `?`, `)`}
	selectAnswers  = statement{`SELECT scope, key, request, at, answer FROM (VALUES `, `(?, ?)`, `) v CROSS JOIN answers ON scope = v.column1 AND key = v.column2`}
)

const (
	productColumns = `SELECT sku, version, description, backorders, out_of_stock, coalesce(policy, ''), coalesce(safety_stock, 0),
		coalesce(filling_cause, ''), coalesce(filling_by, '') `

	batchColumns = `SELECT b.seq, b.ref, b.sku, s.purchased, s.allocated, s.shipped, b.closed, b.eta, b.first_qty, b.first_eta,
		coalesce(b.location, ''), coalesce(b.use_by, 0), coalesce(b.first_location, ''), coalesce(b.first_use_by, 0) `
	// SQLite would rather take the index of all batches, used up or not.
	fromOpen    = `FROM batches b INDEXED BY open_batches JOIN stock s ON s.batch = b.seq WHERE b.open = 1 `
	selectBatch = batchColumns + `FROM batches b JOIN stock s ON s.batch = b.seq WHERE `

	lineColumns = `SELECT l.seq, l.order_id, l.sku, l.qty, l.status, coalesce(b.ref, ''), coalesce(b.eta, 0), ` + moreColumns
	moreColumns = `l.rank, l.required_by, l.held_until, l.first_qty, l.first_promise, l.shipped, l.returned, coalesce(l.wishes, ''), coalesce(l.frozen, 0) `
	selectLine  = lineColumns + `FROM lines l LEFT JOIN batches b ON b.seq = l.batch WHERE `
	hasStock    = `l.status IN ('allocated', 'held') `
	linesOf     = selectLine + `l.batch = (SELECT seq FROM batches WHERE ref = ?) AND ` + hasStock + `ORDER BY l.rank DESC, l.seq DESC`
	backordered = selectBackorders + `INDEXED BY backorders WHERE l.status = 'backordered' AND l.sku = ? ORDER BY l.rank, l.seq`
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
	args := r.args[:0]
	for _, id := range want.Lines {
		args = append(args, id.OrderID, id.SKU)
	}
	r.args = args
	var unread error
	err = r.read(selectLines, args, func(v []driver.Value) {
		l, err := line(v)
		found.Lines, unread = append(found.Lines, l), cmp.Or(unread, err)
	})
	if err := cmp.Or(err, unread); err != nil {
		return found, err
	}
	if found.Answers, err = r.answers(want.Answers); err != nil {
		return found, err
	}
	return found, r.received(want.Receipts, &found)
}

func (r *reading) answers(want []service.AnswerID) (found []service.KeptAnswer, _ error) {
	args := r.args[:0]
	for _, id := range want {
		args = append(args, id.Scope, id.Key)
	}
	r.args = args
	err := r.read(selectAnswers, args, func(v []driver.Value) {
		answer, _ := v[4].([]byte) // nil if it is empty
		found = append(found, service.KeptAnswer{
			AnswerID: service.AnswerID{Scope: v[0].(string), Key: v[1].(string)}, Request: v[2].(string),
			At: time.UnixMicro(v[3].(int64)).UTC(), Answer: slices.Clone(answer),
		})
	})
	return found, err
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

// Stocked implements service.Reader.
func (r *reading) Stocked(_ context.Context, sku string) (out []domain.Batch, _ error) {
	err := r.read(selectStocked, r.texts([]string{sku}), func(v []driver.Value) { out = append(out, batch(v)) })
	return out, err
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
			if l, err := line(v); !yield(l, err) || err != nil {
				return
			}
		}
	}
}

func product(v []driver.Value) domain.Snapshot {
	return domain.Snapshot{
		SKU: v[0].(string), Version: v[1].(int64), Description: v[2].(string),
		Backorders: int(v[3].(int64)), OutOfStock: v[4].(int64) != 0, Policy: v[5].(string), SafetyStock: int(v[6].(int64)),
		Filling: domain.Filling{Cause: domain.Cause(v[7].(string)), By: v[8].(string)},
	}
}

func batch(v []driver.Value) domain.Batch {
	return domain.Batch{
		Seq: v[0].(int64), Ref: v[1].(string), SKU: v[2].(string),
		Purchased: int(v[3].(int64)), Allocated: int(v[4].(int64)), Shipped: int(v[5].(int64)), Closed: v[6].(int64) != 0,
		ETA: domain.Date(v[7].(int64)), FirstQty: int(v[8].(int64)), FirstETA: domain.Date(v[9].(int64)),
		Location: v[10].(string), UseBy: domain.Date(v[11].(int64)), FirstLocation: v[12].(string), FirstUseBy: domain.Date(v[13].(int64)),
	}
}

func line(v []driver.Value) (l domain.Line, err error) {
	l = domain.Line{
		Seq:       v[0].(int64),
		OrderLine: domain.OrderLine{OrderID: v[1].(string), SKU: v[2].(string), Qty: int(v[3].(int64))},
		Status:    domain.Status(v[4].(string)), BatchRef: v[5].(string), Promise: domain.Date(v[6].(int64)),
		Priority: -domain.Priority(v[7].(int64)), RequiredBy: domain.Date(v[8].(int64)), HeldUntil: domain.Instant(v[9].(int64)),
		FirstQty: int(v[10].(int64)), Shipped: int(v[12].(int64)), Returned: int(v[13].(int64)), Frozen: v[15].(int64) != 0,
	}
	if l.Wishes, err = eventjson.DecodeWishes(v[14].(string)); err != nil {
		return l, err
	}
	first, moved := v[11].(int64)
	return complete(l, domain.Date(first), moved), nil
}

// complete is a line with what its row leaves out because it goes without
// saying: that it has the quantity and the promise which it had at first.
func complete(l domain.Line, firstPromise domain.Date, moved bool) domain.Line {
	if l.FirstQty == 0 {
		l.FirstQty = l.Qty
	}
	if !moved {
		firstPromise = l.Promise
	}
	if l.Promised = moved || l.Status.HasBatch(); l.Promised {
		l.FirstPromise = firstPromise
	}
	return l
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
