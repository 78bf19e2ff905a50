package storetest

import (
	"cmp"
	"fmt"
	"slices"

	"allot/internal/domain"
)

// model is the shop told a second time, in the plainest way: lists, sums and
// sorting. It keeps no counter, caches nothing, and uses none of what it is
// the measure of, but for the form of commands and the names of codes.
type model struct {
	names   map[string]string // of products, by SKU
	short   map[string]bool   // by SKU: a line found no stock since the supply last changed
	facts   map[string]int    // by SKU: what was made known of it
	batches []*modelBatch     // in order of creation
	lines   []*modelLine      // in order of acceptance
}

type modelBatch struct {
	ref, sku      string
	qty, firstQty int
	eta           domain.Date
}

type modelLine struct {
	order, sku string
	qty        int
	at         string // the reference of its batch, or "backordered" or "cancelled"
}

func newModel() *model {
	return &model{names: map[string]string{}, short: map[string]bool{}, facts: map[string]int{}}
}

// do does a command.
func (m *model) do(message domain.Message) (a answer) {
	before := m.standing()
	switch c := message.(type) {
	case domain.DescribeProduct:
		a = m.describe(c)
	case domain.CreateBatch:
		a = m.add(c)
	case domain.Allocate:
		a = m.allocate(c)
	case domain.ChangeBatchQuantity:
		a = m.change(c)
	case domain.CancelLine:
		a = m.cancel(c)
	}
	m.count(before)
	return a
}

func (m *model) describe(c domain.DescribeProduct) answer {
	if c.SKU == "" {
		return answer{Code: domain.CodeValidationFailed}
	}
	name, known := m.names[c.SKU]
	if known && name == c.Description {
		return answer{Name: c.Description, Replayed: true}
	}
	m.names[c.SKU] = c.Description
	m.facts[c.SKU]++
	return answer{Name: c.Description}
}

func (m *model) add(c domain.CreateBatch) answer {
	if c.Ref == "" || c.SKU == "" || c.Qty < 0 {
		return answer{Code: domain.CodeValidationFailed}
	}
	if b := m.batch(c.Ref); b != nil {
		if b.sku != c.SKU || b.eta != c.ETA || b.qty != c.Qty && b.firstQty != c.Qty {
			return answer{Code: domain.CodeBatchConflict}
		}
		return answer{Batch: m.shown(b), Replayed: true}
	}
	b := &modelBatch{c.Ref, c.SKU, c.Qty, c.Qty, c.ETA}
	m.batches = append(m.batches, b)
	m.names[c.SKU] += "" // it is known from now on
	m.supplyChanged(c.SKU)
	m.fill(c.SKU)
	return answer{Batch: m.shown(b)}
}

func (m *model) allocate(c domain.Allocate) answer {
	if c.OrderID == "" || c.SKU == "" || c.Qty < 1 {
		return answer{Code: domain.CodeValidationFailed}
	}
	if _, known := m.names[c.SKU]; !known {
		return answer{Code: domain.CodeUnknownSKU}
	}
	if line := m.line(c.OrderID, c.SKU); line != nil {
		return m.repeat(line, c.Qty)
	}
	b, passedOver := m.choose(c.SKU, c.Qty)
	if b != nil {
		m.lines = append(m.lines, &modelLine{c.OrderID, c.SKU, c.Qty, b.ref})
		return answer{At: b.ref, PassedOver: passedOver}
	}
	m.ranOut(c.SKU)
	if c.OnShortage == domain.Refuse {
		return answer{At: "refused", LargestFit: m.largestFit(c.SKU), PassedOver: passedOver}
	}
	m.lines = append(m.lines, &modelLine{c.OrderID, c.SKU, c.Qty, "backordered"})
	return answer{At: "backordered", LargestFit: m.largestFit(c.SKU), PassedOver: passedOver}
}

