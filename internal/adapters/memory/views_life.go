package memory

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"allot/internal/adapters/eventjson"
	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

// Availability implements views.Reader.
func (s *Store) Availability(_ context.Context, asks []views.Ask) ([]views.Availability, error) {
	if err := service.CheckAsks(asks); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]views.Availability, len(asks))
	for i, ask := range asks {
		p := s.world.Products[ask.SKU]
		p.SKU = ask.SKU
		for _, b := range s.world.Batches {
			if b.SKU == ask.SKU && b.Purchased > b.Shipped {
				p.Batches = append(p.Batches, b)
			}
		}
		slices.SortFunc(p.Batches, func(a, b domain.Batch) int { return cmp.Or(cmp.Compare(a.ETA, b.ETA), cmp.Compare(a.Seq, b.Seq)) })
		out[i] = service.NewStock(p).Answer(ask)
	}
	return out, nil
}

// Late implements views.Reader.
func (s *Store) Late(_ context.Context, asOf string, page views.Page) (views.List[views.LateLine], error) {
	return s.troubled(asOf, page, false, service.IsLate)
}

// AtRisk implements views.Reader.
func (s *Store) AtRisk(_ context.Context, asOf string, page views.Page) (views.List[views.LateLine], error) {
	return s.troubled(asOf, page, true, service.IsAtRisk)
}

func (s *Store) troubled(asOf string, page views.Page, atRisk bool, is func(domain.Line, domain.Date) bool) (out views.List[views.LateLine], _ error) {
	day, err := service.ParseDay("as_of", asOf)
	if err != nil {
		return out, err
	}
	after, err := service.AfterNumber(page)
	if err != nil {
		return out, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var lines []views.LateLine
	for _, l := range s.world.lines(func(l domain.Line) bool { return l.Seq > after && is(l, day) }) {
		lines = append(lines, service.ViewLate(l, day, atRisk))
	}
	return views.NewList(lines, page.Size(), func(l views.LateLine) string { return service.CursorAtNumber(l.Seq) }), nil
}

// History implements views.Reader.
func (s *Store) History(_ context.Context, orderID, sku string) (out views.History, _ error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	line, ok := s.world.Lines[orderID][sku]
	if !ok {
		return out, fmt.Errorf("line %q of order %q: %w", sku, orderID, views.ErrNotFound)
	}
	out.Line = service.ViewLine(line)
	out.Line.Why = service.ViewWhy(s.world.log[s.world.reason(line)-1])
	for _, e := range s.world.log {
		if e.SKU != sku || domain.LineOf(e.Event) != orderID {
			continue
		}
		v, err := eventjson.View(e)
		if err != nil {
			return out, err
		}
		out.Events = append(out.Events, v)
	}
	return out, nil
}
