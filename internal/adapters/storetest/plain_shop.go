package storetest

import (
	"cmp"
	"fmt"
	"maps"
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
	policy  map[string]string // by SKU, if it is not the usual one
	safety  map[string]int    // by SKU: units
	batches []*modelBatch     // in order of creation
	lines   []*modelLine      // in order of acceptance
}

type modelBatch struct {
	ref, sku               string
	qty, firstQty, shipped int
	eta, firstETA          domain.Date
	closed                 bool
	label, firstLabel      modelLabel
}

type modelLabel struct {
	location string
	useBy    domain.Date
}

type modelLine struct {
	order, sku        string
	qty, firstQty     int
	state             string
	batch             string // while allocated, held or shipped
	until             domain.Instant
	priority          domain.Priority
	need              domain.Date
	shipped, returned int
	promises          []domain.Date // all that it was ever given, the first first
	wishes            domain.Wishes
	frozen            bool
}

func (l *modelLine) open() int      { return l.qty - l.shipped }
func (l *modelLine) has() bool      { return l.state == "allocated" || l.state == "held" }
func (l *modelLine) replay() answer { return answer{At: place(l.batch, l.state), Replayed: true} }

// place says where a line stands: its batch, and what else there is to say.
func place(batch, state string) string {
	switch {
	case batch == "":
		return state
	case state == "allocated":
		return batch
	}
	return batch + " " + state
}

func newModel() *model {
	return &model{names: map[string]string{}, short: map[string]bool{}, facts: map[string]int{}, policy: map[string]string{}, safety: map[string]int{}}
}

// do does a command.
func (m *model) do(message domain.Message) answer {
	switch c := message.(type) {
	case domain.DescribeProduct:
		return m.describe(c)
	case domain.SetPolicy:
		return m.setPolicy(c)
	case domain.ReplanProduct:
		return m.replan(c)
	case domain.CreateBatch:
		return m.add(c)
	case domain.Allocate:
		return m.allocate(c)
	case domain.AllocateOrder:
		return m.allocateOrder(c)
	case domain.ChangeBatchQuantity:
		return m.change(c.Ref, domain.To(c.Qty), domain.Change[domain.Date]{}, false)
	case domain.ChangeBatch:
		return m.changeAll(c)
	case domain.ReceiveBatch:
		return m.change(c.Ref, c.Qty, domain.To(domain.Date(0)), true)
	case domain.CloseBatch:
		return m.setClosed(c.Ref, true)
	case domain.ReopenBatch:
		return m.setClosed(c.Ref, false)
	}
	return m.aboutLine(message)
}

func (m *model) aboutLine(message domain.Message) answer {
	switch c := message.(type) {
	case domain.CancelLine:
		return m.tell(c.OrderID, c.SKU, true, m.cancel)
	case domain.ConfirmHold:
		return m.tell(c.OrderID, c.SKU, true, m.confirm)
	case domain.ReleaseHold:
		return m.tell(c.OrderID, c.SKU, true, m.release)
	case domain.ExpireHold:
		return m.tell(c.OrderID, c.SKU, true, func(l *modelLine) answer { return m.expire(l, c.At) })
	case domain.ShipLine:
		return m.tell(c.OrderID, c.SKU, c.Shipped >= 0, func(l *modelLine) answer { return m.ship(l, c.Shipped) })
	case domain.ReturnLine:
		return m.tell(c.OrderID, c.SKU, c.Returned > 0, func(l *modelLine) answer { return m.takeBack(l, c.Returned, c.BatchRef) })
	case domain.AmendLine:
		valid := (c.Qty.Given || c.Priority.Given || c.RequiredBy.Given || c.Frozen.Given) && (!c.Qty.Given || c.Qty.To > 0)
		return m.tell(c.OrderID, c.SKU, valid, func(l *modelLine) answer { return m.amend(l, c.Amendment) })
	}
	return answer{Code: fmt.Sprintf("%T is not in the model", message)}
}

