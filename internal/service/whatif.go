package service

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"allot/internal/domain"
)

// Several commands as one: each sees what those before it did, and all of them
// are done or none is.

// MostTogether is how many commands can be tried, or done, as one.
const MostTogether = 1000

// Difference is what commands did together, or would do. Its result has that of
// each command, in order.
type Difference struct {
	Effect[[]any]
	Moves []Move // the oldest line first
}

// Move is a line that stands elsewhere than it did. It counts where the line
// stood before all of the commands and where it stands after them, not the way.
type Move struct {
	Before domain.Line // zero if it is new
	After  domain.Line
}

// Meaning is what a move is to the order of the line.
type Meaning string

// The meanings of moves.
const (
	Later        Meaning = "later"
	Earlier      Meaning = "earlier"
	SameDay      Meaning = "same_day"
	WithoutStock Meaning = "without_stock" // it waits, and didn't, or is new
	Filled       Meaning = "filled"        // it waited
	Placed       Meaning = "placed"        // it is new
	Ended        Meaning = "ended"         // it was shipped, cancelled, or its hold ended
)

// Meaning is what the move is to the order of the line.
func (m Move) Meaning() Meaning {
	switch m.After.Status {
	case domain.StatusShipped, domain.StatusCancelled, domain.StatusExpired:
		return Ended
	case domain.StatusBackordered:
		return WithoutStock
	}
	switch {
	case m.Before.Status == domain.StatusBackordered:
		return Filled
	case !m.Before.Status.HasBatch():
		return Placed
	case m.After.Promise > m.Before.Promise:
		return Later
	case m.After.Promise < m.Before.Promise:
		return Earlier
	}
	return SameDay
}

// Count is how many lines the difference is of some meaning to.
func (d Difference) Count(meaning Meaning) (n int) {
	for _, m := range d.Moves {
		if m.Meaning() == meaning {
			n++
		}
	}
	return n
}

// Refusal says which of several commands was refused. Nothing was done then.
type Refusal struct {
	Nth int // from 1
	Err error
}

func (r *Refusal) Error() string { return fmt.Sprintf("change %d: %v", r.Nth, r.Err) }
func (r *Refusal) Unwrap() error { return r.Err }

// WhatIf returns what commands would do together, and does nothing: it is the
// run of PerformTogether, on a snapshot of its own, never written. It doesn't
// wait for writers. The error of a command that would be refused is a *Refusal.
func WhatIf(ctx context.Context, b *Bus, commands []domain.Message) (Difference, error) {
	c, d, err := b.prepareTogether(commands)
	if err != nil {
		return Difference{}, err
	}
	err = b.work.store.View(ctx, func(ctx context.Context, r Reader) error {
		return b.imagine(r, len(commands)).perform(ctx, c)
	})
	if err != nil {
		return Difference{}, err
	}
	return *d, nil
}

// PerformTogether has commands done, one after the other, in one unit of work:
// if one is refused, with a *Refusal, or they don't do what the plan says that
// was made of what they would do, none is done. Without a plan they may do
// whatever they do.
func PerformTogether(ctx context.Context, b *Bus, commands []domain.Message, plan string) (Difference, error) {
	c, d, err := b.prepareTogether(commands)
	if err != nil {
		b.work.tellRefused(ctx, (together{}).CommandName(), err)
		return Difference{}, err
	}
	run := c.fn
	c.fn = func(ctx context.Context, uow *UnitOfWork) error {
		if err := run(ctx, uow); err != nil {
			return err
		}
		if plan != "" && plan != planOf(uow.events) {
			return planChanged()
		}
		return nil
	}
	if err := b.work.do(ctx, c); err != nil {
		return Difference{}, err // d may still be being written, if ctx ended first
	}
	return *d, nil
}

// together is what a call of several commands is called. Each of them is
// answerable for what comes of itself.
type together struct{ domain.Origin }

// CommandName implements domain.Message.
func (together) CommandName() string { return "what_if" }

// Validate implements domain.Message.
func (together) Validate() error { return nil }

// prepareTogether makes one call of commands. The difference is there when the
// call has been done.
func (b *Bus) prepareTogether(commands []domain.Message) (*call, *Difference, error) {
	if n := len(commands); n == 0 || n > MostTogether {
		return nil, nil, &domain.Error{Kind: domain.Invalid, Code: domain.CodeValidationFailed, Field: "changes",
			Message: fmt.Sprintf("%d changes were given; there must be between 1 and %d", n, MostTogether), Hint: "send some of them, or import them as a file"}
	}
	calls := make([]*call, len(commands))
	all, d := &call{command: together{commands[0].CameFrom()}}, &Difference{}
	for i, cmd := range commands {
		c, err := b.prepare(cmd, nil)
		if err != nil {
			return nil, nil, &Refusal{i + 1, err}
		}
		calls[i] = c
		all.about.SKUs = append(all.about.SKUs, c.about.SKU)
	}
	var moves []Move
	all.fn = func(ctx context.Context, uow *UnitOfWork) error {
		results := make([]any, len(calls))
		for i, c := range calls {
			uow.serve(c.command)
			if err := c.fn(ctx, uow); err != nil {
				return &Refusal{i + 1, err}
			}
			results[i] = c.result
		}
		all.result, moves = results, uow.Lines.moves()
		return nil
	}
	all.kept = func(events []Envelope) {
		*d = Difference{Effect[[]any]{Result: all.result.([]any), Events: slices.Clone(events)}, moves}
	}
	return all, d, nil
}

// moves are the lines that stand elsewhere than before the unit of work.
func (l *Lines) moves() (moves []Move) {
	for i := range l.changed {
		after := l.changed[i].Line
		if l.at(keyOf(after)) != i {
			continue // it went on from there
		}
		m := Move{l.s.seen(keyOf(after)), after}
		if m.Before.Status != m.After.Status || m.Before.BatchRef != m.After.BatchRef || m.Before.Promise != m.After.Promise {
			moves = append(moves, m)
		}
	}
	slices.SortFunc(moves, func(a, b Move) int { return cmp.Compare(a.After.Seq, b.After.Seq) })
	return moves
}
