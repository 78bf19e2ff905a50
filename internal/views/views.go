// Package views is the read side (ch. 12): questions, and the shape of their
// answers. Stores answer them straight from their tables, without the domain
// model, and from committed state only: a reader sees whatever was acknowledged
// to it. The package knows nothing of the rest of the program.
//
// Dates are strings, YYYY-MM-DD, empty if there is none: a batch without ETA is
// in the warehouse. Quantities are units.
package views

import (
	"context"
	"errors"
	"iter"
	"time"
)

// ErrNotFound says that there is no such order, product or batch.
var ErrNotFound = errors.New("not found")

// Line is an order line, where it stands and why.
type Line struct {
	OrderID  string `json:"order_id"`
	SKU      string `json:"sku"`
	Qty      int    `json:"qty"`
	Status   string `json:"status"` // allocated, backordered, held, shipped, cancelled or expired
	BatchRef string `json:"batch_ref,omitempty"`
	Promise  string `json:"promise,omitempty"` // date; empty while allocated: in the warehouse

	PromiseChanged bool   `json:"promise_changed,omitempty"` // it was promised otherwise at first
	FirstPromise   string `json:"first_promise,omitempty"`   // if so: date; empty: in the warehouse
	RequiredBy     string `json:"required_by,omitempty"`     // date
	Priority       *int   `json:"priority,omitempty"`        // 0 to 9; nil: the usual one, 5
	HeldUntil      string `json:"held_until,omitempty"`      // time, if it is held
	Shipped        int    `json:"shipped,omitempty"`         // units, of qty
	Returned       int    `json:"returned,omitempty"`        // units, of shipped
	Frozen         bool   `json:"frozen,omitempty"`          // re-planning leaves it where it is

	Locations     []string `json:"locations,omitempty"`      // where it would rather have its stock from, the best first
	OnlyLocations []string `json:"only_locations,omitempty"` // the only ones that it takes stock from, the best first
	MinLife       int      `json:"min_life_days,omitempty"`  // days that the stock must be good after the promise

	Seq int64 `json:"seq"`           // its place of acceptance: its age
	Why *Why  `json:"why,omitempty"` // only where one line or one order is asked for
}

// Why is the reason for where a line stands, as it was kept when it was placed.
type Why struct {
	Rule           string       `json:"rule"`
	Cause          string       `json:"cause"`
	By             string       `json:"by,omitempty"`
	PassedOver     []PassedOver `json:"passed_over,omitempty"`
	More           int          `json:"more,omitempty"`
	MovedFrom      string       `json:"moved_from,omitempty"`
	At             time.Time    `json:"at"`
	Command        string       `json:"command"`
	Actor          string       `json:"actor,omitempty"`
	Reason         string       `json:"reason,omitempty"`
	Note           string       `json:"note,omitempty"`
	Correlation    string       `json:"correlation,omitempty"`
	Position       int64        `json:"position"` // of the event in the log
	ProductVersion int64        `json:"product_version"`
}

// PassedOver is a batch that had stock left then, but not for the line.
type PassedOver struct {
	BatchRef  string `json:"batch_ref"`
	Available int    `json:"available"`
	ETA       string `json:"eta,omitempty"`
	Reason    string `json:"reason,omitempty"` // empty: it had too little
}

// Order is an order with its lines, by SKU.
type Order struct {
	OrderID string `json:"order_id"`
	Lines   []Line `json:"lines"`
}

// OrderSummary is an order in a list.
type OrderSummary struct {
	OrderID     string `json:"order_id"`
	Lines       int    `json:"lines"`
	Allocated   int    `json:"allocated"` // lines
	Backordered int    `json:"backordered"`
	Cancelled   int    `json:"cancelled"`
	Held        int    `json:"held,omitempty"`
	Shipped     int    `json:"shipped,omitempty"`
	Expired     int    `json:"expired,omitempty"`
	Promise     string `json:"promise,omitempty"` // the latest of its allocated and held lines
}

// Product is the stock of one SKU. OnHand + Inbound - Allocated = Available.
type Product struct {
	SKU              string  `json:"sku"`
	Description      string  `json:"description,omitempty"`
	OnHand           int     `json:"on_hand"`   // units in the warehouse that were not shipped, whosever they are
	Inbound          int     `json:"inbound"`   // units on their way
	Allocated        int     `json:"allocated"` // units
	Available        int     `json:"available"` // units that can still be allocated
	Backordered      int     `json:"backordered"`
	BackorderedLines int     `json:"backordered_lines"`
	Version          int64   `json:"product_version"`
	Policy           string  `json:"policy,omitempty"`       // empty: the usual one, earliest
	SafetyStock      int     `json:"safety_stock,omitempty"` // units in the warehouse that new lines don't get
	Batches          []Batch `json:"batches,omitempty"`      // by ETA and age; not in lists
	Places           []Place `json:"places,omitempty"`       // the same by location, if any has one; not in lists
}

