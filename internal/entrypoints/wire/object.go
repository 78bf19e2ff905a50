package wire

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"allot/internal/domain"
	"allot/internal/nearest"
)

// object is what a JSON object that says a T may have. It is said once, for
// reading and for writing.
type object[T any] struct {
	fields   []field[T] // in the order in which they are written
	tolerant bool       // members that are not known are passed over
}

// field is a member of such an object.
type field[T any] struct {
	name     string
	kind     Kind
	required bool
	nullable bool     // null is not as if it were missing
	of       []Member // of each object in a list of them
	read     func(to *T, value []byte) error
	write    func(from *T, to *writer)
}

// needsAny reports whether a member must be there.
func (o object[T]) needsAny() bool {
	return slices.ContainsFunc(o.fields, func(f field[T]) bool { return f.required })
}

// required makes a field one that must be there.
func required[T any](f field[T]) field[T] {
	f.required = true
	return f
}

// text is a field for a text. The empty text is left out.
func text[T any, S ~string](name string, at func(*T) *S) field[T] {
	return field[T]{
		name:  name,
		kind:  Text,
		read:  func(to *T, value []byte) (err error) { *at(to), err = readText[S](name, value); return err },
		write: func(from *T, to *writer) { to.text(name, string(*at(from))) },
	}
}

// quantity is a field for a number of units.
func quantity[T any](name string, at func(*T) *int) field[T] {
	return field[T]{
		name:  name,
		kind:  Quantity,
		read:  func(to *T, value []byte) (err error) { *at(to), err = readQuantity(name, value); return err },
		write: func(from *T, to *writer) { to.number(name, *at(from)) },
	}
}

// date is a field for a date. No date is left out.
func date[T any](name string, at func(*T) *domain.Date) field[T] {
	return field[T]{
		name:  name,
		kind:  CivilDate,
		read:  func(to *T, value []byte) (err error) { *at(to), err = readDate(name, value); return err },
		write: func(from *T, to *writer) { to.text(name, at(from).String()) },
	}
}

// read sets what members say. A member that is null might as well be missing,
// unless its field knows better.
func (o *object[T]) read(members []pair, to *T) error {
	var seen uint64 // bit by field
	for _, m := range members {
		i := o.index(m.name)
		if i < 0 {
			if err := o.unknown(string(m.name)); err != nil {
				return err
			}
			continue
		}
		if string(m.value) == "null" && !o.fields[i].nullable {
			continue
		}
		if err := o.fields[i].read(to, m.value); err != nil {
			return err
		}
		seen |= 1 << i
	}
	for i, f := range o.fields {
		if f.required && seen&(1<<i) == 0 {
			return invalid(f.name, "send it", "is missing")
		}
	}
	return nil
}

func (o *object[T]) index(name []byte) int {
	for i := range o.fields {
		if o.fields[i].name == string(name) {
			return i
		}
	}
	return -1
}

// unknown refuses a name that is not known, or at least one that only differs
// in case from one that is: it would mean that name to other readers of JSON.
func (o *object[T]) unknown(name string) error {
	name = shorten([]byte(name))
	known := make([]string, len(o.fields))
	for i, f := range o.fields {
		known[i] = f.name
		if strings.EqualFold(f.name, name) {
			return invalid(name, fmt.Sprintf("write %q", f.name), "is no member: names are written in lower case")
		}
	}
	if o.tolerant {
		return nil
	}
	hint := "leave it out; there are " + strings.Join(known, ", ")
	if near := nearest.To(name, known); near != "" {
		hint = fmt.Sprintf("leave it out, or did you mean %q?", near)
	}
	return invalid(name, hint, "is no member that is known here")
}

// write appends what is to be said of from.
func (o *object[T]) write(from *T, to *writer) {
	for _, f := range o.fields {
		f.write(from, to)
	}
}

func readText[S ~string](name string, value []byte) (S, error) {
	if value[0] != '"' {
		return "", invalid(name, `put it in quotes: "..."`, "is %s; it must be a text", shorten(value))
	}
	return S(plain(value)), nil
}

// readQuantity reads digits and nothing that would have to be guessed. Whether
// the quantity makes sense is for the command to say.
func readQuantity(name string, value []byte) (int, error) {
	if len(bytes.Trim(value, "-0123456789")) > 0 {
		return 0, invalid(name, "send digits, such as 12", "is %s; it must be a whole number, without quotes, fraction or exponent", shorten(value))
	}
	n, err := strconv.Atoi(string(value))
	if err != nil {
		return 0, invalid(name, "send a whole number in that range", "is %s; it must lie between 0 and %d", shorten(value), domain.MaxQty)
	}
	return n, nil
}

func readDate(name string, value []byte) (domain.Date, error) {
	s, err := readText[string](name, value)
	if err != nil {
		return 0, err
	}
	if s == "" {
		return 0, invalid(name, "leave it out if there is none", "is empty; it must be a date")
	}
	d, err := domain.ParseDate(s)
	if err != nil {
		return 0, invalid(name, "send a date, or leave it out if there is none", "%v", err)
	}
	return d, nil
}
