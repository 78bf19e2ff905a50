package domain

// Event is a fact, in the business's own words. Its name and its fields are
// part of the wire format: never reuse or change one.
type Event interface{ EventName() string }

// Signal is an event for handlers in the same unit of work only: a step on the
// way, not a fact. It is not recorded in the event log.
type Signal interface {
	Event
	Signal()
}

// ProductDescribed says that a product was given a name for people.
type ProductDescribed struct {
	SKU         string `json:"sku"`
	Description string `json:"description"`
}

// BatchCreated says that stock was bought.
type BatchCreated struct {
	Ref string `json:"ref"`
	SKU string `json:"sku"`
	Qty int    `json:"qty"`
	ETA Date   `json:"eta,omitzero"` // none: in the warehouse
	Seq int64  `json:"seq"`          // its place among all batches

	Location string `json:"location,omitempty"` // where it lies, or will arrive
	UseBy    Date   `json:"use_by,omitzero"`    // the last day on which it is good; none: it keeps
}

// BatchQuantityChanged says that a batch turned out larger or smaller than it was.
type BatchQuantityChanged struct {
	Ref      string `json:"ref"`
	SKU      string `json:"sku"`
	Qty      int    `json:"qty"`
	Previous int    `json:"previous_qty"`
}

// Allocated says that a line was given stock from a batch.
type Allocated struct {
	OrderID   string `json:"order_id"`
	SKU       string `json:"sku"`
	Qty       int    `json:"qty"`
	BatchRef  string `json:"batch_ref"`
	Promise   Date   `json:"promise,omitzero"` // the batch's ETA; none: it is in the warehouse
	MovedFrom string `json:"moved_from,omitempty"`
	Seq       int64  `json:"seq"` // the line's place of acceptance
	Why       Why    `json:"why"`

	HeldUntil  Instant  `json:"held_until,omitzero"` // if it is but a hold
	Priority   Priority `json:"priority,omitzero"`   // 5 if it is missing
	RequiredBy Date     `json:"required_by,omitzero"`
	*Wished
}

// Deallocated says that a line lost the stock it had.
type Deallocated struct {
	OrderID  string `json:"order_id"`
	SKU      string `json:"sku"`
	Qty      int    `json:"qty"`
	BatchRef string `json:"batch_ref"`
	Reason   Cause  `json:"reason"`
	Moved    Moved  `json:"moved,omitzero"` // unless it gave it up
}

// Backordered says that a line waits for stock.
type Backordered struct {
	OrderID string `json:"order_id"`
	SKU     string `json:"sku"`
	Qty     int    `json:"qty"`
	Seq     int64  `json:"seq"` // the line's place of acceptance
	Why     Why    `json:"why"`

	Priority   Priority `json:"priority,omitzero"` // 5 if it is missing
	RequiredBy Date     `json:"required_by,omitzero"`
	*Wished
}

// LineCancelled says that a line was taken back for good.
type LineCancelled struct {
	OrderID string `json:"order_id"`
	SKU     string `json:"sku"`
	Qty     int    `json:"qty"`
	Seq     int64  `json:"seq"` // the line's place of acceptance
}

// OutOfStock says that a line found no stock, the first since the supply of
// the SKU last changed.
type OutOfStock struct {
	SKU        string `json:"sku"`
	OrderID    string `json:"order_id"` // the line that found none
	Qty        int    `json:"qty"`
	LargestFit int    `json:"largest_fit"` // the largest line that one batch could take
}

// LinesDisplaced is the signal that lines were taken out of a batch that shrank.
type LinesDisplaced struct {
	SKU      string
	BatchRef string
	Lines    []Line // in the order in which they are served
	Slip     Cause  // why the batch comes on another day, if it does
}

// StockAvailable is the signal that there is stock which lines are waiting for.
type StockAvailable struct {
	SKU   string
	Cause Cause
	By    string // the batch or order it came from
}

// EventName implements Event.
func (ProductDescribed) EventName() string     { return "product_described" }
func (BatchCreated) EventName() string         { return "batch_created" }
func (BatchQuantityChanged) EventName() string { return "batch_quantity_changed" }
func (Allocated) EventName() string            { return "allocated" }
func (Deallocated) EventName() string          { return "deallocated" }
func (Backordered) EventName() string          { return "backordered" }
func (LineCancelled) EventName() string        { return "line_cancelled" }
func (OutOfStock) EventName() string           { return "out_of_stock" }
func (LinesDisplaced) EventName() string       { return "lines_displaced" }
func (StockAvailable) EventName() string       { return "stock_available" }

// Signal implements Signal.
func (LinesDisplaced) Signal() {}
func (StockAvailable) Signal() {}
