package service

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"allot/internal/domain"
	"allot/internal/views"
)

// The ports: what the service layer needs of the outside world, in its own
// words. Adapters implement them; package storetest says what implementing
// Store means.

// Store keeps products, lines and the log of events.
type Store interface {
	// InTx runs fn in one transaction, which is committed if fn returns nil and
	// no Write has failed, and rolled back otherwise. When it returns nil, what
	// was written is on stable storage. It returns ErrStale if something fn read
	// was changed by somebody else in the meantime, or may have been, an ErrStorage if there is
	// trouble that another command would meet as well, and an ErrOutcomeUnknown
	// if it can't say whether it committed.
	InTx(ctx context.Context, fn func(context.Context, Tx) error) error

	// View runs fn on a snapshot that nobody changes and that keeps nobody from
	// changing the store. It holds all that was committed before.
	View(ctx context.Context, fn func(context.Context, Reader) error) error

	// Deliver calls fn with up to limit committed events that a subscription
	// wants and has not seen yet, in the order of the log, and moves the
	// subscription on past those that fn reports as done. No event is ever
	// skipped. Nobody else delivers to the subscription meanwhile, and nobody
	// is kept from writing. It returns how many were done, and fn's error. What
	// was done last may come again after a crash.
	Deliver(ctx context.Context, sub Subscription, limit int, fn func(context.Context, []Envelope) (done int, err error)) (int, error)

	// Postpone records that an event could not be delivered to a subscription,
	// in place of what was recorded of the two before.
	Postpone(ctx context.Context, f Failure) error

	// Due returns up to limit failures of a subscription that are to be tried
	// again by now, the longest due first, then by position. Parked ones are
	// never due.
	Due(ctx context.Context, subscription string, now time.Time, limit int) ([]Failure, error)

	// Delivered forgets the failure of an event: it was delivered after all.
	Delivered(ctx context.Context, subscription string, position int64) error

	// HoldsDue returns up to limit lines whose hold ends by now, those that end
	// first first.
	HoldsDue(ctx context.Context, now domain.Instant, limit int) ([]LineID, error)

	// Filling returns the SKUs of up to limit products that are filling.
	Filling(ctx context.Context, limit int) ([]string, error)

	// Park keeps messages from outside that can't be done, for people to look
	// at, and counts them as received. One that was received before is left as
	// it is.
	Park(ctx context.Context, messages ...views.ParkedMessage) error

	// Discard forgets a message that was parked: sent again, it is a new one.
	// If there is none of that number it returns views.ErrNotFound. No number is
	// ever used again.
	Discard(ctx context.Context, number int64) error

	// Lane names the queue that commands for a SKU wait in. Commands in one
	// lane gain from sharing a transaction; lanes commit independently of each
	// other. There are few of them.
	Lane(sku string) string
}

// Reader reads the state of things as of one moment.
type Reader interface {
	// Load finds what is wanted, in one go. What is not found does not exist.
	// In a transaction nobody else changes it until the end, or else Write
	// returns ErrStale. The cost does not depend on how many orders a product
	// has served.
	Load(ctx context.Context, want Want) (Found, error)

	// LinesOf yields the lines that have stock of a batch, in the order of
	// domain.FirstToLose.
	LinesOf(ctx context.Context, batchRef string) iter.Seq2[domain.Line, error]

	// Stocked returns the batches of a SKU that lines have stock of.
	Stocked(ctx context.Context, sku string) ([]domain.Batch, error)

	// Backorders yields the lines of a SKU that wait for stock, in the order of
	// domain.FirstServed.
	Backorders(ctx context.Context, sku string) iter.Seq2[domain.Line, error]
}

// Tx is an open transaction. What a group of commands needs is read in one go,
// the odd thing more when it turns out to be needed, and everything is written
// once, at the end.
type Tx interface {
	Reader

	// Reserve returns the first of n numbers in a row that are larger than any
	// given out before. Those that are not used may come again.
	Reserve(ctx context.Context, s Sequence, n int) (first int64, err error)

	// Write applies changes. It returns ErrStale if a product's version is not
	// the one it was loaded at.
	Write(ctx context.Context, changes Changes) error
}

// Sequence is something that is numbered in order of creation.
type Sequence string

// The sequences there are.
const (
	BatchSeq Sequence = "batches"
	LineSeq  Sequence = "lines"
)

// Want says what to load.
type Want struct {
	Products []Known
	Batches  []string // by reference, even if nothing is left of them
	Lines    []LineID
	Answers  []AnswerID
	Receipts []Receipt
}

