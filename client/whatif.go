package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
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

// SavedWhatIf is changes that were saved, and what they would do now.
type SavedWhatIf struct {
	ID        string      `json:"id"`
	Page      string      `json:"page"` // the path of its page
	At        time.Time   `json:"at"`
	KeptUntil time.Time   `json:"kept_until"`
	Actor     string      `json:"actor"`
	Changes   []Command   `json:"changes"`
	SavedPlan string      `json:"saved_plan"` // what they would have done when they were saved
	Same      bool        `json:"same"`       // they would still do that
	WhatIf    *Difference `json:"what_if"`    // nil if they would be refused by now
	Problem   *Error      `json:"problem"`    // why they would be
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

// SaveWhatIf tries commands, does nothing, and keeps them for 90 days for others
// to look at.
func (c *Client) SaveWhatIf(ctx context.Context, commands []Command) (out SavedWhatIf, _ error) {
	return out, c.call(ctx, http.MethodPost, "/v1/what-if", url.Values{"store": {"true"}}, nil, changes{Changes: commands}, &out)
}

// WhatIf tries commands again that were saved, and does nothing. MakeChanges
// makes them, by the plan of the difference.
func (c *Client) WhatIf(ctx context.Context, id string) (out SavedWhatIf, _ error) {
	return out, c.call(ctx, http.MethodGet, "/v1/what-if/"+url.PathEscape(id), nil, nil, nil, &out)
}

// MakeChanges has all of some commands done if they do what the plan says that
// TryChanges told, and none otherwise: "plan_changed". That is also what they
// are told who ask for the same again.
func (c *Client) MakeChanges(ctx context.Context, commands []Command, plan string) (out Difference, _ error) {
	return out, c.call(ctx, http.MethodPost, "/v1/what-if/apply", nil, nil, changes{commands, plan}, &out)
}
