package sqlite

import (
	"context"
	"fmt"

	"allot/internal/service"
	"allot/internal/views"
)

var arrivalList = listing[views.Batch]{"arrivals", scanShown, service.CursorOfArrival}

const selectComing = batchColumns + `FROM batches b INDEXED BY inbound_batches JOIN stock s ON s.batch = b.seq
	WHERE b.eta > 0 AND b.eta >= max(?1, ?3) AND b.eta < ?2 AND (b.eta, b.seq) > (?3, ?4) AND s.purchased > s.shipped ORDER BY b.eta, b.seq LIMIT ?5`

// Coming implements views.Reader.
func (s *Store) Coming(ctx context.Context, from, before string, page views.Page) (views.List[views.Batch], error) {
	a, err := service.ParseArrivals(from, before, page)
	if err != nil {
		return views.List[views.Batch]{}, err
	}
	return arrivalList.page(ctx, s.readers, page, selectComing, int(a.From), int(a.Before), int(a.AfterETA), a.AfterSeq)
}

// Each count ends at ?2: what more there is would cost, and is told as "more".
const countTrouble = `SELECT
		(SELECT count(*) FROM (SELECT 1 FROM lines l INDEXED BY urgent_lines CROSS JOIN batches b ON b.seq = l.batch
			WHERE l.required_by > 0 AND ` + hasStock + `AND b.eta > l.required_by LIMIT ?2))
			+ (SELECT count(*) FROM (SELECT 1 FROM lines l INDEXED BY backorders_by_age WHERE l.status = 'backordered' AND l.required_by > 0 AND l.required_by < ?1 LIMIT ?2)),
		(SELECT count(*) FROM (SELECT 1 FROM batches b INDEXED BY inbound_batches CROSS JOIN lines l INDEXED BY lines_by_batch ON l.batch = b.seq
			WHERE b.eta > 0 AND b.eta < ?1 AND ` + hasStock + `LIMIT ?2)),
		(SELECT count(*) FROM (SELECT 1 FROM batches b INDEXED BY inbound_batches JOIN stock s ON s.batch = b.seq
			WHERE b.eta > 0 AND b.eta < ?1 AND s.purchased > s.shipped LIMIT ?2))`

// Attention implements views.Reader.
func (s *Store) Attention(ctx context.Context, asOf string) (out views.Attention, _ error) {
	day, err := service.ParseDay("as_of", asOf)
	if err != nil {
		return out, err
	}
	const most = views.MostCounted + 1
	if err := s.readers.QueryRowContext(ctx, countTrouble, int(day), most).Scan(&out.Late, &out.AtRisk, &out.Overdue); err != nil {
		return out, fmt.Errorf("count what needs attention: %w", classify(err))
	}
	out.Late = min(out.Late, most)
	return out, nil
}
