package postgres

import (
	"cmp"
	"context"
	"fmt"
	"iter"

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
	fromExplained = lineColumns + `, coalesce(c.position, 0) + e.n` + restOfEvent + `, c.position IS NOT NULL` + fromLines +
		`JOIN commits c ON c.id = l.commit JOIN events e ON e.commit = l.commit AND e.n = l.n `
	selectExplained     = fromExplained + `WHERE l.order_id = $1 ORDER BY l.sku`
	selectExplainedLine = fromExplained + `WHERE l.order_id = $1 AND l.sku = $2`
)

// Order implements views.Reader.
func (s *Store) Order(ctx context.Context, orderID string) (views.Order, error) {
	lines, err := query(ctx, s.reads, scanExplained, selectExplained, orderID)
	if err == nil && !allPlaced(lines) { // it was only just committed
		if _, err = s.sequence(ctx); err == nil {
			lines, err = query(ctx, s.reads, scanExplained, selectExplained, orderID)
		}
	}
	if err != nil {
		return views.Order{}, fmt.Errorf("read order %q: %w", orderID, err)
	}
	if len(lines) == 0 {
		return views.Order{}, fmt.Errorf("order %q: %w", orderID, views.ErrNotFound)
	}
	order := views.Order{OrderID: orderID}
	for _, l := range lines {
		order.Lines = append(order.Lines, l.Line)
	}
	return order, nil
}

// explained is a line with its reason.
type explained struct {
	views.Line
	placed bool // the reason has a position in the log
}

func allPlaced(lines []explained) bool {
	for _, l := range lines {
		if !l.placed {
			return false
		}
	}
	return true
}

// What sums up some orders: those with ids that are listed first, apart, so
// that no more lines are read than the page has.
const (
	selectOrdersOf = `SELECT l.order_id, count(*), count(*) FILTER (WHERE l.status = 'allocated'),
		count(*) FILTER (WHERE l.status = 'backordered'), count(*) FILTER (WHERE l.status = 'cancelled'),
		count(*) FILTER (WHERE l.status = 'held'), count(*) FILTER (WHERE l.status = 'shipped'), count(*) FILTER (WHERE l.status = 'expired'),
		coalesce(max(b.eta) FILTER (WHERE ` + hasStock + `), 0)` + fromLines + `WHERE l.order_id IN (`
	anyStatus = `SELECT DISTINCT order_id FROM lines WHERE order_id > $1 ORDER BY order_id LIMIT $2`
	oneStatus = `SELECT DISTINCT order_id FROM lines WHERE order_id > $1 AND status = $2 ORDER BY order_id LIMIT $3`
	byOrder   = `) GROUP BY l.order_id ORDER BY l.order_id`
)

// Orders implements views.Reader.
func (s *Store) Orders(ctx context.Context, status string, page views.Page) (views.List[views.OrderSummary], error) {
	after, err := service.AfterKey(page)
	if err = cmp.Or(err, service.CheckLineStatus(status)); err != nil {
		return views.List[views.OrderSummary]{}, err
	}
	if status == "" {
		return orderList.page(ctx, s.reads, page, selectOrdersOf+anyStatus+byOrder, after)
	}
	return orderList.page(ctx, s.reads, page, selectOrdersOf+oneStatus+byOrder, after, status)
}

const (
	selectBatchKey   = `SELECT sku, seq FROM batch_refs WHERE ref = $1`
	selectBatchLines = lineColumns + fromLines + `WHERE l.batch = $2 AND l.sku = $1 AND ` + hasStock + `AND (l.rank, l.seq) > ($3, $4) ORDER BY l.rank, l.seq LIMIT $5`

	selectBackordersOf  = backordered
	selectAllBackorders = selectBackorders + `AND l.seq > $1 ORDER BY l.seq LIMIT $2`
)

// BatchLines implements views.Reader.
func (s *Store) BatchLines(ctx context.Context, ref string, page views.Page) (views.List[views.Line], error) {
	after, err := service.AfterInQueue(page)
	if err != nil {
		return views.List[views.Line]{}, err
	}
	var sku string // they are never deleted, so two queries see the same
	var batch int64
	if err := s.reads.QueryRow(ctx, selectBatchKey, ref).Scan(&sku, &batch); err != nil {
		return views.List[views.Line]{}, missing(err, "batch", ref)
	}
	return queueList.page(ctx, s.reads, page, selectBatchLines, sku, batch, rankOf(after), after.Seq)
}

// Backorders implements views.Reader.
func (s *Store) Backorders(ctx context.Context, sku string, page views.Page) (views.List[views.Line], error) {
	if sku == "" {
		after, err := service.AfterNumber(page)
		if err != nil {
			return views.List[views.Line]{}, err
		}
		return lineList.page(ctx, s.reads, page, selectAllBackorders, after)
	}
	after, err := service.AfterInQueue(page)
	if err != nil {
		return views.List[views.Line]{}, err
	}
	return queueList.page(ctx, s.reads, page, selectBackordersOf, sku, rankOf(after), after.Seq)
}

const selectEvents = selectEvent + fromPosition + `ORDER BY c.position, e.n LIMIT $2`

