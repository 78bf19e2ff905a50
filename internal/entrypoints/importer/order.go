package importer

import (
	"iter"

	"allot/internal/domain"
)

// mostAddedUp is how many rows of an order are looked at together. Further
// ones count as another order's: a SKU that comes again in them meets the line
// that was ordered already.
const mostAddedUp = 10_000

// order is the rows of an order that follow one another.
type order struct {
	id      string
	entries []entry
	lines   map[string]int // SKU -> where in entries
	rows    int
}

// addUp adds up the rows of an order that are for the same SKU: they are one
// line. The rows of an order are neighbours; it ends where another begins.
func (s *source) addUp(entries iter.Seq[entry]) iter.Seq[entry] {
	return func(yield func(entry) bool) {
		o := order{lines: map[string]int{}}
		for e := range entries {
			id, known := s.orderOf(e)
			if known && id != o.id || o.rows == mostAddedUp {
				if !o.pass(yield) {
					return
				}
			}
			if known {
				o.id = id
			}
			o.add(e)
		}
		if s.err == nil { // or else more of the order may be to come
			o.pass(yield)
		}
	}
}

// orderOf is the order that a row belongs to, if that can be told.
func (s *source) orderOf(e entry) (string, bool) {
	if e.refusal.code == CodeMalformedRow {
		return "", false
	}
	return s.value(e.rows[0], "order_id"), true
}

func (o *order) add(e entry) {
	o.rows++
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

// addUp makes the line larger, or refuses all of it if that makes it too large.
func (e *entry) addUp(more domain.Allocate) {
	line, ok := e.command.(domain.Allocate)
	switch {
	case !ok: // too large already
	case line.Qty > domain.MaxQty-more.Qty:
		e.command = nil
		e.refusal = refusal{field: "qty", code: domain.CodeValidationFailed,
			problem: "the rows of this order and SKU add up to more units than a line can have: divide them among several orders"}
	default:
		line.Qty += more.Qty
		e.command = line
	}
}

// pass yields the order and begins a new one; false if nobody wants more.
func (o *order) pass(yield func(entry) bool) bool {
	for _, e := range o.entries {
		if !yield(e) {
			return false
		}
	}
	clear(o.entries)
	clear(o.lines)
	o.entries, o.rows = o.entries[:0], 0
	return true
}
