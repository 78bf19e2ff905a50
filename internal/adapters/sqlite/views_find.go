package sqlite

import (
	"context"
	"fmt"
	"strings"

	"allot/internal/service"
	"allot/internal/views"
)

// Most events aren't about an order: those that don't have its id anywhere are
// not read as JSON.
const selectRecent = selectEvent + `WHERE e.position < ?1 AND e.position >= ?2
	AND (?3 = '' OR e.name = ?3) AND (?4 = '' OR e.sku = ?4) AND (?5 = '' OR instr(e.body, ?6) > 0 AND e.body ->> '$.order_id' = ?5)
	ORDER BY e.position DESC LIMIT ?7`

// Recent implements views.Reader.
func (s *Store) Recent(ctx context.Context, f views.LogFilter, page views.Page) (views.List[views.Event], error) {
	before, err := service.AfterNumber(page)
	if err != nil {
		return views.List[views.Event]{}, err
	}
	if before == 0 {
		if err := s.readers.QueryRowContext(ctx, `SELECT coalesce(max(position), 0) + 1 FROM events`).Scan(&before); err != nil {
			return views.List[views.Event]{}, fmt.Errorf("find the end of the event log: %w", classify(err))
		}
	}
	from := max(before-views.MaxLook, 1)
	list, err := eventList.page(ctx, s.readers, page, selectRecent, before, from, f.Type, f.SKU, f.OrderID, asWritten(f.OrderID))
	if err == nil && list.Next == "" && from > 1 {
		list.Next = service.CursorAtNumber(from)
	}
	return list, err
}

// asWritten is the part of a name that JSON has as it is, whatever it escapes.
func asWritten(name string) string {
	end := strings.IndexFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_. :", r))
	})
	if end < 0 {
		return name
	}
	return name[:end]
}

// What begins with a text lies between it and the text with the largest
// character after it.
const (
	findOrders   = `SELECT DISTINCT order_id FROM lines WHERE order_id >= ?1 AND order_id < ?1 || char(0x10FFFF) ORDER BY order_id LIMIT ?2`
	findProducts = `SELECT sku FROM products WHERE sku >= ?1 AND sku < ?1 || char(0x10FFFF) ORDER BY sku LIMIT ?2`
	findBatches  = `SELECT ref FROM batches WHERE ref >= ?1 AND ref < ?1 || char(0x10FFFF) ORDER BY ref LIMIT ?2`
)

// Find implements views.Reader.
func (s *Store) Find(ctx context.Context, begin string, limit int) (views.Matches, error) {
	names := func(q string) service.NameSearch {
		return func(begin string, limit int) ([]string, error) {
			return query(ctx, s.readers, scanName, q, begin, limit)
		}
	}
	return service.FindNames(begin, limit, names(findOrders), names(findProducts), names(findBatches))
}

func scanName(scan func(...any) error) (name string, err error) {
	err = scan(&name)
	return name, err
}
