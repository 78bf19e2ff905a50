package readmodeltest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

// shop is what readers see of a shop whose products change when they are told
// to, and of which something expires each day.
type shop struct {
	views.Reader
	opened time.Time

	mu       sync.Mutex
	versions map[string]int64
	events   []views.Event
}

func newShop(products int) *shop {
	s := &shop{opened: time.Date(2026, 11, 2, 9, 0, 0, 123000, time.UTC), versions: map[string]int64{}}
	for n := range products {
		s.change(sku(n))
	}
	return s
}

func sku(n int) string { return fmt.Sprintf("SKU %04d*?[a", n) }

// change has something happen to a product.
func (s *shop) change(sku string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.versions[sku]++
	position := int64(len(s.events) + 1)
	s.events = append(s.events, views.Event{Position: position, At: s.opened.Add(time.Duration(position) * time.Second), SKU: sku, Version: s.versions[sku]})
}

// Events implements views.Reader.
func (s *shop) Events(_ context.Context, page views.Page) (out views.List[views.Event], _ error) {
	after, err := service.AfterNumber(page)
	if err != nil {
		return out, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	first := min(int(after), len(s.events))
	out.Items = slices.Clone(s.events[first:min(first+page.Size(), len(s.events))])
	return out, nil
}

// Recent implements views.Reader: it knows the last event.
func (s *shop) Recent(context.Context, views.LogFilter, views.Page) (out views.List[views.Event], _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out.Items = slices.Clone(s.events[max(len(s.events)-1, 0):])
	return out, nil
}

// Products implements views.Reader.
func (s *shop) Products(_ context.Context, page views.Page) (out views.List[views.Product], _ error) {
	after, err := service.AfterKey(page)
	if err != nil {
		return out, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []views.Product
	for _, sku := range slices.Sorted(maps.Keys(s.versions)) {
		if sku > after {
			all = append(all, views.Product{SKU: sku})
		}
	}
	return views.NewList(all, page.Size(), func(p views.Product) string { return service.CursorAtKey(p.SKU) }), nil
}

// Availability implements views.Reader.
func (s *shop) Availability(_ context.Context, asks []views.Ask) (out []views.Availability, _ error) {
	if err := service.CheckAsks(asks); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ask := range asks {
		version, day := s.versions[ask.SKU], 0
		if _, err := fmt.Sscanf(ask.AsOf, "2026-11-%d", &day); err != nil {
			return nil, fmt.Errorf("as of %q: %w", ask.AsOf, err)
		}
		a := views.Availability{SKU: ask.SKU, Version: version, Unknown: version == 0, Dates: []views.Arrival{}, Withheld: day, Dated: true}
		if n := int(version); n%3 > 0 { // what there is of all that can be told
			a.Description, a.OnHand, a.Inbound, a.Allocated, a.Available, a.LargestFit = fmt.Sprintf("number %d: \"ärger\"", n), 7*n, 11*n, 5*n, 13*n-day, 4*n
			a.SafetyStock, a.BackorderedLines = n, n/2
			a.Dates = []views.Arrival{{Units: 7 * n, Available: n}, {Date: domain.NewDate(2026, 12, 1).String(), Units: 11 * n, Available: 13*n - day}}
		}
		out = append(out, a)
	}
	return out, nil
}
