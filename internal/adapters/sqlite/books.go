package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"iter"

	"allot/internal/adapters/eventjson"
	"allot/internal/domain"
	"allot/internal/service"
)

// Books implements service.Audited. It reads the tables side by side, each in
// the order of SKUs, so that only one product is in memory at a time.
func (s *Store) Books(ctx context.Context, fault func(string)) iter.Seq2[service.Book, error] {
	return func(yield func(service.Book, error) bool) {
		tx, closeAll, err := s.beginAudit(ctx)
		if err != nil {
			yield(service.Book{}, fmt.Errorf("open the books: %w", err))
			return
		}
		defer closeAll()
		if err := integrity(ctx, tx, fault); err != nil {
			yield(service.Book{}, err)
			return
		}
		shelves := shelve(ctx, tx)
		defer shelves.close()
		for {
			book, ok, err := shelves.next()
			if !ok && err == nil {
				return
			}
			if !yield(book, err) || err != nil {
				return
			}
		}
	}
}

// beginAudit opens a snapshot that sorts in files: a log of events is larger
// than memory should be.
func (s *Store) beginAudit(ctx context.Context) (*sql.Tx, func(), error) {
	conn, err := s.readers.Conn(ctx)
	if err != nil {
		return nil, nil, err
	}
	if _, err := conn.ExecContext(ctx, "PRAGMA temp_store = FILE"); err != nil {
		return nil, nil, errors.Join(err, conn.Close())
	}
	tx, err := conn.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, nil, errors.Join(err, conn.Close())
	}
	return tx, func() {
		tx.Rollback()
		_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // it is like no other any more: not for the pool
		conn.Close()
	}, nil
}

// integrity reports what SQLite itself finds wrong, and gaps in the log.
func integrity(ctx context.Context, tx *sql.Tx, fault func(string)) error {
	for _, check := range []struct{ what, sql string }{
		{"foreign keys: table ", `SELECT "table" || ', row ' || coalesce(rowid, '') || ', has no ' || parent FROM pragma_foreign_key_check LIMIT 20`},
		{"integrity: ", `PRAGMA integrity_check(20)`},
		{"", `SELECT 'the event log has ' || count(*) || ' events and ends at position ' || max(position) FROM events HAVING count(*) <> max(position)`},
		{"", `SELECT 'batch ' || b.ref || ' has open = ' || b.open || ' with ' || (s.purchased - s.allocated - s.shipped) || ' units left'
			FROM batches b JOIN stock s ON s.batch = b.seq WHERE b.open <> (b.closed = 0 AND s.allocated + s.shipped < s.purchased) LIMIT 20`},
		{"", `SELECT 'batch ' || ref || ' has no stock row' FROM batches WHERE seq NOT IN (SELECT batch FROM stock) LIMIT 20`},
	} {
		found, err := query(ctx, tx, text, check.sql)
		if err != nil {
			return fmt.Errorf("check the database: %w", err)
		}
		for _, f := range found {
			if f != "ok" {
				fault(check.what + f)
			}
		}
	}
	return nil
}

// shelves are the tables, each open at the next SKU.
type shelves struct {
	products *shelf[domain.Snapshot]
	batches  *shelf[domain.Batch]
	lines    *shelf[reasoned]
	events   *shelf[service.Envelope]
}

// reasoned is a line and the event that it names as its reason.
type reasoned struct {
	domain.Line
	event int64
}

func shelve(ctx context.Context, tx *sql.Tx) *shelves {
	return &shelves{
		products: open(ctx, tx, scanProduct, func(p domain.Snapshot) string { return p.SKU },
			productColumns+`FROM products ORDER BY sku`),
		batches: open(ctx, tx, scanBatch, func(b domain.Batch) string { return b.SKU },
			batchColumns+`FROM batches b JOIN stock s ON s.batch = b.seq ORDER BY b.sku, b.seq`),
		lines: open(ctx, tx, scanReasoned, func(l reasoned) string { return l.SKU },
			lineColumns+`, l.event FROM lines l LEFT JOIN batches b ON b.seq = l.batch ORDER BY l.sku, l.seq`),
		events: open(ctx, tx, envelope, func(e service.Envelope) string { return e.SKU }, selectEvent+`ORDER BY e.sku, e.position`),
	}
}

// next returns the book of the next SKU that any table knows.
func (s *shelves) next() (b service.Book, ok bool, _ error) {
	for _, sku := range []*string{s.products.sku(), s.batches.sku(), s.lines.sku(), s.events.sku()} {
		if sku != nil && (!ok || *sku < b.SKU) {
			b.SKU, ok = *sku, true
		}
	}
	for _, p := range s.products.take(b.SKU) {
		b.Product = p
	}
	b.Batches = s.batches.take(b.SKU)
	for _, l := range s.lines.take(b.SKU) {
		b.Lines = append(b.Lines, l.Line)
		b.LineWhys = append(b.LineWhys, l.event)
	}
	b.Events = s.events.take(b.SKU)
	for _, err := range []error{s.products.err, s.batches.err, s.lines.err, s.events.err} {
		if err != nil {
			return b, false, fmt.Errorf("read the books: %w", err)
		}
	}
	return b, ok, nil
}

func (s *shelves) close() {
	s.products.stop()
	s.batches.stop()
	s.lines.stop()
	s.events.stop()
}

// shelf is a table in the order of SKUs, read one row ahead.
type shelf[T any] struct {
	pull  func() (T, error, bool)
	stop  func()
	key   func(T) string
	head  T
	ahead string
	any   bool // there is a head
	err   error
}

func open[T any](ctx context.Context, tx *sql.Tx, scan func(func(...any) error) (T, error), key func(T) string, q string) *shelf[T] {
	s := &shelf[T]{key: key}
	s.pull, s.stop = iter.Pull2(stream(ctx, tx, scan, q))
	s.advance()
	return s
}

func (s *shelf[T]) advance() {
	head, err, ok := s.pull()
	if err != nil {
		s.err, ok = err, false
	}
	if s.head, s.any = head, ok; ok {
		s.ahead = s.key(head)
	}
}

// sku is the SKU that comes next; nil at the end.
func (s *shelf[T]) sku() *string {
	if !s.any {
		return nil
	}
	return &s.ahead
}

// take returns the rows of a SKU, if it is the one that comes next.
func (s *shelf[T]) take(sku string) (out []T) {
	for s.any && s.ahead == sku {
		out = append(out, s.head)
		s.advance()
	}
	return out
}

func text(scan func(...any) error) (s string, err error) {
	err = scan(&s)
	return s, err
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

func scanReasoned(scan func(...any) error) (l reasoned, err error) {
	l.Line, err = scanStored(func(line ...any) error { return scan(append(line, &l.event)...) })
	return l, err
}

// scanStored scans a row of lineColumns.
func scanStored(scan func(...any) error) (l domain.Line, err error) {
	var rank int
	var first sql.NullInt64
	var wishes string
	err = scan(&l.Seq, &l.OrderID, &l.SKU, &l.Qty, &l.Status, &l.BatchRef, &l.Promise,
		&rank, &l.RequiredBy, &l.HeldUntil, &l.FirstQty, &first, &l.Shipped, &l.Returned, &wishes, &l.Frozen)
	if err != nil {
		return l, err
	}
	l.Priority = domain.Priority(-rank)
	l.Wishes, err = eventjson.DecodeWishes(wishes)
	return complete(l, domain.Date(first.Int64), first.Valid), err
}
