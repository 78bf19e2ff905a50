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
	return func(yield func(Outcome[R]) bool) {
		ctx, cancel := context.WithCancel(ctx)
		handed := handOver[R](ctx, b, commands)
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
type handful[R any] struct {
	outcomes []Outcome[R]
	pending  sync.WaitGroup
}

const (
	handfulSize  = 1024
	handsInQueue = 8 // handfuls that are read ahead of who receives the outcomes
)

// handOver queues commands by the handful, some ahead of who receives them.
func handOver[R any, C domain.Command[R]](ctx context.Context, b *Bus, commands iter.Seq[C]) <-chan *handful[R] {
	out := make(chan *handful[R], handsInQueue)
	go func() {
		defer close(out)
		for batch := range chunks(commands, handfulSize) {
			h := &handful[R]{outcomes: make([]Outcome[R], len(batch))}
			calls := make([]*call, 0, len(batch))
			for i, cmd := range batch {
				outcome := &h.outcomes[i]
				c, err := b.prepare(cmd, func(r any, _ []Envelope) { outcome.Result = r.(R) })
				if err != nil {
					outcome.Err = err
					continue
				}
				c.ctx = ctx
				c.done = func() {
					if outcome.Err = c.err; c.err != nil {
						var none R
						outcome.Result = none
					}
					h.pending.Done()
				}
				calls = append(calls, c)
			}
			h.pending.Add(len(calls))
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
