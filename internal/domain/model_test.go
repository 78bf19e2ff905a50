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
	policy  string
	safety  int                 // units
	today   int                 // a day, as an ETA
	aside   []string            // what the last command made known, but for lines
	ofLines map[string][]string // what it made known of lines, by order
}

type modelBatch struct {
	ref                string
	qty, eta           int // eta 0 is the warehouse
	firstQty, firstETA int
	shipped            int
	closed             bool
	label, firstLabel  modelLabel
}

type modelLabel struct {
	location string
	useBy    int // a day; 0: it keeps
}

type modelLine struct {
	order             string
	qty, firstQty     int
	state             string
	batch             string // while allocated, held or shipped
	until             int    // while held
	priority          int
	need              int // the day when it is needed; 0: as soon as possible
	shipped, returned int
	frozen            bool
	promises          []int    // all that it was ever given, the first first
	likes             []string // locations, the best first
	only              bool     // it takes no others
	minLife           int      // days
}

// answer is what became of a command, as far as its sender is told.
type answer struct {
	Code       string // of the error, if it is one
	At         string // where the line stands
	LargestFit int
	PassedOver []string
	Replayed   bool
	Moved      string // how many of how many lines
}

func (l *modelLine) open() int      { return l.qty - l.shipped }
func (l *modelLine) has() bool      { return l.state == "allocated" || l.state == "held" }
func (l *modelLine) place() string  { return place(l.batch, l.state) }
func (l *modelLine) replay() answer { return answer{At: l.place(), Replayed: true} }

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

