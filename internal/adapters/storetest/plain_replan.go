package storetest

import (
	"cmp"
	"fmt"
	"slices"

	"allot/internal/domain"
)

// replan takes all lines of a SKU that may move out of their places, and puts
// each into the best there is then, the most urgent first.
func (m *model) replan(c domain.ReplanProduct) answer {
	if c.SKU == "" {
		return answer{Code: domain.CodeValidationFailed}
	}
	if _, known := m.names[c.SKU]; !known {
		return answer{Code: domain.CodeUnknownSKU}
	}
	var lines []*modelLine
	was := map[*modelLine]string{}
	for _, line := range m.queue(func(l *modelLine) bool { return l.sku == c.SKU && (l.state == "allocated" || l.state == "backordered") }) {
		if !line.frozen && line.shipped == 0 {
			lines = append(lines, line)
			was[line], line.batch, line.state = line.batch, "", "nowhere"
		}
	}
	slices.SortStableFunc(lines, func(a, b *modelLine) int {
		return cmp.Or(cmp.Compare(b.priority, a.priority), cmp.Compare(cmp.Or(a.need, 99999999), cmp.Or(b.need, 99999999)))
	})
	for _, line := range lines {
		if b := m.relocate(line, m.batch(was[line])); b != nil {
			line.batch, line.state = b.ref, "allocated"
		}
	}
	moved := m.movedFrom(was, lines)
	m.fill(c.SKU)
	return answer{Name: fmt.Sprintf("%d of %d moved", moved, len(lines))}
}

// relocate is the best batch for a line, which had own: another one has to come
// earlier, or own to be of no use any more.
func (m *model) relocate(line *modelLine, own *modelBatch) *modelBatch {
	if own == nil {
		best, _ := m.choose(line, line.open(), "")
		return best
	}
	best, _ := m.choose(line, line.open(), own.ref)
	if m.free(own) < line.open() || best != nil && (best.eta < own.eta || against(line, own) != "") {
		return best
	}
	return own
}

// movedFrom makes it known which lines stand elsewhere than they did.
func (m *model) movedFrom(was map[*modelLine]string, lines []*modelLine) (moved int) {
	for _, line := range lines {
		to := m.batch(line.batch)
		switch {
		case line.batch != was[line]:
			moved++
			if was[line] != "" {
				m.facts[line.sku]++
			}
			if to == nil {
				m.ranOut(line.sku)
			}
			m.put(line, to, nil)
		case to == nil:
			line.state = "backordered"
		}
	}
	return moved
}
