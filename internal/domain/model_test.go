package domain_test

import (
	"cmp"
	"fmt"
	"slices"
)

// model is the rules of allocation told a second time, in the plainest way:
// lists, sums and sorting. It keeps no counter and shares nothing with the
// package that it is the measure of.
type model struct {
	batches []*modelBatch // in order of creation
	lines   []*modelLine  // in order of acceptance
	short   bool          // a line found no stock since the supply last changed
	aside   []string      // what the last command made known, but for where lines stand
}

type modelBatch struct {
	ref      string
	qty, eta int // eta 0 is the warehouse
	firstQty int
}

type modelLine struct {
	order string
	qty   int
	at    string // the reference of its batch, or what it is instead
}

// answer is what became of a command, as far as its sender is told.
type answer struct {
	Code       string // of the error, if it is one
	At         string // the reference of the batch, or what became of the line instead
	LargestFit int
	PassedOver []string
	Replayed   bool
}

func (m *model) free(b *modelBatch) int {
	free := b.qty
	for _, line := range m.lines {
		if line.at == b.ref {
			free -= line.qty
		}
	}
	return free
}

func (m *model) batch(ref string) *modelBatch {
	for _, b := range m.batches {
		if b.ref == ref {
			return b
		}
	}
	return nil
}

func (m *model) line(order string) *modelLine {
	for _, line := range m.lines {
		if line.order == order {
			return line
		}
	}
	return nil
}

// choose returns the batch for a line of qty, or nil, and the open batches
// that come before it: five, and how many more.
func (m *model) choose(qty int) (best *modelBatch, passedOver []string) {
	preferred := slices.Clone(m.batches)
	slices.SortStableFunc(preferred, func(a, b *modelBatch) int { return cmp.Compare(a.eta, b.eta) })
	for _, b := range preferred {
		if m.free(b) >= qty {
			best = b
			break
		}
		if m.free(b) > 0 {
			passedOver = append(passedOver, fmt.Sprintf("%d in %s", m.free(b), b.ref))
		}
	}
	if more := len(passedOver) - 5; more > 0 {
		passedOver = append(passedOver[:5], fmt.Sprintf("%d more", more))
	}
	return best, passedOver
}

func (m *model) largestFit() int {
	most := 0
	for _, b := range m.batches {
		most = max(most, m.free(b))
	}
	return most
}

func (m *model) add(ref string, qty, eta int) answer {
	if b := m.batch(ref); b != nil {
		if b.eta != eta || b.qty != qty && b.firstQty != qty {
			return answer{Code: "batch_conflict"}
		}
		return answer{Replayed: true}
	}
	m.batches = append(m.batches, &modelBatch{ref, qty, eta, qty})
	m.supplyChanged("%s: %d units", ref, qty)
	m.fill()
	return answer{}
}

func (m *model) allocate(order string, qty int, refuse bool) answer {
	if line := m.line(order); line != nil {
		return m.repeat(line, qty)
	}
	b, passedOver := m.choose(qty)
	if b != nil {
		m.lines = append(m.lines, &modelLine{order, qty, b.ref})
		return answer{At: b.ref, PassedOver: passedOver}
	}
	m.ranOut(order)
	if refuse {
		return answer{At: "refused", LargestFit: m.largestFit(), PassedOver: passedOver}
	}
	m.lines = append(m.lines, &modelLine{order, qty, "backordered"})
	return answer{At: "backordered", LargestFit: m.largestFit(), PassedOver: passedOver}
}

func (m *model) repeat(line *modelLine, qty int) answer {
	switch {
	case line.at == "cancelled":
		return answer{Code: "line_cancelled"}
	case line.qty != qty:
		return answer{Code: "line_conflict"}
	case line.at == "backordered":
		return answer{At: line.at, LargestFit: m.largestFit(), Replayed: true}
	}
	return answer{At: line.at, Replayed: true}
}

func (m *model) change(ref string, qty int) answer {
	b := m.batch(ref)
	if b == nil {
		return answer{Code: "unknown_batch"}
	}
	if b.qty == qty {
		return answer{Replayed: true}
	}
	m.supplyChanged("%s: %d units, not %d", ref, qty, b.qty)
	b.qty = qty
	var displaced []*modelLine // latest first
	for _, line := range slices.Backward(m.lines) {
		if m.free(b) < 0 && line.at == ref {
			line.at = "nowhere"
			displaced = append(displaced, line)
		}
	}
	for _, line := range slices.Backward(displaced) {
		if to, _ := m.choose(line.qty); to != nil {
			line.at = to.ref
			continue
		}
		m.ranOut(line.order)
		line.at = "backordered"
	}
	m.fill()
	return answer{}
}

func (m *model) cancel(order string) answer {
	line := m.line(order)
	if line.at == "cancelled" {
		return answer{At: "cancelled", Replayed: true}
	}
	line.at = "cancelled"
	m.fill()
	return answer{At: "cancelled"}
}

// fill gives every line that waits, oldest first, what it can have.
func (m *model) fill() {
	for _, line := range m.lines {
		if line.at != "backordered" {
			continue
		}
		if b, _ := m.choose(line.qty); b != nil {
			line.at = b.ref
		}
	}
}

func (m *model) supplyChanged(format string, args ...any) {
	m.short = false
	m.aside = append(m.aside, fmt.Sprintf(format, args...))
}

func (m *model) ranOut(order string) {
	if !m.short {
		m.short = true
		m.aside = append(m.aside, fmt.Sprintf("out of stock for %s, at most %d", order, m.largestFit()))
	}
}

func (m *model) standing() standing {
	s := standing{}
	for _, line := range m.lines {
		s[line.order] = line.at
	}
	return s
}

// net is what has to be made known of lines that stood as in before: each
// line's move, in full, and nothing of lines that stand where they stood.
func (m *model) net(before standing, shrunk string) map[string][]string {
	facts := map[string][]string{}
	for _, line := range m.lines {
		was := before[line.order]
		if was == line.at {
			continue
		}
		had, has := m.batch(was) != nil, m.batch(line.at) != nil
		tell := func(format string, args ...any) {
			facts[line.order] = append(facts[line.order], line.order+fmt.Sprintf(format, args...))
		}
		if had {
			tell(" deallocated from %s: %s", was, cmp.Or(shrunk, "cancelled"))
		}
		switch {
		case had && has:
			tell(" allocated in %s, moved from %s", line.at, was)
		case has:
			tell(" allocated in %s", line.at)
		default:
			tell(" %s", line.at)
		}
	}
	return facts
}
