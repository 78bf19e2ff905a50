package client

import (
	"context"
	"iter"
	"net/http"
)

// Wishes are what a line asks of the batch that it gets. The zero Wishes take
// any.
type Wishes struct {
	Locations     []string `json:"locations,omitempty"`      // those it would rather have, the best first
	OnlyLocations []string `json:"only_locations,omitempty"` // the only ones it takes, the best first; not with Locations
	MinLife       int      `json:"min_life_days,omitempty"`  // days from the promise to the use-by date, at least
}

// Place is the stock of a product at one location.
type Place struct {
	Location  string `json:"location"` // empty: what lies at no particular one
	OnHand    int    `json:"on_hand"`
	Inbound   int    `json:"inbound"`
	Allocated int    `json:"allocated"`
	Available int    `json:"available"`
}

// Policy is how the lines of a product are to be placed. What is nil stays as
// it is.
type Policy struct {
	Name        string `json:"policy,omitempty"`       // "earliest", "latest_on_time", "first_expired"; empty: as it is
	SafetyStock *int   `json:"safety_stock,omitempty"` // units in the warehouse that new lines don't get
	Reason      string `json:"reason,omitempty"`
	Note        string `json:"note,omitempty"`
	Terms       `json:"-"`
}

// Ruled is what became of a command about how the lines of a product are placed.
type Ruled struct {
	SKU         string `json:"sku"`
	Policy      string `json:"policy"`
	SafetyStock int    `json:"safety_stock"`
	Replayed    bool   `json:"replayed"` // it was so already
	Consequences
}

// SetPolicy says how the lines of a product are placed from now on. Moves has
// the backorders that get stock which is no longer kept back.
func (c *Client) SetPolicy(ctx context.Context, sku string, p Policy) (out Ruled, _ error) {
	return out, c.command(ctx, http.MethodPatch, productPath(sku), p.Terms, p, &out)
}

// BatchesAt yields the batches at a location by reference, those of one SKU if
// it is given.
func (c *Client) BatchesAt(ctx context.Context, location, sku string) iter.Seq2[Batch, error] {
	return pages[Batch](ctx, c, "/v1/batches", values("location", location, "sku", sku))
}
