package domain

// The events of how lines are placed, and of what matters for that.

// PolicySet says by which rule the lines of a product are placed from now on.
type PolicySet struct {
	SKU         string `json:"sku"`
	Policy      string `json:"policy"`
	SafetyStock int    `json:"safety_stock"`
}

// BatchRelabelled says that a batch lies elsewhere or keeps longer, or less
// long, than was known.
type BatchRelabelled struct {
	Ref      string `json:"ref"`
	SKU      string `json:"sku"`
	Location string `json:"location,omitempty"`
	UseBy    Date   `json:"use_by,omitzero"` // none: it keeps

	PreviousLocation string `json:"previous_location,omitempty"`
	PreviousUseBy    Date   `json:"previous_use_by,omitzero"`
}

// FillingBegan says that more lines could get stock than one commit serves:
// further ones go on, and new lines wait behind them.
type FillingBegan struct {
	SKU   string `json:"sku"`
	Cause Cause  `json:"cause"`
	By    string `json:"by,omitempty"` // the batch or order that the stock came from
}

// FillingEnded says that all lines which could get stock have it.
type FillingEnded struct {
	SKU string `json:"sku"`
}

// EventName implements Event.
func (PolicySet) EventName() string       { return "policy_set" }
func (BatchRelabelled) EventName() string { return "batch_relabelled" }
func (FillingBegan) EventName() string    { return "filling_began" }
func (FillingEnded) EventName() string    { return "filling_ended" }
