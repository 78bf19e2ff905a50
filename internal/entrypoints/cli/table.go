package cli

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"text/tabwriter"

	"allot/internal/config"
	"allot/internal/entrypoints/importer"
)

// column is a column of a table.
type column[T any] struct {
	name string // as in JSON: "order_id"
	text func(T) string
	tell func(T) string // the same for people, if they want to see something else
}

// besides adds to the columns of a list those that people only want to see if
// there is something in them. Programs see them always.
func besides[T any](r *run, columns, more []column[T], items ...T) []column[T] {
	columns = slices.Clone(columns)
	for _, c := range more {
		if r.config.Output != config.OutputTable || slices.ContainsFunc(items, func(item T) bool { return c.text(item) != "" }) {
			columns = append(columns, c)
		}
	}
	return columns
}

// plain is what programs see of an item; of none, the name of the column.
func (c column[T]) plain(item *T) string {
	if item == nil {
		return c.name
	}
	return c.text(*item)
}

// harmless is plain for spreadsheets.
func (c column[T]) harmless(item *T) string { return importer.Harmless(c.plain(item)) }

// spoken is plain for people.
func (c column[T]) spoken(item *T) string {
	switch {
	case item == nil:
		return strings.ToUpper(strings.ReplaceAll(c.name, "_", " "))
	case c.tell != nil:
		return c.tell(*item)
	}
	return c.text(*item)
}

// rows yields the rows of a table, the names of its columns first. An error that
// comes before all items comes before the names as well.
func rows[T any](columns []column[T], items iter.Seq2[T, error], cell func(column[T], *T) string) iter.Seq2[[]string, error] {
	row := make([]string, len(columns))
	fill := func(item *T) []string {
		for i, c := range columns {
			row[i] = cell(c, item)
		}
		return row
	}
	return func(yield func([]string, error) bool) {
		named := false
		for item, err := range items {
			if err != nil {
				yield(nil, err)
				return
			}
			if !named && !yield(fill(nil), nil) {
				return
			}
			if named = true; !yield(fill(&item), nil) {
				return
			}
		}
		if !named {
			yield(fill(nil), nil)
		}
	}
}

// tableWriter is what a table is written to; a csv.Writer is one.
type tableWriter interface {
	Write(row []string) error
	Flush()
	Error() error
}

func table(w tableWriter, rows iter.Seq2[[]string, error]) error {
	err := each(rows, w.Write)
	w.Flush()
	return errors.Join(err, w.Error())
}

// tabbed writes tables with tabs between values.
type tabbed struct{ out io.Writer }

func (t tabbed) Write(row []string) error {
	_, err := fmt.Fprintln(t.out, strings.Join(row, "\t"))
	return err
}

func (tabbed) Flush()       {}
func (tabbed) Error() error { return nil }

// alignedTable writes tables whose columns stand below each other.
type alignedTable struct {
	tabbed
	tabs *tabwriter.Writer
	rows int
	err  error
}

func aligned(out io.Writer) *alignedTable {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	return &alignedTable{tabbed: tabbed{w}, tabs: w}
}

// rowsAligned is how many rows of a table are aligned with each other: long
// tables appear as they come.
const rowsAligned = 500

func (t *alignedTable) Write(row []string) error {
	if t.rows++; t.rows%rowsAligned == 0 {
		t.Flush()
	}
	return t.tabbed.Write(row)
}

func (t *alignedTable) Flush()       { t.err = errors.Join(t.err, t.tabs.Flush()) }
func (t *alignedTable) Error() error { return t.err }