// tell does something to a line that must be there.
func (m *model) tell(order, sku string, valid bool, does func(*modelLine) answer) answer {
	if order == "" || sku == "" || !valid {
		return answer{Code: domain.CodeValidationFailed}
	}
	line := m.line(order, sku)
	if line == nil {
		return answer{Code: domain.CodeUnknownLine}
	}
	return does(line)
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
	if c.Ref == "" || c.SKU == "" || c.Qty < 0 || c.UseBy > 0 && c.UseBy < c.ETA {
		return answer{Code: domain.CodeValidationFailed}
	}
	if b := m.batch(c.Ref); b != nil {
		if label := labelOf(c); b.sku != c.SKU || (b.eta != c.ETA || b.qty != c.Qty || b.label != label) && (b.firstETA != c.ETA || b.firstQty != c.Qty || b.firstLabel != label) {
			return answer{Code: domain.CodeBatchConflict}
		}
		return answer{Batch: m.shown(b), Replayed: true}
	}
	b := &modelBatch{ref: c.Ref, sku: c.SKU, qty: c.Qty, firstQty: c.Qty, eta: c.ETA, firstETA: c.ETA, label: labelOf(c), firstLabel: labelOf(c)}
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
	line := m.line(c.OrderID, c.SKU)
	if line != nil && line.state != "expired" {
		return m.repeat(line, c)
	}
	asked := modelLine{
		order: c.OrderID, sku: c.SKU, qty: c.Qty, firstQty: c.Qty, until: c.HoldUntil, priority: c.Priority, need: c.RequiredBy, wishes: c.Wishes,
	}
	b, passedOver := m.choose(&asked, c.Qty, "")
	if b == nil {
		m.ranOut(c.SKU)
		if c.OnShortage == domain.Refuse || c.HoldUntil > 0 {
			return answer{At: "refused", LargestFit: m.largestFit(&asked), PassedOver: passedOver}
		}
	}
	if line == nil {
		line = &modelLine{}
		m.lines = append(m.lines, line)
	}
	*line = asked
	return m.put(line, b, passedOver)
}

// allocateOrder allocates line by line. If all were to be allocated and one
// isn't, the shop is as it was.
func (m *model) allocateOrder(c domain.AllocateOrder) (a answer) {
	if c.OrderID == "" {
		return answer{Code: domain.CodeValidationFailed}
	}
	seen := map[string]bool{}
	for _, w := range c.Lines {
		if w.SKU == "" || w.Qty < 1 || seen[w.SKU] {
			return answer{Code: domain.CodeValidationFailed}
		}
		seen[w.SKU] = true
	}
	before := m.clone()
	for _, w := range c.Lines {
		one := m.allocate(domain.Allocate{
			OrderID: c.OrderID, SKU: w.SKU, Qty: w.Qty, OnShortage: c.OnShortage, Priority: w.Priority, RequiredBy: w.RequiredBy, HoldUntil: c.HoldUntil, Wishes: w.Wishes,
		})
		a.Lines = append(a.Lines, one)
		if lacks := one.Code != "" || one.At == "refused" || one.At == "backordered"; lacks && c.Mode == domain.AllLines {
			*m = before
			return answer{Code: domain.CodeOrderIncomplete}
		}
	}
	return a
}

func (m *model) clone() model {
	to := model{names: maps.Clone(m.names), short: maps.Clone(m.short), facts: maps.Clone(m.facts), policy: maps.Clone(m.policy), safety: maps.Clone(m.safety)}
	for _, b := range m.batches {
		same := *b
		to.batches = append(to.batches, &same)
	}
	for _, l := range m.lines {
		same := *l
		to.lines = append(to.lines, &same)
	}
	return to
}

// put gives a line the batch that was chosen for it, or has it wait.
func (m *model) put(line *modelLine, b *modelBatch, passedOver []string) answer {
	m.facts[line.sku]++
	if b == nil {
		line.state, line.batch = "backordered", ""
		return answer{At: "backordered", LargestFit: m.largestFit(line), PassedOver: passedOver}
	}
	line.state, line.batch = "allocated", b.ref
	if line.until > 0 {
		line.state = "held"
	}
	line.promises = append(line.promises, b.eta)
	return answer{At: place(line.batch, line.state), PassedOver: passedOver}
}

func (m *model) repeat(line *modelLine, c domain.Allocate) answer {
	switch {
	case line.state == "cancelled":
		return answer{Code: domain.CodeLineCancelled}
	case line.qty != c.Qty && line.firstQty != c.Qty:
		return answer{Code: domain.CodeLineConflict}
	case line.state == "held" && c.HoldUntil == 0:
		return m.confirm(line)
	case line.state == "held" && c.HoldUntil != line.until:
		line.until = c.HoldUntil
		m.facts[line.sku]++
		return answer{At: place(line.batch, line.state)}
	case line.state == "backordered":
		return answer{At: line.state, LargestFit: m.largestFit(line), Replayed: true}
	}
	return line.replay()
}

