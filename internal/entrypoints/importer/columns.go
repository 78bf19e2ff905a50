package importer

import (
	"fmt"
	"slices"
	"strings"

	"allot/internal/csvrows"
	"allot/internal/domain"
)

// CodeBadHeader is the code of files that can't be used because of their first
// line. It is part of the wire format.
const CodeBadHeader = csvrows.CodeBadHeader

// known lists the columns of each kind of file. Of those that are not
// required placed_at is accepted and not used. The last required one must be
// one that can't be used if all the others are empty: see spill.
var known = map[Kind]csvrows.Columns{
	Batches: {
		csvrows.Required("ref", "reference", "ref"), csvrows.Required("sku"),
		csvrows.Required("eta"), csvrows.Required("qty"),
		csvrows.Optional("location"), csvrows.Optional("use_by"),
	},
	Orders: {
		csvrows.Required("order_id", "orderid", "order_id"), csvrows.Required("sku"), csvrows.Required("qty"),
		csvrows.Optional("priority"), csvrows.Optional("required_by"),
		csvrows.Optional("location"), csvrows.Optional("placed_at"),
	},
	Products: {
		csvrows.Required("sku"), csvrows.Required("description"),
	},
}

// columns says where in a row the fields of commands are.
type columns struct {
	names     []string // as the file has them, without those of a Refusal
	width     int      // how many values a row has
	separator rune
	at        map[string]int // field -> place in the row
	unknown   []UnknownColumn
}

// UnknownColumn is a column of a file that was left out.
type UnknownColumn = csvrows.Unknown

// readHeader makes sense of the first line of a file.
func readHeader(as Kind, names []string, separator rune) (columns, error) {
	c := columns{names: names, width: len(names), separator: separator}
	if n := len(names) - len(refusalColumns); n > 0 && slices.Equal(names[n:], refusalColumns) {
		c.names = names[:n]
	}
	header, err := known[as].Match(c.names)
	if err != nil {
		return c, err
	}
	c.at, c.unknown = header.At, header.Unknown
	return c, c.complete(as)
}

// complete refuses a header in which required columns are missing.
func (c columns) complete(as Kind) error {
	lacking := known[as].Missing(c.names)
	if lacking == nil {
		return nil
	}
	hint := fmt.Sprintf("the first line must name the columns; %s need %s", as, strings.Join(known[as].Missing(nil), ", "))
	for _, u := range c.unknown {
		if slices.Contains(lacking, u.Nearest) {
			hint += fmt.Sprintf("; is %q meant to be %s?", u.Name, u.Nearest)
		}
	}
	for _, other := range kinds {
		if known[other].Missing(c.names) == nil {
			hint += fmt.Sprintf("; these are columns of %s", other)
		}
	}
	return csvrows.BadHeader(hint, "the first line lacks %s: it is %q", strings.Join(lacking, ", "), csvrows.Shorten(strings.Join(c.names, string(c.separator))))
}

var kinds = []Kind{Batches, Orders, Products}

// checkKind refuses kinds that don't exist.
func checkKind(as Kind) error {
	if slices.Contains(kinds, as) {
		return nil
	}
	return &domain.Error{Kind: domain.Invalid, Code: domain.CodeValidationFailed, Field: "as",
		Message: fmt.Sprintf("as is %q; it must be one of %q", as, kinds), Hint: "say what the rows of the file are"}
}

// spill is the field that gets the whole text of a row whose values can't be
// told apart, when it is written to be imported again. The others stay empty,
// so that it is refused again until it was put right.
func spill(as Kind) string {
	required := slices.DeleteFunc(slices.Clone(known[as]), func(k csvrows.Column) bool { return !k.Required })
	return required[len(required)-1].Field
}
