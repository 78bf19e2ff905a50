package postgres_test

import (
	"testing"

	"allot/internal/domain"
)

// A process that knew a product, and didn't ask again, must be told the truth
// all the same: by refusing as by doing.
func TestWhatAnotherProcessChangedIsNeverTakenFromMemory(t *testing.T) {
	for name, c := range map[string]struct {
		theirs domain.Message
		ours   domain.Allocate
		want   domain.Status
		replay bool
	}{
		"stock that is gone":     {domain.ChangeBatchQuantity{Ref: "b1", Qty: 2}, domain.Allocate{OrderID: "o-3", Qty: 1}, domain.StatusBackordered, false},
		"stock that has come":    {domain.CreateBatch{Ref: "b2", Qty: 50}, domain.Allocate{OrderID: "o-3", Qty: 50, OnShortage: domain.Refuse}, domain.StatusAllocated, false},
		"a line that is there":   {domain.Allocate{OrderID: "o-3", Qty: 1}, domain.Allocate{OrderID: "o-3", Qty: 1}, domain.StatusAllocated, true},
		"stock that another has": {domain.Allocate{OrderID: "o-3", Qty: 1}, domain.Allocate{OrderID: "o-4", Qty: 8}, domain.StatusBackordered, false},
	} {
		t.Run(name, func(t *testing.T) {
			url := database(t)
			us, they := opened(t, url), opened(t, url)
			defer us.Close()
			defer they.Close()
			ours, theirs := newBus(us, 8), newBus(they, 8)
			send(t, ours, domain.CreateBatch{Ref: "b1", SKU: "CHAIR", Qty: 10})
			send(t, ours, domain.Allocate{OrderID: "o-1", SKU: "CHAIR", Qty: 1})
			send(t, ours, domain.Allocate{OrderID: "o-2", SKU: "CHAIR", Qty: 1})
			if !us.MayGuess("CHAIR", 3) {
				t.Fatal("it would ask first: this shows nothing")
			}

			switch cmd := c.theirs.(type) {
			case domain.ChangeBatchQuantity:
				send(t, theirs, cmd)
			case domain.CreateBatch:
				cmd.SKU = "CHAIR"
				send(t, theirs, cmd)
			case domain.Allocate:
				cmd.SKU = "CHAIR"
				send(t, theirs, cmd)
			}
			c.ours.SKU = "CHAIR"
			if got := send(t, ours, c.ours); got.Status != c.want || got.Replayed != c.replay {
				t.Errorf("we were told %s, replayed %t; want %s, %t", got.Status, got.Replayed, c.want, c.replay)
			}
			verified(t, us)
		})
	}
}

func TestARefusalThatWasGuessedIsMadeSure(t *testing.T) {
	url := database(t)
	us, they := opened(t, url), opened(t, url)
	defer us.Close()
	defer they.Close()
	ours := newBus(us, 8)
	send(t, ours, domain.CreateBatch{Ref: "b1", SKU: "CHAIR", Qty: 2})
	send(t, ours, domain.Allocate{OrderID: "o-1", SKU: "CHAIR", Qty: 1})
	send(t, newBus(they, 8), domain.CancelLine{OrderID: "o-1", SKU: "CHAIR"})
	got := send(t, ours, domain.Allocate{OrderID: "o-2", SKU: "CHAIR", Qty: 2, OnShortage: domain.Refuse})
	if got.Status != domain.StatusAllocated {
		t.Errorf("it was refused (%s), for want of the stock that another process had freed", got.Status)
	}
	verified(t, us)
}