// Place is the stock of a product at one location.
type Place struct {
	Location  string `json:"location,omitempty"` // empty: what lies at no particular one
	OnHand    int    `json:"on_hand"`
	Inbound   int    `json:"inbound"`
	Allocated int    `json:"allocated"`
	Available int    `json:"available"`
}

// Batch is stock bought together.
type Batch struct {
	Ref       string `json:"ref"`
	SKU       string `json:"sku"`
	Qty       int    `json:"qty"` // units purchased
	Allocated int    `json:"allocated"`
	Shipped   int    `json:"shipped,omitempty"`
	Available int    `json:"available"`
	ETA       string `json:"eta,omitempty"`

	ETAChanged bool   `json:"eta_changed,omitempty"` // it was expected otherwise at first
	FirstETA   string `json:"first_eta,omitempty"`   // if so: date; empty: in the warehouse
	Closed     bool   `json:"closed,omitempty"`      // it takes no new lines
	Location   string `json:"location,omitempty"`    // where it lies, or will arrive
	UseBy      string `json:"use_by,omitempty"`      // date, the last one on which it is good; empty: it keeps

	Seq   int64 `json:"seq"`             // its place in the order of creation
	Lines int   `json:"lines,omitempty"` // lines that have stock of it; only where one batch is asked for
}

// Event is an entry of the event log.
type Event struct {
	Position    int64     `json:"position"`
	At          time.Time `json:"at"`
	Type        string    `json:"type"`
	SKU         string    `json:"sku"`
	Version     int64     `json:"product_version"`
	Command     string    `json:"command"`
	Actor       string    `json:"actor,omitempty"`
	Reason      string    `json:"reason,omitempty"`
	Note        string    `json:"note,omitempty"`
	Correlation string    `json:"correlation,omitempty"`
	Cause       string    `json:"cause,omitempty"`
	Trace       string    `json:"traceparent,omitempty"` // the request in its sender's traces (W3C Trace Context)
	Data        []byte    `json:"-"`                     // JSON
}

// Failure is an event that could not be delivered to a subscription yet.
type Failure struct {
	Subscription string    `json:"subscription"`
	Position     int64     `json:"position"` // of the event
	Type         string    `json:"type"`     // of the event
	SKU          string    `json:"sku"`
	Attempts     int       `json:"attempts"` // that failed; 0: it was put off on purpose
	Error        string    `json:"error"`    // the last one
	Next         time.Time `json:"next"`     // when it is tried again, unless it is parked
	Parked       bool      `json:"parked"`   // tried again only when somebody asks for it
}

// Mail is what people are told about a product, or will be.
type Mail struct {
	ID      int64     `json:"id"`     // in the order in which mails were begun
	Status  string    `json:"status"` // due, sent, or kept: there is nobody to send it to
	Topic   string    `json:"topic"`
	SKU     string    `json:"sku"`
	Count   int       `json:"count"`         // events that it tells of
	At      time.Time `json:"at"`            // when it was begun
	Due     time.Time `json:"due"`           // it is not sent before
	Sent    time.Time `json:"sent,omitzero"` // or kept
	To      []string  `json:"to,omitempty"`
	Subject string    `json:"subject"`
	Body    string    `json:"body"`
}

// Webhook is a URL that events are posted to.
type Webhook struct {
	ID     int64     `json:"id"`
	URL    string    `json:"url"`
	Events []string  `json:"events,omitempty"` // types of those it gets; none: all
	At     time.Time `json:"at"`               // when it was added: it gets what happened since
	Secret string    `json:"secret,omitempty"` // signs what is posted; only whoever adds it is told
}

// ParkedMessage is a message from outside that could not be done.
type ParkedMessage struct {
	Number   int64     `json:"number"` // the one parked first has the smallest
	ID       string    `json:"id"`     // of the message, with where it came from
	Body     string    `json:"body"`   // as it came, but for what is no text
	Attempts int       `json:"attempts"`
	Error    string    `json:"error"` // the last one
	At       time.Time `json:"at"`    // when it was parked
}

// Stats are the numbers of the whole shop.
type Stats struct {
	Products  int   `json:"products"`
	Batches   int   `json:"batches"`
	Available int   `json:"available"` // units
	Events    int64 `json:"events"`
	// What waits: lines for stock, and deliveries that failed, to be tried again
	// or to be looked at by somebody. What was put off on purpose didn't fail.
	Backorders int `json:"backorders"`
	Failing    int `json:"failing"`
	Parked     int `json:"parked"`
}

