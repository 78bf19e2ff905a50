package client

import (
	"context"
	"net/http"
)

// Receipt says how a batch arrived. The zero Receipt is valid.
type Receipt struct {
	Qty    *int   `json:"qty,omitempty"` // units that really came; nil: as expected
	Reason string `json:"reason,omitempty"`
	Note   string `json:"note,omitempty"`
	Terms  `json:"-"`
}

// Step is a command that says no more than why. The zero Step is valid.
type Step struct {
	Reason string `json:"reason,omitempty"`
	Note   string `json:"note,omitempty"`
	Terms  `json:"-"`
}

// ReceiveBatch says that a batch has arrived. Again, it changes nothing.
func (c *Client) ReceiveBatch(ctx context.Context, ref string, how Receipt) (out Stocked, _ error) {
	return out, c.command(ctx, http.MethodPost, batchPath(ref)+"/receive", how.Terms, how, &out)
}

// CloseBatch keeps a batch from taking new lines. Again, it changes nothing.
func (c *Client) CloseBatch(ctx context.Context, ref string, how Step) (out Stocked, _ error) {
	return out, c.command(ctx, http.MethodPost, batchPath(ref)+"/close", how.Terms, how, &out)
}

// ReopenBatch has a batch take lines again. Moves has the backorders that it
// takes at once.
func (c *Client) ReopenBatch(ctx context.Context, ref string, how Step) (out Stocked, _ error) {
	return out, c.command(ctx, http.MethodPost, batchPath(ref)+"/reopen", how.Terms, how, &out)
}

// NewOrder is an order of which all lines want stock at once.
type NewOrder struct {
	OrderID    string   `json:"order_id"`
	Lines      []Wanted `json:"lines"` // 1 to 10,000, each of another SKU
	Mode       Mode     `json:"mode,omitempty"`
	OnShortage Shortage `json:"on_shortage,omitempty"` // of each line, unless it is all or nothing
	HoldUntil  string   `json:"hold_until,omitempty"`  // time, as of NewLine, for all lines
	Reason     string   `json:"reason,omitempty"`
	Note       string   `json:"note,omitempty"`
	Terms      `json:"-"`
}

// Wanted is a line of such an order.
type Wanted struct {
	SKU        string `json:"sku"`
	Qty        int    `json:"qty"`                   // units, at least 1
	Priority   *int   `json:"priority,omitempty"`    // 0 to 9; nil: the usual one, 5
	RequiredBy string `json:"required_by,omitempty"` // date
	Wishes
}

// Mode says what becomes of an order of which a line finds no stock.
type Mode string

// The modes of orders.
const (
	EachLine Mode = "each" // every line for itself, the default
	AllLines Mode = "all"  // every line is allocated now, or nothing is kept: "order_incomplete"
)

// Ordered is what became of an order.
type Ordered struct {
	OrderID string        `json:"order_id"`
	Lines   []OrderedLine `json:"lines"` // in the order of the command
	Consequences
}

// OrderedLine is what became of a line of an order.
type OrderedLine struct {
	SKU        string `json:"sku"`
	Qty        int    `json:"qty"`
	Status     Status `json:"status"`
	BatchRef   string `json:"batch_ref"`
	Promise    string `json:"promise"`
	HeldUntil  string `json:"held_until"`
	Shipped    int    `json:"shipped"`
	Why        *Why   `json:"why"`
	LargestFit int    `json:"largest_fit"`
	Replayed   bool   `json:"replayed"`

	HTTPStatus int    `json:"http_status"` // that it would have got by itself, if it was refused
	Code       string `json:"code"`
	Field      string `json:"field"`
	Detail     string `json:"detail"`
	Hint       string `json:"hint"`
}

// Err is nil if the line was accepted, else an *Error.
func (l OrderedLine) Err() error {
	if l.Code == "" {
		return nil
	}
	return &Error{Status: l.HTTPStatus, Code: l.Code, Detail: l.Detail, Field: l.Field, Hint: l.Hint}
}

