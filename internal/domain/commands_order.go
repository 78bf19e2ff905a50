package domain

import (
	"errors"
	"fmt"
)

// AllocateOrder asks for stock for all lines of an order at once.
type AllocateOrder struct {
	Origin
	OrderID    string
	Lines      []Wanted // 1 to MaxLines, each of another SKU
	Mode       OrderMode
	OnShortage Shortage // of each line, unless it is all lines or none
	HoldUntil  Instant  // as in Allocate, for all lines
}

// Wanted is a line of an order that asks for stock.
type Wanted struct {
	SKU        string
	Qty        int // units, 1 to MaxQty
	Priority   Priority
	RequiredBy Date
	Wishes
}

// OrderMode says what becomes of an order of which a line finds no stock.
type OrderMode string

// The modes of orders.
const (
	EachLine OrderMode = "each" // every line for itself; so it is if nothing is said
	AllLines OrderMode = "all"  // every line is allocated now, or nothing is kept
)

// MaxLines is how many lines an order may have that is allocated at once.
const MaxLines = 10_000

// Placements is the answer to AllocateOrder: what became of each line.
type Placements struct {
	OrderID string
	Lines   []OrderedLine // in the order of the command
}

// OrderedLine is what became of a line. If Err is set, nothing was done about
// it.
type OrderedLine struct {
	Wanted
	Placement
	Err error
}

// CommandName implements Message.
func (AllocateOrder) CommandName() string { return "allocate_order" }

// Returns implements Command.
func (AllocateOrder) Returns(Placements) {}

// Validate implements Message.
func (c AllocateOrder) Validate() error {
	switch {
	case c.Mode != "" && c.Mode != EachLine && c.Mode != AllLines:
		return invalid("mode", "leave it out to have each line for itself", "is %q; it must be %q or %q", c.Mode, EachLine, AllLines)
	case len(c.Lines) == 0 || len(c.Lines) > MaxLines:
		return invalid("lines", "send the order in parts", "has %d lines; it must have 1 to %d", len(c.Lines), MaxLines)
	}
	if err := firstOf(checkIdentifier("order_id", c.OrderID), c.OnShortage.validate(), c.Origin.validate()); err != nil {
		return err
	}
	seen := make(map[string]bool, len(c.Lines))
	for i, w := range c.Lines {
		if err := firstOf(checkIdentifier("sku", w.SKU), checkQty("qty", w.Qty, 1), w.Priority.validate(), w.Wishes.validate()); err != nil {
			return ofLine(i, err)
		}
		if seen[w.SKU] {
			return ofLine(i, invalid("sku", "add their quantities up", "is %q, as that of an earlier line", w.SKU))
		}
		seen[w.SKU] = true
	}
	return nil
}

// ofLine says of a fault in which line it is.
func ofLine(i int, err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	at := *e
	at.Field, at.Message = fmt.Sprintf("lines/%d/%s", i, e.Field), fmt.Sprintf("line %d: %s", i+1, e.Message)
	return &at
}

// OrderIncomplete says which lines of an order can't be allocated now.
func OrderIncomplete(lines []OrderedLine) error {
	var missing []OrderedLine
	for _, l := range lines {
		if l.Err != nil || l.Status != StatusAllocated && l.Status != StatusHeld && l.Status != StatusShipped {
			missing = append(missing, l)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	first := missing[0]
	why := fmt.Sprintf("no batch of %q can take %s; the largest line that fits is %d", first.SKU, units(first.Qty), first.LargestFit)
	if first.Err != nil {
		why = first.Err.Error()
	}
	return conflict(CodeOrderIncomplete, "order the lines each for itself, or less of those that don't fit",
		"%d of %d lines can't be allocated now, and nothing was kept: %s", len(missing), len(lines), why)
}
