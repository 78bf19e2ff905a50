package service_test

import (
	"testing"

	"allot/internal/domain"
	"allot/internal/service"
)

func TestAPlanIsCarriedOutAsPreviewedOrNotAtAll(t *testing.T) {
	for _, c := range []struct {
		meanwhile string
		command   domain.Message
		code      string
	}{
		{"nothing", nil, ""},
		{"what changes nothing of it", order("small", 1), ""},
		{"a line more that would move", order("o-3", 3), service.CodePlanChanged},
		{"a line less that would move", domain.CancelLine{OrderID: "o-2", SKU: "CHAIR"}, service.CodePlanChanged},
		{"another place to go", domain.CreateBatch{Ref: "b2", SKU: "CHAIR", Qty: 4}, service.CodePlanChanged},
	} {
		t.Run(c.meanwhile, func(t *testing.T) {
			s := newStore()
			bus := newBus(s, 10)
			do(t, bus, batch("b1", 12), order("o-1", 4), order("o-2", 4), domain.CreateBatch{Ref: "b0", SKU: "LAMP", Qty: 1})
			cmd := domain.ChangeBatchQuantity{Ref: "b1", Qty: 5}
			foreseen, err := service.Preview(t.Context(), bus, cmd)
			if err != nil {
				t.Fatal(err)
			}
			if c.command != nil {
				do(t, bus, c.command)
			}
			before := books(t, s)
			effect, err := service.PerformOn(t.Context(), bus, cmd, service.Terms{Plan: foreseen.Plan()})
			equal(t, "the refusal", code(err), c.code)
			if c.code != "" {
				equal(t, "the shop", books(t, s), before)
			} else {
				equal(t, "the plan", effect.Plan(), foreseen.Plan())
			}
		})
	}
}

func TestWhatIsMeantForAVersionIsDoneForNoOther(t *testing.T) {
	bus := newBus(newStore(), 10)
	do(t, bus, batch("b1", 9), order("o-1", 4)) // version 2
	cmd := domain.ChangeBatchQuantity{Ref: "b1", Qty: 8}
	_, err := service.PerformOn(t.Context(), bus, cmd, service.Terms{Version: 1})
	equal(t, "the refusal", code(err), service.CodeVersionChanged)
	if _, err := service.PerformOn(t.Context(), bus, cmd, service.Terms{Version: 2}); err != nil {
		t.Error(err)
	}
}

func TestPlansOfDifferentMovesDiffer(t *testing.T) {
	bus := newBus(newStore(), 10)
	do(t, bus, batch("b1", 9), order("o-1", 4), order("o-2", 4))
	seen := map[string]domain.Message{}
	for _, cmd := range []domain.Command[domain.Batched]{
		domain.ChangeBatchQuantity{Ref: "b1", Qty: 8}, domain.ChangeBatchQuantity{Ref: "b1", Qty: 7}, domain.ChangeBatchQuantity{Ref: "b1", Qty: 1},
		domain.ChangeBatch{Ref: "b1", ETA: domain.To(domain.NewDate(2026, 12, 1))}, domain.ChangeBatch{Ref: "b1", ETA: domain.To(domain.NewDate(2026, 12, 2))},
		domain.CloseBatch{Ref: "b1"}, domain.CreateBatch{Ref: "b2", SKU: "CHAIR", Qty: 1}, domain.CreateBatch{Ref: "b3", SKU: "CHAIR", Qty: 1},
	} {
		effect, err := service.Preview(t.Context(), bus, cmd)
		if err != nil {
			t.Fatal(err)
		}
		if other, dup := seen[effect.Plan()]; dup {
			t.Errorf("%+v has the plan of %+v", cmd, other)
		}
		seen[effect.Plan()] = cmd
	}
}
