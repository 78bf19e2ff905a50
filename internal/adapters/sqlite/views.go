package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"time"

	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

var _ views.Reader = (*Store)(nil)

// listing is a kind of list: what its rows and its cursors are.
type listing[T any] struct {
	what   string
	scan   func(func(...any) error) (T, error)
	cursor func(T) string
}

var (
	orderList   = listing[views.OrderSummary]{"orders", scanSummary, func(o views.OrderSummary) string { return service.CursorAtKey(o.OrderID) }}
	queueList   = listing[views.Line]{"lines", scanLine, service.CursorOfQueue}
	lineList    = listing[views.Line]{"lines", scanLine, func(l views.Line) string { return service.CursorAtNumber(l.Seq) }}
	eventList   = listing[views.Event]{"events", scanEvent, func(e views.Event) string { return service.CursorAtNumber(e.Position) }}
	mailList    = listing[views.Mail]{"mails", scanMail, func(m views.Mail) string { return service.CursorAtNumber(m.ID) }}
	failureList = listing[views.Failure]{"failures", scanFailure, service.CursorAtFailure}
)

// page returns a page of what a query finds, whose last argument is how many
// rows it may find.
func (l listing[T]) page(ctx context.Context, db queryer, page views.Page, q string, args ...any) (views.List[T], error) {
	size := page.Size()
	items, err := query(ctx, db, l.scan, q, append(args, size+1)...)
	if err != nil {
		return views.List[T]{}, fmt.Errorf("list %s: %w", l.what, err)
	}
	return views.NewList(items, size, l.cursor), nil
}

const (
	fromExplained = lineColumns + `,
	e.position, e.at, e.sku, e.version, e.name, e.body, o.command, o.actor, o.reason, o.note, o.correlation, o.cause, o.trace
	FROM lines l LEFT JOIN batches b ON b.seq = l.batch JOIN events e ON e.position = l.event JOIN origins o ON o.id = e.origin `
	selectExplained     = fromExplained + `WHERE l.order_id = ? ORDER BY l.sku`
	selectExplainedLine = fromExplained + `WHERE l.order_id = ? AND l.sku = ?`
)

// Order implements views.Reader.
func (s *Store) Order(ctx context.Context, orderID string) (views.Order, error) {
	lines, err := query(ctx, s.readers, scanExplained, selectExplained, orderID)
	if err != nil {
		return views.Order{}, fmt.Errorf("read order %q: %w", orderID, err)
	}
	if len(lines) == 0 {
		return views.Order{}, fmt.Errorf("order %q: %w", orderID, views.ErrNotFound)
	}
	return views.Order{OrderID: orderID, Lines: lines}, nil
}

// What sums up some orders: those with ids that are listed first, apart, so
// that no more lines are read than the page has.
const (
	selectOrdersOf = `SELECT l.order_id, count(*), sum(l.status = 'allocated'), sum(l.status = 'backordered'), sum(l.status = 'cancelled'),
		sum(l.status = 'held'), sum(l.status = 'shipped'), sum(l.status = 'expired'), coalesce(max(b.eta) FILTER (WHERE l.status IN ('allocated', 'held')), 0)
		FROM lines l LEFT JOIN batches b ON b.seq = l.batch WHERE l.order_id IN (`
	anyStatus    = `SELECT DISTINCT order_id FROM lines WHERE order_id > ? ORDER BY order_id LIMIT ?`
	allocatedIDs = `SELECT DISTINCT order_id FROM lines WHERE order_id > ? AND status = 'allocated' ORDER BY order_id LIMIT ?`
	oneStatus    = `SELECT DISTINCT order_id FROM lines INDEXED BY lines_by_status WHERE order_id > ? AND status = ?
		AND status <> 'allocated' ORDER BY order_id LIMIT ?`
	byOrder = `) GROUP BY l.order_id ORDER BY l.order_id`
)

