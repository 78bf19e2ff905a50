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

// EventName implements Event.
func (PolicySet) EventName() string       { return "policy_set" }
func (BatchRelabelled) EventName() string { return "batch_relabelled" }
