package service

import (
	"context"

	"allot/internal/domain"
)

// PerformAny is PerformOn for a command of a type that the caller doesn't know.
// Its result is what the command's handler returned.
func PerformAny(ctx context.Context, b *Bus, cmd domain.Message, terms Terms) (Effect[any], error) {
	return performOn[any](ctx, b, cmd, terms)
}

// PreviewAny is Preview for a command of a type that the caller doesn't know.
func PreviewAny(ctx context.Context, b *Bus, cmd domain.Message) (Effect[any], error) {
	return preview[any](ctx, b, cmd, Terms{})
}
