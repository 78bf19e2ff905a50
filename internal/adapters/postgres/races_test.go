package postgres_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"allot/internal/domain"
	"allot/internal/service"
)

// TestSoakRaces has batches shrink and grow on one replica while others
// allocate from them: none may be oversold, and all of it must add up.
func TestSoakRaces(t *testing.T) {
	races := 300
	if os.Getenv("ALLOT_SOAK") != "" {
		races = 3000
	}
	race(t, database(t), races)
}

// Transactions that conflict are run again, whatever the database calls the
// conflict and however often it finds one.
func TestConflictsOfSerializableTransactionsAreRunAgain(t *testing.T) {
	url := database(t)
	opened(t, url).Close()
	ask(t, url, `CREATE FUNCTION conflict() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF random() < 0.2 THEN RAISE EXCEPTION 'injected' USING ERRCODE = '40001'; END IF;
			RETURN NEW;
		END $$`)
	ask(t, url, `CREATE TRIGGER conflicts BEFORE INSERT ON commits FOR EACH ROW EXECUTE FUNCTION conflict()`)
	race(t, url+"&default_transaction_isolation=serializable", 60)
}

// race has three replicas at the same few batches, so many times each.
func race(t *testing.T, url string, times int) {
	all := replicas(t, url, 3, newLedger())
	skus := []string{"HOT", "WARM"}
	for _, sku := range skus {
		send(t, all[0].bus, domain.CreateBatch{Ref: "first of " + sku, SKU: sku, Qty: 10})
		send(t, all[0].bus, domain.CreateBatch{Ref: "next of " + sku, SKU: sku, Qty: 10, ETA: domain.NewDate(2026, 12, 1)})
	}
	var running sync.WaitGroup
	for i, r := range all {
		for c := range 3 {
			running.Go(func() {
				for n := range times / 3 {
					sku := skus[(n+c)%len(skus)]
					if c == 0 { // one of three changes batches
						ref := []string{"first of ", "next of "}[n%2] + sku
						insist(t, r.bus, domain.ChangeBatchQuantity{Ref: ref, Qty: (n*7 + i*5) % 25})
					} else {
						id := fmt.Sprintf("o-%d-%d-%d", i, c, n)
						insist(t, r.bus, domain.Allocate{OrderID: id, SKU: sku, Qty: 1 + (n+c)%3})
					}
				}
			})
		}
	}
	running.Wait()
	verified(t, all[2].Store)
	for _, r := range all {
		r.close(t)
	}
}

// insist sends a command until it is done, as a client does that is told to try
// again.
func insist[R any](t *testing.T, bus *service.Bus, cmd domain.Command[R]) {
	for {
		_, err := service.Send(context.Background(), bus, cmd)
		if domain.KindOf(err) != domain.Unavailable {
			if err != nil {
				t.Errorf("%+v: %v", cmd, err)
			}
			return
		}
	}
}
