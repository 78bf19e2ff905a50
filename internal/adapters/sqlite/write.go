package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"

	"allot/internal/adapters/eventjson"
	"allot/internal/domain"
	"allot/internal/service"
)

// tx is a service.Tx. There is one writer, so nothing that it reads can change.
type tx struct {
	reading
	log     *logEnd
	origins []driver.Value // room for arguments
	changed []versioned    // the products that were written

	failed error // the first of Write: there may be no transaction any more, and SQLite would commit what comes next at once
}

// logEnd is where things end that are numbered: what the writer knows from one
// transaction to the next.
type logEnd struct {
	position int64  // of the last event
	origin   origin // of the last event
	originID int64
	batch    int64 // the last number given out
	line     int64 // likewise
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
	upsertStock   = statement{`INSERT OR ROLLBACK INTO stock (batch, purchased, allocated, shipped) VALUES `, `(?, ?, ?, ?)`,
		` ON CONFLICT (batch) DO UPDATE SET purchased = excluded.purchased, allocated = excluded.allocated, shipped = excluded.shipped`}
	setPolicy       = statement{`UPDATE OR ROLLBACK products SET policy = nullif(`, `?, ''), safety_stock = nullif(?, 0) WHERE sku = ?`, ``}
	setFilling      = statement{`UPDATE OR ROLLBACK products SET filling_cause = nullif(`, `?, ''), filling_by = nullif(?, '') WHERE sku = ?`, ``}
	labelBatch      = statement{`UPDATE OR ROLLBACK batches SET location = nullif(`, `?, ''), use_by = nullif(?, 0), first_location = nullif(?, ''), first_use_by = nullif(?, 0) WHERE seq = ?`, ``}
	updateBatch     = statement{`UPDATE OR ROLLBACK batches SET eta = `, `?, closed = ?, open = ? WHERE seq = ?`, ``}
	insertAllocated = statement{`INSERT OR ROLLBACK INTO lines (seq, order_id, sku, qty, status, batch, event) VALUES `, `(?, ?, ?, ?, 'allocated', ?, ?)`, ``}
	insertLines     = statement{`INSERT OR ROLLBACK INTO lines (seq, order_id, sku, qty, status, batch, event,
		rank, required_by, held_until, first_qty, first_promise, shipped, returned, wishes, frozen) VALUES `, `(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, ``}
	updateLines = statement{`UPDATE OR ROLLBACK lines SET qty = v.column2, status = v.column3, batch = (SELECT seq FROM batches WHERE ref = v.column4),
		event = coalesce(v.column5, event), rank = v.column6, required_by = v.column7, held_until = v.column8, first_qty = v.column9,
		first_promise = v.column10, shipped = v.column11, returned = v.column12, wishes = v.column13, frozen = v.column14 FROM (VALUES `,
		`(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, `) v WHERE lines.seq = v.column1`}
	insertLineEvents = statement{`INSERT OR ROLLBACK INTO line_events (line, event) VALUES `, `(?, ?)`, ``}
	insertOrigins    = statement{`INSERT OR ROLLBACK INTO origins (id, command, actor, reason, note, correlation, cause, trace) VALUES `, `(?, ?, ?, ?, ?, ?, ?, ?)`, ``}
	upsertAnswers    = statement{`INSERT OR ROLLBACK INTO answers (scope, key, request, at, answer) VALUES `, `(?, ?, ?, ?, ?)`,
		` ON CONFLICT (scope, key) DO UPDATE SET request = excluded.request, at = excluded.at, answer = excluded.answer`}
	forgetAnswers = statement{`DELETE FROM answers WHERE rowid IN (SELECT rowid FROM answers WHERE at < `, `? ORDER BY at LIMIT ?)`, ``}
	insertEvents  = statement{`INSERT OR ROLLBACK INTO events (position, at, sku, version, name, origin, body) VALUES `, `(?, ?, ?, ?, ?, ?, ?)`, ``}
)

// Reserve implements service.Tx.
func (t *tx) Reserve(_ context.Context, s service.Sequence, n int) (int64, error) {
	last := &t.log.line
	if s == service.BatchSeq {
		last = &t.log.batch
	}
	first := *last + 1
	*last += int64(n)
	return first, nil
}

// Write implements service.Tx.
func (t *tx) Write(_ context.Context, c service.Changes) error {
	if t.failed == nil {
		t.failed = t.writeAll(c)
	}
	return t.failed
}

func (t *tx) writeAll(c service.Changes) error {
	if err := t.writeProducts(c.Products); err != nil {
		return err
	}
	if err := t.writePolicies(c); err != nil {
		return err
	}
	if err := t.writeBatches(c); err != nil {
		return err
	}
	if err := t.writeLines(c); err != nil {
		return err
	}
	if err := t.writeEvents(c.Events); err != nil {
		return err
	}
	if err := t.writeAnswers(c); err != nil {
		return err
	}
	return t.writeReceipts(c.Receipts)
}

// writeAnswers keeps answers. For each it forgets two old ones, if there are
// any, so that they don't pile up.
func (t *tx) writeAnswers(c service.Changes) error {
	if len(c.Answers) == 0 {
		return nil
	}
	if _, err := t.write(forgetAnswers, c.Forget.UnixMicro(), int64(2*len(c.Answers))); err != nil {
		return err
	}
	args := t.args[:0]
	for _, a := range c.Answers {
		args = append(args, a.Scope, a.Key, a.Request, a.At.UnixMicro(), a.Answer)
	}
	t.args = args
	_, err := t.write(upsertAnswers, args...)
	return err
}

func (t *tx) writeProducts(changes []service.ProductChange) error {
	args := t.args[:0]
	for _, p := range changes {
		args = append(args, p.To.SKU, p.To.Description, p.To.Version, p.From, int64(p.To.Backorders), p.To.OutOfStock)
		t.versions[p.To.SKU] = p.To.Version
		t.changed = append(t.changed, versioned{p.To.SKU, p.To.Version})
	}
	t.args = args
	n, err := t.write(upsertProducts, args...)
	if err == nil && n != int64(len(changes)) {
		return service.ErrStale
	}
	return err
}

// writePolicies writes what seldom changes about products.
func (t *tx) writePolicies(c service.Changes) error {
	policies, fillings := map[string]bool{}, map[string]bool{}
	for _, e := range c.Events {
		switch e.Event.(type) {
		case domain.PolicySet:
			policies[e.SKU] = true
		case domain.FillingBegan, domain.FillingEnded:
			fillings[e.SKU] = true
		}
	}
	if len(policies)+len(fillings) == 0 {
		return nil
	}
	for _, p := range c.Products {
		if policies[p.To.SKU] {
			if _, err := t.write(setPolicy, p.To.Policy, int64(p.To.SafetyStock), p.To.SKU); err != nil {
				return err
			}
		}
		if fillings[p.To.SKU] {
			if _, err := t.write(setFilling, string(p.To.Filling.Cause), p.To.Filling.By, p.To.SKU); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *tx) writeBatches(c service.Changes) error {
	args := t.args[:0]
	for _, b := range c.Added {
		args = append(args, b.Seq, b.Ref, b.SKU, int64(b.ETA), int64(b.FirstQty), int64(b.FirstETA), b.Room() > 0)
	}
	t.args = args
	if _, err := t.write(insertBatches, args...); err != nil {
		return err
	}
	args = args[:0]
	for _, b := range slices.Concat(c.Changed, c.Added) {
		args = append(args, b.Seq, int64(b.Purchased), int64(b.Allocated), int64(b.Shipped))
	}
	t.args = args
	if _, err := t.write(upsertStock, args...); err != nil {
		return err
	}
	if err := t.label(c); err != nil {
		return err
	}
	return t.reschedule(c)
}

// label writes where new batches lie and how long they keep, if that was said.
func (t *tx) label(c service.Changes) error {
	for _, b := range c.Added {
		if b.Location == "" && b.UseBy == 0 && b.FirstLocation == "" && b.FirstUseBy == 0 {
			continue
		}
		if err := t.labelBatch(b); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) labelBatch(b domain.Batch) error {
	_, err := t.write(labelBatch, b.Location, int64(b.UseBy), b.FirstLocation, int64(b.FirstUseBy), b.Seq)
	return err
}

// reschedule writes what seldom changes about batches: when they come, where
// they lie, how long they keep, and whether they take lines.
func (t *tx) reschedule(c service.Changes) error {
	refs := map[string]bool{}
	for _, e := range c.Events {
		if ref := domain.RescheduledBatch(e.Event); ref != "" {
			refs[ref] = true
		}
	}
	if len(refs) == 0 {
		return nil
	}
	for _, b := range slices.Concat(c.Changed, c.Added) {
		if !refs[b.Ref] {
			continue
		}
		if _, err := t.write(updateBatch, int64(b.ETA), b.Closed, b.Room() > 0, b.Seq); err != nil {
			return err
		}
		if err := t.labelBatch(b); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) writeLines(c service.Changes) error {
	seqs := seqsByRef(c)
	args := t.args[:0]
	var full, changed, events []driver.Value
	for _, l := range c.Lines {
		event := t.position(l.Event)
		switch more := rest(l.Line); {
		case l.New && l.Status == domain.StatusAllocated && more == plain: // as most are
			args = append(args, l.Seq, l.OrderID, l.SKU, int64(l.Qty), seqs[l.BatchRef], event)
		case l.New:
			full = append(full, l.Seq, l.OrderID, l.SKU, int64(l.Qty), string(l.Status), seqs[l.BatchRef], event)
			full = append(full, more[:]...)
		default:
			changed = append(changed, l.Seq, int64(l.Qty), string(l.Status), l.BatchRef, event)
			changed = append(changed, more[:]...)
		}
		for _, e := range l.More {
			events = append(events, l.Seq, t.position(e))
		}
	}
	t.args = args
	if _, err := t.write(insertAllocated, args...); err != nil {
		return err
	}
	if _, err := t.write(insertLines, full...); err != nil {
		return err
	}
	if err := t.updateLines(changed); err != nil {
		return err
	}
	_, err := t.write(insertLineEvents, events...)
	return err
}

// updateLines changes lines that are there.
func (t *tx) updateLines(args []driver.Value) error {
	n, err := t.write(updateLines, args...)
	if want := int64(len(args) / (5 + len(columns{}))); err == nil && n != want {
		return fmt.Errorf("only %d of %d lines are there to be changed: run allot verify", n, want)
	}
	return err
}

// position is where in the log an event of this transaction will be; nil if it
// is none.
func (t *tx) position(event int) driver.Value {
	if event == service.NoEvent {
		return nil
	}
	return t.log.position + 1 + int64(event)
}

// columns are those of a line from rank on.
type columns [9]driver.Value

// plain is what they are for most lines.
var plain = rest(domain.Line{})

func rest(l domain.Line) columns {
	out := columns{int64(-l.Priority), int64(l.RequiredBy), int64(l.HeldUntil), int64(0), nil, int64(l.Shipped), int64(l.Returned), nil, nil}
	if l.FirstQty != l.Qty {
		out[3] = int64(l.FirstQty)
	}
	if l.Promised && !(l.Status.HasBatch() && l.FirstPromise == l.Promise) {
		out[4] = int64(l.FirstPromise)
	}
	if l.Wishes != (domain.Wishes{}) {
		out[7] = eventjson.EncodeWishes(l.Wishes)
	}
	if l.Frozen {
		out[8] = int64(1)
	}
	return out
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
	args, origins := t.args[:0], t.origins[:0]
	for _, e := range events {
		body, err := eventjson.Encode(e.Event)
		if err != nil {
			return err
		}
		// A new origin is a new row, unless the event before had the same.
		if o := (origin{e.Command, e.Origin}); t.log.originID == 0 || t.log.origin != o {
			t.log.origin = o
			t.log.originID++
			origins = append(origins, t.log.originID, o.command, o.Actor, o.Reason, o.Note, o.Correlation, o.Cause, o.Trace)
		}
		t.log.position++
		args = append(args, t.log.position, e.At.UnixMicro(), e.SKU, e.Version, e.Event.EventName(), t.log.originID, string(body))
	}
	t.args, t.origins = args, origins
	if _, err := t.write(insertOrigins, origins...); err != nil {
		return err
	}
	_, err := t.write(insertEvents, args...)
	return err
}
