package csvrows

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

// BadHeader is the error that a file can't be used because of its first line.
func BadHeader(hint, format string, args ...any) error {
	return &domain.Error{Kind: domain.Invalid, Code: CodeBadHeader, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// Column is a column that files of some kind may have.
type Column struct {
	Field    string   // what commands call it
	Names    []string // what files call it, the usual name first
	Required bool
}

// Required is a column that must be there, called as its field if it has no names.
func Required(field string, names ...string) Column {
	c := Optional(field, names...)
	c.Required = true
	return c
}

// Optional is a column that need not be there, called as its field if it has no names.
func Optional(field string, names ...string) Column {
	if names == nil {
		names = []string{field}
	}
	return Column{Field: field, Names: names}
}

// Columns are those of a kind of file.
type Columns []Column

// Header says where in a row the fields are.
type Header struct {
	At      map[string]int // field -> place in the row, for columns that are there
	Unknown []Unknown
}

// Unknown is a column of a file that means nothing here.
type Unknown struct {
	Name    string `json:"name"`
	Nearest string `json:"nearest,omitempty"` // the known column that may be meant; empty if none is like it
}

// Note says what is done about the column.
func (u Unknown) Note() string {
	note := fmt.Sprintf("column %q is not known and was left out", u.Name)
	if u.Nearest != "" {
		note += fmt.Sprintf("; the nearest known one is %s", u.Nearest)
	}
	return note
}

// Match finds the columns among the names of a first line. Two that mean the
// same are a *domain.Error; which ones lack is for Missing to say.
func (c Columns) Match(names []string) (Header, error) {
	h := Header{At: map[string]int{}}
	for i, name := range names {
		field := c.fieldOf(name)
		j, twice := h.At[field]
		switch {
		case field == "" && name != "":
			h.Unknown = append(h.Unknown, Unknown{name, c.meant(name)})
		case field == "":
		case twice:
			return h, BadHeader("leave one of them out", "the columns %q and %q mean the same", names[j], name)
		default:
			h.At[field] = i
		}
	}
	return h, nil
}

// Missing lists the required columns that are not among names.
func (c Columns) Missing(names []string) (out []string) {
	for _, k := range c {
		if k.Required && !slices.ContainsFunc(names, func(name string) bool { return c.fieldOf(name) == k.Field }) {
			out = append(out, k.Names[0])
		}
	}
	return out
}

// checkText refuses a first line that no CSV file would have.
func checkText(line string) error {
	switch {
	case line == "":
		return BadHeader("the first line must name the columns", "the file is empty")
	case !utf8.ValidString(line):
		return BadHeader("save the file as CSV in UTF-8", "the first line is not valid UTF-8: it begins with %q", Shorten(line))
	case strings.ContainsFunc(line, func(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune("\t\r\n", r) }):
		return BadHeader("save the file as CSV in UTF-8", "the file doesn't seem to be CSV: it begins with %q", Shorten(line))
	}
	return nil
}

// fieldOf is the field that a column is for; "" if there is none. Names of
// columns, unlike values, may have blanks around them and capital letters.
func (c Columns) fieldOf(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	for _, k := range c {
		if slices.Contains(k.Names, name) {
			return k.Field
		}
	}
	return ""
}

// meant is the known column whose name is most like the given one; "" if
// none is like it at all.
func (c Columns) meant(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	best, least := "", 1.0
	for _, k := range c {
		for _, candidate := range k.Names {
			if u := unlike(name, candidate); u < least {
				best, least = k.Names[0], u
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