func (m *model) repeat(line *modelLine, qty int) answer {
	switch {
	case line.at == "cancelled":
		return answer{Code: domain.CodeLineCancelled}
	case line.qty != qty:
		return answer{Code: domain.CodeLineConflict}
	case line.at == "backordered":
		return answer{At: line.at, LargestFit: m.largestFit(line.sku), Replayed: true}
	}
	return answer{At: line.at, Replayed: true}
}

func (m *model) change(c domain.ChangeBatchQuantity) answer {
	if c.Ref == "" || c.Qty < 0 {
		return answer{Code: domain.CodeValidationFailed}
	}
	b := m.batch(c.Ref)
	if b == nil {
		return answer{Code: domain.CodeUnknownBatch}
	}
	if b.qty == c.Qty {
		return answer{Batch: m.shown(b), Replayed: true}
	}
	b.qty = c.Qty
	m.supplyChanged(b.sku)
	for _, line := range m.displace(b) {
		if to, _ := m.choose(b.sku, line.qty); to != nil {
			line.at = to.ref
			continue
		}
		m.ranOut(b.sku)
		line.at = "backordered"
	}
	m.fill(b.sku)
	return answer{Batch: m.shown(b)}
}

// displace takes lines out of a batch, the latest first, until the rest fits.
// It returns them oldest first.
func (m *model) displace(b *modelBatch) (displaced []*modelLine) {
	for _, line := range slices.Backward(m.lines) {
		if m.free(b) < 0 && line.at == b.ref {
			line.at = "nowhere"
			displaced = append(displaced, line)
		}
	}
	slices.Reverse(displaced)
	return displaced
}

func (m *model) cancel(c domain.CancelLine) answer {
	if c.OrderID == "" || c.SKU == "" {
		return answer{Code: domain.CodeValidationFailed}
	}
	line := m.line(c.OrderID, c.SKU)
	if line == nil {
		return answer{Code: domain.CodeUnknownLine}
	}
	if line.at == "cancelled" {
		return answer{At: "cancelled", Replayed: true}
	}
	line.at = "cancelled"
	m.fill(c.SKU)
	return answer{At: "cancelled"}
}

func (m *model) batch(ref string) *modelBatch {
	for _, b := range m.batches {
		if b.ref == ref {
			return b
		}
	}
	return nil
}

func (m *model) line(order, sku string) *modelLine {
	for _, line := range m.lines {
		if line.order == order && line.sku == sku {
			return line
		}
	}
	return nil
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

// choose returns the batch for a line of qty, or nil, and the open batches
// that come before it: five, and how many more.
func (m *model) choose(sku string, qty int) (best *modelBatch, passedOver []string) {
	preferred := slices.Clone(m.batches)
	slices.SortStableFunc(preferred, func(a, b *modelBatch) int { return cmp.Compare(a.eta, b.eta) })
	for _, b := range preferred {
		if b.sku != sku {
			continue
		}
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

func (m *model) largestFit(sku string) (most int) {
	for _, b := range m.batches {
		if b.sku == sku {
			most = max(most, m.free(b))
		}
	}
	return most
}

// fill gives every line that waits, oldest first, what it can have.
func (m *model) fill(sku string) {
	for _, line := range m.lines {
		if line.sku != sku || line.at != "backordered" {
			continue
		}
		if b, _ := m.choose(sku, line.qty); b != nil {
			line.at = b.ref
		}
	}
}

func (m *model) supplyChanged(sku string) {
	m.short[sku] = false
	m.facts[sku]++
}

func (m *model) ranOut(sku string) {
	if !m.short[sku] {
		m.short[sku] = true
		m.facts[sku]++
	}
}

func (m *model) standing() (at []string) {
	for _, line := range m.lines {
		at = append(at, line.at)
	}
	return at
}

// count counts what became of lines since they stood as in before: a line that
// lost its stock is one fact, where it is now another.
func (m *model) count(before []string) {
	for i, line := range m.lines {
		was := "nowhere"
		if i < len(before) {
			was = before[i]
		}
		if was == line.at {
			continue
		}
		m.facts[line.sku]++
		if m.batch(was) != nil {
			m.facts[line.sku]++
		}
	}
}
