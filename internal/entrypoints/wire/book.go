package wire

import (
	"strings"

	"allot/internal/domain"
	"allot/internal/pyjson"
	"allot/internal/views"
)

// What the routes of the book's service say and understand, byte for byte. They
// pass over members that they don't know.

var bookBatch = object[domain.CreateBatch]{tolerant: true, fields: []field[domain.CreateBatch]{
	required(text("ref", func(c *domain.CreateBatch) *string { return &c.Ref })),
	required(text("sku", func(c *domain.CreateBatch) *string { return &c.SKU })),
	required(quantity("qty", func(c *domain.CreateBatch) *int { return &c.Qty })),
	date("eta", func(c *domain.CreateBatch) *domain.Date { return &c.ETA }),
}}

var bookQuantity = object[domain.ChangeBatchQuantity]{tolerant: true, fields: []field[domain.ChangeBatchQuantity]{
	required(text("batchref", func(c *domain.ChangeBatchQuantity) *string { return &c.Ref })),
	required(quantity("qty", func(c *domain.ChangeBatchQuantity) *int { return &c.Qty })),
}}

var bookLine = object[domain.Allocate]{tolerant: true, fields: []field[domain.Allocate]{
	required(text("orderid", func(c *domain.Allocate) *string { return &c.OrderID })),
	required(text("sku", func(c *domain.Allocate) *string { return &c.SKU })),
	required(quantity("qty", func(c *domain.Allocate) *int { return &c.Qty })),
}}

// DecodeBookBatch reads {"ref", "sku", "qty", "eta"}. eta may be null, missing,
// a date, or a date with a time that is dropped.
func DecodeBookBatch(body []byte, origin domain.Origin) (domain.CreateBatch, error) {
	cmd := domain.CreateBatch{Origin: origin}
	err := readBook(body, &bookBatch, &cmd)
	return cmd, err
}

// DecodeBookLine reads {"orderid", "sku", "qty"}. A line that finds no stock is
// not kept.
func DecodeBookLine(body []byte, origin domain.Origin) (domain.Allocate, error) {
	cmd := domain.Allocate{Origin: origin, OnShortage: domain.Refuse}
	err := readBook(body, &bookLine, &cmd)
	return cmd, err
}

// DecodeBookQuantity reads {"batchref", "qty"}.
func DecodeBookQuantity(body []byte, origin domain.Origin) (domain.ChangeBatchQuantity, error) {
	cmd := domain.ChangeBatchQuantity{Origin: origin}
	err := readBook(body, &bookQuantity, &cmd)
	return cmd, err
}

func readBook[T any](body []byte, o *object[T], to *T) error {
	var room [8]pair
	members, err := parse(body, room[:0])
	if err != nil {
		return err
	}
	return o.read(members, to)
}

// BookProblem is ProblemOf for the book's routes: what can't be used is a 400,
// and an order id is called orderid.
func BookProblem(err error) Problem {
	p := ProblemOf(err)
	if p.Status == 422 {
		p.Status = 400
	}
	if p.Field == "order_id" {
		p.Field = "orderid"
		p.Detail = p.Field + strings.TrimPrefix(p.Detail, "order_id")
	}
	return p
}

// AppendInvalidSKU appends what the book says to an order of an unknown SKU.
func AppendInvalidSKU(buf []byte, sku string) []byte {
	buf = append(buf, `{"message":`...)
	return append(pyjson.AppendText(buf, "Invalid sku "+sku), '}', '\n')
}

// AppendBookAllocations appends the allocated ones among the lines of an order,
// as the book lists them. It appends nothing if there are none.
func AppendBookAllocations(buf []byte, lines []views.Line) []byte {
	separator := byte('[')
	for _, l := range lines {
		if l.Status != string(domain.StatusAllocated) {
			continue
		}
		buf = append(append(buf, separator), `{"batchref":`...)
		buf = append(pyjson.AppendText(buf, l.BatchRef), `,"sku":`...)
		buf = append(pyjson.AppendText(buf, l.SKU), '}')
		separator = ','
	}
	if separator == '[' {
		return buf
	}
	return append(buf, ']', '\n')
}
