package service

import (
	"context"
	"slices"

	"allot/internal/domain"
)

// PerformAny is Perform for a command of a type that the caller doesn't know.
// Its result is what the command's handler returned.
func PerformAny(ctx context.Context, b *Bus, cmd domain.Message) (effect Effect[any], _ error) {
	c, err := b.prepare(cmd, func(r any, events []Envelope) { effect = Effect[any]{r, slices.Clone(events)} })
	if err != nil {
		return Effect[any]{}, err
	}
	if err := b.work.do(ctx, c); err != nil {
		return Effect[any]{}, err // effect may still be being written, if ctx ended first
	}
	return effect, nil
}

// PreviewAny is Preview for a command of a type that the caller doesn't know.
func PreviewAny(ctx context.Context, b *Bus, cmd domain.Message) (effect Effect[any], _ error) {
	c, err := b.prepare(cmd, func(r any, events []Envelope) { effect = Effect[any]{r, slices.Clone(events)} })
	if err != nil {
		return effect, err
	}
	return effect, b.work.store.View(ctx, func(ctx context.Context, r Reader) error {
		return b.imagine(r, 1).perform(ctx, c)
	})
}
