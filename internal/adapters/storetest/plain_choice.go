package storetest

import (
	"cmp"
	"fmt"
	"slices"

	"allot/internal/domain"
)

// today is the day on which everything happens.
var today = domain.NewDate(opened.Date())

func labelOf(c domain.CreateBatch) modelLabel { return modelLabel{c.Location, c.UseBy} }

func (b *modelBatch) expired() bool {
	return b.label.useBy > 0 && b.label.useBy < max(b.eta, today)
}

func (m *model) setPolicy(c domain.SetPolicy) answer {
	if c.SKU == "" || c.SafetyStock.To < 0 || !c.Policy.Given && !c.SafetyStock.Given {
		return answer{Code: domain.CodeValidationFailed}
	}
	if _, known := m.names[c.SKU]; !known {
		return answer{Code: domain.CodeUnknownSKU}
	}
	policy, safety := m.policy[c.SKU], m.safety[c.SKU]
	if c.Policy.Given {
		m.policy[c.SKU] = c.Policy.To
	}
	if m.policy[c.SKU] == "earliest" {
		m.policy[c.SKU] = ""
	}
	if c.SafetyStock.Given {
		m.safety[c.SKU] = c.SafetyStock.To
	}
	name := fmt.Sprintf("%s, keeping %d", cmp.Or(m.policy[c.SKU], "earliest"), m.safety[c.SKU])
	if policy == m.policy[c.SKU] && safety == m.safety[c.SKU] {
		return answer{Name: name, Replayed: true}
	}
	m.supplyChanged(c.SKU)
	m.fill(c.SKU)
	return answer{Name: name}
}

// changeAll changes where a batch lies and how long it keeps, then how large it
// is and when it comes; all of it or nothing.
func (m *model) changeAll(c domain.ChangeBatch) answer {
	if !c.Qty.Given && !c.ETA.Given && !c.Label.Given() || c.Ref == "" || c.Qty.To < 0 {
		return answer{Code: domain.CodeValidationFailed}
	}
	b := m.batch(c.Ref)
	if b == nil {
		return answer{Code: domain.CodeUnknownBatch}
	}
	before, was := m.clone(), b.label
	if c.Location.Given {
		b.label.location = c.Location.To
	}
	if c.UseBy.Given {
		b.label.useBy = c.UseBy.To
	}
	relabelled := b.label != was
	if relabelled {
		m.supplyChanged(b.sku)
	}
	a := m.change(c.Ref, c.Qty, c.ETA, false)
	if a.Code != "" {
		*m = before
		return a
	}
	m.fill(b.sku)
	return answer{Batch: m.shown(b), Replayed: a.Replayed && !relabelled}
}

// choose returns the batch for a line, as if it were of qty, or nil, and the
// open batches that come before it: five, and how many more. A line of the
// batch own may stay there even if it is closed.
func (m *model) choose(line *modelLine, qty int, own string) (best *modelBatch, passedOver []string) {
	if m.policy[line.sku] == "latest_on_time" && line.need > 0 {
		if best, passedOver = m.search(line, qty, own, true); best != nil {
			return best, passedOver
		}
	}
	return m.search(line, qty, own, false)
}

func (m *model) search(line *modelLine, qty int, own string, onTime bool) (best *modelBatch, passedOver []string) {
	for _, b := range m.inOrder(line, onTime) {
		room := m.room(b)
		if b.ref == own {
			room = m.free(b)
		}
		reason := against(line, b)
		switch {
		case reason == "" && onTime && b.eta > line.need:
			reason = "too_late"
		case reason == "" && room >= qty && b.eta == 0 && qty > m.spare(line):
			reason = "safety_stock"
		case reason == "" && room >= qty:
			return b, atMostFive(passedOver)
		}
		if m.room(b) > 0 {
			passedOver = append(passedOver, fmt.Sprintf("%d in %s: %s", m.room(b), b.ref, reason))
		}
	}
	return nil, atMostFive(passedOver)
}

func atMostFive(list []string) []string {
	if more := len(list) - 5; more > 0 {
		return append(list[:5], fmt.Sprintf("%d more", more))
	}
	return list
}

// inOrder is all batches as the policy has a line use them. It sorts by what
// matters least first.
func (m *model) inOrder(line *modelLine, latestFirst bool) (list []*modelBatch) {
	for _, b := range m.batches {
		if b.sku == line.sku {
			list = append(list, b)
		}
	}
	by := func(key func(*modelBatch) int) {
		slices.SortStableFunc(list, func(a, b *modelBatch) int { return cmp.Compare(key(a), key(b)) })
	}
	liked := append(line.wishes.Locations.Names(), line.wishes.OnlyLocations.Names()...)
	by(func(b *modelBatch) int {
		if i := slices.Index(liked, b.label.location); i >= 0 {
			return i
		}
		return 99
	})
	if m.policy[line.sku] == "first_expired" {
		by(func(b *modelBatch) int { return int(cmp.Or(b.label.useBy, 99999999)) })
	}
	by(func(b *modelBatch) int {
		if latestFirst {
			return -int(b.eta)
		}
		return int(b.eta)
	})
	return list
}

// against is what speaks against a batch, whatever is left of it.
func against(line *modelLine, b *modelBatch) string {
	only := line.wishes.OnlyLocations.Names()
	switch {
	case only != nil && !slices.Contains(only, b.label.location):
		return "other_location"
	case b.expired():
		return "expired"
	case b.label.useBy > 0 && b.label.useBy < max(b.eta, today).AddDays(line.wishes.MinLife):
		return "short_life"
	}
	return ""
}

// spare is what a line may have of the stock in the warehouse.
func (m *model) spare(line *modelLine) int {
	if len(line.promises) > 0 || m.safety[line.sku] == 0 {
		return domain.MaxQty
	}
	spare := -m.safety[line.sku]
	for _, b := range m.batches {
		if b.sku == line.sku && b.eta == 0 && !b.expired() {
			spare += m.room(b)
		}
	}
	return max(0, spare)
}

func (m *model) largestFit(line *modelLine) (most int) {
	for _, b := range m.batches {
		room := m.room(b)
		if b.eta == 0 {
			room = min(room, m.spare(line))
		}
		if b.sku == line.sku && against(line, b) == "" {
			most = max(most, room)
		}
	}
	return most
}
