package domain

// Why is the reason for a placement, kept with it because what was available
// then can't be found out later.
type Why struct {
	Rule       string       `json:"rule"`
	Cause      Cause        `json:"cause"`
	By         string       `json:"by,omitempty"`          // the batch or order that caused it, if not the line's own
	PassedOver []PassedOver `json:"passed_over,omitempty"` // batches with stock left that could not take the line, the best first; at most five
	More       int          `json:"more,omitempty"`        // how many further ones could not
}

// PassedOver is a batch that had stock left, but not for the line.
type PassedOver struct {
	BatchRef  string `json:"batch_ref"`
	Available int    `json:"available"`
	ETA       Date   `json:"eta,omitzero"`
	Reason    Reason `json:"reason,omitempty"`
}

// Reason is why a line can't have a batch.
type Reason string

// The reasons there are. They are part of the wire format.
const (
	TooLittle     Reason = ""               // it has not enough for the whole line
	OtherLocation Reason = "other_location" // it lies where the line doesn't want its stock from
	Expired       Reason = "expired"        // it is not good any more when the line could have it
	ShortLife     Reason = "short_life"     // it keeps, but not for as long as the line asks
	TooLate       Reason = "too_late"       // it comes after the line is needed, and another does not
	KeptForSafety Reason = "safety_stock"   // it has enough, but so much of it is kept back from new lines
	BeingFilled   Reason = "filling"        // it has enough, but goes to those first who waited before
)

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
	Relabelled    Cause = "batch_relabelled"
	PolicyChanged Cause = "policy_set"
	Replan        Cause = "replan"
)

// mostPassedOver is how many batches a reason names.
const mostPassedOver = 5

func (w *Why) passOver(b *Batch, reason Reason) {
	if len(w.PassedOver) == mostPassedOver {
		w.More++
		return
	}
	w.PassedOver = append(w.PassedOver, PassedOver{BatchRef: b.Ref, Available: b.Available(), ETA: b.ETA, Reason: reason})
}
