package storetest

import (
	"fmt"
	"slices"
	"testing"

	"allot/internal/domain"
	"allot/internal/service"
)

var commandRules = []rule{
	{"takes warehouse stock first, then the earliest shipment, then the oldest", takesTheEarliest},
	{"is answered again and done once", doneOnce},
	{"that is refused leaves no trace", refusedLeavesNoTrace},
	{"for a reference of another SKU is refused before anything is written", otherSKUsBatchIsAConflict},
	{"that shrinks a batch finds its lines another place in the same commit", shrinksInOneCommit},
	{"that brings stock serves those who wait, oldest first", servesOldestFirst},
	{"knows nothing by heart that another has changed", catalogsAreChecked},
}

// standing is where the lines of a store are: by "order SKU" the batch, or what
// the line is instead.
func standing(t *testing.T, s Store) map[string]string {
	t.Helper()
	at := map[string]string{}
	for _, b := range books(t, s) {
		for _, l := range b.Lines {
			at[l.OrderID+" "+l.SKU] = string(l.Status)
			if l.BatchRef != "" {
				at[l.OrderID+" "+l.SKU] = l.BatchRef
			}
		}
	}
	return at
}

func takesTheEarliest(t *testing.T, s Store) {
	do(t, s,
		batch("january", "CHAIR", 2, january), batch("december", "CHAIR", 2, december), batch("december too", "CHAIR", 2, december),
		batch("warehouse", "CHAIR", 3), batch("empty", "CHAIR", 0),
	)
	want := map[string]string{}
	for i, ref := range []string{"warehouse", "december", "december too", "january", "backordered"} {
		id := fmt.Sprint("o-", i)
		do(t, s, order(id, "CHAIR", 2))
		want[id+" CHAIR"] = ref
	}
	equal(t, "where lines are", standing(t, s), want)
	do(t, s, order("small", "CHAIR", 1)) // fits what the others passed over
	if at := standing(t, s)["small CHAIR"]; at != "warehouse" {
		t.Errorf("a small line went to %s", at)
	}
}

func doneOnce(t *testing.T, s Store) {
	commands := []domain.Message{
		domain.DescribeProduct{SKU: "CHAIR", Description: "A chair"},
		batch("b1", "CHAIR", 5), order("o-1", "CHAIR", 3), order("o-2", "CHAIR", 3), change("b1", 4), order("o-3", "CHAIR", 1), cancel("o-3", "CHAIR"),
	}
	do(t, s, commands...)
	before := books(t, s)
	again := slices.DeleteFunc(commands, func(c domain.Message) bool { return c == order("o-3", "CHAIR", 1) }) // it stays cancelled
	for _, group := range []int{1, len(again)} {
		for i, o := range sendAll(t, newBus(s, group), again...) {
			if a := told(o); !a.Replayed || a.Code != "" {
				t.Errorf("%+v was answered with %+v", again[i], a)
			}
		}
		equal(t, "the store", books(t, s), before)
	}
}

func refusedLeavesNoTrace(t *testing.T, s Store) {
	do(t, s, batch("b1", "CHAIR", 5), order("o-1", "CHAIR", 3), order("o-2", "CHAIR", 1), cancel("o-2", "CHAIR"), order("gone", "CHAIR", 9), cancel("gone", "CHAIR"))
	before := books(t, s)
	refused := []struct {
		cmd  domain.Message
		code string
	}{
		{order("o-3", "TABLE", 1), domain.CodeUnknownSKU},
		{order("o-1", "CHAIR", 4), domain.CodeLineConflict},
		{order("o-2", "CHAIR", 1), domain.CodeLineCancelled},
		{order("o-3", "CHAIR", 0), domain.CodeValidationFailed},
		{batch("b1", "CHAIR", 6), domain.CodeBatchConflict},
		{batch("b2", "", 6), domain.CodeValidationFailed},
		{change("b2", 4), domain.CodeUnknownBatch},
		{cancel("o-3", "CHAIR"), domain.CodeUnknownLine},
		{domain.Allocate{OrderID: "o-3", SKU: "CHAIR", Qty: 9, OnShortage: domain.Refuse}, ""}, // an answer, and no error
	}
	for _, group := range []int{1, len(refused)} {
		var commands []domain.Message
		for _, r := range refused {
			commands = append(commands, r.cmd)
		}
		for i, o := range sendAll(t, newBus(s, group), commands...) {
			if got := told(o).Code; got != refused[i].code {
				t.Errorf("%+v: %q, want %q", refused[i].cmd, got, refused[i].code)
			}
		}
		equal(t, "the store", books(t, s), before)
	}
}

