package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"allot/internal/service"
	"allot/internal/views"
)

var arrivalList = listing[views.Batch]{"arrivals", scanShown, service.CursorOfArrival}

const selectComing = batchColumns + `FROM batches b WHERE b.eta > 0 AND b.eta >= $1 AND b.eta < $2 AND b.eta >= $3 AND (b.eta, b.seq) > ($3, $4)
	AND b.purchased > b.shipped ORDER BY b.eta, b.seq LIMIT $5`

// Coming implements views.Reader.
func (s *Store) Coming(ctx context.Context, from, before string, page views.Page) (views.List[views.Batch], error) {
	a, err := service.ParseArrivals(from, before, page)
	if err != nil {
		return views.List[views.Batch]{}, err
	}
	return arrivalList.page(ctx, s.reads, page, selectComing, int(a.From), int(a.Before), int(a.AfterETA), a.AfterSeq)
}

// Each count ends at $2: what more there is would cost, and is told as "more".
const (
	inbound      = `FROM batches b JOIN lines l ON l.sku = b.sku AND l.batch = b.seq WHERE b.eta > 0 AND ` + hasStock
	countTrouble = `SELECT
		(SELECT count(*) FROM (SELECT 1 ` + inbound + `AND l.required_by > 0 AND l.required_by < b.eta LIMIT $2) late)
			+ (SELECT count(*) FROM (SELECT 1 FROM lines l WHERE l.status = 'backordered' AND l.required_by > 0 AND l.required_by < $1 LIMIT $2) waits),
		(SELECT count(*) FROM (SELECT 1 ` + inbound + `AND b.eta < $1 LIMIT $2) risk),
		(SELECT count(*) FROM (SELECT 1 FROM batches b WHERE b.eta > 0 AND b.eta < $1 AND b.purchased > b.shipped LIMIT $2) overdue)`
)

// Attention implements views.Reader.
func (s *Store) Attention(ctx context.Context, asOf string) (out views.Attention, _ error) {
	day, err := service.ParseDay("as_of", asOf)
	if err != nil {
		return out, err
	}
	const most = views.MostCounted + 1
	err = s.glance(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, countTrouble, int(day), most).Scan(&out.Late, &out.AtRisk, &out.Overdue)
	})
	if err != nil {
		return out, fmt.Errorf("count what needs attention: %w", classify(err))
	}
	out.Late = min(out.Late, most)
	return out, nil
}
