package service

import (
	"context"
	"fmt"
	"slices"

	"allot/internal/domain"
)

// Bus takes every command to its one handler and every event to all of its
// handlers. The handlers are ordinary typed functions; their types say what
// they handle.
type Bus struct {
	work     *Transactor
	commands map[string]commandHandler
	events   map[string][]eventHandler

	mostFilled int // lines that wait, in one unit of work
}

type (
	commandHandler struct {
		handle func(ctx context.Context, uow *UnitOfWork, cmd any) (any, error)
		about  func(cmd any) About
	}
	eventHandler func(ctx context.Context, uow *UnitOfWork, e domain.Event) error
)

// NewBus returns a bus without handlers.
func NewBus(work *Transactor) *Bus {
	return &Bus{work: work, commands: map[string]commandHandler{}, events: map[string][]eventHandler{}, mostFilled: domain.MostFilled}
}

// FillAtMost sets how many lines that wait get stock in one unit of work, at
// least 1, if it is not to be domain.MostFilled. Call it before commands are sent.
func (b *Bus) FillAtMost(lines int) { b.mostFilled = lines }

// OnCommand makes h the handler of commands of type C.
//
// about says ahead of time what a command is going to need, so that commands
// which share a transaction are loaded for in one go.
func OnCommand[C domain.Command[R], R any](b *Bus, h func(context.Context, *UnitOfWork, C) (R, error), about func(C) About) {
	var c C
	if _, dup := b.commands[c.CommandName()]; dup {
		panic("two handlers for command " + c.CommandName())
	}
	b.commands[c.CommandName()] = commandHandler{
		handle: func(ctx context.Context, uow *UnitOfWork, cmd any) (any, error) { return h(ctx, uow, cmd.(C)) },
		about:  func(cmd any) About { return about(cmd.(C)) },
	}
}

// OnEvent makes h a handler of events of type E. It runs in the unit of work
// that the event came from: the event and all that follows from it in our
// database happen together or not at all.
func OnEvent[E domain.Event](b *Bus, h func(context.Context, *UnitOfWork, E) error) {
	var e E
	b.events[e.EventName()] = append(b.events[e.EventName()], func(ctx context.Context, uow *UnitOfWork, e domain.Event) error {
		return h(ctx, uow, e.(E))
	})
}

// Effect is what a command did, or would do.
type Effect[R any] struct {
	Result R
	Events []Envelope // the facts, in order; they have no position yet
	Kept   []byte     // the answer of PerformOn that was given before; nil if there was none
}

// Send has a command handled and returns what its handler returns. When it
// returns without an error, the command's effects and events are on disk. An
// error means that the command had no effect, but if ctx ended first: then it
// may yet have, and sending it again is safe.
func Send[R any](ctx context.Context, b *Bus, cmd domain.Command[R]) (R, error) {
	effect, err := Perform(ctx, b, cmd)
	return effect.Result, err
}

// Perform is Send for those who want to know what happened as well.
func Perform[R any](ctx context.Context, b *Bus, cmd domain.Command[R]) (Effect[R], error) {
	var effect Effect[R]
	c, err := b.prepare(cmd, func(r any, events []Envelope) { effect = Effect[R]{Result: r.(R), Events: slices.Clone(events)} })
	if err != nil {
		b.work.tellRefused(ctx, cmd.CommandName(), err)
		return Effect[R]{}, err
	}
	if err := b.work.do(ctx, c); err != nil {
		return Effect[R]{}, err // effect may still be being written, if ctx ended first
	}
	return effect, nil
}

// Room returns nil while a command may wait for its turn, else the error that it
// would be refused with. By the time that it is sent, the last place may be
// taken all the same.
func (b *Bus) Room() error { return b.work.room() }

// Queued is the number of commands that wait for a transaction.
func (b *Bus) Queued() int { return b.work.queued() }

// Close waits until what was sent is done.
func (b *Bus) Close() { b.work.Wait() }

// prepare makes a call of a command. got is called with what the handler
// returned and the events, which are valid only until it returns, each time
// that the handler ran.
func (b *Bus) prepare(cmd domain.Message, got func(any, []Envelope)) (*call, error) {
	cmd, receipt := opened(cmd)
	h, ok := b.commands[cmd.CommandName()]
	if !ok {
		return nil, fmt.Errorf("no handler for command %s", cmd.CommandName())
	}
	if err := cmd.Validate(); err != nil {
		return nil, err
	}
	c := &call{command: cmd, about: h.about(cmd), receipt: receipt}
	c.fn = func(ctx context.Context, uow *UnitOfWork) (err error) {
		uow.bus = b
		if c.result, err = h.handle(ctx, uow, c.command); err != nil {
			return err
		}
		return uow.React(ctx)
	}
	c.kept = func(events []Envelope) { got(c.result, events) }
	return c, nil
}

// react has the events of a unit of work handled, and the events that come of
// that, until there are no more. Each handler sees what those before it did.
func (b *Bus) react(ctx context.Context, uow *UnitOfWork) error {
	const rounds = 8
	events := uow.CollectNewEvents()
	for range rounds {
		var next []domain.Event
		for _, e := range events {
			for _, h := range b.events[e.EventName()] {
				if err := h(ctx, uow, e); err != nil {
					return fmt.Errorf("on %s: %w", e.EventName(), err)
				}
				next = append(next, uow.CollectNewEvents()...)
			}
		}
		if events = next; len(events) == 0 {
			return nil
		}
	}
	return fmt.Errorf("events still coming after %d rounds", rounds)
}
