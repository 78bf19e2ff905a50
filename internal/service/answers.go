package service

import (
	"allot/internal/domain"
	"allot/internal/views"
)

// How the domain looks to readers: the same, whatever the store.

// ViewLine is l as readers see it, without the reason for where it stands.
func ViewLine(l domain.Line) views.Line {
	return views.Line{
		OrderID: l.OrderID, SKU: l.SKU, Qty: l.Qty, Status: string(l.Status),
		BatchRef: l.BatchRef, Promise: l.Promise.String(), Seq: l.Seq,
	}
}

// ViewBatch is b as readers see it, without the number of its lines.
func ViewBatch(b domain.Batch) views.Batch {
	return views.Batch{
		Ref: b.Ref, SKU: b.SKU, Qty: b.Purchased, Allocated: b.Allocated, Available: b.Available(),
		ETA: b.ETA.String(), Seq: b.Seq,
	}
}

// ViewWhy is the reason that e gives for where its line stands. A line that was
// cancelled has no rule, only a cause.
func ViewWhy(e Envelope) *views.Why {
	why, movedFrom := reason(e.Event)
	out := &views.Why{
		Rule: why.Rule, Cause: string(why.Cause), By: why.By, More: why.More, MovedFrom: movedFrom, At: e.At,
		Command: e.Command, Actor: e.Origin.Actor, Reason: e.Origin.Reason, Note: e.Origin.Note, Correlation: e.Origin.Correlation,
		Position: e.Position, ProductVersion: e.Version,
	}
	for _, b := range why.PassedOver {
		out.PassedOver = append(out.PassedOver, views.PassedOver{BatchRef: b.BatchRef, Available: b.Available, ETA: b.ETA.String()})
	}
	return out
}

func reason(e domain.Event) (why domain.Why, movedFrom string) {
	switch e := e.(type) {
	case domain.Allocated:
		return e.Why, e.MovedFrom
	case domain.Backordered:
		return e.Why, ""
	case domain.LineCancelled:
		return domain.Why{Cause: domain.Cancelled}, ""
	}
	return domain.Why{}, ""
}
