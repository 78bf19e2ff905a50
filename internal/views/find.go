package views

// LogFilter chooses events. What is empty chooses any.
type LogFilter struct {
	Type    string // of the event: "allocated"
	SKU     string
	OrderID string
}

// BatchFilter chooses batches. What is empty chooses any.
type BatchFilter struct {
	SKU      string
	Location string
}

// MaxLook is how many events of the log one page of Recent looks at.
const MaxLook = 20_000

// Matches are the names that begin with a text, each kind in order.
type Matches struct {
	Orders  []string `json:"orders"`
	SKUs    []string `json:"skus"`
	Batches []string `json:"batches"`
}