func (m *model) tell(l *modelLine, format string, args ...any) {
	m.ofLines[l.order] = append(m.ofLines[l.order], l.order+" "+fmt.Sprintf(format, args...))
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

// choose returns the batch for a line, as if it were of qty, or nil, and the
// open batches that come before it: five, and how many more. A line of the
// batch own may stay there even if it is closed.
func (m *model) choose(line *modelLine, qty int, own string) (best *modelBatch, passedOver []string) {
	if m.policy == "latest_on_time" && line.need > 0 {
		if best, passedOver = m.search(line, qty, own, true); best != nil {
			return best, passedOver
		}
	}
	return m.search(line, qty, own, false)
}

func (m *model) search(line *modelLine, qty int, own string, onTime bool) (best *modelBatch, passedOver []string) {
	for _, b := range m.inOrder(line, onTime) {
		free := m.room(b)
		if b.ref == own {
			free = m.free(b)
		}
		reason := m.against(line, b)
		switch {
		case reason != "":
		case onTime && b.eta > line.need:
			reason = "too_late"
		case free < qty:
			reason = "too little"
		case b.eta == 0 && qty > m.spare(line):
			reason = "safety_stock"
		default:
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
func (m *model) inOrder(line *modelLine, latestFirst bool) []*modelBatch {
	list := slices.Clone(m.batches)
	by := func(key func(*modelBatch) int) {
		slices.SortStableFunc(list, func(a, b *modelBatch) int { return cmp.Compare(key(a), key(b)) })
	}
	by(func(b *modelBatch) int {
		if i := slices.Index(line.likes, b.label.location); i >= 0 {
			return i
		}
		return 99
	})
	if m.policy == "first_expired" {
		by(func(b *modelBatch) int { return cmp.Or(b.label.useBy, 99) })
	}
	by(func(b *modelBatch) int {
		if latestFirst {
			return -b.eta
		}
		return b.eta
	})
	return list
}

// against is what speaks against a batch, whatever is left of it.
func (m *model) against(line *modelLine, b *modelBatch) string {
	from := max(b.eta, m.today)
	switch {
	case line.only && !slices.Contains(line.likes, b.label.location):
		return "other_location"
	case b.label.useBy > 0 && b.label.useBy < from:
		return "expired"
	case b.label.useBy > 0 && b.label.useBy < from+line.minLife:
		return "short_life"
	}
	return ""
}

// spare is what a line may have of the stock in the warehouse.
func (m *model) spare(line *modelLine) int {
	if len(line.promises) > 0 || m.safety == 0 {
		return 1000
	}
	spare := -m.safety
	for _, b := range m.batches {
		if b.eta == 0 && (b.label.useBy == 0 || b.label.useBy >= m.today) {
			spare += m.room(b)
		}
	}
	return max(0, spare)
}

func (m *model) largestFit(line *modelLine) int {
	most := 0
	for _, b := range m.batches {
		room := m.room(b)
		if b.eta == 0 {
			room = min(room, m.spare(line))
		}
		if m.against(line, b) == "" {
			most = max(most, room)
		}
	}
	return most
}

// queue is the lines that keep picks, in the order in which they are served.
func (m *model) queue(keep func(*modelLine) bool) (lines []*modelLine) {
	for priority := 9; priority >= 0; priority-- {
		for _, line := range m.lines {
			if line.priority == priority && keep(line) {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

func (m *model) add(ref string, qty, eta int, label modelLabel) answer {
	if b := m.batch(ref); b != nil {
		if (b.eta != eta || b.qty != qty || b.label != label) && (b.firstETA != eta || b.firstQty != qty || b.firstLabel != label) {
			return answer{Code: "batch_conflict"}
		}
		return answer{Replayed: true}
	}
	m.batches = append(m.batches, &modelBatch{ref: ref, qty: qty, eta: eta, firstQty: qty, firstETA: eta, label: label, firstLabel: label})
	m.supplyChanged("%s: %d units", ref, qty)
	m.fill()
	return answer{}
}

// wish is a line that is asked for.
type wish struct {
	order          string
	qty            int
	refuse         bool
	until          int // if it is but a hold
	priority, need int
	likes          []string
	only           bool
	minLife        int
}

func (m *model) allocate(w wish) answer {
	line := m.line(w.order)
	if line != nil && line.state != "expired" {
		return m.repeat(line, w)
	}
	asked := modelLine{
		order: w.order, qty: w.qty, firstQty: w.qty, until: w.until, priority: w.priority, need: w.need,
		likes: w.likes, only: w.only, minLife: w.minLife,
	}
	b, passedOver := m.choose(&asked, w.qty, "")
	if b == nil {
		m.ranOut(&asked)
		if w.refuse || w.until > 0 {
			return answer{At: "refused", LargestFit: m.largestFit(&asked), PassedOver: passedOver}
		}
	}
	if line == nil {
		line = &modelLine{}
		m.lines = append(m.lines, line)
	}
	*line = asked
	return m.put(line, b, passedOver, "")
}

// put gives a line the batch that was chosen for it, or has it wait.
func (m *model) put(line *modelLine, b *modelBatch, passedOver []string, from string) answer {
	if b == nil {
		line.state, line.batch = "backordered", ""
		m.tell(line, "backordered")
		return answer{At: "backordered", LargestFit: m.largestFit(line), PassedOver: passedOver}
	}
	line.state, line.batch = "allocated", b.ref
	if line.until > 0 {
		line.state = "held"
	}
	line.promises = append(line.promises, b.eta)
	if from != "" {
		m.tell(line, "allocated in %s, moved from %s", b.ref, from)
	} else {
		m.tell(line, "allocated in %s", b.ref)
	}
	return answer{At: line.place(), PassedOver: passedOver}
}

func (m *model) repeat(line *modelLine, w wish) answer {
	switch {
	case line.state == "cancelled":
		return answer{Code: "line_cancelled"}
	case line.qty != w.qty && line.firstQty != w.qty:
		return answer{Code: "line_conflict"}
	case line.state == "held" && w.until == 0:
		return m.confirm(line)
	case line.state == "held" && w.until != line.until:
		line.until = w.until
		m.tell(line, "held until %d", w.until)
		return answer{At: line.place()}
	case line.state == "backordered":
		return answer{At: line.place(), LargestFit: m.largestFit(line), Replayed: true}
	}
	return line.replay()
}

func (m *model) confirm(line *modelLine) answer {
	switch line.state {
	case "held":
		line.state, line.until = "allocated", 0
		m.tell(line, "confirmed")
		return answer{At: line.place()}
	case "expired":
		return answer{Code: "hold_ended"}
	case "cancelled":
		return answer{Code: "line_cancelled"}
	}
	return line.replay()
}

func (m *model) release(line *modelLine) answer {
	switch line.state {
	case "held":
		return m.giveUp(line, "hold_released")
	case "expired", "cancelled":
		return line.replay()
	}
	return answer{Code: "not_held"}
}

func (m *model) expire(line *modelLine, at int) answer {
	if line.state != "held" || line.until > at {
		return line.replay()
	}
	return m.giveUp(line, "hold_expired")
}

func (m *model) giveUp(line *modelLine, reason string) answer {
	m.tell(line, "deallocated from %s: %s", line.batch, reason)
	m.end(line, reason)
	m.fill()
	return answer{At: "expired"}
}

func (m *model) end(line *modelLine, reason string) {
	m.tell(line, "ended: %s", reason)
	line.state, line.batch, line.until = "expired", "", 0
}

// change changes what is not negative.
func (m *model) change(ref string, qty, eta int, received bool) answer {
	b := m.batch(ref)
	was := *b
	if qty < 0 {
		qty = b.qty
	}
	if eta < 0 {
		eta = b.eta
	}
	switch {
	case received && b.eta == 0 && qty != b.qty:
		return answer{Code: "batch_arrived"}
	case qty == b.qty && eta == b.eta:
		return answer{Replayed: true}
	case qty < b.shipped:
		return answer{Code: "below_shipped"}
	case eta > 0 && eta != b.eta && b.shipped > 0:
		return answer{Code: "batch_arrived"}
	}
	b.qty, b.eta = qty, eta
	if qty != was.qty {
		m.supplyChanged("%s: %d units, not %d", ref, qty, was.qty)
	}
	if received && was.eta != eta {
		m.aside = append(m.aside, fmt.Sprintf("%s: %d units arrived", ref, qty))
	} else if was.eta != eta {
		m.aside = append(m.aside, fmt.Sprintf("%s comes on %s, not %s", ref, day(eta), day(was.eta)))
	}
	m.displace(b)
	for _, line := range m.lines {
		if line.batch == ref && line.has() && line.promises[len(line.promises)-1] != eta {
			line.promises = append(line.promises, eta)
			m.tell(line, "promised for %s", day(eta))
		}
	}
	m.fill()
	return answer{}
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
		m.tell(line, "deallocated from %s: batch_shrunk", b.ref)
		if to == nil {
			m.ranOut(line)
		}
		switch {
		case to == nil && line.state == "held":
			m.end(line, "batch_shrunk")
		default:
			m.put(line, to, nil, b.ref)
		}
	}
}

func (m *model) relabel(ref string, to modelLabel) answer {
	b := m.batch(ref)
	if b.label == to {
		return answer{Replayed: true}
	}
	b.label = to
	m.supplyChanged("%s: at %s until %s", ref, to.location, day(to.useBy))
	m.fill()
	return answer{}
}

func (m *model) setPolicy(policy string, safety int) answer {
	if m.policy == policy && m.safety == safety {
		return answer{Replayed: true}
	}
	m.policy, m.safety = policy, safety
	m.supplyChanged("%s, keeping %d", policy, safety)
	m.fill()
	return answer{}
}

func (m *model) setClosed(ref string, closed bool) answer {
	b := m.batch(ref)
	if b.closed == closed {
		return answer{Replayed: true}
	}
	b.closed = closed
	m.supplyChanged("%s: closed %t", ref, closed)
	m.fill()
	return answer{}
}

func (m *model) cancel(line *modelLine) answer {
	switch line.state {
	case "cancelled":
		return line.replay()
	case "shipped":
		return answer{Code: "line_shipped"}
	}
	if line.has() {
		m.tell(line, "deallocated from %s: cancelled", line.batch)
	}
	line.state, line.batch, line.until = "cancelled", "", 0
	m.tell(line, "cancelled")
	m.fill()
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
		return answer{Code: "line_cancelled"}
	case total > line.qty:
		return answer{Code: "too_many_units"}
	case total < line.shipped:
		return answer{Code: "below_shipped"}
	case line.state != "allocated":
		return answer{Code: "nothing_to_ship"}
	case m.batch(line.batch).eta > 0:
		return answer{Code: "batch_not_arrived"}
	}
	m.batch(line.batch).shipped += total - line.shipped
	line.shipped = total
	if line.open() == 0 {
		line.state = "shipped"
	}
	m.tell(line, "shipped %d from %s", total, line.batch)
	return answer{At: line.place()}
}

func (m *model) takeBack(line *modelLine, total int, ref string) answer {
	ref = cmp.Or(ref, line.batch)
	switch {
	case total > line.shipped || total < line.returned:
		return answer{Code: "too_many_units"}
	case total == line.returned:
		return line.replay()
	case ref == "":
		return answer{Code: "validation_failed"}
	case m.batch(ref).eta > 0:
		return answer{Code: "batch_not_arrived"}
	}
	m.batch(ref).qty += total - line.returned
	line.returned = total
	m.short = false
	m.tell(line, "returned %d to %s", total, ref)
	at := line.place()
	m.fill()
	return answer{At: at}
}

// amend changes what is not negative.
func (m *model) amend(line *modelLine, qty, priority, need int, mayMove bool) answer {
	resized := qty >= 0 && qty != line.qty
	switch {
	case line.state == "cancelled":
		return answer{Code: "line_cancelled"}
	case line.state == "expired":
		return answer{Code: "hold_ended"}
	case resized && line.state == "shipped":
		return answer{Code: "line_shipped"}
	case resized && qty <= line.shipped:
		return answer{Code: "below_shipped"}
	case resized && line.has() && m.outgrows(line, qty):
		if to, _ := m.choose(line, qty-line.shipped, ""); !mayMove || to == nil && line.state == "held" {
			return answer{Code: "line_would_move"}
		}
	}
	terms := priority >= 0 && priority != line.priority || need >= 0 && need != line.need
	if terms {
		if priority >= 0 {
			line.priority = priority
		}
		if need >= 0 {
			line.need = need
		}
		m.tellTerms(line)
	}
	if resized {
		return m.resize(line, qty)
	}
	return answer{At: line.place(), Replayed: !terms}
}

func (m *model) tellTerms(line *modelLine) {
	m.tell(line, "priority %d, needed on %s, frozen %t", line.priority, day(line.need), line.frozen)
}

func (m *model) freeze(line *modelLine, frozen bool) answer {
	switch {
	case line.state == "cancelled":
		return answer{Code: "line_cancelled"}
	case line.state == "expired":
		return answer{Code: "hold_ended"}
	case line.frozen == frozen:
		return line.replay()
	}
	line.frozen = frozen
	m.tellTerms(line)
	return answer{At: line.place()}
}

// replan takes all that may move out of its place, and puts each into the best
// there is then, the most urgent first.
func (m *model) replan() answer {
	var lines []*modelLine
	was := map[*modelLine]string{}
	for _, line := range m.queue(func(l *modelLine) bool { return l.state == "allocated" || l.state == "backordered" }) {
		if !line.frozen && line.shipped == 0 {
			lines = append(lines, line)
			was[line], line.batch, line.state = line.batch, "", "nowhere"
		}
	}
	slices.SortStableFunc(lines, func(a, b *modelLine) int {
		return cmp.Or(cmp.Compare(b.priority, a.priority), cmp.Compare(cmp.Or(a.need, 99), cmp.Or(b.need, 99)))
	})
	to := map[*modelLine]*modelBatch{}
	for _, line := range lines {
		if b := m.relocate(line, m.batch(was[line])); b != nil {
			to[line], line.batch, line.state = b, b.ref, "allocated"
		}
	}
	moved := 0
	for _, line := range lines {
		if line.batch != was[line] {
			moved++
		}
		if was[line] != "" && line.batch != was[line] {
			m.tell(line, "deallocated from %s: replan", was[line])
		}
	}
	for _, line := range lines {
		switch {
		case line.batch == was[line] && line.batch == "":
			line.state = "backordered"
		case line.batch == was[line]:
		default:
			if to[line] == nil {
				m.ranOut(line)
			}
			m.put(line, to[line], nil, was[line])
		}
	}
	m.fill()
	return answer{Moved: fmt.Sprintf("%d of %d", moved, len(lines))}
}

// relocate is the best batch for a line, which had own: another one has to come
// earlier, or own to be of no use any more.
func (m *model) relocate(line *modelLine, own *modelBatch) *modelBatch {
	if own == nil {
		best, _ := m.choose(line, line.open(), "")
		return best
	}
	best, _ := m.choose(line, line.open(), own.ref)
	if m.free(own) < line.open() {
		return best
	}
	if best != nil && (best.eta < own.eta || m.against(line, own) != "") {
		return best
	}
	return own
}

// outgrows reports whether the batch of a line has too little for it.
func (m *model) outgrows(line *modelLine, qty int) bool {
	b := m.batch(line.batch)
	expired := b.label.useBy > 0 && b.label.useBy < max(b.eta, m.today)
	return qty > line.qty && (expired || qty-line.qty > m.room(b))
}

func (m *model) resize(line *modelLine, qty int) answer {
	was, moves := line.batch, line.has() && m.outgrows(line, qty)
	if moves {
		m.tell(line, "deallocated from %s: amended", was)
		line.state, line.batch = "nowhere", ""
	}
	m.tell(line, "%d units, not %d", qty, line.qty)
	line.qty = qty
	a := answer{At: line.place()}
	if moves || line.state == "backordered" {
		to, passedOver := m.choose(line, line.open(), "")
		switch {
		case to == nil && !moves:
			a.LargestFit = m.largestFit(line)
		case to == nil:
			m.ranOut(line)
			fallthrough
		default:
			a = m.put(line, to, passedOver, was)
		}
	}
	m.fill()
	return a
}

// fill gives every line that waits, in the order of the queue, what it can have.
func (m *model) fill() {
	for _, line := range m.queue(func(l *modelLine) bool { return l.state == "backordered" }) {
		if b, _ := m.choose(line, line.open(), ""); b != nil {
			m.put(line, b, nil, "")
		}
	}
}

func (m *model) supplyChanged(format string, args ...any) {
	m.short = false
	m.aside = append(m.aside, fmt.Sprintf(format, args...))
}

func (m *model) ranOut(line *modelLine) {
	if !m.short {
		m.short = true
		m.aside = append(m.aside, fmt.Sprintf("out of stock for %s, at most %d", line.order, m.largestFit(line)))
	}
}

func (m *model) standing() standing {
	s := standing{}
	for _, line := range m.lines {
		s[line.order] = line.place()
	}
	return s
}
