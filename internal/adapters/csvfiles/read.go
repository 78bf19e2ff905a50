package csvfiles

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"allot/internal/csvrows"
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
	file   string // its name
	names  []string
	header csvrows.Header
	bad    []BadRow
}

// record is a row that was read.
type record struct {
	*reader
	values []string
}

// value is what the row has of a field; empty if the file has no such column.
func (r record) value(field string) string {
	at, there := r.header.At[field]
	if !there {
		return ""
	}
	return r.values[at]
}

// read has each row of a file taken. What take says is wrong is noted, and the
// others go on.
func (t *table) read(file string, take func(record) error) (bad []BadRow, err error) {
	t.ours = true
	if t.seen, err = lookAt(t.path); err != nil || !t.seen.there {
		return nil, err
	}
	f, err := os.Open(t.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := &reader{table: t, file: file}
	rows, err := r.open(f)
	if refused, ok := errors.AsType[*domain.Error](err); ok {
		return nil, &BadRows{[]BadRow{r.badRow(1, nil, refused)}}
	}
	if err != nil {
		return nil, err
	}
	t.comma = rows.Separator()
	err = r.rows(rows, take)
	t.ours = t.ours && len(r.bad) == 0
	return r.bad, err
}

// open finds the columns of the table in the first line.
func (r *reader) open(f io.Reader) (rows *csvrows.Rows, err error) {
	if r.seen.size == 0 {
		return nil, csvrows.BadHeader("the first line must name the columns "+r.wanted(), "the file is empty")
	}
	if rows, r.names, err = csvrows.Open(f); err != nil {
		return nil, err
	}
	if r.header, err = r.columns.Match(r.names); err != nil {
		return nil, err
	}
	if lacking := r.columns.Missing(r.names); lacking != nil {
		return nil, csvrows.BadHeader("it must name the columns "+r.wanted(), "the first line lacks %s", strings.Join(lacking, ", "))
	}
	r.unknown = r.header.Unknown
	if r.ours = len(r.unknown) == 0; !r.ours && r.file != Batches {
		return nil, csvrows.BadHeader("leave only "+r.wanted(), "column %q is not known, and would be lost when the file is written", r.unknown[0].Name)
	}
	return rows, nil
}

func (r *reader) wanted() string {
	names := make([]string, 0, len(r.columns))
	for _, c := range r.columns {
		names = append(names, c.Names[0])
	}
	return strings.Join(names, ",")
}

func (r *reader) rows(rows *csvrows.Rows, take func(record) error) error {
	for {
		row, err := rows.Next()
		if errors.Is(err, csvrows.ErrEnd) {
			return nil
		}
		if _, broken := errors.AsType[*csvrows.Malformed](err); err != nil && !broken {
			return err
		}
		if err == nil {
			err = take(record{r, row.Values})
		}
		if err != nil {
			r.bad = append(r.bad, r.badRow(row.Line, row.Values, err))
		}
	}
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
	if at, there := r.header.At[refused.Field]; there {
		b.Column, b.Value = r.names[at], values[at]
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
