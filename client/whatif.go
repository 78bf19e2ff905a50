package client

import (
	"context"
	"net/http"
)

// Difference is what several changes do together, or would do.
type Difference struct {
	DryRun       bool       `json:"dry_run"` // nothing was done
	Plan         string     `json:"plan"`    // stands for just that
	Later        int        `json:"later"`   // lines, as are the next
	Earlier      int        `json:"earlier"`
	WithoutStock int        `json:"without_stock"`
	Filled       int        `json:"filled"`
	Moves        []MoveOver `json:"moves"`
}

// MoveOver is what becomes of a line over all of the changes.
type MoveOver struct {
	Move
	Effect string `json:"effect"` // later, earlier, same_day, without_stock, filled, placed or ended
}

type changes struct {
	Changes []Command `json:"changes"`
	Plan    string    `json:"plan,omitempty"`
}

// TryChanges tells what commands would do, one after the other, and does
// nothing. At most 1,000 are tried.
func (c *Client) TryChanges(ctx context.Context, commands []Command) (out Difference, _ error) {
	return out, c.call(ctx, http.MethodPost, "/v1/what-if", nil, nil, changes{Changes: commands}, &out)
}

// MakeChanges has all of some commands done if they do what the plan says that
// TryChanges told, and none otherwise: "plan_changed". That is also what they
// are told who ask for the same again.
func (c *Client) MakeChanges(ctx context.Context, commands []Command, plan string) (out Difference, _ error) {
	return out, c.call(ctx, http.MethodPost, "/v1/what-if/apply", nil, nil, changes{commands, plan}, &out)
}