// Orders implements views.Reader.
func (s *Store) Orders(ctx context.Context, status string, page views.Page) (views.List[views.OrderSummary], error) {
	after, err := service.AfterKey(page)
	if err = cmp.Or(err, service.CheckLineStatus(status)); err != nil {
		return views.List[views.OrderSummary]{}, err
	}
	switch domain.Status(status) {
	case "":
		return orderList.page(ctx, s.readers, page, selectOrdersOf+anyStatus+byOrder, after)
	case domain.StatusAllocated:
		return orderList.page(ctx, s.readers, page, selectOrdersOf+allocatedIDs+byOrder, after)
	default:
		return orderList.page(ctx, s.readers, page, selectOrdersOf+oneStatus+byOrder, after, status)
	}
}

const (
	selectBatchLines = selectLine + `l.batch = ? AND ` + hasStock + `AND (l.rank, l.seq) > (?, ?) ORDER BY l.rank, l.seq LIMIT ?`

	selectBackorders    = `SELECT l.seq, l.order_id, l.sku, l.qty, l.status, '', 0, ` + moreColumns + `FROM lines l `
	selectBackordersOf  = selectBackorders + `INDEXED BY backorders WHERE l.status = 'backordered' AND l.sku = ? AND (l.rank, l.seq) > (?, ?) ORDER BY l.rank, l.seq LIMIT ?`
	selectAllBackorders = selectBackorders + `INDEXED BY backorders_by_age WHERE l.status = 'backordered' AND l.seq > ? ORDER BY l.seq LIMIT ?`
)

// BatchLines implements views.Reader.
func (s *Store) BatchLines(ctx context.Context, ref string, page views.Page) (views.List[views.Line], error) {
	after, err := service.AfterInQueue(page)
	if err != nil {
		return views.List[views.Line]{}, err
	}
	var batch int64 // they are never deleted, so two queries see the same
	if err := s.readers.QueryRowContext(ctx, `SELECT seq FROM batches WHERE ref = ?`, ref).Scan(&batch); err != nil {
		return views.List[views.Line]{}, missing(err, "batch", ref)
	}
	return queueList.page(ctx, s.readers, page, selectBatchLines, batch, -int(after.Priority), after.Seq)
}

// Backorders implements views.Reader.
func (s *Store) Backorders(ctx context.Context, sku string, page views.Page) (views.List[views.Line], error) {
	if sku == "" {
		after, err := service.AfterNumber(page)
		if err != nil {
			return views.List[views.Line]{}, err
		}
		return lineList.page(ctx, s.readers, page, selectAllBackorders, after)
	}
	after, err := service.AfterInQueue(page)
	if err != nil {
		return views.List[views.Line]{}, err
	}
	return queueList.page(ctx, s.readers, page, selectBackordersOf, sku, -int(after.Priority), after.Seq)
}

const selectEvents = selectEvent + `WHERE e.position > ? ORDER BY e.position LIMIT ?`

// Events implements views.Reader.
func (s *Store) Events(ctx context.Context, page views.Page) (views.List[views.Event], error) {
	after, err := service.AfterNumber(page)
	if err != nil {
		return views.List[views.Event]{}, err
	}
	return eventList.page(ctx, s.readers, page, selectEvents, after)
}

const selectFailures = `SELECT f.subscription, f.position, e.name, e.sku, f.attempts, f.error, f.next, f.parked
	FROM failures f JOIN events e ON e.position = f.position
	WHERE (f.subscription, f.position) > (?1, ?2) AND f.subscription = coalesce(nullif(?3, ''), f.subscription)
	ORDER BY f.subscription, f.position LIMIT ?4`

// Failures implements views.Reader.
func (s *Store) Failures(ctx context.Context, subscription string, page views.Page) (views.List[views.Failure], error) {
	after, err := service.AfterFailure(page)
	if err != nil {
		return views.List[views.Failure]{}, err
	}
	return failureList.page(ctx, s.readers, page, selectFailures, after.Subscription, after.Position, subscription)
}

const selectAllocations = selectLine + `l.status = 'allocated' ORDER BY l.event`

