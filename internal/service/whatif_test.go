package service_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"allot/internal/domain"
	"allot/internal/service"
)

// december is a day of it.
func december(day int) domain.Date { return domain.NewDate(2026, 12, day) }

// furnished is a shop with chairs here and on their way, and lines in both.
func furnished(t *testing.T) (*watched, *service.Bus) {
	t.Helper()
	s := newStore()
	bus := newBus(s, 10)
	do(t, bus,
		batch("here", 10), domain.CreateBatch{Ref: "soon", SKU: "CHAIR", Qty: 10, ETA: december(1)}, domain.CreateBatch{Ref: "later", SKU: "CHAIR", Qty: 6, ETA: december(9)},
		order("o-1", 6), order("o-2", 4), order("o-3", 7), order("o-4", 6), order("o-5", 9))
	return s, bus
}

// moved is what moves mean, by order.
func moved(d service.Difference) map[string]string {
	out := map[string]string{}
	for _, m := range d.Moves {
		out[m.After.OrderID] = fmt.Sprintf("%s -> %s: %s", m.Before.BatchRef, m.After.BatchRef, m.Meaning())
	}
	return out
}

func TestChangesAreTriedOneAfterTheOther(t *testing.T) {
	for _, c := range []struct {
		name    string
		changes []domain.Message
		want    map[string]string
	}{
		{"a cut", []domain.Message{domain.ChangeBatchQuantity{Ref: "here", Qty: 6}}, map[string]string{"o-2": "here -> : without_stock"}},
		{"a cut that another batch makes good", []domain.Message{batch("more", 4), domain.ChangeBatchQuantity{Ref: "here", Qty: 6}}, map[string]string{"o-2": "here -> more: same_day"}},
		{"a cut that is taken back", []domain.Message{domain.ChangeBatchQuantity{Ref: "here", Qty: 6}, domain.ChangeBatchQuantity{Ref: "here", Qty: 10}}, nil},
		{"a slip", []domain.Message{domain.ChangeBatch{Ref: "soon", ETA: domain.To(december(5))}}, map[string]string{"o-3": "soon -> soon: later"}},
		{"two slips of one batch", []domain.Message{domain.ChangeBatch{Ref: "soon", ETA: domain.To(december(5))}, domain.ChangeBatch{Ref: "soon", ETA: domain.To(december(1))}}, nil},
		{"an arrival", []domain.Message{domain.ReceiveBatch{Ref: "soon"}}, map[string]string{"o-3": "soon -> soon: earlier"}},
		{"stock for who waits", []domain.Message{batch("more", 9)}, map[string]string{"o-5": " -> more: filled"}},
		{"a cancellation", []domain.Message{domain.CancelLine{OrderID: "o-1", SKU: "CHAIR"}}, map[string]string{"o-1": "here -> : ended"}},
		{"a new order", []domain.Message{order("o-6", 3)}, map[string]string{"o-6": " -> soon: placed"}},
		{"a new order that finds nothing", []domain.Message{order("o-6", 4)}, map[string]string{"o-6": " -> : without_stock"}},
		{"a new order in the place of another", []domain.Message{domain.CancelLine{OrderID: "o-1", SKU: "CHAIR"}, order("o-6", 6)}, map[string]string{"o-1": "here -> : ended", "o-6": " -> here: placed"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, bus := furnished(t)
			before, begun := books(t, s), s.begun.Load()
			foreseen, err := service.WhatIf(t.Context(), bus, c.changes)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "what moves", moved(foreseen), c.want)
			equal(t, "the store after looking", books(t, s), before)
			equal(t, "the number of transactions after looking", s.begun.Load(), begun)

			done, err := service.PerformTogether(t.Context(), bus, c.changes, foreseen.Plan())
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "the number of transactions after doing it", s.begun.Load(), begun+1)
			equal(t, "what moved", moved(done), c.want)
			if diff := cmp.Diff(done.Effect, foreseen.Effect, seqless); diff != "" {
				t.Errorf("something else was done than was foreseen (-done +foreseen):\n%s", diff)
			}
			equal(t, "the plan of what was done", done.Plan(), foreseen.Plan())
		})
	}
}

func TestEachOfSeveralChangesIsInTheLogUnderItsOwnName(t *testing.T) {
	s, bus := furnished(t)
	known := len(log(t, s))
	changes := []domain.Message{
		domain.CreateBatch{Origin: domain.Origin{Actor: "ann", Reason: "bought"}, Ref: "more", SKU: "LAMP", Qty: 1},
		domain.CancelLine{Origin: domain.Origin{Actor: "ann", Reason: "by phone"}, OrderID: "o-1", SKU: "CHAIR"},
	}
	if _, err := service.PerformTogether(t.Context(), bus, changes, ""); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range log(t, s)[known:] {
		got = append(got, fmt.Sprint(e.Event.EventName(), " ", e.Command, " ", e.Origin.Reason))
	}
	equal(t, "the log", got, []string{"batch_created create_batch bought", "deallocated cancel_line by phone", "line_cancelled cancel_line by phone"})
}

func TestIfOneChangeIsRefusedNoneIsMade(t *testing.T) {
	s, bus := furnished(t)
	before := books(t, s)
	for _, c := range []struct {
		change domain.Message
		code   string
	}{
		{domain.CancelLine{OrderID: "o-9", SKU: "CHAIR"}, domain.CodeUnknownLine},
		{domain.ChangeBatchQuantity{Ref: "nix", Qty: 1}, domain.CodeUnknownBatch},
		{order("o-1", 5), domain.CodeLineConflict},
		{batch("b", -1), domain.CodeValidationFailed},
	} {
		changes := []domain.Message{batch("more", 9), c.change, batch("even-more", 9)}
		_, foreseen := service.WhatIf(t.Context(), bus, changes)
		_, err := service.PerformTogether(t.Context(), bus, changes, "")
		for _, err := range []error{foreseen, err} {
			refusal, ok := errors.AsType[*service.Refusal](err)
			if !ok || refusal.Nth != 2 || code(err) != c.code {
				t.Errorf("%+v: got error %v", c.change, err)
			}
		}
		equal(t, "the store", books(t, s), before)
	}
}

func TestChangesAreMadeAsForeseenOrNotAtAll(t *testing.T) {
	s, bus := furnished(t)
	changes := []domain.Message{domain.ChangeBatchQuantity{Ref: "here", Qty: 6}, batch("more", 9)}
	foreseen, err := service.WhatIf(t.Context(), bus, changes)
	if err != nil {
		t.Fatal(err)
	}
	do(t, bus, domain.CancelLine{OrderID: "o-2", SKU: "CHAIR"})
	before := books(t, s)
	_, err = service.PerformTogether(t.Context(), bus, changes, foreseen.Plan())
	equal(t, "the refusal", code(err), service.CodePlanChanged)
	equal(t, "the store", books(t, s), before)
}

func TestThereIsALimitToWhatIsTriedAtOnce(t *testing.T) {
	_, bus := furnished(t)
	for _, n := range []int{0, service.MostTogether + 1} {
		if _, err := service.WhatIf(t.Context(), bus, make([]domain.Message, n)); code(err) != domain.CodeValidationFailed {
			t.Errorf("%d changes: got error %v", n, err)
		}
	}
}
