package domain

// Why is the reason for a placement, kept with it because what was available
// then can't be found out later.
type Why struct {
	Rule       string       `json:"rule"`
	Cause      Cause        `json:"cause"`
	By         string       `json:"by,omitempty"`          // the batch or order that caused it, if not the line's own
	PassedOver []PassedOver `json:"passed_over,omitempty"` // open batches that could not take the line, the best first; at most five
	More       int          `json:"more,omitempty"`        // how many further ones could not
}

// PassedOver is a batch that had stock left, but not enough for the whole line.
type PassedOver struct {
	BatchRef  string `json:"batch_ref"`
	Available int    `json:"available"`
	ETA       Date   `json:"eta,omitzero"`
}

// Earliest is the rule of allocation: warehouse stock first, then the earliest
// ETA, and of equals the batch created first; the first of them that can take
// the whole line gets it.
const Earliest = "earliest"

// Cause is what set off a placement, or the loss of one.
type Cause string

// The causes there are. They are part of the wire format.
const (
	Ordered       Cause = "ordered"
	BatchArrived  Cause = "batch_created"
	BatchEnlarged Cause = "batch_enlarged"
	BatchShrunk   Cause = "batch_shrunk"
	Cancelled     Cause = "cancelled"
	Reopened      Cause = "batch_reopened"
	Rescheduled   Cause = "batch_rescheduled"
	Received      Cause = "batch_received"
	Amended       Cause = "amended"
	Returned      Cause = "returned"
	HoldReleased  Cause = "hold_released"
	HoldExpired   Cause = "hold_expired"
)

// mostPassedOver is how many batches a reason names.
const mostPassedOver = 5

func (w *Why) passOver(b *Batch) {
	if len(w.PassedOver) == mostPassedOver {
		w.More++
		return
	}
	w.PassedOver = append(w.PassedOver, PassedOver{BatchRef: b.Ref, Available: b.Available(), ETA: b.ETA})
}
