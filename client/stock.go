package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
)

// Batch is stock bought together.
type Batch struct {
	Ref       string `json:"ref"`
	SKU       string `json:"sku"`
	Qty       int    `json:"qty"` // units purchased
	Allocated int    `json:"allocated"`
	Shipped   int    `json:"shipped"`
	Available int    `json:"available"`
	ETA       string `json:"eta"` // empty: in the warehouse

	ETAChanged bool   `json:"eta_changed"` // it was expected otherwise at first
	FirstETA   string `json:"first_eta"`   // if so: date; empty: in the warehouse
	Closed     bool   `json:"closed"`      // it takes no new lines
	Location   string `json:"location"`    // where it lies, or will arrive
	UseBy      string `json:"use_by"`      // date, the last one on which it is good; empty: it keeps

	Seq   int64 `json:"seq"`   // its place in the order of creation
	Lines int   `json:"lines"` // lines that have stock of it; only where one batch is asked for
}

// NewBatch is a batch to be created.
type NewBatch struct {
	Ref      string `json:"ref"`
	SKU      string `json:"sku"`
	Qty      int    `json:"qty"`                // units, at least 0
	ETA      string `json:"eta,omitempty"`      // empty: in the warehouse
	Location string `json:"location,omitempty"` // where it lies, or will arrive
	UseBy    string `json:"use_by,omitempty"`   // date, the last one on which it is good; empty: it keeps
	Reason   string `json:"reason,omitempty"`
	Note     string `json:"note,omitempty"`
	Terms    `json:"-"`
}

// BatchChange is what a batch is to become. What is nil stays as it is.
type BatchChange struct {
	Qty      *int    `json:"qty,omitempty"`      // units purchased, in all
	ETA      *string `json:"eta,omitempty"`      // "": it is in the warehouse
	Location *string `json:"location,omitempty"` // "": no particular one
	UseBy    *string `json:"use_by,omitempty"`   // date; "": it keeps
	Reason   string  `json:"reason,omitempty"`
	Note     string  `json:"note,omitempty"`
	Terms    `json:"-"`
}

// Stocked is what became of a command about a batch.
type Stocked struct {
	Ref       string `json:"ref"`
	SKU       string `json:"sku"`
	Qty       int    `json:"qty"`
	ETA       string `json:"eta"`
	Allocated int    `json:"allocated"`
	Shipped   int    `json:"shipped"`
	Available int    `json:"available"`
	Closed    bool   `json:"closed"`
	Location  string `json:"location"` // where it lies, or will arrive
	UseBy     string `json:"use_by"`   // date, the last one on which it is good; empty: it keeps
	Replayed  bool   `json:"replayed"` // it was so already
	Consequences
}

// Consequences are what a command does beyond what it is about.
type Consequences struct {
	DryRun bool   `json:"dry_run"` // nothing was done
	Plan   string `json:"plan"`    // if so: for Terms.Plan
	Moves  []Move `json:"moves"`
}

// Move is what becomes of a line because of a command about something else: it
// changes place, or its batch comes on another day.
type Move struct {
	OrderID string `json:"order_id"`
	SKU     string `json:"sku"`
	Qty     int    `json:"qty"`
	From    string `json:"from"` // batch; empty: it was backordered
	FromETA string `json:"from_eta"`
	To      string `json:"to"` // batch; empty: it is backordered, or its hold ended
	ToETA   string `json:"to_eta"`
}

// CreateBatch records stock that was bought. The same batch again changes
// nothing; other content is refused: "batch_conflict".
func (c *Client) CreateBatch(ctx context.Context, b NewBatch) (out Stocked, _ error) {
	return out, c.command(ctx, http.MethodPost, "/v1/batches", b.Terms, b, &out)
}

// ChangeBatch corrects how much of a batch was purchased, when it comes, where it
// lies or how long it keeps.
// Moves has the lines that change place or are promised for another day.
func (c *Client) ChangeBatch(ctx context.Context, ref string, change BatchChange) (out Stocked, _ error) {
	return out, c.command(ctx, http.MethodPatch, batchPath(ref), change.Terms, change, &out)
}

// Batch returns a batch, or "unknown_batch".
func (c *Client) Batch(ctx context.Context, ref string) (out Batch, _ error) {
	return out, c.get(ctx, batchPath(ref), nil, &out)
}

// Batches yields batches by reference, those of one SKU if it is given.
func (c *Client) Batches(ctx context.Context, sku string) iter.Seq2[Batch, error] {
	return pages[Batch](ctx, c, "/v1/batches", values("sku", sku))
}

// BatchLines yields the lines allocated to a batch, oldest first.
func (c *Client) BatchLines(ctx context.Context, ref string) iter.Seq2[Line, error] {
	return pages[Line](ctx, c, batchPath(ref)+"/lines", nil)
}

func batchPath(ref string) string { return "/v1/batches/" + url.PathEscape(ref) }

// Product is the stock of one SKU. OnHand + Inbound - Allocated = Available.
type Product struct {
	SKU              string  `json:"sku"`
	Description      string  `json:"description"`
	OnHand           int     `json:"on_hand"`
	Inbound          int     `json:"inbound"`
	Allocated        int     `json:"allocated"`
	Available        int     `json:"available"`
	Backordered      int     `json:"backordered"`
	BackorderedLines int     `json:"backordered_lines"`
	Version          int64   `json:"product_version"`
	Policy           string  `json:"policy"`       // empty: "earliest"
	SafetyStock      int     `json:"safety_stock"` // units in the warehouse that new lines don't get
	Places           []Place `json:"places"`       // by location, if any batch has one; only where one product is asked for
	Batches          []Batch `json:"batches"`      // in the order of their use; only where one product is asked for
}

// ProductChange is what a product is to become.
type ProductChange struct {
	Description string `json:"description"`
	Reason      string `json:"reason,omitempty"`
	Note        string `json:"note,omitempty"`
	Terms       `json:"-"`
}

// Described is what became of a command about a product.
type Described struct {
	SKU         string `json:"sku"`
	Description string `json:"description"`
	Replayed    bool   `json:"replayed"` // it was so already
	Consequences
}

// DescribeProduct gives a product a name for people, and makes its SKU known.
func (c *Client) DescribeProduct(ctx context.Context, sku string, change ProductChange) (out Described, _ error) {
	return out, c.command(ctx, http.MethodPut, productPath(sku), change.Terms, change, &out)
}

// Replanned is what became of the lines of a product that was re-planned. Its
// moves have those that stand elsewhere.
type Replanned struct {
	SKU     string `json:"sku"`
	Planned int    `json:"planned"` // lines that were placed afresh
	Moved   int    `json:"moved"`   // of them
	Consequences
}

// Replan places the open lines of a product afresh, the most urgent first. Ask
// with DryRun first, and send the plan of the answer.
func (c *Client) Replan(ctx context.Context, sku string, how Step) (out Replanned, _ error) {
	return out, c.command(ctx, http.MethodPost, productPath(sku)+"/replan", how.Terms, how, &out)
}

// Product returns a product, or "not_found".
func (c *Client) Product(ctx context.Context, sku string) (out Product, _ error) {
	return out, c.get(ctx, productPath(sku), nil, &out)
}

// Products yields products by SKU.
func (c *Client) Products(ctx context.Context) iter.Seq2[Product, error] {
	return pages[Product](ctx, c, "/v1/products", nil)
}

func productPath(sku string) string { return "/v1/products/" + url.PathEscape(sku) }
