package domain

import (
	"errors"
	"fmt"
)

// Kind sorts errors by what a caller can do about them.
type Kind string

// The kinds of errors.
const (
	Internal    Kind = "internal"    // nothing; it is our fault
	Invalid     Kind = "invalid"     // send something else
	NotFound    Kind = "not_found"   // ask for something that exists
	Conflict    Kind = "conflict"    // look again: it is not as the sender thought
	Unavailable Kind = "unavailable" // send the same again, later
)

// Error is a failure that means something to the sender of a command.
type Error struct {
	Kind    Kind
	Code    string // stable, for programs: "unknown_sku"
	Field   string // of the command, in the words of the wire; "" if it is about none
	Message string // what is wrong, for people
	Hint    string // what to do next; may be empty
}

func (e *Error) Error() string { return e.Message }

// KindOf is the kind of err. Errors that are not an *Error are Internal.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// Codes of errors. They are part of the wire format: never reuse or change one.
const (
	CodeValidationFailed = "validation_failed"
	CodeUnknownSKU       = "unknown_sku"
	CodeUnknownBatch     = "unknown_batch"
	CodeUnknownLine      = "unknown_line"
	CodeLineConflict     = "line_conflict"
	CodeLineCancelled    = "line_cancelled"
	CodeBatchConflict    = "batch_conflict"
	CodeBatchArrived     = "batch_arrived"     // it was received before, with another quantity
	CodeBatchNotArrived  = "batch_not_arrived" // what is at sea can't be shipped
	CodeBelowShipped     = "below_shipped"     // goods that left can't be undone by a number
	CodeTooManyUnits     = "too_many_units"    // more than the line has
	CodeNothingToShip    = "nothing_to_ship"   // the line has no stock
	CodeLineShipped      = "line_shipped"
	CodeLineWouldMove    = "line_would_move" // it can't keep its place, and was not to move
	CodeHoldEnded        = "hold_ended"
	CodeNotHeld          = "not_held"
	CodeOrderIncomplete  = "order_incomplete" // not all lines can be allocated now
)

// units is a quantity in words.
func units(n int) string { return fmt.Sprintf("%d %s", n, unit(n)) }

func unit(n int) string {
	if n == 1 {
		return "unit"
	}
	return "units"
}

func conflict(code, hint, format string, args ...any) error {
	return &Error{Kind: Conflict, Code: code, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// UnknownSKU says that there is no such product.
func UnknownSKU(sku string) error {
	return &Error{Kind: NotFound, Code: CodeUnknownSKU, Field: "sku", Message: fmt.Sprintf("no product has SKU %q", sku),
		Hint: "SKUs are compared byte by byte; a product exists once a batch of it was created"}
}

// UnknownBatch says that there is no such batch.
func UnknownBatch(ref string) error {
	return &Error{Kind: NotFound, Code: CodeUnknownBatch, Field: "ref", Message: fmt.Sprintf("no batch has reference %q", ref),
		Hint: "create the batch first, or look up its reference in the list of batches"}
}

// UnknownLine says that the order has no such line.
func UnknownLine(orderID, sku string) error {
	return &Error{Kind: NotFound, Code: CodeUnknownLine, Field: "sku", Message: fmt.Sprintf("order %q has no line of %q", orderID, sku),
		Hint: "look up the order to see its lines"}
}
