package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"sync"

	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

// stocks are those that somebody asked for, each as it was with a version of
// its product. Whether that is still the version has to be looked up.
type stocks struct {
	mu    sync.Mutex
	bySKU map[string]*service.Stock
}

// mostStocks is how many are remembered: some 300 bytes each, and 300 more for
// each batch.
const mostStocks = 20_000

func (s *stocks) get(sku string) *service.Stock {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bySKU[sku]
}

func (s *stocks) put(sku string, stock *service.Stock) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bySKU == nil || len(s.bySKU) >= mostStocks {
		s.bySKU = map[string]*service.Stock{}
	}
	s.bySKU[sku] = stock
}

const (
	selectVersions = `SELECT j.key, p.version FROM json_each(?) j CROSS JOIN products p ON p.sku = j.value`
	selectAtRest   = productColumns + `FROM products WHERE sku = ?`
	selectToSell   = selectBatch + `b.sku = ? AND s.purchased > s.shipped ORDER BY b.eta, b.seq`
)

// Availability implements views.Reader. Mostly it only looks whether what it
// knows is still right.
func (s *Store) Availability(ctx context.Context, asks []views.Ask) ([]views.Availability, error) {
	if err := service.CheckAsks(asks); err != nil {
		return nil, err
	}
	versions, err := s.versionsOf(ctx, asks)
	if err != nil {
		return nil, fmt.Errorf("read what is available: %w", err)
	}
	out := make([]views.Availability, len(asks))
	for i, ask := range asks {
		stock := s.stocks.get(ask.SKU)
		if versions[i] == 0 {
			stock = service.NewStock(domain.Snapshot{SKU: ask.SKU})
		} else if stock == nil || stock.Version() < versions[i] {
			if stock, err = s.stock(ctx, ask.SKU); err != nil {
				return nil, fmt.Errorf("read what is available of %q: %w", ask.SKU, err)
			}
			s.stocks.put(ask.SKU, stock)
		}
		out[i] = stock.Answer(ask)
	}
	return out, nil
}

// versionsOf returns the version of each product that is asked for; 0 if there
// is none.
func (s *Store) versionsOf(ctx context.Context, asks []views.Ask) ([]int64, error) {
	skus := make([]string, len(asks))
	for i, ask := range asks {
		skus[i] = ask.SKU
	}
	list, err := json.Marshal(skus)
	if err != nil {
		return nil, err
	}
	rows, err := s.askVersions.QueryContext(ctx, string(list))
	if err != nil {
		return nil, classify(err)
	}
	defer rows.Close()
	versions := make([]int64, len(asks))
	for rows.Next() {
		var i int
		var version int64
		if err := rows.Scan(&i, &version); err != nil {
			return nil, err
		}
		versions[i] = version
	}
	return versions, classify(rows.Err())
}

// stock reads a product and its batches, as of one moment.
func (s *Store) stock(ctx context.Context, sku string) (*service.Stock, error) {
	tx, err := s.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, classify(err)
	}
	defer tx.Rollback()
	product, err := scanProduct(tx.QueryRowContext(ctx, selectAtRest, sku).Scan)
	if err != nil {
		return nil, classify(err)
	}
	product.Batches, err = query(ctx, tx, scanBatch, selectToSell, sku)
	return service.NewStock(product), err
}

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
