package memory

import (
	"cmp"
	"context"
	"slices"

	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

// Coming implements views.Reader.
func (s *Store) Coming(_ context.Context, from, before string, page views.Page) (views.List[views.Batch], error) {
	a, err := service.ParseArrivals(from, before, page)
	if err != nil {
		return views.List[views.Batch]{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var found []domain.Batch
	for _, b := range s.world.Batches {
		if isComing(b, a.From, a.Before) && cmp.Or(cmp.Compare(b.ETA, a.AfterETA), cmp.Compare(b.Seq, a.AfterSeq)) > 0 {
			found = append(found, b)
		}
	}
	slices.SortFunc(found, func(a, b domain.Batch) int { return cmp.Or(cmp.Compare(a.ETA, b.ETA), cmp.Compare(a.Seq, b.Seq)) })
	var out []views.Batch
	for _, b := range found {
		out = append(out, service.ViewBatch(b))
	}
	return views.NewList(out, page.Size(), service.CursorOfArrival), nil
}

func isComing(b domain.Batch, from, before domain.Date) bool {
	return b.ETA != 0 && b.ETA >= from && b.ETA < before && b.Purchased > b.Shipped
}

// Attention implements views.Reader.
func (s *Store) Attention(_ context.Context, asOf string) (out views.Attention, _ error) {
	day, err := service.ParseDay("as_of", asOf)
	if err != nil {
		return out, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	count := func(is func(domain.Line, domain.Date) bool) int {
		return min(len(s.world.lines(func(l domain.Line) bool { return is(l, day) })), views.MostCounted+1)
	}
	out.Late, out.AtRisk = count(service.IsLate), count(service.IsAtRisk)
	for _, b := range s.world.Batches {
		if isComing(b, 0, day) && out.Overdue <= views.MostCounted {
			out.Overdue++
		}
	}
	return out, nil
}
