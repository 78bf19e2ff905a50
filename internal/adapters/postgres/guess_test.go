package postgres_test

import (
	"context"
	"runtime"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

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

// Commands that come while a transaction waits for its product are done with
// it, and their lines are not looked for first. One that was done before is not
// done again for that.
func TestALineThatIsThereIsFoundByWhoeverCameWhileTheProductWasLocked(t *testing.T) {
	url := database(t)
	s := opened(t, url)
	defer s.Close()
	bus := newBus(s, 8)
	send(t, bus, domain.CreateBatch{Ref: "b1", SKU: "CHAIR", Qty: 10})
	send(t, bus, domain.Allocate{OrderID: "o-1", SKU: "CHAIR", Qty: 1})
	s.AskFirst()
	free := lock(t, url, "CHAIR")
	var senders sync.WaitGroup
	senders.Go(func() { send(t, bus, domain.Allocate{OrderID: "o-2", SKU: "CHAIR", Qty: 1}) })
	awaitWaiting(t, url)
	var again domain.Placement
	senders.Go(func() { again = send(t, bus, domain.Allocate{OrderID: "o-1", SKU: "CHAIR", Qty: 1}) })
	for bus.Queued() == 0 {
		runtime.Gosched()
	}
	free()
	senders.Wait()
	if !again.Replayed {
		t.Errorf("what was done before was answered with %+v", again)
	}
	if !s.HasGuessedLaterWrong() {
		t.Error("the line was looked for first: this shows nothing")
	}
	verified(t, s)
}

// lock locks a product until free is called.
func lock(t *testing.T, url, sku string) (free func()) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err == nil {
		_, err = conn.Exec(t.Context(), `BEGIN`)
	}
	if err == nil {
		_, err = conn.Exec(t.Context(), `SELECT FROM products WHERE sku = $1 FOR UPDATE`, sku)
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() { conn.Close(context.Background()) }
}

// awaitWaiting returns when somebody waits for a lock.
func awaitWaiting(t *testing.T, url string) {
	t.Helper()
	for n := 0; n == 0; {
		ask(t, url, `SELECT count(*) FROM pg_locks WHERE NOT granted`, &n)
	}
}
