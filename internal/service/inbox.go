package service

import (
	"context"
	"errors"
	"time"

	"allot/internal/domain"
)

// Receipt names a message from outside that asked for a command. It is written
// with the command's effect, so that the message has it once, however often it
// comes.
type Receipt struct {
	ID       string    // of the message, among all there ever are
	Subjects []string  // what the message sets, of which only the last one counts that does: "quantity of batch b1"
	Place    string    // of the message among those about a subject: compared as text, a later one's is larger
	At       time.Time // when it was received, to the microsecond; given by the unit of work
}

// Intake is what has become of the messages that came in one way, in this process.
type Intake struct {
	From   string // "stream" or "channels"
	Done   int64  // messages whose effect is there
	Parked int64  // messages that can't be done
	HeldUp bool   // none can be taken in at present
}

// KeepReceipts is how long a store knows at least that a message was received.
const KeepReceipts = 7 * 24 * time.Hour

var (
	// ErrReceived says that a message was received before. Its effect is there.
	ErrReceived = errors.New("the message was received before")

	// ErrSuperseded says that for all that this message sets a later one was
	// received before, which counts in its place.
	ErrSuperseded = errors.New("a later message was received before")

	// ErrSupersededInPart says the same of some of what this message sets. The
	// rest is not set either: half a message is another message.
	ErrSupersededInPart = errors.New("a later message was received before, about part of what this one sets; send what is left of it")
)

// Incoming is a command with the message that asked for it. The bus has the
// command handled, but only once: see ErrReceived and
// ErrSuperseded.
type Incoming struct {
	domain.Message
	Receipt Receipt
}

// opened is a command without the message that it came in.
func opened(cmd domain.Message) (domain.Message, *Receipt) {
	if in, ok := cmd.(Incoming); ok {
		receipt := in.Receipt // a name of its own, so that only this one is kept
		return in.Message, &receipt
	}
	return cmd, nil
}

// inbox is what a session knows of messages.
type inbox struct {
	received map[string]bool   // by id, as far as known
	latest   map[string]string // the last place, by subject, as far as known
	receipts []Receipt         // of this transaction
}

// admit refuses a message that has no effect any more.
func (s *session) admit(ctx context.Context, r Receipt) error {
	if _, known := s.received[r.ID]; !known {
		if err := s.load(ctx, Want{Receipts: []Receipt{r}}); err != nil {
			return err
		}
	}
	late := 0
	for _, subject := range r.Subjects {
		if r.Place <= s.latest[subject] {
			late++
		}
	}
	switch {
	case s.received[r.ID]:
		return ErrReceived
	case late == 0:
		return nil
	case late < len(r.Subjects):
		return ErrSupersededInPart
	}
	return ErrSuperseded
}

// receive notes that a message had its effect.
func (i *inbox) receive(r Receipt, at time.Time) {
	r.At = at
	i.received[r.ID] = true
	for _, subject := range r.Subjects {
		i.latest[subject] = r.Place
	}
	i.receipts = append(i.receipts, r)
}

// remember adds what was found of messages, but what is known already.
func (i *inbox) remember(wanted []Receipt, found Found) {
	if len(wanted) == 0 {
		return
	}
	if i.received == nil {
		i.received, i.latest = map[string]bool{}, map[string]string{}
	}
	for _, r := range wanted {
		if _, known := i.received[r.ID]; !known {
			i.received[r.ID] = false
		}
	}
	for _, id := range found.Received {
		i.received[id] = true
	}
	for subject, place := range found.Latest {
		i.latest[subject] = max(i.latest[subject], place)
	}
}