// AllocateOrder asks for stock for all lines of an order at once.
func (c *Client) AllocateOrder(ctx context.Context, order NewOrder) (out Ordered, _ error) {
	return out, c.command(ctx, http.MethodPost, "/v1/orders", order.Terms, order, &out)
}

// Amendment is what a line is to become. What is nil stays as it is.
type Amendment struct {
	Qty        *int    `json:"qty,omitempty"`
	Priority   *int    `json:"priority,omitempty"`    // 0 to 9
	RequiredBy *string `json:"required_by,omitempty"` // date; "": as soon as possible
	Frozen     *bool   `json:"frozen,omitempty"`      // re-planning leaves it where it is
	MayMove    bool    `json:"may_move,omitempty"`    // it may lose its place, else that is refused: "line_would_move"
	Reason     string  `json:"reason,omitempty"`
	Note       string  `json:"note,omitempty"`
	Terms      `json:"-"`
}

// Amend changes a line.
func (c *Client) Amend(ctx context.Context, orderID, sku string, to Amendment) (out Placed, _ error) {
	return out, c.command(ctx, http.MethodPatch, linePath(orderID, sku), to.Terms, to, &out)
}

// Shipment says how much of a line has left. The zero Shipment is the whole
// line.
type Shipment struct {
	Shipped int    `json:"shipped,omitempty"` // units, counted from the start; 0: all
	Reason  string `json:"reason,omitempty"`
	Note    string `json:"note,omitempty"`
	Terms   `json:"-"`
}

// Ship says that goods of a line have left. The rest stays allocated.
func (c *Client) Ship(ctx context.Context, orderID, sku string, how Shipment) (out Placed, _ error) {
	return out, c.command(ctx, http.MethodPost, linePath(orderID, sku)+"/ship", how.Terms, how, &out)
}

// Return says how much of what was shipped came back.
type Return struct {
	Returned int    `json:"returned"`            // units, counted from the start
	BatchRef string `json:"batch_ref,omitempty"` // where it went; empty: the line's own batch
	Reason   string `json:"reason,omitempty"`
	Note     string `json:"note,omitempty"`
	Terms    `json:"-"`
}

// TakeBack says that goods of a line came back.
func (c *Client) TakeBack(ctx context.Context, orderID, sku string, what Return) (out Placed, _ error) {
	return out, c.command(ctx, http.MethodPost, linePath(orderID, sku)+"/return", what.Terms, what, &out)
}

// Confirm makes an order of a line that is held.
func (c *Client) Confirm(ctx context.Context, orderID, sku string, how Step) (out Placed, _ error) {
	return out, c.command(ctx, http.MethodPost, linePath(orderID, sku)+"/confirm", how.Terms, how, &out)
}

// Release gives up a line that is held.
func (c *Client) Release(ctx context.Context, orderID, sku string, how Step) (out Placed, _ error) {
	return out, c.command(ctx, http.MethodPost, linePath(orderID, sku)+"/release", how.Terms, how, &out)
}

// BatchHistory is a batch with all that ever happened to it.
type BatchHistory struct {
	Batch  Batch   `json:"batch"`
	Events []Event `json:"items"` // oldest first
}

// BatchHistory returns what happened to a batch, or "unknown_batch".
func (c *Client) BatchHistory(ctx context.Context, ref string) (out BatchHistory, _ error) {
	return out, c.get(ctx, batchPath(ref)+"/history", nil, &out)
}

// History is a line with all that ever happened to it.
type History struct {
	Line   Line    `json:"line"`
	Events []Event `json:"items"` // oldest first
}

// History returns what happened to a line, or "unknown_line".
func (c *Client) History(ctx context.Context, orderID, sku string) (out History, _ error) {
	return out, c.get(ctx, linePath(orderID, sku)+"/history", nil, &out)
}
