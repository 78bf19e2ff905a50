package cli

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"allot/internal/config"
	"allot/internal/views"
)

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
			return table(csv.NewWriter(out), rows(columns, items, column[T].harmless))
		case config.OutputName:
			return each(items, func(item T) error {
				_, err := fmt.Fprintln(out, columns[0].text(item))
				return err
			})
		default:
			return table(r.tableFor(out), rows(columns, items, column[T].spoken))
		}
	})
}

// tableFor is what a table for people is written to: aligned on a terminal, in a
// pipe with tabs between values. With --quiet nobody wants to see it.
func (r *run) tableFor(out io.Writer) tableWriter {
	if r.quiet {
		return tabbed{io.Discard}
	}
	if r.Terminal(r.Out) {
		return aligned(out)
	}
	return tabbed{out}
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
		return encoder(r.Out, "  ").Encode(thing)
	case config.OutputNDJSON:
		return encoder(r.Out, "").Encode(thing)
	default:
		return tell()
	}
}

// oneByOne returns what prints things as they come, one at a time, as tell does it
// for people.
func oneByOne[T any](r *run, columns []column[T], tell func(T) error) func(T) error {
	switch r.config.Output {
	case config.OutputCSV:
		out, named := csv.NewWriter(r.Out), false
		return func(thing T) error {
			n := 0
			for row := range rows(columns, these(thing), column[T].harmless) {
				if n++; n == 1 && named { // the names of the columns
					continue
				}
				if err := out.Write(row); err != nil {
					return err
				}
			}
			named = true
			out.Flush()
			return out.Error()
		}
	case config.OutputName:
		return func(thing T) error {
			_, err := fmt.Fprintln(r.Out, columns[0].text(thing))
			return err
		}
	}
	return func(thing T) error { return object(r, thing, func() error { return tell(thing) }) }
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

// encoder writes JSON that is for programs, not for pages.
func encoder(out io.Writer, indent string) *json.Encoder {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	return e
}

func listNDJSON[T any](out io.Writer, items iter.Seq2[T, error]) error {
	to := encoder(out, "")
	return each(items, func(item T) error { return to.Encode(item) })
}

// listJSON prints a list with an item on each line.
func listJSON[T any](out io.Writer, items iter.Seq2[T, error]) error {
	before, after := "[\n  ", "[]\n"
	var body bytes.Buffer
	to := encoder(&body, "")
	err := each(items, func(item T) error {
		body.Reset()
		if err := to.Encode(item); err != nil {
			return err
		}
		_, err := fmt.Fprintf(out, "%s%s", before, bytes.TrimSuffix(body.Bytes(), []byte{'\n'}))
		before, after = ",\n  ", "\n]\n"
		return err
	})
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, after)
	return err
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
	if r.config.Output == config.OutputTable && !r.quiet {
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
