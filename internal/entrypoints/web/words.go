package web

import (
	"strconv"
	"strings"

	"allot/internal/domain"
	"allot/internal/views"
)

// chip is a state: a sign, a word and a colour, so that no one of them is
// needed.
type chip struct{ Sign, Word, Class string }

// Line is how a line stands, as a chip.
func (c calendar) Line(l views.Line) chip {
	switch domain.Status(l.Status) {
	case domain.StatusAllocated:
		if l.Promise == "" {
			return chip{"✓", "In stock", "ok"}
		}
		if c.Overdue(l.Promise) {
			return chip{"!", "At risk", "warn"}
		}
		return chip{"→", "Promised", "neutral"}
	case domain.StatusBackordered:
		return chip{"○", "Backordered", "wait"}
	case domain.StatusCancelled:
		return chip{"–", "Cancelled", "neutral"}
	}
	word := strings.ReplaceAll(l.Status, "_", " ")
	return chip{"•", strings.ToUpper(word[:1]) + word[1:], "neutral"}
}

// number is n with thin spaces between thousands, from 10,000 on.
func number(n int) string {
	text := strconv.Itoa(n)
	digits := strings.TrimPrefix(text, "-")
	if len(digits) < 5 {
		return text
	}
	var out strings.Builder
	out.WriteString(text[:len(text)-len(digits)])
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			out.WriteRune('\u2009')
		}
		out.WriteRune(d)
	}
	return out.String()
}

// counted is a number of things.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(n) + " " + many
}

// share is how much of a whole a part is, in per cent.
func share(part, whole int) int {
	if whole <= 0 {
		return 0
	}
	return int(int64(part) * 100 / int64(whole))
}

// causes say why a line was placed, or placed again.
var causes = map[string]string{
	"ordered": "when it was ordered", "batch_shrunk": "because a batch got smaller", "stock_added": "because stock came in",
	"stock_freed": "because stock became free", "cancelled": "because it was cancelled",
}

// Cause is why a line was placed, in words.
func (page) Cause(why *views.Why) string {
	if said, known := causes[why.Cause]; known {
		return said
	}
	return "because of " + strings.ReplaceAll(why.Cause, "_", " ")
}
