package storetest

import (
	"testing"

	"allot/internal/domain"
	"allot/internal/service"
)

var replanRules = []rule{
	{"keeps which lines are frozen, and forgets it", keepsFrozen},
	{"places the open lines of a product afresh, those of batches that are used up too", replans},
	{"sees what was done before it in its transaction", replansWhatIsUnwritten},
}

func freeze(id, sku string, frozen bool) domain.Message {
	return domain.AmendLine{OrderID: id, SKU: sku, Amendment: domain.Amendment{Frozen: domain.To(frozen)}}
}

func keepsFrozen(t *testing.T, s Store) {
	do(t, s, batch("b1", "CHAIR", 5), order("o-1", "CHAIR", 1), order("o-2", "CHAIR", 1), order("o-3", "CHAIR", 9),
		freeze("o-1", "CHAIR", true), freeze("o-2", "CHAIR", true), freeze("o-3", "CHAIR", true))
	do(t, s, freeze("o-2", "CHAIR", false))
	got := map[string]bool{}
	for _, l := range books(t, s)[0].Lines {
		got[l.OrderID] = l.Frozen
		shown := must(s.Order(t.Context(), l.OrderID))(t).Lines[0]
		equal(t, "what readers see of "+l.OrderID, shown.Frozen, l.Frozen)
	}
	equal(t, "what is frozen", got, map[string]bool{"o-1": true, "o-2": false, "o-3": true})
}

func replans(t *testing.T, s Store) {
	do(t, s, batch("late", "CHAIR", 9, january), order("o-1", "CHAIR", 4), order("o-2", "CHAIR", 3), order("o-3", "CHAIR", 2), freeze("o-1", "CHAIR", true),
		batch("other", "LAMP", 9, january), order("o-1", "LAMP", 9))
	do(t, s, batch("soon", "CHAIR", 4, december), batch("sooner", "LAMP", 9))
	effect, err := service.Perform(t.Context(), newBus(s, 1), domain.ReplanProduct{SKU: "CHAIR"})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "the answer", effect.Result, domain.Replanned{SKU: "CHAIR", Lines: 2, Moved: 1})
	equal(t, "where lines are", standing(t, s), map[string]string{"o-1 CHAIR": "late", "o-2 CHAIR": "soon", "o-3 CHAIR": "late", "o-1 LAMP": "other"})
	why := must(s.Order(t.Context(), "o-2"))(t).Lines[0].Why
	equal(t, "why", []string{why.Cause, why.MovedFrom}, []string{"replan", "late"})
}

func replansWhatIsUnwritten(t *testing.T, s Store) {
	do(t, s, batch("late", "CHAIR", 9, january), order("o-1", "CHAIR", 9))
	do(t, s, batch("later", "CHAIR", 9, january.AddDays(1)), order("o-2", "CHAIR", 9), change("late", 9), batch("soon", "CHAIR", 9, december), domain.ReplanProduct{SKU: "CHAIR"})
	equal(t, "where lines are", standing(t, s), map[string]string{"o-1 CHAIR": "soon", "o-2 CHAIR": "late"})
}
