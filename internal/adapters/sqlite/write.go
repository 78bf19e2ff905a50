package sqlite

import (
	"context"
	"database/sql/driver"
	"slices"

	"allot/internal/adapters/eventjson"
	"allot/internal/domain"
	"allot/internal/service"
)

// tx is a service.Tx. There is one writer, so nothing that it reads can change.
type tx struct {
	reading
	log   *logEnd
	given map[service.Sequence]int64 // the last number given out by this transaction
}

// logEnd is where the event log ends: what the writer knows from one
// transaction to the next.
type logEnd struct {
	position int64  // of the last event
	origin   origin // of the last event
	originID int64
}

// origin is a row of origins, but for its id.
type origin struct {
	command string
	domain.Origin
}

// The statements that write. OR ROLLBACK spares SQLite a journal of its own for
// each of them; an error voids the whole transaction anyway.
var (
	upsertProducts = statement{`INSERT OR ROLLBACK INTO products (sku, description, version, previous, backorders, out_of_stock) VALUES `, `(?, ?, ?, ?, ?, ?)`,
		` ON CONFLICT (sku) DO UPDATE SET description = excluded.description, version = excluded.version, previous = excluded.previous,
		backorders = excluded.backorders, out_of_stock = excluded.out_of_stock WHERE version = excluded.previous`}
	insertBatches = statement{`INSERT OR ROLLBACK INTO batches (seq, ref, sku, eta, first_qty, first_eta, open) VALUES `, `(?, ?, ?, ?, ?, ?, ?)`, ``}
	upsertStock   = statement{`INSERT OR ROLLBACK INTO stock (batch, purchased, allocated) VALUES `, `(?, ?, ?)`,
		` ON CONFLICT (batch) DO UPDATE SET purchased = excluded.purchased, allocated = excluded.allocated`}
	insertLines  = statement{`INSERT OR ROLLBACK INTO lines (seq, order_id, sku, qty, status, batch, event) VALUES `, `(?, ?, ?, ?, ?, ?, ?)`, ``}
	updateLine   = statement{`UPDATE OR ROLLBACK lines SET status = `, `?, batch = ?, event = ? WHERE seq = ?`, ``}
	insertOrigin = statement{`INSERT OR ROLLBACK INTO origins (id, command, actor, reason, note, correlation, cause) VALUES `, `(?, ?, ?, ?, ?, ?, ?)`, ``}
	insertEvents = statement{`INSERT OR ROLLBACK INTO events (position, at, sku, version, name, origin, body) VALUES `, `(?, ?, ?, ?, ?, ?, ?)`, ``}
	lastNumbers  = map[service.Sequence]string{
		service.BatchSeq: `SELECT coalesce(max(seq), 0) FROM batches`,
		service.LineSeq:  `SELECT coalesce(max(seq), 0) FROM lines`,
	}
)

// Reserve implements service.Tx.
func (t *tx) Reserve(_ context.Context, s service.Sequence, n int) (int64, error) {
	last, known := t.given[s]
	if !known {
		for v, err := range t.scan(lastNumbers[s]) {
			if err != nil {
				return 0, err
			}
			last = v[0].(int64)
		}
	}
	t.given[s] = last + int64(n)
	return last + 1, nil
}

// Write implements service.Tx.
func (t *tx) Write(_ context.Context, c service.Changes) error {
	if err := t.writeProducts(c.Products); err != nil {
		return err
	}
	if err := t.writeBatches(c); err != nil {
		return err
	}
	if err := t.writeLines(c); err != nil {
		return err
	}
	return t.writeEvents(c.Events)
}

func (t *tx) writeProducts(changes []service.ProductChange) error {
	args := t.args[:0]
	for _, p := range changes {
		args = append(args, p.To.SKU, p.To.Description, p.To.Version, p.From, int64(p.To.Backorders), p.To.OutOfStock)
		t.versions[p.To.SKU] = p.To.Version
	}
	t.args = args
	n, err := t.write(upsertProducts, args...)
	if err == nil && n != int64(len(changes)) {
		return service.ErrStale
	}
	return err
}

func (t *tx) writeBatches(c service.Changes) error {
	args := t.args[:0]
	for _, b := range c.Added {
		args = append(args, b.Seq, b.Ref, b.SKU, int64(b.ETA), int64(b.FirstQty), int64(b.FirstETA), b.Available() > 0)
	}
	t.args = args
	if _, err := t.write(insertBatches, args...); err != nil {
		return err
	}
	args = args[:0]
	for _, b := range slices.Concat(c.Changed, c.Added) {
		args = append(args, b.Seq, int64(b.Purchased), int64(b.Allocated))
	}
	t.args = args
	_, err := t.write(upsertStock, args...)
	return err
}

func (t *tx) writeLines(c service.Changes) error {
	seqs := seqsByRef(c)
	args := t.args[:0]
	for _, l := range c.Lines {
		event := t.log.position + 1 + int64(l.Event)
		if l.New {
			args = append(args, l.Seq, l.OrderID, l.SKU, int64(l.Qty), string(l.Status), seqs[l.BatchRef], event)
		} else if _, err := t.write(updateLine, string(l.Status), seqs[l.BatchRef], event, l.Seq); err != nil {
			return err
		}
	}
	t.args = args
	_, err := t.write(insertLines, args...)
	return err
}

// seqsByRef numbers the batches that lines may have gone to: all of them
// changed. A line without batch has none.
func seqsByRef(c service.Changes) map[string]driver.Value {
	out := make(map[string]driver.Value, len(c.Changed)+len(c.Added)+1)
	for _, b := range slices.Concat(c.Changed, c.Added) {
		out[b.Ref] = b.Seq
	}
	out[""] = nil
	return out
}

func (t *tx) writeEvents(events []service.Envelope) error {
	args := t.args[:0]
	for _, e := range events {
		body, err := eventjson.Encode(e.Event)
		if err != nil {
			return err
		}
		if err := t.writeOrigin(origin{e.Command, e.Origin}); err != nil {
			return err
		}
		t.log.position++
		args = append(args, t.log.position, e.At.UnixMicro(), e.SKU, e.Version, e.Event.EventName(), t.log.originID, string(body))
	}
	t.args = args
	_, err := t.write(insertEvents, args...)
	return err
}

// writeOrigin makes o the present origin: a new row, unless the event before
// had the same.
func (t *tx) writeOrigin(o origin) error {
	if t.log.originID > 0 && t.log.origin == o {
		return nil
	}
	t.log.origin = o
	t.log.originID++
	_, err := t.write(insertOrigin, t.log.originID, o.command, o.Actor, o.Reason, o.Note, o.Correlation, o.Cause)
	return err
}
