package storetest

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"allot/internal/domain"
	"allot/internal/service"
)

// togetherIsOneByOne tries commands together, has them done together, and
// expects the same of both as of sending them one by one, or nothing.
func togetherIsOneByOne(t *testing.T, rt *rapid.T, open opener) {
	before := rapid.SliceOfN(rapid.Custom(drawCommand), 10, 60).Draw(rt, "before")
	changes := rapid.SliceOfN(rapid.Custom(drawCommand), 1, 20).Draw(rt, "changes")
	if rapid.IntRange(0, 3).Draw(rt, "refused") > 0 {
		changes = accepted(t, rt, open, before, changes)
	}
	s, alone := open(t), open(t)
	defer s.Close()
	defer alone.Close()
	bus := newBus(s, 16)
	sendAll(rt, bus, before...)
	oneByOne(rt, alone, before)
	was := books(rt, s)

	foreseen, refusal := service.WhatIf(rt.Context(), bus, changes)
	equal(rt, "the store after the preview", books(rt, s), was)
	done, err := service.PerformTogether(rt.Context(), bus, changes, foreseen.Plan())
	equal(rt, "the refusal", fmt.Sprint(err), fmt.Sprint(refusal))
	verified(rt, s)
	if err != nil {
		equal(rt, "the store after the refusal", books(rt, s), was)
		refusedAt(rt, alone, changes, err)
		return
	}
	one := oneByOne(rt, alone, changes)
	for i, result := range done.Result {
		equal(rt, fmt.Sprintf("the answer to %+v", changes[i]), told(service.Outcome[any]{Result: result}), one[i])
		equal(rt, fmt.Sprintf("the answer to %+v that was foreseen", changes[i]), told(service.Outcome[any]{Result: foreseen.Result[i]}), one[i])
	}
	now := books(rt, s)
	equal(rt, "the lines that moved", ends(done.Moves), ends(differences(was, now)))
	equal(rt, "the log of each product, and the tables", apart(now), apart(books(rt, alone)))
	equal(rt, "the lines that were to move", ends(foreseen.Moves), ends(done.Moves))
}

// accepted are those of some changes that are not refused, of which there is at
// least one: that of a name.
func accepted(t *testing.T, rt *rapid.T, open opener, before, changes []domain.Message) (out []domain.Message) {
	s := open(t)
	defer s.Close()
	oneByOne(rt, s, before)
	changes = append(changes, domain.DescribeProduct{SKU: "LAMP", Description: "A third"})
	for i, o := range sendAll(rt, newBus(s, 1), changes...) {
		if o.Err == nil {
			out = append(out, changes[i])
		}
	}
	return out
}

// refusedAt expects that the command which was refused is refused alone as well,
// and none before it.
func refusedAt(rt *rapid.T, alone Store, changes []domain.Message, err error) {
	refusal, ok := err.(*service.Refusal)
	if !ok {
		rt.Fatalf("the error is %v", err)
	}
	bus := newBus(alone, 1)
	first, last := changes[:refusal.Nth-1], changes[refusal.Nth-1]
	for i, o := range sendAll(rt, bus, first...) {
		if o.Err != nil && last.Validate() == nil {
			rt.Errorf("change %d was refused before: %v", i+1, o.Err)
		}
	}
	if o := sendAll(rt, bus, last)[0]; fmt.Sprint(o.Err) != fmt.Sprint(refusal.Err) && last.Validate() == nil {
		rt.Errorf("%+v gave %v alone, and %v with the others", last, o.Err, refusal.Err)
	}
}

// differences are the lines that stand elsewhere in one state of the books than
// in the other.
func differences(was, now []service.Book) (moves []service.Move) {
	before := map[service.LineID]domain.Line{}
	for _, line := range linesIn(was) {
		before[service.LineID{OrderID: line.OrderID, SKU: line.SKU}] = line
	}
	for _, line := range linesIn(now) {
		b := before[service.LineID{OrderID: line.OrderID, SKU: line.SKU}]
		if b.Status != line.Status || b.BatchRef != line.BatchRef || b.Promise != line.Promise {
			moves = append(moves, service.Move{Before: b, After: line})
		}
	}
	return moves
}

// apart are books with positions that count in each alone: a command about
// several products may put their events in the log in another order.
func apart(all []service.Book) []service.Book {
	for _, b := range all {
		nth := map[int64]int64{}
		for i := range b.Events {
			nth[b.Events[i].Position] = int64(i)
			b.Events[i].Position = int64(i)
		}
		for i, position := range b.LineWhys {
			b.LineWhys[i] = nth[position]
		}
	}
	return all
}

func linesIn(all []service.Book) (lines []domain.Line) {
	for _, b := range all {
		lines = append(lines, b.Lines...)
	}
	return lines
}

// ends are where moves begin and end, whatever the numbers of new lines.
func ends(moves []service.Move) (out []string) {
	for _, m := range moves {
		m.Before.Seq, m.After.Seq = 0, 0
		out = append(out, fmt.Sprintf("%+v", m))
	}
	slices.Sort(out)
	return out
}
