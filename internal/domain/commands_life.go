package domain

// The commands of what happens after a batch was bought and a line was
// accepted.

// ChangeBatch corrects how much of a batch was purchased, in all, or when it
// comes, where it lies or how long it keeps, or all of it at once. Lines that no longer fit are re-placed, or wait; all
// others keep their place, and their promise moves with the batch.
type ChangeBatch struct {
	Origin
	Ref string
	Qty Change[int]  // units, 0 to MaxQty
	ETA Change[Date] // none: in the warehouse
	Label
}

// ReceiveBatch says that a batch has arrived. Again, it changes nothing.
type ReceiveBatch struct {
	Origin
	Ref string
	Qty Change[int] // units that really came, 0 to MaxQty; if not given: as expected
}

// CloseBatch keeps a batch from taking new lines. Again, it changes nothing.
type CloseBatch struct {
	Origin
	Ref string
}

// ReopenBatch has a batch take lines again.
type ReopenBatch struct {
	Origin
	Ref string
}

// ShipLine says how much of a line was shipped. It counts from the start, so
// that saying it twice ships nothing twice.
type ShipLine struct {
	Origin
	OrderID, SKU string
	Shipped      int // units, in all; 0: the whole line
}

// ReturnLine says how much of what was shipped came back, counted from the
// start.
type ReturnLine struct {
	Origin
	OrderID, SKU string
	Returned     int    // units, in all; at least 1
	BatchRef     string // where it went; empty: the line's own batch
}

// AmendLine changes the quantity of a line, how much it matters, when it is
// needed, or whether it is frozen.
type AmendLine struct {
	Origin
	OrderID, SKU string
	Amendment
}

// ConfirmHold makes an order of a line that is held.
type ConfirmHold struct {
	Origin
	OrderID, SKU string
}

// ReleaseHold gives up a line that is held.
type ReleaseHold struct {
	Origin
	OrderID, SKU string
}

// ExpireHold gives up a line that is held, if its time is up. It is the clock's
// command.
type ExpireHold struct {
	Origin
	OrderID, SKU string
	At           Instant // now
}

// CommandName implements Message.
func (ChangeBatch) CommandName() string  { return "change_batch" }
func (ReceiveBatch) CommandName() string { return "receive_batch" }
func (CloseBatch) CommandName() string   { return "close_batch" }
func (ReopenBatch) CommandName() string  { return "reopen_batch" }
func (ShipLine) CommandName() string     { return "ship_line" }
func (ReturnLine) CommandName() string   { return "return_line" }
func (AmendLine) CommandName() string    { return "amend_line" }
func (ConfirmHold) CommandName() string  { return "confirm_hold" }
func (ReleaseHold) CommandName() string  { return "release_hold" }
func (ExpireHold) CommandName() string   { return "expire_hold" }

// Returns implements Command.
func (ChangeBatch) Returns(Batched)   {}
func (ReceiveBatch) Returns(Batched)  {}
func (CloseBatch) Returns(Batched)    {}
func (ReopenBatch) Returns(Batched)   {}
func (ShipLine) Returns(Placement)    {}
func (ReturnLine) Returns(Placement)  {}
func (AmendLine) Returns(Placement)   {}
func (ConfirmHold) Returns(Placement) {}
func (ReleaseHold) Returns(Placement) {}
func (ExpireHold) Returns(Placement)  {}

// Validate implements Message.
func (c ChangeBatch) Validate() error {
	if !c.Qty.Given && !c.ETA.Given && !c.Label.Given() {
		return invalid("qty", "send a quantity, an ETA, a location or a use-by date", "is missing, and so are eta, location and use_by: there is nothing to change")
	}
	return firstOf(checkIdentifier("ref", c.Ref), checkQty("qty", c.Qty.To, 0), c.Label.validate(), c.Origin.validate())
}

// Validate implements Message.
func (c ReceiveBatch) Validate() error {
	return firstOf(checkIdentifier("ref", c.Ref), checkQty("qty", c.Qty.To, 0), c.Origin.validate())
}

// Validate implements Message.
func (c CloseBatch) Validate() error {
	return firstOf(checkIdentifier("ref", c.Ref), c.Origin.validate())
}

// Validate implements Message.
func (c ReopenBatch) Validate() error {
	return firstOf(checkIdentifier("ref", c.Ref), c.Origin.validate())
}

// Validate implements Message.
func (c ShipLine) Validate() error {
	return firstOf(checkLine(c.OrderID, c.SKU), checkQty("shipped", c.Shipped, 0), c.Origin.validate())
}

// Validate implements Message.
func (c ReturnLine) Validate() error {
	if c.BatchRef != "" {
		if err := checkIdentifier("batch_ref", c.BatchRef); err != nil {
			return err
		}
	}
	return firstOf(checkLine(c.OrderID, c.SKU), checkQty("returned", c.Returned, 1), c.Origin.validate())
}

// Validate implements Message.
func (c AmendLine) Validate() error {
	if !c.Qty.Given && !c.Priority.Given && !c.RequiredBy.Given && !c.Frozen.Given {
		return invalid("qty", "send a quantity, a priority, a day, or whether it is frozen", "is missing, and so are priority, required_by and frozen: there is nothing to change")
	}
	if err := checkLine(c.OrderID, c.SKU); err != nil {
		return err
	}
	return firstOf(checkQty("qty", c.Qty.of(1), 1), c.Priority.To.validate(), c.Origin.validate())
}

// Validate implements Message.
func (c ConfirmHold) Validate() error {
	return firstOf(checkLine(c.OrderID, c.SKU), c.Origin.validate())
}

// Validate implements Message.
func (c ReleaseHold) Validate() error {
	return firstOf(checkLine(c.OrderID, c.SKU), c.Origin.validate())
}

// Validate implements Message.
func (c ExpireHold) Validate() error {
	return firstOf(checkLine(c.OrderID, c.SKU), c.Origin.validate())
}

// checkLine refuses what can't name a line.
func checkLine(orderID, sku string) error {
	return firstOf(checkIdentifier("order_id", orderID), checkIdentifier("sku", sku))
}
