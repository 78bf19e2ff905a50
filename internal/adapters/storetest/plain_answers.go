package storetest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"allot/internal/domain"
	"allot/internal/service"
)

// What a model and a store say, in the same words.

// answer is what the sender of a command is told.
type answer struct {
	Code       string // of the error, if it is one
	At         string // the reference of the line's batch, or what became of the line instead
	LargestFit int
	PassedOver []string
	Batch      string // and its numbers
	Name       string
	Replayed   bool
	Lines      []answer // of an order
}

func (m *model) shown(b *modelBatch) string {
	return showBatch(domain.Batch{
		Ref: b.ref, SKU: b.sku, Purchased: b.qty, Allocated: b.qty - b.shipped - m.free(b), Shipped: b.shipped, Closed: b.closed,
		ETA: b.eta, FirstQty: b.firstQty, FirstETA: b.firstETA,
		Location: b.label.location, UseBy: b.label.useBy, FirstLocation: b.firstLabel.location, FirstUseBy: b.firstLabel.useBy,
	})
}

func showBatch(b domain.Batch) string {
	return fmt.Sprintf("%s of %s: %d of %d, at first of %d, are allocated, %d shipped; ETA %s, at first %s, closed %t; at %q until %s, at first %q, %s",
		b.Ref, b.SKU, b.Allocated, b.Purchased, b.FirstQty, b.Shipped, b.ETA, b.FirstETA, b.Closed, b.Location, b.UseBy, b.FirstLocation, b.FirstUseBy)
}

// told is what a store told the sender of a command.
func told(o service.Outcome[any]) (a answer) {
	if o.Err != nil {
		return answer{Code: codeOf(o.Err)}
	}
	switch r := o.Result.(type) {
	case domain.Described:
		return answer{Name: r.Description, Replayed: r.Replayed}
	case domain.PolicyAnswer:
		return answer{Name: fmt.Sprintf("%s, keeping %d", r.Policy, r.SafetyStock), Replayed: r.Replayed}
	case domain.Replanned:
		return answer{Name: fmt.Sprintf("%d of %d moved", r.Moved, r.Lines)}
	case domain.Batched:
		return answer{Batch: showBatch(r.Batch), Replayed: r.Replayed}
	case domain.Placements:
		for _, l := range r.Lines {
			a.Lines = append(a.Lines, told(service.Outcome[any]{Result: l.Placement, Err: l.Err}))
		}
		return a
	case domain.Placement:
		return answer{At: place(r.BatchRef, string(r.Status)), LargestFit: r.LargestFit, PassedOver: passedOver(r.Why), Replayed: r.Replayed}
	}
	return answer{Code: fmt.Sprintf("%T is no answer", o.Result)}
}

// codeOf is the code of an error that means something to who sent a command,
// else what it says.
func codeOf(err error) string {
	if e, ok := errors.AsType[*domain.Error](err); ok {
		return e.Code
	}
	return err.Error()
}

func passedOver(w domain.Why) (out []string) {
	for _, p := range w.PassedOver {
		out = append(out, fmt.Sprintf("%d in %s: %s", p.Available, p.BatchRef, p.Reason))
	}
	if w.More > 0 {
		out = append(out, fmt.Sprintf("%d more", w.More))
	}
	return out
}

// tables are the model's as rows of text: products by SKU, batches and lines
// by age.
func (m *model) tables() (rows []string) {
	for sku, name := range m.names {
		waiting := 0
		for _, line := range m.lines {
			if line.sku == sku && line.state == "backordered" {
				waiting++
			}
		}
		rows = append(rows, showProduct(domain.Snapshot{SKU: sku, Description: name, Version: int64(m.facts[sku]), Backorders: waiting, OutOfStock: m.short[sku], Policy: m.policy[sku], SafetyStock: m.safety[sku]}))
	}
	slices.Sort(rows)
	for _, b := range m.batches {
		rows = append(rows, m.shown(b))
	}
	for _, l := range m.lines {
		line := domain.Line{
			OrderLine: domain.OrderLine{OrderID: l.order, SKU: l.sku, Qty: l.qty}, Status: domain.Status(l.state), BatchRef: l.batch,
			HeldUntil: l.until, FirstQty: l.firstQty, Priority: l.priority, RequiredBy: l.need, Shipped: l.shipped, Returned: l.returned, Frozen: l.frozen, Wishes: l.wishes,
		}
		if line.Promised = len(l.promises) > 0; line.Promised {
			line.FirstPromise = l.promises[0]
		}
		if l.batch != "" {
			line.Promise = l.promises[len(l.promises)-1]
		}
		rows = append(rows, showLine(line))
	}
	return rows
}

func showLine(l domain.Line) string {
	l.Seq = 0 // it only means an order
	return fmt.Sprintf("%+v", l)
}

func showProduct(p domain.Snapshot) string {
	return fmt.Sprintf("%s (%s): version %d, %d lines wait, out of stock %t, policy %q, keeping %d, filling %+v",
		p.SKU, p.Description, p.Version, p.Backorders, p.OutOfStock, p.Policy, p.SafetyStock, p.Filling)
}

// tables are those in a store's books, as the model has them.
func tables(books []service.Book) (rows []string) {
	var batches []domain.Batch
	var lines []domain.Line
	for _, b := range books {
		rows = append(rows, showProduct(b.Product))
		batches = append(batches, b.Batches...)
		lines = append(lines, b.Lines...)
	}
	slices.Sort(rows)
	slices.SortFunc(batches, func(a, b domain.Batch) int { return cmp.Compare(a.Seq, b.Seq) })
	slices.SortFunc(lines, func(a, b domain.Line) int { return cmp.Compare(a.Seq, b.Seq) })
	for _, b := range batches {
		rows = append(rows, showBatch(b))
	}
	for _, l := range lines {
		rows = append(rows, showLine(l))
	}
	return rows
}
