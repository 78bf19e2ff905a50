package storetest

import (
	"cmp"
	"fmt"
	"testing"
	"time"

	"allot/internal/domain"
	"allot/internal/service"
)

var lifeRules = []rule{
	{"finds the holds that end, those that end first first", findsHoldsDue},
	{"serves those first that matter more, and takes from them last", priorityDecides},
	{"moves just the lines that a preview said, however many", movesWhatWasForeseen},
	{"goes on filling in further commits, and after a restart", goesOnFilling},
	{"answers a request once, also if it was refused", answersOnce},
	{"keeps an answer for so long and no longer", answersAreForgotten},
}

// aheadBy is so many microseconds behind the end of the century: holds must not
// have ended when they begin.
func aheadBy(n int) domain.Instant {
	return domain.InstantOf(time.Date(2100, 1, 1, 0, 0, 0, n*1000, time.UTC))
}

func findsHoldsDue(t *testing.T, s Store) {
	hold := func(id string, until int) domain.Message {
		return domain.Allocate{OrderID: id, SKU: "CHAIR", Qty: 1, HoldUntil: aheadBy(until)}
	}
	do(t, s, batch("b1", "CHAIR", 9), hold("o-1", 30), hold("o-2", 20), hold("o-3", 40), hold("o-4", 10), hold("o-5", 20), order("o-6", "CHAIR", 1),
		domain.ConfirmHold{OrderID: "o-4", SKU: "CHAIR"}, hold("o-5", 31))
	due := func(now, limit int) (ids []string) {
		for _, id := range must(s.HoldsDue(t.Context(), aheadBy(now), limit))(t) {
			ids = append(ids, id.OrderID)
		}
		return ids
	}
	equal(t, "what ends before", due(19, 9), nil)
	equal(t, "what ends by then", due(30, 9), []string{"o-2", "o-1"})
	equal(t, "what ends first", due(99, 1), []string{"o-2"})
}

func priorityDecides(t *testing.T, s Store) {
	line := func(id string, number int) domain.Message {
		return domain.Allocate{OrderID: id, SKU: "CHAIR", Qty: 1, Priority: domain.NewPriority(number)}
	}
	do(t, s, batch("b1", "CHAIR", 3), line("low", 2), line("high", 8), line("usual", 5), line("waits", 5), line("waits more", 9))
	do(t, s, change("b1", 1))
	equal(t, "who keeps a place", standing(t, s), map[string]string{
		"high CHAIR": "b1", "low CHAIR": "backordered", "usual CHAIR": "backordered", "waits CHAIR": "backordered", "waits more CHAIR": "backordered",
	})
	do(t, s, change("b1", 3))
	equal(t, "who gets one", standing(t, s), map[string]string{
		"high CHAIR": "b1", "low CHAIR": "backordered", "usual CHAIR": "b1", "waits CHAIR": "backordered", "waits more CHAIR": "b1",
	})
}

func movesWhatWasForeseen(t *testing.T, s Store) {
	const lines = 3_000
	do(t, s, batch("b1", "CHAIR", lines), batch("b2", "CHAIR", 700))
	bus := newBus(s, 4096)
	for o := range service.SendEach(t.Context(), bus, func(yield func(domain.Message) bool) {
		for i := range lines + 100 { // some go to b2, and some wait when it is full
			if !yield(order(fmt.Sprint("o-", i), "CHAIR", 1)) {
				return
			}
		}
	}) {
		must(o.Result, o.Err)(t)
	}
	for _, to := range []int{0, 1_500, 2_300} {
		changes := []domain.Message{change("b1", to)}
		was := standing(t, s)
		foreseen := must(service.WhatIf(t.Context(), bus, changes))(t)
		equal(t, "what a preview left", standing(t, s), was)
		for _, m := range foreseen.Moves {
			was[m.After.OrderID+" CHAIR"] = cmp.Or(m.After.BatchRef, string(m.After.Status))
		}
		done := must(service.PerformTogether(t.Context(), bus, changes, foreseen.Plan()))(t)
		equal(t, "how many lines moved", len(done.Moves), len(foreseen.Moves))
		equal(t, "where lines are", standing(t, s), was)
		if len(foreseen.Moves) == 0 {
			t.Error("no line moved")
		}
	}
}

// once is terms under which a request is answered once.
func once(key, request string) service.Terms {
	return service.Terms{Once: &service.Once{
		AnswerID: service.AnswerID{Scope: "ann POST /v1/orders", Key: key}, Request: request,
		Answer: func(result any, _ []service.Envelope, err error) []byte {
			return fmt.Append(nil, told(service.Outcome[any]{Result: result, Err: err}))
		},
	}}
}

func answersOnce(t *testing.T, s Store) {
	do(t, s, batch("b1", "CHAIR", 5))
	bus := newBus(s, 9)
	ask := func(key, request string, cmd domain.Allocate) (string, error) {
		effect, err := service.PerformOn(t.Context(), bus, cmd, once(key, request))
		return string(effect.Kept), err
	}
	for _, c := range []struct {
		key, request string
		cmd          domain.Allocate
		code         string // of the first answer
	}{
		{"k-1", "r-1", domain.Allocate{OrderID: "o-1", SKU: "CHAIR", Qty: 2}, ""},
		{"k-2", "r-2", domain.Allocate{OrderID: "o-1", SKU: "CHAIR", Qty: 3}, domain.CodeLineCancelled},
		{"k-3", "r-3", domain.Allocate{OrderID: "o-1", SKU: "RUG", Qty: 3}, domain.CodeUnknownSKU},
	} {
		kept, err := ask(c.key, c.request, c.cmd)
		if kept != "" || err == nil != (c.code == "") || err != nil && codeOf(err) != c.code {
			t.Errorf("%s was answered with %q, %v", c.key, kept, err)
		}
		do(t, s, domain.CancelLine{OrderID: "o-1", SKU: "CHAIR"}) // what is refused now
		before := books(t, s)
		kept, err = ask(c.key, c.request, c.cmd)
		if kept == "" || err != nil {
			t.Errorf("%s was answered again with %q, %v", c.key, kept, err)
		}
		equal(t, "the store", books(t, s), before)
		if _, err := ask(c.key, "another", c.cmd); codeOf(err) != service.CodeKeyReused {
			t.Errorf("%s of another request was answered with %v", c.key, err)
		}
	}
	if kept, err := ask("k-4", "r-4", domain.Allocate{OrderID: "", SKU: "RUG", Qty: 3}); kept != "" || err == nil {
		t.Errorf("what is invalid was answered with %q, %v", kept, err)
	}
}

func answersAreForgotten(t *testing.T, s Store) {
	now := opened
	bus := service.NewBus(service.NewTransactor(s, 9, func() time.Time { return now }, nil))
	service.Register(bus)
	cmd := domain.DescribeProduct{SKU: "CHAIR", Description: "A chair"}
	for i, c := range []struct {
		after time.Duration
		kept  bool
	}{{0, false}, {service.KeepAnswers - time.Second, true}, {2 * time.Second, false}, {time.Hour, true}} {
		now = now.Add(c.after)
		effect, err := service.PerformOn(t.Context(), bus, cmd, once("k", "r"))
		if err != nil || (effect.Kept != nil) != c.kept {
			t.Errorf("time %d: it was answered with %q, %v", i, effect.Kept, err)
		}
	}
}