// Allocations implements views.Reader.
func (s *Store) Allocations(ctx context.Context) iter.Seq2[views.Line, error] {
	return func(yield func(views.Line, error) bool) {
		tx, closeAll, err := s.beginAudit(ctx)
		if err != nil {
			yield(views.Line{}, fmt.Errorf("list allocations: %w", err))
			return
		}
		defer closeAll()
		stream(ctx, tx, scanLine, selectAllocations)(yield)
	}
}

const selectHoldsDue = `SELECT order_id, sku FROM lines INDEXED BY holds WHERE status = 'held' AND held_until <= ? ORDER BY held_until LIMIT ?`

// HoldsDue implements service.Store.
func (s *Store) HoldsDue(ctx context.Context, now domain.Instant, limit int) ([]service.LineID, error) {
	due, err := query(ctx, s.readers, func(scan func(...any) error) (id service.LineID, err error) {
		err = scan(&id.OrderID, &id.SKU)
		return id, err
	}, selectHoldsDue, int64(now), limit)
	if err != nil {
		return nil, fmt.Errorf("look for holds that end: %w", err)
	}
	return due, nil
}

const selectFilling = `SELECT sku FROM products INDEXED BY products_filling WHERE filling_cause > '' LIMIT ?`

// Filling implements service.Store.
func (s *Store) Filling(ctx context.Context, limit int) ([]string, error) {
	skus, err := query(ctx, s.readers, text, selectFilling, limit)
	if err != nil {
		return nil, fmt.Errorf("look for products that are filling: %w", err)
	}
	return skus, nil
}

const selectStats = `SELECT (SELECT count(*) FROM products), (SELECT count(*) FROM batches),
	(SELECT coalesce(sum(purchased - allocated - shipped), 0) FROM stock), (SELECT coalesce(max(position), 0) FROM events),
	(SELECT coalesce(sum(backorders), 0) FROM products), (SELECT count(*) FROM failures WHERE attempts > 0 AND parked = 0), (SELECT count(*) FROM failures WHERE parked = 1)`

// Stats implements views.Reader.
func (s *Store) Stats(ctx context.Context) (out views.Stats, _ error) {
	err := s.readers.QueryRowContext(ctx, selectStats).Scan(
		&out.Products, &out.Batches, &out.Available, &out.Events, &out.Backorders, &out.Failing, &out.Parked)
	if err != nil {
		return out, fmt.Errorf("read the numbers of the shop: %w", classify(err))
	}
	return out, nil
}

// scanLine scans a row of lineColumns.
func scanLine(scan func(...any) error) (views.Line, error) {
	l, err := scanStored(scan)
	return service.ViewLine(l), err
}

// scanExplained scans a row of selectExplained: a line and the event that says
// why.
func scanExplained(scan func(...any) error) (views.Line, error) {
	var e service.Envelope
	l, err := scanStored(func(line ...any) (err error) {
		e, err = envelope(func(event ...any) error { return scan(append(line, event...)...) })
		return err
	})
	out := service.ViewLine(l)
	out.Why = service.ViewWhy(e)
	return out, err
}

func scanSummary(scan func(...any) error) (o views.OrderSummary, err error) {
	var promise domain.Date
	err = scan(&o.OrderID, &o.Lines, &o.Allocated, &o.Backordered, &o.Cancelled, &o.Held, &o.Shipped, &o.Expired, &promise)
	o.Promise = promise.String()
	return o, err
}

// scanEvent scans a row of selectEvent. It reads no events: they are handed on
// as they are.
func scanEvent(scan func(...any) error) (e views.Event, err error) {
	var at int64
	err = scan(&e.Position, &at, &e.SKU, &e.Version, &e.Type, &e.Data, &e.Command, &e.Actor, &e.Reason, &e.Note, &e.Correlation, &e.Cause, &e.Trace)
	e.At = time.UnixMicro(at).UTC()
	return e, err
}

func scanFailure(scan func(...any) error) (f views.Failure, err error) {
	var next int64
	err = scan(&f.Subscription, &f.Position, &f.Type, &f.SKU, &f.Attempts, &f.Error, &next, &f.Parked)
	f.Next = time.UnixMicro(next).UTC()
	return f, err
}
