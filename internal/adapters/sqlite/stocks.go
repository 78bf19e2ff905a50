package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

// stocks are those that somebody asked for. Of each it is known which version
// of its product is the last that the writer of this process has written, or is
// about to: an older stock is out of date.
type stocks struct {
	mu    sync.RWMutex
	bySKU map[string]*known
}

type known struct {
	stock   *service.Stock // nil if it has not been read yet
	version int64          // 0: nobody has written since somebody asked
}

// mostStocks is how many are remembered: some 300 bytes each, and 300 more for
// each batch.
const mostStocks = 20_000

// get returns a stock that is not out of date, or nil.
func (s *stocks) get(sku string) *service.Stock {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if k := s.bySKU[sku]; k != nil && k.stock != nil && k.stock.Version() >= k.version {
		return k.stock
	}
	return nil
}

// expect has what is written from now on noted, so that a stock that is read
// now is not kept if it is out of date by then.
func (s *stocks) expect(sku string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bySKU == nil || len(s.bySKU) >= mostStocks {
		s.bySKU = map[string]*known{}
	}
	if s.bySKU[sku] == nil {
		s.bySKU[sku] = &known{}
	}
}

// put keeps a stock that was expected.
func (s *stocks) put(sku string, stock *service.Stock) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := s.bySKU[sku]; k != nil {
		k.stock = stock
	}
}

// pass says which versions products have now, or are about to have.
func (s *stocks) pass(versions []versioned) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range versions {
		if k := s.bySKU[v.sku]; k != nil {
			k.version = v.version
		}
	}
}

// versioned is a version of a product.
type versioned struct {
	sku     string
	version int64
}

// forget forgets everything: nobody knows which versions came to be.
func (s *stocks) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bySKU = nil
}

const (
	selectVersions = `SELECT p.sku, p.version FROM json_each(?) j CROSS JOIN products p ON p.sku = j.value`
	selectAtRest   = productColumns + `FROM products WHERE sku = ?`
	selectToSell   = selectBatch + `b.sku = ? AND s.purchased > s.shipped ORDER BY b.eta, b.seq`
)

// Availability implements views.Reader. The process that writes knows which
// stocks have not changed since they were last asked for, and reads the others
// only. Any other looks first whether what it knows is still right.
func (s *Store) Availability(ctx context.Context, asks []views.Ask) ([]views.Availability, error) {
	if err := service.CheckAsks(asks); err != nil {
		return nil, err
	}
	if s.writer == nil {
		if err := s.lookAgain(ctx, asks); err != nil {
			return nil, fmt.Errorf("read what is available: %w", err)
		}
	}
	out := make([]views.Availability, len(asks))
	for i, ask := range asks {
		stock := s.stocks.get(ask.SKU)
		if stock == nil {
			var err error
			if stock, err = s.stock(ctx, ask.SKU); err != nil {
				return nil, fmt.Errorf("read what is available of %q: %w", ask.SKU, err)
			}
		}
		out[i] = stock.Answer(ask)
	}
	return out, nil
}

// lookAgain notes the present versions of the products that are asked for.
func (s *Store) lookAgain(ctx context.Context, asks []views.Ask) error {
	skus := make([]string, len(asks))
	for i, ask := range asks {
		skus[i] = ask.SKU
	}
	list, err := json.Marshal(skus)
	if err != nil {
		return err
	}
	rows, err := s.askVersions.QueryContext(ctx, string(list))
	if err != nil {
		return classify(err)
	}
	defer rows.Close()
	var versions []versioned
	for rows.Next() {
		var v versioned
		if err := rows.Scan(&v.sku, &v.version); err != nil {
			return err
		}
		versions = append(versions, v)
	}
	s.stocks.pass(versions)
	return classify(rows.Err())
}

// stock reads a product and its batches, as of one moment, and remembers them.
func (s *Store) stock(ctx context.Context, sku string) (*service.Stock, error) {
	s.stocks.expect(sku)
	tx, err := s.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, classify(err)
	}
	defer tx.Rollback()
	product, err := scanProduct(tx.QueryRowContext(ctx, selectAtRest, sku).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return service.NewStock(domain.Snapshot{SKU: sku}), nil
	} else if err != nil {
		return nil, classify(err)
	}
	if product.Batches, err = query(ctx, tx, scanBatch, selectToSell, sku); err != nil {
		return nil, err
	}
	stock := service.NewStock(product)
	s.stocks.put(sku, stock)
	return stock, nil
}
