package importer

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"iter"

	"allot/internal/domain"
)

// Codes of rows that would have to be added to a line that was ordered already.
// They are part of the wire format.
const (
	CodeRowsApart   = "rows_apart"
	CodeTooManyRows = "too_many_rows"
)

// mostRows is how many rows an order can have: they are looked at together.
const mostRows = 10_000

// order is the rows of an order, which follow one another.
type order struct {
	id      string
	apart   bool // other rows of it came earlier
	entries []entry
	lines   map[string]int // SKU -> where in entries
	rows    int
}

// addUp adds up the rows of an order that are for the same SKU: they are one
// line, as urgent as the most urgent of them. The rows of an order are neighbours; it ends where another begins. Rows
// that come after its end are refused: their line was ordered already, and as
// its repetition they would be lost.
func (s *source) addUp(entries iter.Seq[entry]) iter.Seq[entry] {
	return func(yield func(entry) bool) {
		o := order{lines: map[string]int{}}
		ended := orders{seed: maphash.MakeSeed(), hashes: map[uint64]bool{}}
		for e := range entries {
			if id, known := s.orderOf(e); known && id != o.id {
				if !o.pass(yield) {
					return
				}
				if o.id != "" { // or else there was none yet, or rows without one, which are refused for that
					ended.add(o.id)
				}
				o.id, o.apart, o.rows = id, ended.have(id), 0
			}
			o.add(e)
			if o.rows > mostRows && !o.pass(yield) {
				return
			}
		}
		if s.err == nil { // or else more of the order may be to come
			o.pass(yield)
		}
	}
}

// orders is a set of order ids, which takes little memory: it has hashes of them.
type orders struct {
	seed   maphash.Seed
	hashes map[uint64]bool
}

func (o orders) add(id string)       { o.hashes[maphash.String(o.seed, id)] = true }
func (o orders) have(id string) bool { return o.hashes[maphash.String(o.seed, id)] }

// orderOf is the order that a row belongs to, if that can be told.
func (s *source) orderOf(e entry) (string, bool) {
	if e.refusal != nil && e.refusal.code == CodeMalformedRow {
		return "", false
	}
	return s.value(e.rows[0], "order_id"), true
}

func (o *order) add(e entry) {
	o.rows++
	e = o.refuseLate(e)
	more, ok := e.command.(domain.Allocate)
	if !ok { // it was refused by itself
		o.entries = append(o.entries, e)
		return
	}
	i, again := o.lines[more.SKU]
	if !again {
		o.lines[more.SKU] = len(o.entries)
		o.entries = append(o.entries, e)
		return
	}
	line := &o.entries[i]
	line.rows = append(line.rows, e.rows...)
	line.addUp(more)
}

// refuseLate refuses a row that comes too late to be added up.
func (o *order) refuseLate(e entry) entry {
	switch {
	case e.command == nil: // refused already
	case o.apart:
		e.command = nil
		e.refusal = &refusal{field: "order_id", code: CodeRowsApart,
			problem: fmt.Sprintf("the rows of order %q must stand together, and others of it came earlier: sort the file by order before it is imported, or use another order id", o.id)}
	case o.rows > mostRows:
		e.command = nil
		e.refusal = &refusal{field: "order_id", code: CodeTooManyRows,
			problem: fmt.Sprintf("order %q has more than %d rows: divide them among several orders", o.id, mostRows)}
	}
	return e
}

// addUp makes the line larger, or refuses all of it if that makes it too large.
func (e *entry) addUp(more domain.Allocate) {
	line, ok := e.command.(domain.Allocate)
	switch {
	case !ok: // too large already
	case line.Qty > domain.MaxQty-more.Qty:
		e.command = nil
		e.refusal = &refusal{field: "qty", code: domain.CodeValidationFailed,
			problem: "the rows of this order and SKU add up to more units than a line can have: divide them among several orders"}
	default:
		line.Qty += more.Qty
		line.Priority = max(line.Priority, more.Priority)
		if more.RequiredBy != 0 && (line.RequiredBy == 0 || more.RequiredBy < line.RequiredBy) {
			line.RequiredBy = more.RequiredBy
		}
		line.Locations = cmp.Or(line.Locations, more.Locations)
		e.command = line
	}
}

// pass yields what there is of the order; false if nobody wants more.
func (o *order) pass(yield func(entry) bool) bool {
	for _, e := range o.entries {
		if !yield(e) {
			return false
		}
	}
	clear(o.entries)
	clear(o.lines)
	o.entries = o.entries[:0]
	return true
}