// Events implements views.Reader.
func (s *Store) Events(ctx context.Context, page views.Page) (views.List[views.Event], error) {
	after, err := service.AfterNumber(page)
	if err != nil {
		return views.List[views.Event]{}, err
	}
	if _, err := s.sequence(ctx); err != nil {
		return views.List[views.Event]{}, err
	}
	return eventList.page(ctx, s.reads, page, selectEvents, after)
}

const selectFailures = `SELECT f.subscription, f.position, e.name, e.sku, f.attempts, f.error, f.next, f.parked
	FROM failures f JOIN commits c ON c.position = (SELECT max(position) FROM commits WHERE position <= f.position)
	JOIN events e ON e.commit = c.id AND e.n = f.position - c.position
	WHERE (f.subscription, f.position) > ($1, $2) AND f.subscription = coalesce(nullif($3, ''), f.subscription)
	ORDER BY f.subscription, f.position LIMIT $4`

// Failures implements views.Reader.
func (s *Store) Failures(ctx context.Context, subscription string, page views.Page) (views.List[views.Failure], error) {
	after, err := service.AfterFailure(page)
	if err != nil {
		return views.List[views.Failure]{}, err
	}
	return failureList.page(ctx, s.reads, page, selectFailures, after.Subscription, after.Position, subscription)
}

const selectAllocations = lineColumns + fromLines + `JOIN commits c ON c.id = l.commit WHERE l.status = 'allocated' ORDER BY c.position, c.id, l.n`

// Allocations implements views.Reader.
func (s *Store) Allocations(ctx context.Context) iter.Seq2[views.Line, error] {
	return func(yield func(views.Line, error) bool) {
		a, end, err := s.beginAudit(ctx)
		if err != nil {
			yield(views.Line{}, fmt.Errorf("list allocations: %w", err))
			return
		}
		defer end()
		stream(ctx, a, scanLine, selectAllocations)(yield)
	}
}

const selectHoldsDue = `SELECT order_id, sku FROM lines WHERE status = 'held' AND held_until <= $1 ORDER BY held_until LIMIT $2`

// HoldsDue implements service.Store.
func (s *Store) HoldsDue(ctx context.Context, now domain.Instant, limit int) ([]service.LineID, error) {
	due, err := query(ctx, s.reads, func(scan func(...any) error) (id service.LineID, err error) {
		err = scan(&id.OrderID, &id.SKU)
		return id, err
	}, selectHoldsDue, int64(now), limit)
	if err != nil {
		return nil, fmt.Errorf("look for holds that end: %w", err)
	}
	return due, nil
}

const selectFilling = `SELECT sku FROM products WHERE filling_cause IS NOT NULL LIMIT $1`

// Filling implements service.Store.
func (s *Store) Filling(ctx context.Context, limit int) ([]string, error) {
	skus, err := query(ctx, s.reads, func(scan func(...any) error) (sku string, err error) {
		err = scan(&sku)
		return sku, err
	}, selectFilling, limit)
	if err != nil {
		return nil, fmt.Errorf("look for products that are filling: %w", err)
	}
	return skus, nil
}

const selectStats = `SELECT (SELECT count(*) FROM products), (SELECT count(*) FROM batches),
	(SELECT coalesce(sum(purchased - allocated - shipped), 0)::bigint FROM batches), (SELECT coalesce(sum(backorders), 0) FROM products),
	(SELECT count(*) FROM failures WHERE attempts > 0 AND NOT parked), (SELECT count(*) FROM failures WHERE parked)`

// Stats implements views.Reader.
func (s *Store) Stats(ctx context.Context) (out views.Stats, err error) {
	if out.Events, err = s.sequence(ctx); err == nil {
		err = s.reads.QueryRow(ctx, selectStats).Scan(&out.Products, &out.Batches, &out.Available, &out.Backorders, &out.Failing, &out.Parked)
	}
	if err != nil {
		return out, fmt.Errorf("read the numbers of the shop: %w", classify(err))
	}
	return out, nil
}

// scanLine scans a row of lineColumns.
func scanLine(scan func(...any) error) (views.Line, error) {
	l, err := scanDomainLine(scan)
	return service.ViewLine(l), err
}

// scanExplained scans a row of selectExplained: a line and the event that says
// why.
func scanExplained(scan func(...any) error) (out explained, _ error) {
	var e service.Envelope
	l, err := scanDomainLine(func(line ...any) (err error) {
		e, err = scanEnvelope(func(event ...any) error { return scan(append(append(line, event...), &out.placed)...) })
		return err
	})
	out.Line = service.ViewLine(l)
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
	var body string
	err = scan(&e.Position, &e.At, &e.SKU, &e.Version, &e.Type, &body, &e.Command, &e.Actor, &e.Reason, &e.Note, &e.Correlation, &e.Cause, &e.Trace)
	e.At, e.Data = e.At.UTC(), []byte(body)
	return e, err
}

func scanFailure(scan func(...any) error) (f views.Failure, err error) {
	err = scan(&f.Subscription, &f.Position, &f.Type, &f.SKU, &f.Attempts, &f.Error, &f.Next, &f.Parked)
	f.Next = f.Next.UTC()
	return f, err
}