// LineID identifies an order line: there is one per order and SKU.
type LineID struct{ OrderID, SKU string }

// Known is a product as the caller may know it already, from an earlier
// transaction.
type Known struct {
	SKU     string
	Version int64 // 0: not known
}

// Found is what there is of what was wanted.
type Found struct {
	Products []domain.Snapshot // but those whose version is the one known
	Batches  []domain.Batch
	Lines    []domain.Line
	Answers  []KeptAnswer
	Received []string          // ids of messages, of those in receipts, that were received before
	Latest   map[string]string // the place of the last message about each subject in receipts, if there was one
}

// Changes is all that a transaction writes: the difference between what was
// loaded and what there is now. Applied to the state before, its events give
// the same state as its rows.
type Changes struct {
	Products []ProductChange // by SKU
	Added    []domain.Batch  // by Seq
	Changed  []domain.Batch  // by Seq
	Lines    []LineChange    // in the order in which they were first changed
	Events   []Envelope      // to append to the log, in order
	Answers  []KeptAnswer    // in place of older ones to the same requests
	Forget   time.Time       // answers that were kept before may be forgotten, a few at a time
	Receipts []Receipt       // of the messages that asked for it, in order
}

// ProductChange is what became of a product's own numbers. Its batches are
// listed apart.
type ProductChange struct {
	From int64 // the version that the change is based on; 0 for a new product
	To   domain.Snapshot
}

// LineChange is a line as it is now.
type LineChange struct {
	domain.Line
	New   bool
	Event int   // the index, in Changes.Events, of the event that says why it stands there; NoEvent if it is the one before
	More  []int // the indexes of all others that are about it
}

// NoEvent is the index of no event.
const NoEvent = -1

// Envelope is an event with its place in history.
type Envelope struct {
	Position int64     // in the log, from 1, without gaps; 0 if not committed yet
	At       time.Time // when its transaction began, to the microsecond, in UTC
	SKU      string    // the product that it is about
	Version  int64     // of the product, with this event
	Command  string    // name of the command that it came of
	Origin   domain.Origin
	Event    domain.Event
}

// Subscription is a reader of the log with a position of its own.
type Subscription struct {
	Name    string   // how the store remembers it; it must not change
	Events  []string // names of those it wants; empty: all
	FromNow bool     // begin behind what is in the log when it is first delivered to, not at its start
}

// Wants reports whether the subscription is to see e.
func (s Subscription) Wants(e Envelope) bool {
	return s.wants(e.Event.EventName())
}

func (s Subscription) wants(event string) bool {
	return len(s.Events) == 0 || slices.Contains(s.Events, event)
}

// Failure is an event that could not be delivered to a subscription yet.
type Failure struct {
	Subscription string
	Event        Envelope
	Attempts     int
	Error        string    // the last one
	Next         time.Time // when to try again
	Parked       bool      // only when somebody asks for it
}

var (
	// ErrStale says that a unit of work was based on data that has changed
	// since. Do it again.
	ErrStale = errors.New("stale read")

	// ErrStorage says that the store can't write at present: the disk is full
	// or fails. Nothing was kept; the same may work later.
	ErrStorage = errors.New("storage trouble")

	// ErrStorageFull is the ErrStorage of a disk without space.
	ErrStorageFull = fmt.Errorf("%w: no space is left", ErrStorage)

	// ErrStorageReadOnly is the ErrStorage of a disk that can't be written to:
	// it is read-only, or writing fails. What is there can be read.
	ErrStorageReadOnly = fmt.Errorf("%w: it can't be written to", ErrStorage)

	// ErrOutcomeUnknown says that the store may have committed or not, and that
	// it can't find out at present. Doing the same again is safe.
	ErrOutcomeUnknown = errors.New("outcome unknown")

	// ErrUnreachable says that the other side of a delivery can't be reached.
	// It is no fault of the event, and counts as no attempt.
	ErrUnreachable = errors.New("unreachable")
)

// NotYetError puts a delivery off. It is no failure, and counts as no attempt.
type NotYetError struct {
	Until time.Time
	Why   string // for people: "it is told in the next mail"
}

func (e *NotYetError) Error() string { return "put off until its time: " + e.Why }

// Notifier tells people things.
type Notifier interface {
	// Notify sends a notice and returns to whom; to nobody, if that is how
	// things are set up. A notice may be sent again, with the same key. It
	// returns an ErrUnreachable if the notice can't be blamed.
	Notify(ctx context.Context, n Notice) (to []string, err error)
}

// Notice is what people are told.
type Notice struct {
	Key     string // the same for the same notice, however often it is sent
	Subject string
	Body    string
}
