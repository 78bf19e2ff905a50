package domain

import (
	"cmp"
	"fmt"
)

// Priority is how much more, or less, a line matters than others do. The zero
// Priority is the usual one. People write it as a number from 0 to 9, the
// usual one as 5; lines of a higher one are served first and lose last.
type Priority int8

// The numbers that people write.
const (
	LowestPriority  = 0
	UsualPriority   = 5
	HighestPriority = 9
)

// NewPriority is the priority that is written as number. One out of range is
// for the command that carries it to refuse.
func NewPriority(number int) Priority {
	return Priority(min(max(number, -1), HighestPriority+1) - UsualPriority)
}

// Number is p as people write it.
func (p Priority) Number() int { return int(p) + UsualPriority }

func (p Priority) validate() error {
	if n := p.Number(); n < LowestPriority || n > HighestPriority {
		return invalid("priority", "leave it out for the usual one, which is 5", "must lie between %d and %d", LowestPriority, HighestPriority)
	}
	return nil
}

// MarshalJSON implements json.Marshaler.
func (p Priority) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "%d", p.Number()), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *Priority) UnmarshalJSON(text []byte) error {
	var n int
	if _, err := fmt.Sscanf(string(text), "%d", &n); err != nil {
		return fmt.Errorf("read a priority: %w", err)
	}
	*p = NewPriority(n)
	return nil
}

// FirstServed orders lines as they are given stock: of a higher priority first,
// and of equals the older.
func FirstServed(a, b Line) int {
	return cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(a.Seq, b.Seq))
}

// FirstToLose orders lines as they lose stock: the reverse of FirstServed.
func FirstToLose(a, b Line) int { return FirstServed(b, a) }
