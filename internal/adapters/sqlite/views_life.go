package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"allot/internal/service"
	"allot/internal/views"
)

// Lines in trouble are looked for among those that are needed by a day, and in
// the batches that should have come: in indexes, until a page is full. Only then
// are they read.
const (
	theseLines = selectLine + `l.seq IN (`
	selectLate = theseLines + `SELECT l.seq FROM lines l INDEXED BY urgent_lines CROSS JOIN batches b ON b.seq = l.batch
			WHERE l.required_by > 0 AND ` + hasStock + `AND l.seq > ?1 AND b.eta > l.required_by
		UNION ALL SELECT l.seq FROM lines l INDEXED BY backorders_by_age WHERE l.status = 'backordered' AND l.required_by > 0 AND l.required_by < ?2 AND l.seq > ?1
		ORDER BY 1 LIMIT ?3) ORDER BY l.seq`
	selectAtRisk = theseLines + `SELECT l.seq FROM batches b INDEXED BY inbound_batches CROSS JOIN lines l INDEXED BY lines_by_batch ON l.batch = b.seq
		WHERE b.eta > 0 AND b.eta < ?2 AND ` + hasStock + `AND l.seq > ?1 ORDER BY l.seq LIMIT ?3) ORDER BY l.seq`
)

// Late implements views.Reader.
func (s *Store) Late(ctx context.Context, asOf string, page views.Page) (views.List[views.LateLine], error) {
	return s.troubled(ctx, selectLate, asOf, page, false)
}

// AtRisk implements views.Reader.
func (s *Store) AtRisk(ctx context.Context, asOf string, page views.Page) (views.List[views.LateLine], error) {
	return s.troubled(ctx, selectAtRisk, asOf, page, true)
}

func (s *Store) troubled(ctx context.Context, q, asOf string, page views.Page, atRisk bool) (out views.List[views.LateLine], _ error) {
	day, err := service.ParseDay("as_of", asOf)
	if err != nil {
		return out, err
	}
	after, err := service.AfterNumber(page)
	if err != nil {
		return out, err
	}
	list := listing[views.LateLine]{
		what: "lines in trouble", cursor: func(l views.LateLine) string { return service.CursorAtNumber(l.Seq) },
		scan: func(scan func(...any) error) (views.LateLine, error) {
			l, err := scanStored(scan)
			return service.ViewLate(l, day, atRisk), err
		},
	}
	return list.page(ctx, s.readers, page, q, after, int(day))
}

const selectHistory = selectEvent + `WHERE e.position IN (
		SELECT event FROM lines WHERE order_id = ?1 AND sku = ?2
		UNION SELECT le.event FROM lines l CROSS JOIN line_events le ON le.line = l.seq WHERE l.order_id = ?1 AND l.sku = ?2
	) ORDER BY e.position`

// History implements views.Reader.
func (s *Store) History(ctx context.Context, orderID, sku string) (out views.History, _ error) {
	tx, err := s.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return out, fmt.Errorf("read a history: %w", classify(err))
	}
	defer tx.Rollback()
	lines, err := query(ctx, tx, scanExplained, selectExplainedLine, orderID, sku)
	if err != nil {
		return out, fmt.Errorf("read line %q of order %q: %w", sku, orderID, err)
	}
	if len(lines) == 0 {
		return out, fmt.Errorf("line %q of order %q: %w", sku, orderID, views.ErrNotFound)
	}
	out.Line = lines[0]
	if out.Events, err = query(ctx, tx, scanEvent, selectHistory, orderID, sku); err != nil {
		return out, fmt.Errorf("read the history of line %q of order %q: %w", sku, orderID, err)
	}
	return out, nil
}
