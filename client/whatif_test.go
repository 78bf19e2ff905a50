package client_test

import (
	"testing"

	"allot/client"
)

func TestChangesAreTriedAndThenMade(t *testing.T) {
	c, ctx := shop(t), t.Context()
	if _, err := c.CreateBatch(ctx, client.NewBatch{Ref: "b1", SKU: "LAMP", Qty: 9}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Allocate(ctx, "o1", client.NewLine{SKU: "LAMP", Qty: 4}); err != nil {
		t.Fatal(err)
	}
	commands := []client.Command{{Op: "change_batch", Ref: "b1", Qty: new(3)}, {Op: "add_batch", Ref: "b2", SKU: "LAMP", Qty: new(4), ETA: "2027-01-10"}}
	tried, err := c.TryChanges(ctx, commands)
	if err != nil || !tried.DryRun || tried.Later != 1 || len(tried.Moves) != 1 || tried.Moves[0].To != "b2" || tried.Moves[0].Effect != "later" {
		t.Fatalf("%+v, %v", tried, err)
	}
	saved, err := c.SaveWhatIf(ctx, commands)
	if err != nil || !saved.Same || saved.SavedPlan != tried.Plan {
		t.Fatalf("%+v, %v", saved, err)
	}
	again, err := c.WhatIf(ctx, saved.ID)
	if err != nil || !again.Same || again.WhatIf.Plan != tried.Plan || len(again.Changes) != 2 || again.Changes[1].Ref != "b2" {
		t.Errorf("%+v, %v", again, err)
	}
	made, err := c.MakeChanges(ctx, commands, tried.Plan)
	if err != nil || made.DryRun || made.Plan != tried.Plan {
		t.Errorf("%+v, %v", made, err)
	}
	if _, err := c.MakeChanges(ctx, commands, tried.Plan); client.CodeOf(err) != "plan_changed" {
		t.Errorf("the same again: error %v", err)
	}
	if then, err := c.WhatIf(ctx, saved.ID); err != nil || then.Same {
		t.Errorf("what has been done is the same: %+v, %v", then, err)
	}
}
