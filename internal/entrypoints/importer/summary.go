package importer

import (
	"fmt"
	"strings"

	"allot/internal/domain"
)

// Summary is what became of a file, or of its first rows if the import was
// stopped.
//
// A line is what one command is about: an order line, a batch or a product. A
// row that is refused by itself counts as a line, so that each line is in
// exactly one of Allocated, Backordered, Created, Described, Replayed and
// Rejected.
type Summary struct {
	As          Kind    `json:"as"`
	Rows        int     `json:"rows"`
	Lines       int     `json:"lines"`
	Merged      int     `json:"merged"` // rows added to another one of the same order and SKU: Rows - Lines
	Allocated   int     `json:"allocated"`
	Backordered int     `json:"backordered"`
	Created     int     `json:"created"`   // batches
	Described   int     `json:"described"` // products
	Replayed    int     `json:"replayed"`  // nothing was changed: it was so already
	Rejected    int     `json:"rejected"`  // lines
	Seconds     float64 `json:"seconds"`   // of wall time

	RejectedRows   int             `json:"rejected_rows"`
	Refusals       []Refusal       `json:"refusals,omitempty"` // the first ones, at most MaxRefusals rows
	UnknownColumns []UnknownColumn `json:"unknown_columns,omitempty"`
}

// MaxRefusals is how many refused rows a summary shows.
const MaxRefusals = 10

// count enters the answer to a command.
func (s *Summary) count(result any) error {
	switch r := result.(type) {
	case domain.Placement:
		return s.countPlacement(r)
	case domain.Batched:
		s.add(r.Replayed, &s.Created)
	case domain.Described:
		s.add(r.Replayed, &s.Described)
	default:
		return fmt.Errorf("count an answer of type %T", result)
	}
	return nil
}

func (s *Summary) countPlacement(p domain.Placement) error {
	switch p.Status {
	case domain.StatusAllocated:
		s.add(p.Replayed, &s.Allocated)
	case domain.StatusBackordered:
		s.add(p.Replayed, &s.Backordered)
	default:
		return fmt.Errorf("count a line that is %s", p.Status)
	}
	return nil
}

func (s *Summary) add(replayed bool, fresh *int) {
	if replayed {
		fresh = &s.Replayed
	}
	*fresh++
}

// String is the summary as a table for people, with a note on each unknown column.
func (s Summary) String() string {
	var out strings.Builder
	line := func(what string, n int, note string) {
		if n == 0 {
			note = ""
		}
		out.WriteString(strings.TrimRight(fmt.Sprintf("%-12s%9d  %s", what, n, note), " ") + "\n")
	}
	line("rows", s.Rows, "")
	switch s.As {
	case Orders:
		line("lines", s.Lines, fmt.Sprintf("%d rows merged into another of the same order and SKU", s.Merged))
		line("allocated", s.Allocated, "")
		line("backordered", s.Backordered, "")
	case Batches:
		line("created", s.Created, "")
	case Products:
		line("described", s.Described, "")
	}
	line("replayed", s.Replayed, "known before, nothing changed")
	line("rejected", s.Rejected, rowsNote(s))
	fmt.Fprintf(&out, "%-12s%9.1f\n", "seconds", s.Seconds)
	for _, u := range s.UnknownColumns {
		out.WriteString(u.Note() + "\n")
	}
	return out.String()
}

func rowsNote(s Summary) string {
	if s.RejectedRows == s.Rejected {
		return ""
	}
	return fmt.Sprintf("%d rows", s.RejectedRows)
}
