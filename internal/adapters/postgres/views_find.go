package postgres

import (
	"context"

	"allot/internal/service"
	"allot/internal/views"
)

// The part of the log that is looked at lies between the positions $2 and $1.
const selectRecent = selectEvent + `WHERE c.position >= (SELECT coalesce(max(position), 0) FROM commits WHERE position <= $2) AND c.position < $1
	AND c.position + e.n >= $2 AND c.position + e.n < $1
	AND ($3 = '' OR e.name = $3) AND ($4 = '' OR e.sku = $4) AND ($5 = '' OR e.body::jsonb ->> 'order_id' = $5)
	ORDER BY c.position DESC, e.n DESC LIMIT $6`

// Recent implements views.Reader.
func (s *Store) Recent(ctx context.Context, f views.LogFilter, page views.Page) (views.List[views.Event], error) {
	before, err := service.AfterNumber(page)
	if err != nil {
		return views.List[views.Event]{}, err
	}
	if before == 0 {
		end, err := s.sequence(ctx)
		if err != nil {
			return views.List[views.Event]{}, err
		}
		before = end + 1
	}
	from := max(before-views.MaxLook, 1)
	list, err := eventList.page(ctx, s.reads, page, selectRecent, before, from, f.Type, f.SKU, f.OrderID)
	if err == nil && list.Next == "" && from > 1 {
		list.Next = service.CursorAtNumber(from)
	}
	return list, err
}

// What begins with a text lies between it and the text with the largest
// character after it.
const (
	findOrders   = `SELECT DISTINCT order_id FROM lines WHERE order_id >= $1 AND order_id < $1 || U&'\+10FFFF' ORDER BY order_id LIMIT $2`
	findProducts = `SELECT sku FROM products WHERE sku >= $1 AND sku < $1 || U&'\+10FFFF' ORDER BY sku LIMIT $2`
	findBatches  = `SELECT ref FROM batch_refs WHERE ref >= $1 AND ref < $1 || U&'\+10FFFF' ORDER BY ref LIMIT $2`
)

// Find implements views.Reader.
func (s *Store) Find(ctx context.Context, begin string, limit int) (views.Matches, error) {
	names := func(q string) service.NameSearch {
		return func(begin string, limit int) ([]string, error) { return query(ctx, s.reads, text, q, begin, limit) }
	}
	return service.FindNames(begin, limit, names(findOrders), names(findProducts), names(findBatches))
}
