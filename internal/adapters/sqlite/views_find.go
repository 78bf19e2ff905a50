package sqlite

import (
	"context"
	"fmt"
	"slices"
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
func (s *Store) Find(ctx context.Context, text string, limit int) (out views.Matches, _ error) {
	for _, kind := range []struct {
		q     string
		found *[]string
	}{{findOrders, &out.Orders}, {findProducts, &out.SKUs}, {findBatches, &out.Batches}} {
		for _, spelling := range spellings(text) {
			names, err := query(ctx, s.readers, scanName, kind.q, spelling, limit)
			if err != nil {
				return out, fmt.Errorf("find %q: %w", text, err)
			}
			*kind.found = append(*kind.found, names...)
		}
		slices.Sort(*kind.found)
		*kind.found = slices.Compact(*kind.found)
		*kind.found = (*kind.found)[:min(limit, len(*kind.found))]
	}
	return out, nil
}

// spellings are the ways in which people may have meant a name.
func spellings(text string) []string {
	if text == "" {
		return nil
	}
	all := []string{text, strings.ToUpper(text), strings.ToLower(text)}
	slices.Sort(all)
	return slices.Compact(all)
}

func scanName(scan func(...any) error) (name string, err error) {
	err = scan(&name)
	return name, err
}
