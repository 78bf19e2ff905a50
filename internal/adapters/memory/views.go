package memory

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"

	"allot/internal/adapters/eventjson"
	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

var _ views.Reader = (*Store)(nil)

// Order implements views.Reader.
func (s *Store) Order(_ context.Context, orderID string) (views.Order, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	lines, ok := s.world.Lines[orderID]
	if !ok {
		return views.Order{}, fmt.Errorf("order %q: %w", orderID, views.ErrNotFound)
	}
	out := views.Order{OrderID: orderID}
	for _, sku := range slices.Sorted(maps.Keys(lines)) {
		l := service.ViewLine(lines[sku])
		l.Why = service.ViewWhy(s.world.log[s.world.reason(lines[sku])-1])
		out.Lines = append(out.Lines, l)
	}
	return out, nil
}

// reason is the position of the last event about a line.
func (w *world) reason(l domain.Line) int64 {
	return w.reasons[service.LineID{OrderID: l.OrderID, SKU: l.SKU}]
}

// Orders implements views.Reader.
func (s *Store) Orders(_ context.Context, status string, page views.Page) (views.List[views.OrderSummary], error) {
	after, err := service.AfterKey(page)
	if err = cmp.Or(err, service.CheckLineStatus(status)); err != nil {
		return views.List[views.OrderSummary]{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []views.OrderSummary
	for _, id := range slices.Sorted(maps.Keys(s.world.Lines)) {
		if o, picked := summary(id, s.world.Lines[id], status); picked && id > after {
			out = append(out, o)
		}
	}
	return views.NewList(out, page.Size(), func(o views.OrderSummary) string { return service.CursorAtKey(o.OrderID) }), nil
}

// summary sums an order up; picked if it has a line of that status, or none is
// asked for.
func summary(id string, lines map[string]domain.Line, status string) (o views.OrderSummary, picked bool) {
	o = views.OrderSummary{OrderID: id, Lines: len(lines)}
	for _, l := range lines {
		picked = picked || status == "" || status == string(l.Status)
		if l.Status == domain.StatusAllocated || l.Status == domain.StatusHeld {
			o.Promise = max(o.Promise, l.Promise.String())
		}
		switch l.Status {
		case domain.StatusAllocated:
			o.Allocated++
		case domain.StatusBackordered:
			o.Backordered++
		case domain.StatusCancelled:
			o.Cancelled++
		case domain.StatusHeld:
			o.Held++
		case domain.StatusShipped:
			o.Shipped++
		case domain.StatusExpired:
			o.Expired++
		}
	}
	return o, picked
}

// BatchLines implements views.Reader.
func (s *Store) BatchLines(_ context.Context, ref string, page views.Page) (views.List[views.Line], error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	list, err := s.world.queue(page, func(l domain.Line) bool { return has(l, ref) })
	if _, ok := s.world.Batches[ref]; err == nil && !ok {
		err = fmt.Errorf("batch %q: %w", ref, views.ErrNotFound)
	}
	return list, err
}

// Backorders implements views.Reader.
func (s *Store) Backorders(_ context.Context, sku string, page views.Page) (views.List[views.Line], error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if sku != "" {
		return s.world.queue(page, func(l domain.Line) bool { return l.SKU == sku && l.Status == domain.StatusBackordered })
	}
	after, err := service.AfterNumber(page)
	if err != nil {
		return views.List[views.Line]{}, err
	}
	return s.world.page(page, after, func(l domain.Line) bool { return l.Status == domain.StatusBackordered }), nil
}

// queue is a page of the lines that keep picks, in the order in which they are
// served.
func (w *world) queue(page views.Page, keep func(domain.Line) bool) (views.List[views.Line], error) {
	after, err := service.AfterInQueue(page)
	if err != nil {
		return views.List[views.Line]{}, err
	}
	lines := w.lines(func(l domain.Line) bool { return keep(l) && domain.FirstServed(after, l) < 0 })
	slices.SortFunc(lines, domain.FirstServed)
	out := make([]views.Line, len(lines))
	for i, l := range lines {
		out[i] = service.ViewLine(l)
	}
	return views.NewList(out, page.Size(), service.CursorOfQueue), nil
}

// page is a page of the lines that keep picks, oldest first.
func (w *world) page(page views.Page, after int64, keep func(domain.Line) bool) views.List[views.Line] {
	var out []views.Line
	for _, l := range w.lines(keep) {
		if l.Seq > after {
			out = append(out, service.ViewLine(l))
		}
	}
	return views.NewList(out, page.Size(), func(l views.Line) string { return service.CursorAtNumber(l.Seq) })
}

// Events implements views.Reader.
func (s *Store) Events(_ context.Context, page views.Page) (views.List[views.Event], error) {
	after, err := service.AfterNumber(page)
	if err != nil {
		return views.List[views.Event]{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []views.Event
	for _, e := range s.world.log[min(max(after, 0), int64(len(s.world.log))):] {
		v, err := eventjson.View(e)
		if err != nil {
			return views.List[views.Event]{}, err
		}
		out = append(out, v)
		if len(out) > page.Size() {
			break
		}
	}
	return views.NewList(out, page.Size(), func(e views.Event) string { return service.CursorAtNumber(e.Position) }), nil
}

// Failures implements views.Reader.
func (s *Store) Failures(_ context.Context, subscription string, page views.Page) (views.List[views.Failure], error) {
	after, err := service.AfterFailure(page)
	if err != nil {
		return views.List[views.Failure]{}, err
	}
	var out []views.Failure
	for _, f := range s.failures(func(f service.Failure) bool { return subscription == "" || f.Subscription == subscription }) {
		v := views.Failure{
			Subscription: f.Subscription, Position: f.Event.Position, Type: f.Event.Event.EventName(), SKU: f.Event.SKU,
			Attempts: f.Attempts, Error: f.Error, Next: f.Next, Parked: f.Parked,
		}
		if place(v, after) > 0 {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, place)
	return views.NewList(out, page.Size(), service.CursorAtFailure), nil
}

func place(a, b views.Failure) int {
	return cmp.Or(cmp.Compare(a.Subscription, b.Subscription), cmp.Compare(a.Position, b.Position))
}

// Allocations implements views.Reader.
func (s *Store) Allocations(context.Context) iter.Seq2[views.Line, error] {
	s.mu.RLock()
	defer s.mu.RUnlock()
	lines := s.world.lines(func(l domain.Line) bool { return l.Status == domain.StatusAllocated })
	slices.SortFunc(lines, func(a, b domain.Line) int { return cmp.Compare(s.world.reason(a), s.world.reason(b)) })
	out := make([]views.Line, len(lines))
	for i, l := range lines {
		out[i] = service.ViewLine(l)
	}
	return each(out)
}

// Stats implements views.Reader.
func (s *Store) Stats(context.Context) (views.Stats, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	w := &s.world
	out := views.Stats{Products: len(w.Products), Batches: len(w.Batches), Events: int64(len(w.log))}
	for _, b := range w.Batches {
		out.Available += b.Available()
	}
	for _, p := range w.Products {
		out.Backorders += p.Backorders
	}
	for _, f := range w.failures {
		switch {
		case f.Parked:
			out.Parked++
		case f.Attempts > 0:
			out.Failing++
		}
	}
	return out, nil
}
