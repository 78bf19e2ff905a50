package domain

// Message is a request to do something, whatever the type of its answer.
type Message interface {
	CommandName() string
	Validate() error // refuses what no state of the stock could make right
	CameFrom() Origin
}

// Command is a message that names the type its sender gets back. Returns is
// never called.
type Command[R any] interface {
	Message
	Returns(R)
}

// Origin says who wants a command done and what for. All of it may be empty.
// Events carry the origin of the command that they came of.
type Origin struct {
	Actor       string // who: a token's or a person's name
	Reason      string // a short word: "damaged"
	Note        string // free text, at most MaxNote characters
	Correlation string // the same for all that belongs together: a request's or an import's id
	Cause       string // id of the message that asked for it
	Trace       string // the request in the traces of its sender, as a traceparent of W3C Trace Context
}

// CameFrom returns o: what embeds an Origin has one.
func (o Origin) CameFrom() Origin { return o }

func (o Origin) validate() error {
	if o == (Origin{}) {
		return nil
	}
	for _, f := range []struct {
		field, value string
		most         int
	}{
		{"actor", o.Actor, MaxIdentifier}, {"reason", o.Reason, MaxIdentifier}, {"note", o.Note, MaxNote},
		{"correlation", o.Correlation, MaxIdentifier}, {"cause", o.Cause, MaxIdentifier}, {"trace", o.Trace, MaxIdentifier},
	} {
		if err := checkText(f.field, f.value, f.most); err != nil {
			return err
		}
	}
	return nil
}

// CreateBatch records stock that was bought. The first batch of a SKU makes it
// a product. The same batch again changes nothing; the same reference with
// other content is refused.
type CreateBatch struct {
	Origin
	Ref, SKU string
	Qty      int    // units, 0 to MaxQty
	ETA      Date   // none: in the warehouse
	Location string // where it lies, or will arrive; empty: no particular one
	UseBy    Date   // the last day on which it is good, not before ETA; none: it keeps
}

// Allocate asks for stock for an order line. There is one line per order and
// SKU: the same again changes nothing, another quantity is refused.
type Allocate struct {
	Origin
	OrderID, SKU string
	Qty          int // units, 1 to MaxQty
	OnShortage   Shortage
	Priority     Priority
	RequiredBy   Date    // when it is needed; none: as soon as possible
	HoldUntil    Instant // if given, it is but a hold: it never waits, and ends by itself at that time unless it is confirmed
	Wishes
}

// Shortage says what becomes of a line that finds no stock.
type Shortage string

// What may become of a line that finds no stock.
const (
	KeepBackorder Shortage = "backorder" // it is kept and waits; so it is if nothing is said
	Refuse        Shortage = "reject"    // it is forgotten
)

// ChangeBatchQuantity corrects how much of a batch was purchased, in all.
// Lines that no longer fit are re-placed, or wait.
type ChangeBatchQuantity struct {
	Origin
	Ref string
	Qty int // units, 0 to MaxQty
}

// CancelLine takes an order line back, for good. Again, it changes nothing.
type CancelLine struct {
	Origin
	OrderID, SKU string
}

// DescribeProduct gives a product a name for people. It makes the SKU known,
// so that orders for it can wait before there is any batch. The same name
// again changes nothing.
type DescribeProduct struct {
	Origin
	SKU         string
	Description string // at most MaxNote characters; may be empty
}

// Described is the answer to DescribeProduct.
type Described struct {
	SKU, Description string
	Replayed         bool // it was so already
}

// Batched is the answer to commands about a batch.
type Batched struct {
	Batch    Batch
	Replayed bool // it was so already
}

func (CreateBatch) CommandName() string         { return "create_batch" }
func (Allocate) CommandName() string            { return "allocate" }
func (ChangeBatchQuantity) CommandName() string { return "change_batch_quantity" }
func (CancelLine) CommandName() string          { return "cancel_line" }
func (DescribeProduct) CommandName() string     { return "describe_product" }

func (CreateBatch) Returns(Batched)         {}
func (Allocate) Returns(Placement)          {}
func (ChangeBatchQuantity) Returns(Batched) {}
func (CancelLine) Returns(Placement)        {}
func (DescribeProduct) Returns(Described)   {}

// Validate implements Command.
func (c CreateBatch) Validate() error {
	return firstOf(checkIdentifier("ref", c.Ref), checkIdentifier("sku", c.SKU), checkQty("qty", c.Qty, 0), checkLabel(c.Location, c.ETA, c.UseBy), c.Origin.validate())
}

// Validate implements Command.
func (c Allocate) Validate() error {
	return firstOf(checkIdentifier("order_id", c.OrderID), checkIdentifier("sku", c.SKU), checkQty("qty", c.Qty, 1), c.OnShortage.validate(), c.Priority.validate(), c.Wishes.validate(), c.Origin.validate())
}

// Validate implements Command.
func (c ChangeBatchQuantity) Validate() error {
	return firstOf(checkIdentifier("ref", c.Ref), checkQty("qty", c.Qty, 0), c.Origin.validate())
}

// Validate implements Command.
func (c CancelLine) Validate() error {
	return firstOf(checkIdentifier("order_id", c.OrderID), checkIdentifier("sku", c.SKU), c.Origin.validate())
}

// Validate implements Command.
func (c DescribeProduct) Validate() error {
	return firstOf(checkIdentifier("sku", c.SKU), checkText("description", c.Description, MaxNote), c.Origin.validate())
}

func (s Shortage) validate() error {
	if s == "" || s == KeepBackorder || s == Refuse {
		return nil
	}
	return invalid("on_shortage", "leave it out to keep the line as a backorder", "is %q; it must be %q or %q", s, KeepBackorder, Refuse)
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
