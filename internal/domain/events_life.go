package domain

// The events in the life of a batch and of a line, after it was accepted.

// BatchETAChanged says that a batch comes on another day than was expected.
type BatchETAChanged struct {
	Ref      string `json:"ref"`
	SKU      string `json:"sku"`
	ETA      Date   `json:"eta,omitzero"` // none: in the warehouse
	Previous Date   `json:"previous_eta,omitzero"`
}

// BatchReceived says that a batch has arrived.
type BatchReceived struct {
	Ref      string `json:"ref"`
	SKU      string `json:"sku"`
	Qty      int    `json:"qty"` // as it came
	Previous Date   `json:"previous_eta,omitzero"`
}

// BatchClosed says that a batch takes no new lines.
type BatchClosed struct {
	Ref string `json:"ref"`
	SKU string `json:"sku"`
}

// BatchReopened says that a batch takes lines again.
type BatchReopened struct {
	Ref string `json:"ref"`
	SKU string `json:"sku"`
}

// PromiseChanged says that the batch of a line comes on another day.
type PromiseChanged struct {
	OrderID  string `json:"order_id"`
	SKU      string `json:"sku"`
	Qty      int    `json:"qty"` // what was not shipped yet
	BatchRef string `json:"batch_ref"`
	Promise  Date   `json:"promise,omitzero"` // none: it is in the warehouse
	Previous Date   `json:"previous_promise,omitzero"`
	Cause    Cause  `json:"cause"`
}

// LineShipped says that goods left.
type LineShipped struct {
	OrderID  string `json:"order_id"`
	SKU      string `json:"sku"`
	Qty      int    `json:"qty"` // that left now
	BatchRef string `json:"batch_ref"`
	Shipped  int    `json:"shipped"` // in all
	Left     int    `json:"left"`    // not shipped yet
}

// LineReturned says that goods came back, into a batch.
type LineReturned struct {
	OrderID  string `json:"order_id"`
	SKU      string `json:"sku"`
	Qty      int    `json:"qty"` // that came now
	BatchRef string `json:"batch_ref"`
	Returned int    `json:"returned"` // in all
}

// LineAmended says that a line has another quantity.
type LineAmended struct {
	OrderID  string `json:"order_id"`
	SKU      string `json:"sku"`
	Qty      int    `json:"qty"` // in all
	Previous int    `json:"previous_qty"`
	BatchRef string `json:"batch_ref,omitempty"` // if it gave or took the difference
}

// LineTermsChanged says that a line matters more or less, is needed on another
// day, or is frozen, or no longer.
type LineTermsChanged struct {
	OrderID    string   `json:"order_id"`
	SKU        string   `json:"sku"`
	Priority   Priority `json:"priority"`
	RequiredBy Date     `json:"required_by,omitzero"`
	Frozen     bool     `json:"frozen,omitempty"`
}

// HoldExtended says that a hold ends at another time.
type HoldExtended struct {
	OrderID   string  `json:"order_id"`
	SKU       string  `json:"sku"`
	HeldUntil Instant `json:"held_until"`
	Previous  Instant `json:"previous_until"`
}

// HoldConfirmed says that what was held is ordered.
type HoldConfirmed struct {
	OrderID  string `json:"order_id"`
	SKU      string `json:"sku"`
	Qty      int    `json:"qty"`
	BatchRef string `json:"batch_ref"`
}

// HoldEnded says that a hold was not confirmed in time, was given up, or lost
// its stock.
type HoldEnded struct {
	OrderID string  `json:"order_id"`
	SKU     string  `json:"sku"`
	Qty     int     `json:"qty"`
	Seq     int64   `json:"seq"` // the line's place of acceptance
	Reason  Cause   `json:"reason"`
	At      Instant `json:"at,omitzero"` // when its time was up, by the clock that said so
}

// EventName implements Event.
func (BatchETAChanged) EventName() string  { return "batch_eta_changed" }
func (BatchReceived) EventName() string    { return "batch_received" }
func (BatchClosed) EventName() string      { return "batch_closed" }
func (BatchReopened) EventName() string    { return "batch_reopened" }
func (PromiseChanged) EventName() string   { return "promise_changed" }
func (LineShipped) EventName() string      { return "line_shipped" }
func (LineReturned) EventName() string     { return "line_returned" }
func (LineAmended) EventName() string      { return "line_amended" }
func (LineTermsChanged) EventName() string { return "line_terms_changed" }
func (HoldExtended) EventName() string     { return "hold_extended" }
func (HoldConfirmed) EventName() string    { return "hold_confirmed" }
func (HoldEnded) EventName() string        { return "hold_ended" }
