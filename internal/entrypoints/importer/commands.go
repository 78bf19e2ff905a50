package importer

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"time"

	"allot/internal/csvrows"
	"allot/internal/domain"
)

// CodeMalformedRow is the code of rows whose values can't be told apart. It is
// part of the wire format.
const CodeMalformedRow = "malformed_row"

// source makes commands of rows. It is read once.
type source struct {
	rows    *csvrows.Rows
	as      Kind
	columns columns
	origin  domain.Origin
	placed  func(orderID string, day domain.Date) // may be nil
	err     error                                 // why it ended before the file did

	lastPlaced string // the last time that was good
}

// entry is what rows come to: a command, or a refusal.
type entry struct {
	command domain.Message // nil if refused
	refusal *refusal       // nil if not
	rows    []csvrows.Row  // more than one if they were added up
}

// refusal says why rows can't be used.
type refusal struct {
	field   string // of the command; "" if it is about none
	value   string // if it is about no field
	code    string
	problem string
}

// commands yields the commands, and tells the ledger of each before it does.
func (s *source) commands(ctx context.Context, l *ledger) iter.Seq[domain.Message] {
	return func(yield func(domain.Message) bool) {
		entries := s.entries(ctx)
		if s.as == Orders {
			entries = s.addUp(entries)
		}
		for e := range entries {
			if err := l.expect(e); err != nil {
				s.err = err
				return
			}
			if e.command != nil && !yield(e.command) {
				return
			}
		}
	}
}

// entries yields what each row comes to, until the file ends or s.err says why
// it didn't get there.
func (s *source) entries(ctx context.Context) iter.Seq[entry] {
	return func(yield func(entry) bool) {
		for {
			if s.err = context.Cause(ctx); s.err != nil {
				return
			}
			row, err := s.rows.Next()
			row.Values = original(row.Values)
			m, isMalformed := errors.AsType[*csvrows.Malformed](err)
			switch {
			case err == nil:
				if !yield(s.entry(row)) {
					return
				}
			case isMalformed:
				if !yield(s.malformed(row, m)) {
					return
				}
			case errors.Is(err, csvrows.ErrEnd):
				return
			default:
				s.err = fmt.Errorf("read line %d: %w", s.rows.Line(), err)
				return
			}
		}
	}
}

// malformed has the values stand where they seem to belong, so that only the one
// with the whole text has to be put right. The text is no quantity, but it might
// be a description: a product keeps nothing else.
func (s *source) malformed(r csvrows.Row, m *csvrows.Malformed) entry {
	apart := r.Values
	r.Values = make([]string, s.columns.width)
	if s.as != Products {
		copy(r.Values[:len(s.columns.names)], apart)
	}
	r.Values[s.columns.at[spill(s.as)]] = m.Text
	return entry{rows: []csvrows.Row{r}, refusal: &refusal{code: CodeMalformedRow, value: csvrows.Shorten(m.Text), problem: m.Problem}}
}

// entry makes a command of a row. What is left to refuse, the command's own
// rules will.
func (s *source) entry(r csvrows.Row) entry {
	e := entry{rows: []csvrows.Row{r}}
	var err error
	switch s.as {
	case Orders:
		cmd := domain.Allocate{Origin: s.origin, OrderID: s.value(r, "order_id"), SKU: s.value(r, "sku")}
		if cmd.Qty, err = parseQty(s.value(r, "qty"), 1); err == nil {
			cmd.Priority, err = parsePriority(s.optional(r, "priority"))
		}
		if err == nil {
			cmd.RequiredBy, err = parseDate("required_by", s.optional(r, "required_by"), "if it is needed as soon as possible")
		}
		if err == nil {
			err = s.placedAt(cmd.OrderID, s.optional(r, "placed_at"))
		}
		cmd.Locations = domain.LocationsOf(s.optional(r, "location"))
		e.command = cmd
	case Batches:
		cmd := domain.CreateBatch{Origin: s.origin, Ref: s.value(r, "ref"), SKU: s.value(r, "sku")}
		if cmd.Qty, err = parseQty(s.value(r, "qty"), 0); err == nil {
			cmd.ETA, err = parseDate("eta", s.value(r, "eta"), "for stock in the warehouse")
		}
		if err == nil {
			cmd.Location = s.optional(r, "location")
			cmd.UseBy, err = parseDate("use_by", s.optional(r, "use_by"), "if it keeps")
		}
		e.command = cmd
	case Products:
		e.command = domain.DescribeProduct{Origin: s.origin, SKU: s.value(r, "sku"), Description: s.value(r, "description")}
	}
	if refused, ok := errors.AsType[*domain.Error](err); ok {
		e.command, e.refusal = nil, refusalOf(refused)
	}
	return e
}

func (s *source) value(r csvrows.Row, field string) string { return r.Values[s.columns.at[field]] }

// optional is the value of a column that a file need not have.
func (s *source) optional(r csvrows.Row, field string) string {
	at, has := s.columns.at[field]
	if !has {
		return ""
	}
	return r.Values[at]
}

// placedAt notes when an order was placed. Its rows say the same, so that a
// time is looked at once.
func (s *source) placedAt(orderID, at string) error {
	if at != s.lastPlaced {
		if err := checkPlacedAt(at); err != nil {
			return err
		}
		s.lastPlaced = at
	}
	if s.placed == nil {
		return nil
	}
	if day, err := domain.ParseDate(at); err == nil && day != 0 {
		s.placed(orderID, day)
	}
	return nil
}

func refusalOf(err *domain.Error) *refusal {
	r := &refusal{field: err.Field, code: err.Code, problem: err.Message}
	if err.Hint != "" {
		r.problem += ": " + err.Hint
	}
	return r
}

func invalid(field, format string, args ...any) error {
	return &domain.Error{Kind: domain.Invalid, Code: domain.CodeValidationFailed, Field: field, Message: field + " " + fmt.Sprintf(format, args...)}
}

// parseQty reads digits, and nothing that would have to be guessed: no blanks,
// signs, fractions or separators of thousands.
func parseQty(s string, least int) (int, error) {
	qty, err := strconv.Atoi(s)
	if err != nil || s[0] == '+' || qty < least || qty > domain.MaxQty {
		return 0, invalid("qty", "is %q; it must be a whole number between %d and %d, in digits", s, least, domain.MaxQty)
	}
	return qty, nil
}

// parsePriority reads a digit; nothing is the usual priority.
func parsePriority(s string) (domain.Priority, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || len(s) != 1 {
		return 0, invalid("priority", "is %q; it must be a whole number between %d and %d, or empty", s, domain.LowestPriority, domain.HighestPriority)
	}
	return domain.NewPriority(n), nil
}

// checkPlacedAt refuses what is no time: values may have slipped into another
// column. Lines have the age of their place in the file, whatever it says.
func checkPlacedAt(s string) error {
	if s == "" {
		return nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if _, err := time.Parse(layout, s); err == nil {
			return nil
		}
	}
	return invalid("placed_at", "is %q; it must be a time as 2026-12-01T08:26:00, a date, or empty", s)
}

// parseDate reads a date; nothing means what empty says.
func parseDate(field, s, empty string) (domain.Date, error) {
	date, err := domain.ParseDate(s)
	if err != nil {
		return 0, invalid(field, "%v, or leave it empty %s", err, empty)
	}
	return date, nil
}
