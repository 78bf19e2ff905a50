package service_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"testing/synctest"

	"allot/internal/domain"
	"allot/internal/service"
)

// many yields that many orders of one unit, and counts those that were read.
func many(n int, read *int) iter.Seq[domain.Message] {
	return func(yield func(domain.Message) bool) {
		for i := range n {
			*read++
			if !yield(order(fmt.Sprint("o-", i), 1)) {
				return
			}
		}
	}
}

func TestOutcomesComeInTheOrderOfTheirCommands(t *testing.T) {
	s := newStore()
	bus := newBus(s, 100)
	do(t, bus, batch("b1", 5000))
	var commands []domain.Allocate
	for i := range 3000 {
		commands = append(commands, domain.Allocate{OrderID: fmt.Sprint("o-", i), SKU: "CHAIR", Qty: i % 3}) // each third is not valid
	}
	i := 0
	for o := range service.SendAll(t.Context(), bus, slices.Values(commands)) {
		if invalid := i%3 == 0; (domain.KindOf(o.Err) == domain.Invalid) != (o.Err != nil) || (o.Err != nil) != invalid || (o.Result.BatchRef == "b1") == invalid {
			t.Fatalf("command %d: %+v, %v", i, o.Result, o.Err)
		}
		i++
	}
	equal(t, "the number of outcomes", i, len(commands))
	if n := s.begun.Load() - 1; n < 2000/100 || n > 2000/100+3 { // what is read together may end with a small group
		t.Errorf("2000 commands, by 100, took %d transactions", n)
	}
}

func TestOutcomesMayBeOfSeveralTypes(t *testing.T) {
	bus := newBus(newStore(), 10)
	var got []string
	for o := range service.SendEach(t.Context(), bus, slices.Values([]domain.Message{batch("b1", 5), order("o-1", 9), rename("CHAIR", "A chair"), order("", 1)})) {
		got = append(got, fmt.Sprintf("%T %t", o.Result, o.Err == nil))
	}
	equal(t, "the outcomes", got, []string{"domain.Batched true", "domain.Placement true", "domain.Described true", "<nil> false"})
}

func TestNoCommandsHaveNoOutcomes(t *testing.T) {
	s := newStore()
	for o := range service.SendEach(t.Context(), newBus(s, 10), slices.Values([]domain.Message{})) {
		t.Errorf("got %+v", o)
	}
	equal(t, "the number of transactions", s.begun.Load(), 0)
}

func TestCommandsAreReadAheadButNotFar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const all, most = 100_000, 10 * 1024
		bus := newBus(newStore(), 4096)
		do(t, bus, batch("b1", all))
		read, received := 0, 0
		for range service.SendEach(t.Context(), bus, many(all, &read)) {
			if received++; received%5000 == 0 {
				synctest.Wait() // until nothing is read any more
				if ahead := read - received; ahead > most || ahead < 1024 && read < all {
					t.Errorf("after %d outcomes %d commands were read ahead", received, ahead)
				}
			}
		}
		equal(t, "the number of outcomes", received, all)
	})
}

func TestWhoStopsListeningLeavesNothingRunning(t *testing.T) {
	s := newStore()
	bus := newBus(s, 10)
	do(t, bus, batch("b1", 100_000))
	read, received := 0, 0
	for range service.SendEach(t.Context(), bus, many(100_000, &read)) {
		if received++; received == 100 {
			break
		}
	}
	begun, lines := s.begun.Load(), len(books(t, s)[0].Lines)
	if lines < received || lines > read || read > 20*1024 {
		t.Errorf("%d outcomes were received, %d commands read, %d lines written", received, read, lines)
	}
	bus.Close()
	equal(t, "the number of transactions since", s.begun.Load()-begun, 0)
}

func TestCommandsOfACallerWhoHasGoneAreNotDone(t *testing.T) {
	s := newStore()
	bus := newBus(s, 10)
	do(t, bus, batch("b1", 100_000))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	read, done := 0, 0
	for o := range service.SendEach(ctx, bus, many(100_000, &read)) {
		switch {
		case o.Err == nil:
			done++
		case !errors.Is(o.Err, context.Canceled):
			t.Fatalf("got error %v", o.Err)
		}
		cancel()
	}
	if lines := len(books(t, s)[0].Lines); lines != done || lines == 0 || read > 20*1024 {
		t.Errorf("%d lines were written, %d acknowledged, %d commands read", lines, done, read)
	}
}

func TestWhoListensMaySendCommands(t *testing.T) {
	bus := newBus(newStore(), 10)
	do(t, bus, batch("b1", 1000))
	read := 0
	for o := range service.SendEach(t.Context(), bus, many(50, &read)) {
		p := o.Result.(domain.Placement)
		if _, err := service.Send(t.Context(), bus, domain.ChangeBatchQuantity{Ref: p.BatchRef, Qty: 1000 + read}); err != nil {
			t.Fatal(err)
		}
	}
}
