package storetest

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"allot/internal/domain"
	"allot/internal/service"
)

func goesOnFilling(t *testing.T, s Store) {
	start := func() (*service.Bus, *service.FillClock) {
		bus := newBus(s, 9)
		bus.FillAtMost(3)
		return bus, service.NewFillClock(bus, slog.New(slog.DiscardHandler))
	}
	bus, _ := start()
	send := func(commands ...domain.Message) {
		t.Helper()
		for i, o := range sendAll(t, bus, commands...) {
			if o.Err != nil {
				t.Fatalf("%+v: %v", commands[i], o.Err)
			}
		}
	}
	filling := func() []string { return must(s.Filling(t.Context(), 9))(t) }
	check := func(when string) {
		t.Helper()
		report, err := service.Verify(context.Background(), s, nil)
		if err != nil || len(report.Faults) != 0 {
			t.Errorf("%s, verify finds %q, %v", when, report.Faults, err)
		}
	}

	waiting := []domain.Message{batch("none", "CHAIR", 0), batch("lamps", "LAMP", 9)}
	want := map[string]string{}
	for i := range 7 {
		waiting = append(waiting, order(fmt.Sprint("o-", i), "CHAIR", 1))
		want[fmt.Sprintf("o-%d CHAIR", i)] = "backordered"
	}
	send(waiting...)
	equal(t, "what is filling before there is stock", filling(), nil)

	send(batch("b1", "CHAIR", 9))
	want["o-0 CHAIR"], want["o-1 CHAIR"], want["o-2 CHAIR"] = "b1", "b1", "b1"
	equal(t, "who is served at once", standing(t, s), want)
	equal(t, "what is filling", filling(), []string{"CHAIR"})
	check("while it is filling")

	send(order("newcomer", "CHAIR", 1), order("other", "LAMP", 1), domain.Allocate{OrderID: "choosy", SKU: "CHAIR", Qty: 1, OnShortage: domain.Refuse})
	want["newcomer CHAIR"], want["other LAMP"] = "backordered", "lamps"
	equal(t, "who is served while it is filling", standing(t, s), want)

	_, clock := start() // as after a restart: all that is known is in the store
	if lines, err := clock.GoOn(t.Context()); lines != 5 || err != nil {
		t.Errorf("%d lines got stock, %v; want the other five", lines, err)
	}
	for i := range 7 {
		want[fmt.Sprintf("o-%d CHAIR", i)] = "b1"
	}
	want["newcomer CHAIR"] = "b1"
	equal(t, "who is served in the end", standing(t, s), want)
	equal(t, "what is filling in the end", filling(), nil)
	check("in the end")

	again := sendAll(t, bus, domain.GoOnFilling{SKU: "CHAIR"})[0]
	equal(t, "the answer when nothing is left to do", again.Result, any(domain.Filled{SKU: "CHAIR", Replayed: true}))
	send(order("late", "CHAIR", 1))
	want["late CHAIR"] = "b1"
	equal(t, "who is served when it is filled", standing(t, s), want)
}
