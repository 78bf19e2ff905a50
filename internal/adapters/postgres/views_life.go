package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"

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

const selectVersions = `SELECT sku, version FROM products WHERE sku = ANY($1)`

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
		if versions[ask.SKU] == 0 {
			stock = service.NewStock(domain.Snapshot{SKU: ask.SKU})
		} else if stock == nil || stock.Version() < versions[ask.SKU] {
			if stock, err = s.stock(ctx, ask.SKU); err != nil {
				return nil, fmt.Errorf("read what is available of %q: %w", ask.SKU, err)
			}
			s.stocks.put(ask.SKU, stock)
		}
		out[i] = stock.Answer(ask)
	}
	return out, nil
}

// versionsOf returns the versions of the products that are asked for, by SKU;
// none if there is no such product.
func (s *Store) versionsOf(ctx context.Context, asks []views.Ask) (map[string]int64, error) {
	skus := make([]string, len(asks))
	for i, ask := range asks {
		skus[i] = ask.SKU
	}
	versions := make(map[string]int64, len(asks))
	_, err := query(ctx, s.reads, func(scan func(...any) error) (none struct{}, err error) {
		var sku string
		var version int64
		err = scan(&sku, &version)
		versions[sku] = version
		return none, err
	}, selectVersions, skus)
	return versions, err
}

// stock reads a product and its batches, as of one moment.
func (s *Store) stock(ctx context.Context, sku string) (*service.Stock, error) {
	var product domain.Snapshot
	err := s.glance(ctx, func(tx pgx.Tx) (err error) {
		if product, err = one(ctx, tx, scanProduct, productColumns+`WHERE sku = $1`, sku); err != nil {
			return err
		}
		product.Batches, err = query(ctx, tx, scanBatch, selectUseful, sku)
		return err
	})
	return service.NewStock(product), classify(err)
}

// glance runs fn in a transaction that sees the database as of one moment.
func (s *Store) glance(ctx context.Context, fn func(pgx.Tx) error) error {
	return pgx.BeginTxFunc(ctx, s.reads, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, fn)
}

// Lines in trouble are looked for among the batches that have not come, which
// are few, and the lines that wait.
const (
	fromInbound = lineColumns + ` FROM batches b JOIN lines l ON l.sku = b.sku AND l.batch = b.seq WHERE b.eta > 0 AND ` + hasStock + `AND l.seq > $1 `
	selectLate  = `SELECT * FROM (` + fromInbound + `AND l.required_by > 0 AND l.required_by < b.eta
		UNION ALL ` + selectBackorders + `AND l.required_by > 0 AND l.required_by < $2 AND l.seq > $1) late ORDER BY seq LIMIT $3`
	selectAtRisk = fromInbound + `AND b.eta < $2 ORDER BY l.seq LIMIT $3`
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
			l, err := scanDomainLine(scan)
			return service.ViewLate(l, day, atRisk), err
		},
	}
	return list.page(ctx, s.reads, page, q, after, int(day))
}

const selectHistory = `SELECT coalesce(c.position, 0) + e.n` + restOfEvent + `, c.position IS NOT NULL FROM (
		SELECT commit, n FROM lines WHERE order_id = $1 AND sku = $2
		UNION SELECT le.commit, le.n FROM lines l JOIN line_events le ON le.line = l.seq WHERE l.order_id = $1 AND l.sku = $2
	) its JOIN commits c ON c.id = its.commit JOIN events e ON e.commit = its.commit AND e.n = its.n
	ORDER BY e.version, its.commit, its.n`

// errUnplaced says that an event was only just committed: it has no position in
// the log yet.
var errUnplaced = errors.New("an event has no position yet")

// placeAttempts is how often events are given positions for somebody who wants
// to read them, and meets newer ones.
const placeAttempts = 5

// History implements views.Reader.
func (s *Store) History(ctx context.Context, orderID, sku string) (out views.History, _ error) {
	err := s.placed(ctx, func() (err error) {
		out, err = s.history(ctx, orderID, sku)
		return err
	})
	return out, err
}

// placed reads events, with positions for those that have none yet.
func (s *Store) placed(ctx context.Context, read func() error) error {
	for attempt := 1; ; attempt++ {
		err := read()
		if !errors.Is(err, errUnplaced) || attempt == placeAttempts {
			return err
		}
		if _, err := s.sequence(ctx); err != nil {
			return err
		}
	}
}

func (s *Store) history(ctx context.Context, orderID, sku string) (out views.History, _ error) {
	var line explained
	err := s.glance(ctx, func(tx pgx.Tx) (err error) {
		if line, err = one(ctx, tx, scanExplained, selectExplainedLine, orderID, sku); err != nil {
			return err
		}
		out.Events, err = query(ctx, tx, scanPlaced, selectHistory, orderID, sku)
		return err
	})
	out.Line = line.Line
	if errors.Is(err, pgx.ErrNoRows) {
		return out, fmt.Errorf("line %q of order %q: %w", sku, orderID, views.ErrNotFound)
	}
	if err != nil {
		return out, fmt.Errorf("read line %q of order %q: %w", sku, orderID, classify(err))
	}
	return out, nil
}

// scanPlaced scans a row of selectHistory.
func scanPlaced(scan func(...any) error) (views.Event, error) {
	var placed bool
	e, err := scanEvent(func(event ...any) error { return scan(append(event, &placed)...) })
	if err == nil && !placed {
		err = errUnplaced
	}
	return e, err
}