// Page asks for a part of a list. Lists go on from a key rather than a number
// of rows, so that the last page costs what the first does.
type Page struct {
	After string // the cursor that the page before ended with; empty: from the start
	Limit int    // at most MaxPage; 0: DefaultPage
}

// The sizes of pages.
const (
	DefaultPage = 50
	MaxPage     = 500
)

// Size is the number of items that the page may have.
func (p Page) Size() int {
	if p.Limit <= 0 {
		return DefaultPage
	}
	return min(p.Limit, MaxPage)
}

// List is a page of a list, and the cursor of the next one; empty if it is the last.
type List[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"`
}

// NewList returns the first size of items as a page. If there are more, it has
// a next one, from the cursor of its last item.
func NewList[T any](items []T, size int, cursor func(T) string) List[T] {
	if len(items) == 0 {
		return List[T]{Items: []T{}} // an empty list in JSON, never null
	}
	if len(items) <= size {
		return List[T]{Items: items}
	}
	return List[T]{Items: items[:size:size], Next: cursor(items[size-1])}
}

// Reader answers questions. What does not exist is ErrNotFound; a cursor that
// no page ended with, or a status that no line can have, is refused as invalid.
type Reader interface {
	// Order returns an order with its lines, and why each stands where it does.
	Order(ctx context.Context, orderID string) (Order, error)
	// Orders lists orders by id. status, if given, keeps those with a line of it.
	Orders(ctx context.Context, status string, page Page) (List[OrderSummary], error)
	// Product returns a product with all batches that have stock left or lines allocated.
	Product(ctx context.Context, sku string) (Product, error)
	// Products lists products by SKU.
	Products(ctx context.Context, page Page) (List[Product], error)
	// Availability returns what is available of each SKU that is asked for, in
	// the order of the questions.
	Availability(ctx context.Context, asks []Ask) ([]Availability, error)
	// Late lists the lines that are promised for a day after the one on which
	// they are needed, and those that still wait on a day after it, oldest first.
	Late(ctx context.Context, asOf string, page Page) (List[LateLine], error)
	// AtRisk lists the lines whose batch should have come before a day, oldest
	// first.
	AtRisk(ctx context.Context, asOf string, page Page) (List[LateLine], error)
	// Attention counts what needs attention as of a day.
	Attention(ctx context.Context, asOf string) (Attention, error)
	// Coming lists the batches that are on their way, with anything in them: those
	// that come on a day or after it, and before another one, the earliest first. A
	// day that is empty is no limit.
	Coming(ctx context.Context, from, before string, page Page) (List[Batch], error)
	// History returns a line with all that happened to it, oldest first.
	History(ctx context.Context, orderID, sku string) (History, error)
	// BatchHistory returns a batch with all that happened to it, oldest first.
	BatchHistory(ctx context.Context, ref string) (BatchHistory, error)
	// Batch returns a batch.
	Batch(ctx context.Context, ref string) (Batch, error)
	// BatchLines lists the lines that have stock of a batch, those that would
	// lose it last first.
	BatchLines(ctx context.Context, ref string, page Page) (List[Line], error)
	// Batches lists the batches that a filter chooses, by reference.
	Batches(ctx context.Context, f BatchFilter, page Page) (List[Batch], error)
	// Backorders lists the lines that wait, oldest first; or, if a SKU is given,
	// those of one SKU in the order in which they will be served.
	Backorders(ctx context.Context, sku string, page Page) (List[Line], error)
	// Events lists the event log from its start; the cursor is a position.
	Events(ctx context.Context, page Page) (List[Event], error)
	// Recent lists the events of the log that a filter chooses, latest first.
	// A page looks at no more than MaxLook events, so it may be short, or empty,
	// and still have a next one.
	Recent(ctx context.Context, f LogFilter, page Page) (List[Event], error)
	// Find returns the orders, products and batches whose names begin with a
	// text, in any case of letters for SKUs and batches, at most limit of each.
	Find(ctx context.Context, text string, limit int) (Matches, error)
	// Failures lists what could not be delivered yet, parked or not, by
	// subscription and position; of one subscription if it is given.
	Failures(ctx context.Context, subscription string, page Page) (List[Failure], error)
	// Mails lists mails, the last first.
	Mails(ctx context.Context, page Page) (List[Mail], error)
	// Mail returns a mail.
	Mail(ctx context.Context, id int64) (Mail, error)
	// ParkedMessages lists messages from outside that could not be done, the one
	// parked first first.
	ParkedMessages(ctx context.Context, page Page) (List[ParkedMessage], error)
	// Allocations yields every allocated line, the one allocated first first.
	Allocations(ctx context.Context) iter.Seq2[Line, error]
	// Stats returns the numbers of the whole shop.
	Stats(ctx context.Context) (Stats, error)
}