func (m *model) confirm(line *modelLine) answer {
	switch line.state {
	case "held":
		line.state, line.until = "allocated", 0
		m.facts[line.sku]++
		return answer{At: line.batch}
	case "expired":
		return answer{Code: domain.CodeHoldEnded}
	case "cancelled":
		return answer{Code: domain.CodeLineCancelled}
	}
	return line.replay()
}

func (m *model) release(line *modelLine) answer {
	switch line.state {
	case "held":
		return m.giveUp(line)
	case "expired", "cancelled":
		return line.replay()
	}
	return answer{Code: domain.CodeNotHeld}
}

func (m *model) expire(line *modelLine, at domain.Instant) answer {
	if line.state != "held" || line.until > at {
		return line.replay()
	}
	return m.giveUp(line)
}

func (m *model) giveUp(line *modelLine) answer {
	m.facts[line.sku] += 2
	line.state, line.batch, line.until = "expired", "", 0
	m.fill(line.sku)
	return answer{At: "expired"}
}

func (m *model) change(ref string, qty domain.Change[int], eta domain.Change[domain.Date], received bool) answer {
	if ref == "" || qty.To < 0 {
		return answer{Code: domain.CodeValidationFailed}
	}
	b := m.batch(ref)
	if b == nil {
		return answer{Code: domain.CodeUnknownBatch}
	}
	was, is := *b, *b
	if qty.Given {
		is.qty = qty.To
	}
	if eta.Given {
		is.eta = eta.To
	}
	switch {
	case received && was.eta == 0 && is.qty != was.qty:
		return answer{Code: domain.CodeBatchArrived}
	case is == was:
		return answer{Batch: m.shown(b), Replayed: true}
	case is.qty < b.shipped:
		return answer{Code: domain.CodeBelowShipped}
	case is.eta > 0 && is.eta != was.eta && b.shipped > 0:
		return answer{Code: domain.CodeBatchArrived}
	}
	*b = is
	if is.qty != was.qty {
		m.supplyChanged(b.sku)
	}
	if is.eta != was.eta {
		m.facts[b.sku]++
	}
	m.displace(b)
	for _, line := range m.lines {
		if line.batch == ref && line.has() && line.promises[len(line.promises)-1] != b.eta {
			line.promises = append(line.promises, b.eta)
			m.facts[b.sku]++
		}
	}
	m.fill(b.sku)
	return answer{Batch: m.shown(b)}
}

// displace has those lose their place that no longer fit: of the lowest
// priority the youngest first. Those served first are placed anew first.
func (m *model) displace(b *modelBatch) {
	var displaced []*modelLine
	for _, line := range slices.Backward(m.queue(func(l *modelLine) bool { return l.batch == b.ref && l.has() })) {
		if m.free(b) < 0 {
			line.batch = ""
			displaced = append(displaced, line)
		}
	}
	for _, line := range slices.Backward(displaced) {
		to, _ := m.choose(line, line.open(), b.ref)
		if to == b {
			line.batch = b.ref
			continue
		}
		m.facts[b.sku]++
		if to == nil {
			m.ranOut(b.sku)
		}
		if to == nil && line.state == "held" {
			line.state, line.until = "expired", 0
			m.facts[b.sku]++
			continue
		}
		m.put(line, to, nil)
	}
}

func (m *model) setClosed(ref string, closed bool) answer {
	if ref == "" {
		return answer{Code: domain.CodeValidationFailed}
	}
	b := m.batch(ref)
	if b == nil {
		return answer{Code: domain.CodeUnknownBatch}
	}
	if b.closed == closed {
		return answer{Batch: m.shown(b), Replayed: true}
	}
	b.closed = closed
	m.supplyChanged(b.sku)
	m.fill(b.sku)
	return answer{Batch: m.shown(b)}
}

func (m *model) cancel(line *modelLine) answer {
	switch {
	case line.state == "cancelled":
		return line.replay()
	case line.state == "shipped":
		return answer{Code: domain.CodeLineShipped}
	case line.has():
		m.facts[line.sku]++
	}
	line.state, line.batch, line.until = "cancelled", "", 0
	m.facts[line.sku]++
	m.fill(line.sku)
	return answer{At: "cancelled"}
}

func (m *model) ship(line *modelLine, total int) answer {
	if total == 0 {
		total = line.qty
	}
	switch {
	case total == line.shipped:
		return line.replay()
	case line.state == "cancelled":
		return answer{Code: domain.CodeLineCancelled}
	case total > line.qty:
		return answer{Code: domain.CodeTooManyUnits}
	case total < line.shipped:
		return answer{Code: domain.CodeBelowShipped}
	case line.state != "allocated":
		return answer{Code: domain.CodeNothingToShip}
	case m.batch(line.batch).eta > 0:
		return answer{Code: domain.CodeBatchNotArrived}
	}
	m.batch(line.batch).shipped += total - line.shipped
	line.shipped = total
	if line.open() == 0 {
		line.state = "shipped"
	}
	m.facts[line.sku]++
	return answer{At: place(line.batch, line.state)}
}

