package importer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"allot/internal/domain"
	"allot/internal/nearest"
)

// CodeBadHeader is the code of files that can't be used because of their first
// line. It is part of the wire format.
const CodeBadHeader = "bad_header"

// column is a column that files of some kind may have.
type column struct {
	field    string   // what commands call it
	names    []string // what files call it, the usual name first
	required bool
}

// known lists the columns of each kind of file. Of those that are not
// required placed_at is accepted and not used. The last required one must be
// one that can't be used if all the others are empty: see spill.
var known = map[Kind][]column{
	Batches: {
		{"ref", []string{"reference", "ref"}, true}, {"sku", []string{"sku"}, true},
		{"eta", []string{"eta"}, true}, {"qty", []string{"qty"}, true},
		{"location", []string{"location"}, false}, {"use_by", []string{"use_by"}, false},
	},
	Orders: {
		{"order_id", []string{"orderid", "order_id"}, true}, {"sku", []string{"sku"}, true}, {"qty", []string{"qty"}, true},
		{"priority", []string{"priority"}, false}, {"required_by", []string{"required_by"}, false},
		{"location", []string{"location"}, false}, {"placed_at", []string{"placed_at"}, false},
	},
	Products: {
		{"sku", []string{"sku"}, true}, {"description", []string{"description"}, true},
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
type UnknownColumn struct {
	Name    string `json:"name"`
	Nearest string `json:"nearest,omitempty"` // the known column that may be meant; empty if none is like it
}

// readHeader makes sense of the first line of a file.
func readHeader(as Kind, names []string, separator rune) (columns, error) {
	c := columns{names: names, width: len(names), separator: separator, at: map[string]int{}}
	if n := len(names) - len(refusalColumns); n > 0 && slices.Equal(names[n:], refusalColumns) {
		c.names = names[:n]
	}
	for i, name := range c.names {
		field := fieldOf(as, name)
		j, twice := c.at[field]
		switch {
		case field == "" && name != "":
			c.unknown = append(c.unknown, UnknownColumn{name, meant(as, name)})
		case field == "":
		case twice:
			return c, badHeader("leave one of them out", "the columns %q and %q mean the same", c.names[j], name)
		default:
			c.at[field] = i
		}
	}
	return c, c.complete(as)
}

// complete refuses a header in which required columns are missing.
func (c columns) complete(as Kind) error {
	lacking := missing(as, c.names)
	if lacking == nil {
		return nil
	}
	hint := fmt.Sprintf("the first line must name the columns; %s need %s", as, strings.Join(missing(as, nil), ", "))
	for _, u := range c.unknown {
		if slices.Contains(lacking, u.Nearest) {
			hint += fmt.Sprintf("; is %q meant to be %s?", u.Name, u.Nearest)
		}
	}
	for _, other := range kinds {
		if missing(other, c.names) == nil {
			hint += fmt.Sprintf("; these are columns of %s", other)
		}
	}
	return badHeader(hint, "the first line lacks %s: it is %q", strings.Join(lacking, ", "), shorten(strings.Join(c.names, string(c.separator))))
}

// missing lists the required columns that are not among names.
func missing(as Kind, names []string) (out []string) {
	for _, k := range known[as] {
		if k.required && !slices.ContainsFunc(names, func(name string) bool { return fieldOf(as, name) == k.field }) {
			out = append(out, k.names[0])
		}
	}
	return out
}

func badHeader(hint, format string, args ...any) error {
	return &domain.Error{Kind: domain.Invalid, Code: CodeBadHeader, Message: fmt.Sprintf(format, args...), Hint: hint}
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

// checkText refuses a first line that no CSV file would have.
func checkText(line string) error {
	switch {
	case line == "":
		return badHeader("the first line must name the columns", "the file is empty")
	case !utf8.ValidString(line):
		return badHeader("save the file as CSV in UTF-8", "the first line is not valid UTF-8: it begins with %q", shorten(line))
	case strings.ContainsFunc(line, func(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune("\t\r\n", r) }):
		return badHeader("save the file as CSV in UTF-8", "the file doesn't seem to be CSV: it begins with %q", shorten(line))
	}
	return nil
}

// spill is the field that gets the whole text of a row whose values can't be
// told apart, when it is written to be imported again. The others stay empty,
// so that it is refused again until it was put right.
func spill(as Kind) string {
	required := slices.DeleteFunc(slices.Clone(known[as]), func(k column) bool { return !k.required })
	return required[len(required)-1].field
}

// fieldOf is the field that a column is for; "" if there is none. Names of
// columns, unlike values, may have blanks around them and capital letters.
func fieldOf(as Kind, name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	for _, k := range known[as] {
		if slices.Contains(k.names, name) {
			return k.field
		}
	}
	return ""
}

// meant is the known column whose name is most like the given one; "" if
// none is like it at all.
func meant(as Kind, name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	best, least := "", 1.0
	for _, k := range known[as] {
		for _, candidate := range k.names {
			if u := unlike(name, candidate); u < least {
				best, least = k.names[0], u
			}
		}
	}
	if least > mostUnlike {
		return ""
	}
	return best
}

// mostUnlike is which part of a name may differ for it to be like another.
const mostUnlike = 0.5

// unlike is which part of a name differs from a known one. An abbreviation, as
// qty is of quantity, is just like enough.
func unlike(name, known string) float64 {
	part := float64(nearest.Distance(name, known)) / float64(max(len(name), len(known)))
	if abbreviates(known, name) {
		return min(part, mostUnlike)
	}
	return part
}

// abbreviates reports whether short is what is left of long without some of
// its letters.
func abbreviates(short, long string) bool {
	for i := range len(long) {
		if short != "" && short[0] == long[i] {
			short = short[1:]
		}
	}
	return short == ""
}

// separatorOf is the separator that a first line uses.
func separatorOf(line string) rune {
	return slices.MaxFunc([]rune{',', ';', '\t'}, func(a, b rune) int {
		return cmp.Compare(strings.Count(line, string(a)), strings.Count(line, string(b)))
	})
}
