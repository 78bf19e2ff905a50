// Package access is about who may do what: scopes, the caller on whose behalf
// something is done, and the tokens that say who a caller is.
//
// It knows nothing of how a token comes in, nor where tokens are stored.
package access

import (
	"context"
	"slices"
)

// Scope is something that a caller may be allowed to do.
type Scope string

// The scopes. None includes another.
const (
	Read     Scope = "read"     // look at anything
	Allocate Scope = "allocate" // place and change lines of orders, confirm and release holds
	Stock    Scope = "stock"    // add and change batches, ship and return lines, describe products
	Admin    Scope = "admin"    // manage tokens and deliveries
)

// Scopes are all there are.
var Scopes = []Scope{Read, Allocate, Stock, Admin}

// Caller is on whose behalf something is done. The zero Caller may do nothing.
type Caller struct {
	Actor  string // the name that goes with what they change
	Token  string // name of the token that they showed; empty if it took none
	Scopes []Scope
}

// May reports whether the caller may do what needs the scope.
func (c Caller) May(s Scope) bool { return slices.Contains(c.Scopes, s) }

type contextKey struct{}

// WithCaller returns a context of something that is done for c.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, contextKey{}, c)
}

// CallerOf returns for whom something is done: the zero Caller if nobody said.
func CallerOf(ctx context.Context) Caller {
	c, _ := ctx.Value(contextKey{}).(Caller)
	return c
}
