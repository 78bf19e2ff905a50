package cli

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"text/tabwriter"

	"allot/internal/config"
	"allot/internal/views"
)

// column is a column of a table.
type column[T any] struct {
	name string // as in JSON: "order_id"
	text func(T) string
	tell func(T) string // the same for people, if they want to see something else
}

// list prints items as they come, in the form that was asked for. By name, it
// prints the first column.
func list[T any](r *run, columns []column[T], items iter.Seq2[T, error]) error {
	return r.buffered(func(out io.Writer) error {
		switch r.config.Output {
		case config.OutputJSON:
			return listJSON(out, items)
		case config.OutputNDJSON:
			return listNDJSON(out, items)
		case config.OutputCSV:
			return listCSV(out, columns, items)
		case config.OutputName:
			return each(items, func(item T) error {
				_, err := fmt.Fprintln(out, columns[0].text(item))
				return err
			})
		}
		return table(out, r.Terminal(r.Out), rows(columns, items))
	})
}

// buffered has fn print to standard output, in large pieces.
func (r *run) buffered(fn func(io.Writer) error) error {
	out := bufio.NewWriterSize(r.Out, 64<<10)
	return errors.Join(fn(out), out.Flush())
}

// object prints one thing: as JSON, or as tell does it for people.
func object[T any](r *run, thing T, tell func() error) error {
	switch r.config.Output {
	case config.OutputJSON:
		body, err := json.MarshalIndent(thing, "", "  ")
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(r.Out, "%s\n", body)
		return err
	case config.OutputNDJSON:
		return encode(r.Out, thing)
	default:
		return tell()
	}
}

func each[T any](items iter.Seq2[T, error], do func(T) error) error {
	for item, err := range items {
		if err != nil {
			return err
		}
		if err := do(item); err != nil {
			return err
		}
	}
	return nil
}

// encode writes a line of JSON.
func encode(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

func listNDJSON[T any](out io.Writer, items iter.Seq2[T, error]) error {
	return each(items, func(item T) error { return encode(out, item) })
}

func listJSON[T any](out io.Writer, items iter.Seq2[T, error]) error {
	before := "[\n"
	err := each(items, func(item T) error {
		body, err := json.Marshal(item)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s  %s", before, body)
		before = ",\n"
		return err
	})
	if err != nil {
		return err
	}
	if before == "[\n" {
		_, err = fmt.Fprintln(out, "[]")
		return err
	}
	_, err = fmt.Fprint(out, "\n]\n")
	return err
}

func listCSV[T any](out io.Writer, columns []column[T], items iter.Seq2[T, error]) error {
	w := csv.NewWriter(out)
	record := make([]string, len(columns))
	for i, c := range columns {
		record[i] = c.name
	}
	if err := w.Write(record); err != nil {
		return err
	}
	err := each(items, func(item T) error {
		for i, c := range columns {
			record[i] = c.text(item)
		}
		return w.Write(record)
	})
	w.Flush()
	if err != nil {
		return err
	}
	return w.Error()
}

// rows yields the rows of a table for people, the names of the columns first.
func rows[T any](columns []column[T], items iter.Seq2[T, error]) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		var names []string
		for _, c := range columns {
			names = append(names, strings.ToUpper(strings.ReplaceAll(c.name, "_", " ")))
		}
		if !yield(names, nil) {
			return
		}
		for item, err := range items {
			row := make([]string, len(columns))
			for i, c := range columns {
				if err != nil {
					break
				}
				if row[i] = c.text(item); c.tell != nil {
					row[i] = c.tell(item)
				}
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// rowsAligned is how many rows of a table are aligned with each other: long
// tables appear as they come.
const rowsAligned = 500

// table prints rows: aligned if people look at it, else with tabs between values.
func table(out io.Writer, aligned bool, rows iter.Seq2[[]string, error]) error {
	if !aligned {
		return each(rows, func(row []string) error {
			_, err := fmt.Fprintln(out, strings.Join(row, "\t"))
			return err
		})
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	n := 0
	err := each(rows, func(row []string) error {
		if n++; n%rowsAligned == 0 {
			if err := w.Flush(); err != nil {
				return err
			}
		}
		_, err := fmt.Fprintln(w, strings.Join(row, "\t"))
		return err
	})
	return errors.Join(err, w.Flush())
}

// pages yields all items of a list, which is read page by page, or the first
// ones if limit is not 0.
func pages[T any](limit int, get func(views.Page) (views.List[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		page := views.Page{Limit: views.MaxPage}
		for n := 0; ; {
			list, err := get(page)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range list.Items {
				if n++; limit > 0 && n > limit || !yield(item, nil) {
					return
				}
			}
			if page.After = list.Next; page.After == "" {
				return
			}
		}
	}
}

// these yields items that are there already.
func these[T any](items ...T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, item := range items {
			if !yield(item, nil) {
				return
			}
		}
	}
}

// tell prints a line that goes before a table. Only people want to see it.
func (r *run) tell(format string, args ...any) {
	if r.config.Output == config.OutputTable {
		fmt.Fprintf(r.Out, format+"\n", args...)
	}
}

// as yields each item as something else.
func as[T, U any](turn func(T) U, items iter.Seq2[T, error]) iter.Seq2[U, error] {
	return func(yield func(U, error) bool) {
		for item, err := range items {
			if !yield(turn(item), err) {
				return
			}
		}
	}
}
