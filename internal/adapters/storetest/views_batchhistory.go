package storetest

import (
	"errors"
	"testing"

	"allot/internal/domain"
	"allot/internal/views"
)

func historyOfABatch(t *testing.T, s *shop) {
	types := func(ref string) (out []string) {
		for _, e := range must(s.BatchHistory(t.Context(), ref))(t).Events {
			out = append(out, e.Type)
		}
		return out
	}
	s.send(t,
		domain.CreateBatch{Ref: `new "1"`, SKU: "SOFA", Qty: 5, ETA: december}, domain.CreateBatch{Ref: "new", SKU: "SOFA", Qty: 5},
		domain.Allocate{OrderID: "order-20", SKU: "SOFA", Qty: 5},
		domain.ChangeBatch{Ref: `new "1"`, ETA: domain.To(january), Qty: domain.To(4)},
	)
	s.send(t, domain.CloseBatch{Origin: ann, Ref: `new "1"`})
	s.send(t, domain.ReopenBatch{Ref: `new "1"`}, domain.ReceiveBatch{Ref: `new "1"`}, domain.CloseBatch{Ref: "new"})

	same(t, types("new"), []string{"batch_created", "batch_closed"})
	same(t, types(`new "1"`), []string{
		"batch_created", "batch_quantity_changed", "batch_eta_changed", "batch_closed", "batch_reopened", "batch_received",
	})
	got := must(s.BatchHistory(t.Context(), `new "1"`))(t)
	same(t, got.Batch, must(s.Batch(t.Context(), `new "1"`))(t))
	e := got.Events[3]
	if e.Command != "close_batch" || e.Actor != ann.Actor || e.Reason != ann.Reason || e.Note != ann.Note || !e.At.Equal(opened) {
		t.Errorf("the batch was closed by %+v", e)
	}
	for i, e := range got.Events[1:] {
		if e.Position <= got.Events[i].Position {
			t.Errorf("position %d comes after %d", e.Position, got.Events[i].Position)
		}
	}
	if _, err := s.BatchHistory(t.Context(), "nothing"); !errors.Is(err, views.ErrNotFound) {
		t.Errorf("the history of no batch: %v", err)
	}
}
