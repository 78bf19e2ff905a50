package postgres_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
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
	none(t, race(t, database(t), races))
}

// With the row lock and the version taken out of what the database is asked, the
// same races go wrong: they do look for what could.
func TestRacesWithoutLockAndVersionGoWrong(t *testing.T) {
	url := database(t)
	p := newProxy(t, running(t).Addr(), "FOR NO KEY UPDATE OF p", "FOR NO KEY UPDATE", "AND p.version = w.was", "WHERE version = known")
	wrong := race(t, p.through(url), 300)
	if len(wrong) == 0 {
		t.Fatal("nothing went wrong without lock and version: the races show nothing")
	}
	const noSense = "(SQLSTATE 42" // the class of statements that the database can't read
	if i := slices.IndexFunc(wrong, func(w string) bool { return strings.Contains(w, noSense) }); i >= 0 {
		t.Fatalf("what was taken out left a statement that makes no sense: %s", wrong[i])
	}
	t.Logf("%d things went wrong, the first: %s", len(wrong), wrong[0])
}

func none(t *testing.T, wrong []string) {
	t.Helper()
	for _, w := range wrong {
		t.Error(w)
	}
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
	none(t, race(t, url+"&default_transaction_isolation=serializable", 60))
}

// race has three replicas at the same few batches, so many times each, and
// returns what went wrong.
func race(t *testing.T, url string, times int) (wrong []string) {
	all := replicas(t, url, 3, newLedger())
	skus := []string{"HOT", "WARM"}
	for _, sku := range skus {
		send(t, all[0].bus, domain.CreateBatch{Ref: "first of " + sku, SKU: sku, Qty: 10})
		send(t, all[0].bus, domain.CreateBatch{Ref: "next of " + sku, SKU: sku, Qty: 10, ETA: domain.NewDate(2026, 12, 1)})
	}
	var mu sync.Mutex
	note := func(err error) {
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			wrong = append(wrong, err.Error())
		}
	}
	var running sync.WaitGroup
	for i, r := range all {
		for c := range 3 {
			running.Go(func() {
				for n := range times / 3 {
					sku := skus[(n+c)%len(skus)]
					if c == 0 { // one of three changes batches
						ref := []string{"first of ", "next of "}[n%2] + sku
						note(insist(r.bus, domain.ChangeBatchQuantity{Ref: ref, Qty: (n*7 + i*5) % 25}))
					} else {
						id := fmt.Sprintf("o-%d-%d-%d", i, c, n)
						note(insist(r.bus, domain.Allocate{OrderID: id, SKU: sku, Qty: 1 + (n+c)%3}))
					}
				}
			})
		}
	}
	running.Wait()
	report, err := service.Verify(t.Context(), all[2].Store, nil)
	note(err)
	for _, r := range all {
		r.close(t)
	}
	return append(wrong, report.Faults...)
}

// insist sends a command until it is done, as a client does that is told to try
// again.
func insist[R any](bus *service.Bus, cmd domain.Command[R]) error {
	for {
		_, err := service.Send(context.Background(), bus, cmd)
		if domain.KindOf(err) != domain.Unavailable {
			return err
		}
	}
}
