package service

import (
	"cmp"
	"slices"

	"allot/internal/domain"
	"allot/internal/views"
)

// How the domain looks to readers: the same, whatever the store.

// ViewLine is l as readers see it, without the reason for where it stands.
func ViewLine(l domain.Line) views.Line {
	v := views.Line{
		OrderID: l.OrderID, SKU: l.SKU, Qty: l.Qty, Status: string(l.Status),
		BatchRef: l.BatchRef, Promise: l.Promise.String(), RequiredBy: l.RequiredBy.String(), HeldUntil: l.HeldUntil.String(),
		Shipped: l.Shipped, Returned: l.Returned, Frozen: l.Frozen, Seq: l.Seq,
		Locations: l.Locations.Names(), OnlyLocations: l.OnlyLocations.Names(), MinLife: l.MinLife,
	}
	if waits := l.Status == domain.StatusBackordered; l.Promised && (waits || l.Status.HasBatch() && l.FirstPromise != l.Promise) {
		v.PromiseChanged, v.FirstPromise = true, l.FirstPromise.String()
	}
	if n := l.Priority.Number(); n != domain.UsualPriority {
		v.Priority = &n
	}
	return v
}

// ViewBatch is b as readers see it, without the number of its lines.
func ViewBatch(b domain.Batch) views.Batch {
	v := views.Batch{
		Ref: b.Ref, SKU: b.SKU, Qty: b.Purchased, Allocated: b.Allocated, Shipped: b.Shipped, Available: b.Available(),
		ETA: b.ETA.String(), Closed: b.Closed, Seq: b.Seq, Location: b.Location, UseBy: b.UseBy.String(),
	}
	if b.ETA != b.FirstETA {
		v.ETAChanged, v.FirstETA = true, b.FirstETA.String()
	}
	return v
}

// ByLocation adds up batches of a product by where they are, in order; none if
// none of them is anywhere in particular.
func ByLocation(batches []views.Batch) (places []views.Place) {
	if !slices.ContainsFunc(batches, func(b views.Batch) bool { return b.Location != "" }) {
		return nil
	}
	for _, b := range slices.SortedStableFunc(slices.Values(batches), func(a, b views.Batch) int { return cmp.Compare(a.Location, b.Location) }) {
		if last := len(places) - 1; last < 0 || places[last].Location != b.Location {
			places = append(places, views.Place{Location: b.Location})
		}
		at := &places[len(places)-1]
		if b.ETA == "" {
			at.OnHand += b.Qty - b.Shipped
		} else {
			at.Inbound += b.Qty - b.Shipped
		}
		at.Allocated += b.Allocated
		at.Available += b.Available
	}
	return places
}

// ViewWhy is the reason that e gives for where its line stands. A line that was
// cancelled, or whose hold ended, has no rule, only a cause.
func ViewWhy(e Envelope) *views.Why {
	why, movedFrom := reason(e.Event)
	out := &views.Why{
		Rule: why.Rule, Cause: string(why.Cause), By: why.By, More: why.More, MovedFrom: movedFrom, At: e.At,
		Command: e.Command, Actor: e.Origin.Actor, Reason: e.Origin.Reason, Note: e.Origin.Note, Correlation: e.Origin.Correlation,
		Position: e.Position, ProductVersion: e.Version,
	}
	for _, b := range why.PassedOver {
		out.PassedOver = append(out.PassedOver, views.PassedOver{BatchRef: b.BatchRef, Available: b.Available, ETA: b.ETA.String(), Reason: string(b.Reason)})
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
	case domain.HoldEnded:
		return domain.Why{Cause: e.Reason}, ""
	}
	return domain.Why{}, ""
}
