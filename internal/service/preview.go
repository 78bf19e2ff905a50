package service

import (
	"context"
	"iter"
	"slices"

	"allot/internal/domain"
)

// Preview returns what a command would do, and does nothing: it is the same
// run, on a snapshot of its own, never written. It doesn't wait for writers.
func Preview[R any](ctx context.Context, b *Bus, cmd domain.Command[R]) (Effect[R], error) {
	return preview[R](ctx, b, cmd, Terms{})
}

// PreviewOn is Preview on terms. Terms.Once has no meaning: nothing is done.
func PreviewOn[R any](ctx context.Context, b *Bus, cmd domain.Command[R], terms Terms) (Effect[R], error) {
	return preview[R](ctx, b, cmd, terms)
}

func preview[R any](ctx context.Context, b *Bus, cmd domain.Message, terms Terms) (effect Effect[R], _ error) {
	c, err := b.prepare(cmd, func(r any, events []Envelope) { effect = Effect[R]{Result: r.(R), Events: slices.Clone(events)} })
	if err != nil {
		return effect, err
	}
	run := c.fn
	c.fn = func(ctx context.Context, uow *UnitOfWork) error { return terms.perform(ctx, uow, c, cmd, run) }
	return effect, b.work.store.View(ctx, func(ctx context.Context, r Reader) error {
		return b.imagine(r, 1).perform(ctx, c)
	})
}

// PreviewEach yields what would become of commands, one after the other, each
// seeing what those before it would have done. All of them see the store as of
// one moment, and nothing is written.
func PreviewEach(ctx context.Context, b *Bus, commands iter.Seq[domain.Message]) iter.Seq[Outcome[any]] {
	return func(yield func(Outcome[any]) bool) {
		stopped := false
		err := b.work.store.View(ctx, func(ctx context.Context, r Reader) error {
			world := b.imagine(r, handfulSize)
			for batch := range chunks(commands, handfulSize) {
				for _, outcome := range world.performAll(ctx, b, batch) {
					if stopped = !yield(outcome); stopped {
						return nil
					}
				}
			}
			return nil
		})
		if err != nil && !stopped {
			yield(Outcome[any]{Err: err})
		}
	}
}

// imagined is a session that is never written.
type imagined struct{ *session }

func (b *Bus) imagine(r Reader, size int) imagined {
	return imagined{newSession(&unwritten{Reader: r}, b.work.now(), newCatalog(keepProducts), size)}
}

func (s imagined) perform(ctx context.Context, c *call) error {
	if err := s.prefetch(ctx, []*call{c}); err != nil {
		return err
	}
	return s.try(ctx, c)
}

func (s imagined) performAll(ctx context.Context, b *Bus, commands []domain.Message) []Outcome[any] {
	outcomes := make([]Outcome[any], len(commands))
	for i, cmd := range commands {
		c, err := b.prepare(cmd, func(r any, _ []Envelope) { outcomes[i].Result = r })
		if err == nil {
			err = s.perform(ctx, c)
		}
		if err != nil {
			outcomes[i] = Outcome[any]{Err: err}
		}
	}
	s.events = s.events[:0] // nobody will want them
	return outcomes
}

// unwritten gives out numbers that are larger than any real one.
type unwritten struct {
	Reader
	given int64
}

func (u *unwritten) Reserve(_ context.Context, _ Sequence, n int) (int64, error) {
	const beyond = 1 << 60
	first := beyond + u.given
	u.given += int64(n)
	return first, nil
}
