package service

import (
	"context"
	"iter"
	"sync"

	"allot/internal/domain"
)

// Outcome is what became of one command of many.
type Outcome[R any] struct {
	Result R
	Err    error
}

// SendAll has commands handled in order and yields their outcomes in the same
// order, each after its effects are on disk. It reads ahead, a bounded number
// of commands, so that transactions are full. If ctx ends or the caller stops,
// commands that were read may yet be done; sending them again is safe.
func SendAll[C domain.Command[R], R any](ctx context.Context, b *Bus, commands iter.Seq[C]) iter.Seq[Outcome[R]] {
	messages := func(yield func(domain.Message) bool) {
		for cmd := range commands {
			if !yield(cmd) {
				return
			}
		}
	}
	return func(yield func(Outcome[R]) bool) {
		for o := range SendEach(ctx, b, messages) {
			result, _ := o.Result.(R)
			if !yield(Outcome[R]{result, o.Err}) {
				return
			}
		}
	}
}

// SendEach is SendAll for commands of several types. The result of each is of
// the type that its handler returns, nil if it failed.
func SendEach(ctx context.Context, b *Bus, commands iter.Seq[domain.Message]) iter.Seq[Outcome[any]] {
	return func(yield func(Outcome[any]) bool) {
		ctx, cancel := context.WithCancel(ctx)
		handed := b.handOver(ctx, commands)
		defer func() { // nobody reads commands any more once we return
			cancel()
			for h := range handed {
				h.pending.Wait()
			}
		}()
		for h := range handed {
			h.pending.Wait()
			for i := range h.outcomes {
				if !yield(h.outcomes[i]) {
					return
				}
			}
		}
	}
}

// handful is so many commands at a time.
type handful struct {
	outcomes []Outcome[any]
	pending  sync.WaitGroup
}

const (
	handfulSize  = 1024
	handsInQueue = 8 // handfuls that are read ahead of who receives the outcomes
)

// handOver queues commands by the handful, some ahead of who receives them.
func (b *Bus) handOver(ctx context.Context, commands iter.Seq[domain.Message]) <-chan *handful {
	out := make(chan *handful, handsInQueue)
	go func() {
		defer close(out)
		for batch := range chunks(commands, handfulSize) {
			h := &handful{outcomes: make([]Outcome[any], len(batch))}
			calls := h.calls(ctx, b, batch)
			select {
			case out <- h:
				b.work.enqueue(calls...)
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

// calls prepares the commands that can be tried at all.
func (h *handful) calls(ctx context.Context, b *Bus, commands []domain.Message) []*call {
	calls := make([]*call, 0, len(commands))
	for i, cmd := range commands {
		outcome := &h.outcomes[i]
		c, err := b.prepare(cmd, func(r any, _ []Envelope) { outcome.Result = r })
		if err != nil {
			outcome.Err = err
			b.work.tellRefused(ctx, cmd.CommandName(), err)
			continue
		}
		c.ctx = ctx
		c.done = func() {
			if outcome.Err = c.err; c.err != nil {
				outcome.Result = nil
			}
			h.pending.Done()
		}
		calls = append(calls, c)
	}
	h.pending.Add(len(calls))
	return calls
}

func chunks[T any](seq iter.Seq[T], size int) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		var chunk []T
		for v := range seq {
			chunk = append(chunk, v)
			if len(chunk) == size {
				if !yield(chunk) {
					return
				}
				chunk = nil
			}
		}
		if len(chunk) > 0 {
			yield(chunk)
		}
	}
}
