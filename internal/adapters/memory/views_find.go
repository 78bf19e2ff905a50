package memory

import (
	"context"
	"encoding/json"
	"iter"
	"maps"
	"slices"
	"strings"

	"allot/internal/adapters/eventjson"
	"allot/internal/service"
	"allot/internal/views"
)

// Recent implements views.Reader.
func (s *Store) Recent(_ context.Context, f views.LogFilter, page views.Page) (views.List[views.Event], error) {
	before, err := service.AfterNumber(page)
	if err != nil {
		return views.List[views.Event]{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if end := int64(len(s.world.log)); before == 0 || before > end {
		before = end + 1
	}
	from := max(before-views.MaxLook, 1)
	var out []views.Event
	for _, e := range slices.Backward(s.world.log[from-1 : before-1]) {
		shown, err := eventjson.View(e)
		if err != nil {
			return views.List[views.Event]{}, err
		}
		if chosen(shown, f) {
			out = append(out, shown)
		}
	}
	list := views.NewList(out, page.Size(), func(e views.Event) string { return service.CursorAtNumber(e.Position) })
	if list.Next == "" && from > 1 {
		list.Next = service.CursorAtNumber(from)
	}
	return list, nil
}

func chosen(e views.Event, f views.LogFilter) bool {
	if f.Type != "" && f.Type != e.Type || f.SKU != "" && f.SKU != e.SKU {
		return false
	}
	var about struct {
		OrderID string `json:"order_id"`
	}
	return f.OrderID == "" || json.Unmarshal(e.Data, &about) == nil && about.OrderID == f.OrderID
}

// Find implements views.Reader.
func (s *Store) Find(_ context.Context, text string, limit int) (views.Matches, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return service.FindNames(text, limit, among(maps.Keys(s.world.Lines)), among(maps.Keys(s.world.Products)), among(maps.Keys(s.world.Batches)))
}

// among searches names.
func among(names iter.Seq[string]) service.NameSearch {
	return func(begin string, limit int) (out []string, _ error) {
		for name := range names {
			if strings.HasPrefix(name, begin) {
				out = append(out, name)
			}
		}
		slices.Sort(out)
		return out[:min(limit, len(out))], nil
	}
}
