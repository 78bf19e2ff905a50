package csvfiles

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"allot/internal/domain"
)

// BadRow is a row that can't be used.
type BadRow struct {
	File    string
	Line    int    // 1 is the one that names the columns
	Column  string // as the file calls it; empty if it is about no single one
	Value   string
	Problem string // the rule
}

func (b BadRow) String() string {
	if b.Column == "" {
		return fmt.Sprintf("%s line %d: %s", b.File, b.Line, b.Problem)
	}
	return fmt.Sprintf("%s line %d, %s %q: %s", b.File, b.Line, b.Column, b.Value, b.Problem)
}

// BadRows is the error that there are rows which can't be used.
type BadRows struct{ Rows []BadRow }

func (e *BadRows) Error() string {
	lines := make([]string, 0, len(e.Rows))
	for _, b := range e.Rows {
		lines = append(lines, b.String())
	}
	return strings.Join(lines, "\n")
}

// reader reads a file of a table row by row.
type reader struct {
	*table
	file  string // its name
	csv   *csv.Reader
	names []string // as the file has them
	place []int    // of each column of the table; -1: the file doesn't have it
	bad   []BadRow
}

// record is a row that was read.
type record struct {
	*reader
	line   int
	values []string // by the columns of the table
}

// read has each row of a file taken. What take says is wrong is noted, and the
// others go on.
func (t *table) read(file string, take func(record) error) (bad []BadRow, _ error) {
	var err error
	t.ours = true
	if t.seen, err = lookAt(t.path); err != nil || !t.seen.there {
		return nil, err
	}
	text, err := os.ReadFile(t.path)
	if err != nil {
		return nil, err
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	first, _, _ := bytes.Cut(text, []byte("\n"))
	t.comma = separatorOf(string(first))
	r := &reader{table: t, file: file, csv: csv.NewReader(bytes.NewReader(text))}
	r.csv.Comma = t.comma
	if err := r.header(); err != nil {
		return nil, &BadRows{[]BadRow{{File: file, Line: 1, Problem: err.Error()}}}
	}
	r.rows(take)
	t.ours = t.ours && len(r.bad) == 0
	return r.bad, nil
}

// header finds the columns of the table in the first line.
func (r *reader) header() (err error) {
	if r.names, err = r.csv.Read(); err != nil {
		return fmt.Errorf("the first line must name the columns %s: %w", r.wanted(), err)
	}
	for _, c := range r.columns {
		i := slices.IndexFunc(r.names, func(name string) bool { return slices.Contains(c.names, strings.ToLower(strings.TrimSpace(name))) })
		if i < 0 && !c.optional {
			return fmt.Errorf("the first line lacks %s; it must name the columns %s", c.names[0], r.wanted())
		}
		r.place = append(r.place, i)
	}
	for i, name := range r.names {
		if !slices.Contains(r.place, i) {
			r.unknown = append(r.unknown, name)
		}
	}
	if r.ours = len(r.unknown) == 0; !r.ours && r.file != Batches {
		return fmt.Errorf("there are columns which are not known, and would be lost when the file is written; leave only %s", r.wanted())
	}
	return nil
}

func (r *reader) wanted() string {
	names := make([]string, 0, len(r.columns))
	for _, c := range r.columns {
		names = append(names, c.names[0])
	}
	return strings.Join(names, ",")
}

func (r *reader) rows(take func(record) error) {
	for {
		values, err := r.csv.Read()
		if err == io.EOF {
			return
		}
		line := 0
		if broken, ok := errors.AsType[*csv.ParseError](err); ok {
			line = broken.StartLine
			err = broken.Err
		}
		if err == nil {
			line, _ = r.csv.FieldPos(0)
			err = take(r.record(line, values))
		}
		if err != nil {
			r.bad = append(r.bad, r.badRow(line, values, err))
		}
		if line == 0 { // the file itself can't be read on
			return
		}
	}
}

func (r *reader) record(line int, values []string) record {
	out := record{reader: r, line: line}
	for _, i := range r.place {
		value := ""
		if i >= 0 {
			value = values[i]
		}
		out.values = append(out.values, value)
	}
	return out
}

// badRow says what is wrong with a row. Errors of the domain name the field.
func (r *reader) badRow(line int, values []string, err error) BadRow {
	b := BadRow{File: r.file, Line: line, Problem: err.Error()}
	refused, ok := errors.AsType[*domain.Error](err)
	if !ok {
		return b
	}
	if refused.Hint != "" {
		b.Problem += ": " + refused.Hint
	}
	for i, c := range r.columns {
		if at := r.place[i]; slices.Contains(c.names, refused.Field) && at >= 0 {
			b.Column, b.Value = r.names[at], values[at]
		}
	}
	return b
}

// qty reads digits, and nothing that would have to be guessed.
func qty(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || text[0] == '+' {
		return 0, refuse("qty", "must be a whole number, in digits")
	}
	return n, nil
}

func refuse(field, format string, args ...any) error {
	return &domain.Error{Kind: domain.Invalid, Code: domain.CodeValidationFailed, Field: field, Message: fmt.Sprintf(format, args...)}
}