func otherSKUsBatchIsAConflict(t *testing.T, s Store) {
	do(t, s, batch("b1", "CHAIR", 5))
	watched := &faulty{Store: s}
	outcomes := sendAll(t, newBus(watched, 9), batch("b1", "LAMP", 5), batch("b2", "LAMP", 5), batch("b2", "CHAIR", 5))
	var codes []string
	for _, o := range outcomes {
		codes = append(codes, told(o).Code)
	}
	equal(t, "what was answered", codes, []string{domain.CodeBatchConflict, "", domain.CodeBatchConflict})
	equal(t, "transactions", watched.begun, 1)
	equal(t, "what was written", tables(books(t, s)), []string{
		showProduct(domain.Snapshot{SKU: "CHAIR", Version: 1}), showProduct(domain.Snapshot{SKU: "LAMP", Version: 1}),
		showBatch(domain.Batch{Ref: "b1", SKU: "CHAIR", Purchased: 5, FirstQty: 5}), showBatch(domain.Batch{Ref: "b2", SKU: "LAMP", Purchased: 5, FirstQty: 5}),
	})
}

func shrinksInOneCommit(t *testing.T, s Store) {
	do(t, s, batch("b1", "CHAIR", 10), order("o-1", "CHAIR", 4), order("o-2", "CHAIR", 3), order("o-3", "CHAIR", 3), batch("b2", "CHAIR", 3, december))
	watched := &faulty{Store: s}
	effect, err := service.Perform(t.Context(), newBus(watched, 1), domain.ChangeBatchQuantity{Ref: "b1", Qty: 6})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "transactions", watched.begun, 1)
	equal(t, "where lines are", standing(t, s), map[string]string{"o-1 CHAIR": "b1", "o-2 CHAIR": "b2", "o-3 CHAIR": "backordered"})

	var facts []string
	for _, e := range effect.Events {
		facts = append(facts, e.Event.EventName())
	}
	equal(t, "what happened", facts, []string{"batch_quantity_changed", "deallocated", "allocated", "deallocated", "out_of_stock", "backordered"})
	log := delivered(t, s, all("log"), 100)
	for i := range effect.Events {
		effect.Events[i].Position = log[len(log)-len(facts)+i].Position
	}
	equal(t, "the end of the log", log[len(log)-len(facts):], effect.Events)
}

func servesOldestFirst(t *testing.T, s Store) {
	// In each product lines of 3, 5, 2 and 1 units wait, in that order.
	for i, c := range []struct {
		cause   string
		command func(sku string) domain.Message
		want    []string
	}{
		{"a new batch", func(sku string) domain.Message { return batch(sku+" new", sku, 5) }, []string{"3", "2"}},
		{"a new batch that is too small for the oldest", func(sku string) domain.Message { return batch(sku+" new", sku, 2) }, []string{"2"}},
		{"a larger batch", func(sku string) domain.Message { return change(sku+" full", 4+4) }, []string{"3", "1"}},
		{"a cancelled line", func(sku string) domain.Message { return cancel("old", sku) }, []string{"3", "1"}},
		{"a line that doesn't fit its shrunken batch any more", func(sku string) domain.Message { return change(sku+" full", 3) }, []string{"3"}},
		{"a cancelled line that had nothing", func(sku string) domain.Message { return cancel("3", sku) }, nil},
	} {
		sku := fmt.Sprint("SKU-", i)
		do(t, s, batch(sku+" full", sku, 4), order("old", sku, 4), order("3", sku, 3), order("5", sku, 5), order("2", sku, 2), order("1", sku, 1))
		do(t, s, c.command(sku))
		at := standing(t, s)
		var served []string
		for _, id := range []string{"3", "5", "2", "1"} {
			if at[id+" "+sku] != "backordered" && at[id+" "+sku] != "cancelled" {
				served = append(served, id)
			}
		}
		equal(t, c.cause+" serves", served, c.want)
	}
}

func catalogsAreChecked(t *testing.T, s Store) {
	one, other := newBus(s, 9), newBus(s, 9)
	m := newModel()
	for i, commands := range [][]domain.Message{
		{batch("b1", "CHAIR", 9), batch("b2", "LAMP", 9)},
		{order("o-1", "CHAIR", 4), order("o-1", "LAMP", 4)},
		{order("o-2", "CHAIR", 4)},
		{order("o-3", "CHAIR", 4), order("o-2", "LAMP", 4)},
		{cancel("o-1", "CHAIR"), change("b2", 0)},
		{order("o-4", "CHAIR", 1), order("o-4", "LAMP", 1), change("b2", 9)},
		{order("o-5", "CHAIR", 5), order("o-5", "LAMP", 5)},
	} {
		bus := one
		if i%2 == 1 {
			bus = other
		}
		for j, o := range sendAll(t, bus, commands...) {
			equal(t, fmt.Sprintf("the answer to %+v", commands[j]), told(o), m.do(commands[j]))
		}
	}
	equal(t, "the store", tables(books(t, s)), m.tables())
}
