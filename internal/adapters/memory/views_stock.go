package memory

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

// Product implements views.Reader.
func (s *Store) Product(_ context.Context, sku string) (views.Product, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if _, ok := s.world.Products[sku]; !ok {
		return views.Product{}, fmt.Errorf("product %q: %w", sku, views.ErrNotFound)
	}
	p := s.world.product(sku)
	for _, b := range s.world.batches(sku) {
		if b.Available > 0 || b.Allocated > 0 {
			p.Batches = append(p.Batches, b)
		}
	}
	slices.SortFunc(p.Batches, func(a, b views.Batch) int { return cmp.Or(cmp.Compare(a.ETA, b.ETA), cmp.Compare(a.Seq, b.Seq)) })
	p.Places = service.ByLocation(p.Batches)
	return p, nil
}

// product is a product without its batches.
func (w *world) product(sku string) views.Product {
	known := w.Products[sku]
	p := views.Product{SKU: sku, Description: known.Description, Version: known.Version, BackorderedLines: known.Backorders, Policy: known.Policy, SafetyStock: known.SafetyStock}
	for _, b := range w.batches(sku) {
		if b.ETA == "" {
			p.OnHand += b.Qty - b.Shipped
		} else {
			p.Inbound += b.Qty - b.Shipped
		}
		p.Allocated += b.Allocated
		p.Available += b.Available
	}
	for _, l := range w.lines(func(l domain.Line) bool { return l.SKU == sku && l.Status == domain.StatusBackordered }) {
		p.Backordered += l.Open()
	}
	return p
}

// batches returns those of a SKU, or all if it is empty, by reference.
func (w *world) batches(sku string) (out []views.Batch) {
	for _, ref := range slices.Sorted(maps.Keys(w.Batches)) {
		if b := w.Batches[ref]; sku == "" || b.SKU == sku {
			out = append(out, service.ViewBatch(b))
		}
	}
	return out
}

// Products implements views.Reader.
func (s *Store) Products(_ context.Context, page views.Page) (views.List[views.Product], error) {
	after, err := service.AfterKey(page)
	if err != nil {
		return views.List[views.Product]{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []views.Product
	for _, sku := range slices.Sorted(maps.Keys(s.world.Products)) {
		if sku > after {
			out = append(out, s.world.product(sku))
		}
	}
	return views.NewList(out, page.Size(), func(p views.Product) string { return service.CursorAtKey(p.SKU) }), nil
}

// Batch implements views.Reader.
func (s *Store) Batch(_ context.Context, ref string) (views.Batch, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	known, ok := s.world.Batches[ref]
	if !ok {
		return views.Batch{}, fmt.Errorf("batch %q: %w", ref, views.ErrNotFound)
	}
	b := service.ViewBatch(known)
	b.Lines = len(s.world.lines(func(l domain.Line) bool { return has(l, ref) }))
	return b, nil
}

// Batches implements views.Reader.
func (s *Store) Batches(_ context.Context, f views.BatchFilter, page views.Page) (views.List[views.Batch], error) {
	after, err := service.AfterKey(page)
	if err != nil {
		return views.List[views.Batch]{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := slices.DeleteFunc(s.world.batches(f.SKU), func(b views.Batch) bool {
		return b.Ref <= after || f.Location != "" && f.Location != b.Location
	})
	return views.NewList(out, page.Size(), func(b views.Batch) string { return service.CursorAtKey(b.Ref) }), nil
}
