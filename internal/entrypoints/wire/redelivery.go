package wire

import (
	"strconv"
	"time"

	"allot/internal/domain"
)

// Retry asks for what is parked of a subscription to be delivered again.
type Retry struct {
	Subscription string // empty: any
	Position     int64  // of an event; 0: all that is parked
}

// Replay asks for the events of a range to be delivered again.
type Replay struct {
	Subscription string
	From, To     int64 // positions, both included
}

// Subscription is where events go, and how far it has come in one process.
type Subscription struct {
	Name        string    `json:"subscription"`
	Position    int64     `json:"position"`              // of the last event that it is done with; 0 if it had none
	BehindSince time.Time `json:"behind_since,omitzero"` // when the oldest event happened that it is at, or stuck at
	Trouble     string    `json:"trouble,omitempty"`     // why it is held up
}

// Redelivered is how many events are delivered again, or would be.
type Redelivered struct {
	Events int  `json:"events"`
	DryRun bool `json:"dry_run,omitempty"` // nothing was done
}

var retry = object[Retry]{fields: []field[Retry]{
	text("subscription", func(r *Retry) *string { return &r.Subscription }),
	position("position", func(r *Retry) *int64 { return &r.Position }),
}}

var replay = object[Replay]{fields: []field[Replay]{
	required(text("subscription", func(r *Replay) *string { return &r.Subscription })),
	required(position("from", func(r *Replay) *int64 { return &r.From })),
	required(position("to", func(r *Replay) *int64 { return &r.To })),
}}

// position is a field for the position of an event in the log.
func position[T any](name string, at func(*T) *int64) field[T] {
	return field[T]{name: name, kind: Position, read: func(to *T, value []byte) (err error) {
		n, err := strconv.ParseInt(string(value), 10, 64)
		if err != nil || n < 1 {
			return invalid(name, "send digits, such as 12", "is %s; it must be the position of an event, at least 1, without quotes", shorten(value))
		}
		*at(to) = n
		return nil
	}}
}

// RetryMembers lists what a request to retry may have.
func RetryMembers() []Member { return retry.list() }

// DecodeRetry reads {"subscription", "position"}, both of which may be left out.
func DecodeRetry(body []byte, _ domain.Origin) (Retry, error) { return readAs(&retry, body) }

// ReplayMembers lists what a request to replay must have.
func ReplayMembers() []Member { return replay.list() }

// DecodeReplay reads {"subscription", "from", "to"}.
func DecodeReplay(body []byte, _ domain.Origin) (Replay, error) { return readAs(&replay, body) }

func readAs[T any](o *object[T], body []byte) (to T, _ error) {
	var room [8]pair
	members, err := parse(body, room[:0])
	if err != nil {
		return to, err
	}
	err = o.read(members, &to)
	return to, err
}
