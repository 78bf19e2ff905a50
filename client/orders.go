package client

import (
	"context"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"time"
)

// Status is where an order line stands.
type Status string

// The states of a line.
const (
	Allocated   Status = "allocated"
	Backordered Status = "backordered"
	Held        Status = "held"    // allocated until a time, unless it is confirmed
	Shipped     Status = "shipped" // in full
	Cancelled   Status = "cancelled"
	Expired     Status = "expired" // of a hold that ended
)

// Line is an order line, where it stands and why.
type Line struct {
	OrderID  string `json:"order_id"`
	SKU      string `json:"sku"`
	Qty      int    `json:"qty"`
	Status   Status `json:"status"`
	BatchRef string `json:"batch_ref"`
	Promise  string `json:"promise"` // date; empty while allocated: in the warehouse

	PromiseChanged bool   `json:"promise_changed"` // it was promised otherwise at first
	FirstPromise   string `json:"first_promise"`   // if so: date; empty: in the warehouse
	RequiredBy     string `json:"required_by"`     // date
	Frozen         bool   `json:"frozen"`          // re-planning leaves it where it is
	Priority       *int   `json:"priority"`        // 0 to 9; nil: the usual one, 5
	HeldUntil      string `json:"held_until"`      // time, if it is held
	Shipped        int    `json:"shipped"`         // units, of Qty
	Returned       int    `json:"returned"`        // units, of Shipped
	Wishes

	Seq int64        `json:"seq"` // its place of acceptance: its age
	Why *Explanation `json:"why"` // only in orders and explanations
}

// Why is the reason for a placement.
type Why struct {
	Rule       string       `json:"rule"`
	Cause      string       `json:"cause"`
	By         string       `json:"by"`
	PassedOver []PassedOver `json:"passed_over"`
	More       int          `json:"more"`
}

// PassedOver is a batch that had stock left, but not for the line.
type PassedOver struct {
	BatchRef  string `json:"batch_ref"`
	Available int    `json:"available"`
	ETA       string `json:"eta"`
	Reason    string `json:"reason"` // "expired", "other_location" and so on; empty: it had too little
}

// Explanation is a reason as it was kept: when, by whom and what for.
type Explanation struct {
	Why
	MovedFrom      string    `json:"moved_from"`
	At             time.Time `json:"at"`
	Command        string    `json:"command"`
	Actor          string    `json:"actor"`
	Reason         string    `json:"reason"`
	Note           string    `json:"note"`
	Correlation    string    `json:"correlation"`
	Position       int64     `json:"position"` // of the event in the log
	ProductVersion int64     `json:"product_version"`
}

// NewLine is an order line that wants stock.
type NewLine struct {
	SKU    string `json:"sku"`
	Qty    int    `json:"qty"` // units, at least 1
	Reason string `json:"reason,omitempty"`
	Note   string `json:"note,omitempty"`

	// OnShortage is what becomes of the line if there is no stock: Backorder,
	// the default, or Reject.
	OnShortage Shortage `json:"on_shortage,omitempty"`

	Priority   *int   `json:"priority,omitempty"`    // 0 to 9; nil: the usual one, 5
	RequiredBy string `json:"required_by,omitempty"` // date
	HoldUntil  string `json:"hold_until,omitempty"`  // time, RFC 3339: it is but a hold, and ends then unless it is confirmed
	Wishes

	Terms `json:"-"`
}

// Shortage says what becomes of a line that finds no stock.
type Shortage string

// What may become of it.
const (
	Backorder Shortage = "backorder" // it is kept and waits
	Reject    Shortage = "reject"    // it is forgotten, and Allocate fails with "out_of_stock"
)

// Placed is what became of a command about a line.
type Placed struct {
	OrderID    string `json:"order_id"`
	SKU        string `json:"sku"`
	Qty        int    `json:"qty"`
	Status     Status `json:"status"`
	BatchRef   string `json:"batch_ref"`
	Promise    string `json:"promise"`
	HeldUntil  string `json:"held_until"`
	Shipped    int    `json:"shipped"` // units of the line, in all
	Why        *Why   `json:"why"`
	LargestFit int    `json:"largest_fit"` // if backordered: the largest line that one batch could take
	Replayed   bool   `json:"replayed"`    // it was so already
	Consequences
}

// Allocate asks for stock for a line of an order. There is one line for each
// order and SKU: the same again changes nothing, another quantity is refused:
// "line_conflict". A SKU that nobody knows is "unknown_sku".
func (c *Client) Allocate(ctx context.Context, orderID string, line NewLine) (out Placed, _ error) {
	return out, c.command(ctx, http.MethodPost, orderPath(orderID)+"/lines", line.Terms, line, &out)
}

// Cancellation says how a line is taken back. The zero Cancellation is valid.
type Cancellation struct {
	Reason string
	Note   string
	Terms
}

// Cancel takes a line back for good. Its stock goes to backorders: Moves has
// them. Again, it changes nothing.
func (c *Client) Cancel(ctx context.Context, orderID, sku string, how Cancellation) (out Placed, _ error) {
	query := how.query()
	maps.Copy(query, values("reason", how.Reason, "note", how.Note))
	return out, c.call(ctx, http.MethodDelete, linePath(orderID, sku), query, how.header(), nil, &out)
}

// Line returns a line, or "unknown_line".
func (c *Client) Line(ctx context.Context, orderID, sku string) (out Line, _ error) {
	return out, c.get(ctx, linePath(orderID, sku), nil, &out)
}

// Explain returns a line with why it stands where it does.
func (c *Client) Explain(ctx context.Context, orderID, sku string) (out Line, _ error) {
	return out, c.get(ctx, linePath(orderID, sku)+"/explanation", nil, &out)
}

// Order is an order with its lines, by SKU.
type Order struct {
	OrderID string `json:"order_id"`
	Lines   []Line `json:"lines"`
}

// OrderSummary is an order in a list.
type OrderSummary struct {
	OrderID     string `json:"order_id"`
	Lines       int    `json:"lines"`
	Allocated   int    `json:"allocated"` // lines
	Backordered int    `json:"backordered"`
	Cancelled   int    `json:"cancelled"`
	Held        int    `json:"held"`
	Shipped     int    `json:"shipped"`
	Expired     int    `json:"expired"`
	Promise     string `json:"promise"` // the latest of its allocated and held lines
}

// Order returns an order, or "not_found".
func (c *Client) Order(ctx context.Context, orderID string) (out Order, _ error) {
	return out, c.get(ctx, orderPath(orderID), nil, &out)
}

// Orders yields orders by id, those with a line of some status if it is given.
func (c *Client) Orders(ctx context.Context, with Status) iter.Seq2[OrderSummary, error] {
	return pages[OrderSummary](ctx, c, "/v1/orders", values("status", string(with)))
}

// Backorders yields the lines that wait for stock, oldest first, those of one
// SKU if it is given.
func (c *Client) Backorders(ctx context.Context, sku string) iter.Seq2[Line, error] {
	return pages[Line](ctx, c, "/v1/backorders", values("sku", sku))
}

func orderPath(orderID string) string { return "/v1/orders/" + url.PathEscape(orderID) }

func linePath(orderID, sku string) string {
	return orderPath(orderID) + "/lines/" + url.PathEscape(sku)
}