func (m *model) takeBack(line *modelLine, total int, ref string) answer {
	if ref != "" && m.batch(ref) == nil {
		return answer{Code: domain.CodeUnknownBatch}
	}
	ref = cmp.Or(ref, line.batch)
	switch {
	case total > line.shipped || total < line.returned:
		return answer{Code: domain.CodeTooManyUnits}
	case total == line.returned:
		return line.replay()
	case ref == "":
		return answer{Code: domain.CodeValidationFailed}
	case m.batch(ref).sku != line.sku:
		return answer{Code: domain.CodeUnknownBatch}
	case m.batch(ref).eta > 0:
		return answer{Code: domain.CodeBatchNotArrived}
	}
	m.batch(ref).qty += total - line.returned
	line.returned = total
	m.supplyChanged(line.sku)
	at := place(line.batch, line.state)
	m.fill(line.sku)
	return answer{At: at}
}

func (m *model) amend(line *modelLine, to domain.Amendment) answer {
	resized := to.Qty.Given && to.Qty.To != line.qty
	qty := to.Qty.To
	switch {
	case line.state == "cancelled":
		return answer{Code: domain.CodeLineCancelled}
	case line.state == "expired":
		return answer{Code: domain.CodeHoldEnded}
	case resized && line.state == "shipped":
		return answer{Code: domain.CodeLineShipped}
	case resized && qty <= line.shipped:
		return answer{Code: domain.CodeBelowShipped}
	case resized && line.has() && m.outgrows(line, qty):
		if b, _ := m.choose(line, qty-line.shipped, ""); !to.MayMove || b == nil && line.state == "held" {
			return answer{Code: domain.CodeLineWouldMove}
		}
	}
	terms := to.Priority.Given && to.Priority.To != line.priority || to.RequiredBy.Given && to.RequiredBy.To != line.need || to.Frozen.Given && to.Frozen.To != line.frozen
	if terms {
		m.facts[line.sku]++
	}
	if to.Priority.Given {
		line.priority = to.Priority.To
	}
	if to.RequiredBy.Given {
		line.need = to.RequiredBy.To
	}
	if to.Frozen.Given {
		line.frozen = to.Frozen.To
	}
	if resized {
		return m.resize(line, qty)
	}
	return answer{At: place(line.batch, line.state), Replayed: !terms}
}

// outgrows reports whether the batch of a line has too little for it.
func (m *model) outgrows(line *modelLine, qty int) bool {
	b := m.batch(line.batch)
	return qty > line.qty && (b.expired() || qty-line.qty > m.room(b))
}

func (m *model) resize(line *modelLine, qty int) answer {
	moves := line.has() && m.outgrows(line, qty)
	m.facts[line.sku]++
	line.qty = qty
	a := answer{At: place(line.batch, line.state)}
	if moves {
		m.facts[line.sku]++
		line.state, line.batch = "nowhere", ""
	}
	if moves || line.state == "backordered" {
		to, passedOver := m.choose(line, line.open(), "")
		if to == nil && moves {
			m.ranOut(line.sku)
		}
		if to == nil && !moves {
			a.LargestFit = m.largestFit(line)
		} else {
			a = m.put(line, to, passedOver)
		}
	}
	m.fill(line.sku)
	return a
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
	free := b.qty - b.shipped
	for _, line := range m.lines {
		if line.batch == b.ref && line.has() {
			free -= line.open()
		}
	}
	return free
}

func (m *model) room(b *modelBatch) int {
	if b.closed {
		return 0
	}
	return m.free(b)
}

// queue is the lines that keep picks, in the order in which they are served.
func (m *model) queue(keep func(*modelLine) bool) (lines []*modelLine) {
	for number := 9; number >= 0; number-- {
		for _, line := range m.lines {
			if line.priority.Number() == number && keep(line) {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

// fill gives every line that waits, in the order of the queue, what it can have.
func (m *model) fill(sku string) {
	for _, line := range m.queue(func(l *modelLine) bool { return l.sku == sku && l.state == "backordered" }) {
		if b, _ := m.choose(line, line.open(), ""); b != nil {
			m.put(line, b, nil)
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
