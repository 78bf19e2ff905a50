package service

import (
	"cmp"
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"allot/internal/domain"
)

// session is what the units of work in one transaction share: the world as of
// the last unit of work that succeeded.
type session struct {
	tx       reader
	now      time.Time
	today    domain.Date             // where now was told
	products *catalog                // as of now
	from     map[string]int64        // SKU -> version as loaded, 0 if there was none
	batches  map[string]domain.Batch // as of now, by reference; zero if there is none
	lines    map[lineKey]int         // where in states; nowhere if there is no such line
	numbers  map[Sequence]numbers
	size     int // about so many units of work

	edited  map[int64]string   // references of batches changed by this transaction, by Seq
	fresh   map[Sequence]int64 // the first number that this transaction reserved
	bySKU   map[string][]int
	indexed int          // how many of changed are in bySKU
	answers []KeptAnswer // to be kept, by this transaction
	inbox
	*room

	answered map[AnswerID]KeptAnswer // to requests that calls made, now or before

	broken error      // the transaction itself failed; nothing of it can be kept
	uow    UnitOfWork // the present one; there is one at a time
}

// room is where a session has its lines and events. It is much, and filled anew
// for each transaction: one session after the other uses the same.
type room struct {
	states  []lineState
	changed []int // lines changed by this transaction, where in states
	events  []Envelope
	written []LineChange // what changes returns of them
}

var rooms = sync.Pool{New: func() any { return new(room) }}

// mostRoom is for how many lines and events room is kept.
const mostRoom = 16 << 10

func (r *room) emptied(n int) *room {
	r.states, r.changed = slices.Grow(r.states[:0], n), slices.Grow(r.changed[:0], n)
	r.events, r.written = slices.Grow(r.events[:0], n), r.written[:0]
	return r
}

// leave gives the room to others. Nobody may look at the session any more.
func (s *session) leave() {
	if cap(s.states) <= mostRoom && cap(s.events) <= mostRoom {
		rooms.Put(s.room)
	}
	s.room = nil
}

// reader is what a session needs of a transaction while units of work run.
type reader interface {
	Reader
	Reserve(ctx context.Context, s Sequence, n int) (int64, error)
}

// lineKey identifies an order line: there is one per order and SKU.
type lineKey = LineID

func keyOf(l domain.Line) lineKey { return lineKey{l.OrderID, l.SKU} }

// nowhere is the place of a line that was asked for and doesn't exist.
const nowhere = -1

// lineState is a line as of now.
type lineState struct {
	domain.Line
	changed, added bool
	event          int   // in session.events, of its reason; NoEvent if that is the one it had
	more           []int // in session.events, of all else that happened to it
}

// numbers are reserved: next up to end, which is not among them.
type numbers struct{ next, end int64 }

// newSession returns a session for about n units of work.
func newSession(tx reader, now time.Time, products *catalog, n int) *session {
	s := &session{
		tx: tx, now: now.UTC().Truncate(time.Microsecond), today: domain.NewDate(now.Date()), products: products, size: n,
		from:    make(map[string]int64, n),
		batches: map[string]domain.Batch{},
		lines:   make(map[lineKey]int, n),
		numbers: make(map[Sequence]numbers, 2),
		fresh:   make(map[Sequence]int64, 2),
		edited:  make(map[int64]string, n),
		room:    rooms.Get().(*room).emptied(n),

		answered: map[AnswerID]KeptAnswer{},
	}
	s.uow = UnitOfWork{s: s, Products: Products{s: s}, Lines: Lines{s: s}}
	return s
}

// try runs fn in a unit of work of its own, and keeps what it did only if it
// returns nil.
func (s *session) try(ctx context.Context, c *call) (err error) {
	reserved := [...]numbers{s.numbers[BatchSeq], s.numbers[LineSeq]}
	defer func() {
		if r := recover(); r != nil { // one caller's panic must not take the others down
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
		if err != nil { // what was not used is given to the next
			s.numbers[BatchSeq], s.numbers[LineSeq] = reserved[0], reserved[1]
		}
	}()
	if c.receipt != nil {
		if err := s.admit(ctx, *c.receipt); err != nil {
			return err
		}
	}
	s.uow.begin(c.command)
	if err := c.fn(ctx, &s.uow); err != nil {
		return err
	}
	s.uow.CollectNewEvents()
	if err := s.keep(&s.uow); err != nil {
		return s.noteBroken(err) // half of it may have been kept
	}
	if c.receipt != nil {
		s.receive(*c.receipt, s.now)
	}
	c.kept(s.uow.events)
	return nil
}

// keep makes what a unit of work did part of the world. Versions are handed
// out here, so that a unit of work that is dropped leaves no gap.
func (s *session) keep(uow *UnitOfWork) error {
	versions := uow.number()
	for i, p := range uow.Products.drafts {
		if err := s.settle(p, versions[i]); err != nil {
			return err
		}
	}
	for i := range uow.Lines.changed {
		s.enter(&uow.Lines.changed[i], len(s.events))
	}
	s.events = append(s.events, uow.events...)
	return nil
}

// settle makes a product, with so many events more, the one that others see.
func (s *session) settle(p *domain.Product, events int) error {
	if events == 0 {
		return nil // nothing happened to it
	}
	edits, err := p.Settle(events)
	if err != nil {
		return err
	}
	for _, b := range edits {
		s.edited[b.Seq], s.batches[b.Ref] = b.Ref, b
	}
	s.products.put(p)
	return nil
}

// enter notes where a line stands now. The events of its unit of work begin at
// base.
func (s *session) enter(line *changedLine, base int) {
	i, known := s.lines[keyOf(line.Line)]
	if !known || i == nowhere {
		i = len(s.states)
		s.lines[keyOf(line.Line)] = i
		s.states = append(s.states, lineState{added: s.isNew(LineSeq, line.Seq)})
	}
	st := &s.states[i]
	if !st.changed {
		s.changed = append(s.changed, i)
		st.changed, st.event = true, NoEvent
	}
	st.Line = line.Line
	switch event := base + line.event; {
	case !line.places:
		st.more = append(st.more, event)
	case st.event != NoEvent:
		st.more = append(st.more, st.event)
		fallthrough
	default:
		st.event = event
	}
}

// note remembers a line that is stored and that nobody has changed.
func (s *session) note(line domain.Line) {
	if i, known := s.lines[keyOf(line)]; !known || i == nowhere {
		s.lines[keyOf(line)] = len(s.states)
		s.states = append(s.states, lineState{Line: line})
	}
}

// seen is the line as of now, as far as anybody has asked for it.
func (s *session) seen(key lineKey) domain.Line {
	if i, known := s.lines[key]; known && i != nowhere {
		return s.states[i].Line
	}
	return domain.Line{}
}

func (s *session) isChanged(key lineKey) bool {
	i, known := s.lines[key]
	return known && i != nowhere && s.states[i].changed
}

// product returns the product as of now, or nil if there is none.
func (s *session) product(ctx context.Context, sku string) (*domain.Product, error) {
	if _, seen := s.from[sku]; !seen {
		if err := s.load(ctx, Want{Products: []Known{{sku, s.products.version(sku)}}}); err != nil {
			return nil, err
		}
	}
	return s.products.get(sku), nil
}

// batch returns the batch as of now; zero if there is none.
func (s *session) batch(ctx context.Context, ref string) (domain.Batch, error) {
	if b, known := s.batches[ref]; known {
		return b, nil
	}
	err := s.load(ctx, Want{Batches: []string{ref}})
	return s.batches[ref], err
}

// line returns the line as of now; zero if there is none.
func (s *session) line(ctx context.Context, key lineKey) (domain.Line, error) {
	if _, known := s.lines[key]; !known {
		if err := s.load(ctx, Want{Lines: []LineID{key}}); err != nil {
			return domain.Line{}, err
		}
	}
	return s.seen(key), nil
}

// changedOf returns where in states the lines of a SKU are that were changed so
// far.
func (s *session) changedOf(sku string) []int {
	if s.bySKU == nil {
		s.bySKU = map[string][]int{}
	}
	for _, i := range s.changed[s.indexed:] {
		s.bySKU[s.states[i].SKU] = append(s.bySKU[s.states[i].SKU], i)
	}
	s.indexed = len(s.changed)
	return s.bySKU[sku]
}

// number returns the next number of a sequence.
func (s *session) number(ctx context.Context, seq Sequence) (int64, error) {
	n := s.numbers[seq]
	if n.next == n.end {
		first, err := s.tx.Reserve(ctx, seq, s.size)
		if err != nil {
			return 0, s.noteBroken(err)
		}
		n = numbers{first, first + int64(s.size)}
		if _, known := s.fresh[seq]; !known {
			s.fresh[seq] = first
		}
	}
	n.next++
	s.numbers[seq] = n
	return n.next - 1, nil
}

// isNew reports whether a number was given out by this transaction. What it
// names is not stored yet, whoever mentions it.
func (s *session) isNew(seq Sequence, number int64) bool {
	first, reserved := s.fresh[seq]
	return reserved && number >= first
}

// holds reports whether the products that a call is about are loaded, and it
// needs nothing else but lines of them.
func (s *session) holds(c *call) bool {
	if c.about.SKU == "" || c.about.BatchRef != "" || c.receipt != nil {
		return false
	}
	return s.has(c.about.SKU) && !slices.ContainsFunc(c.about.SKUs, func(sku string) bool { return !s.has(sku) })
}

// has reports whether a product is loaded.
func (s *session) has(sku string) bool {
	_, seen := s.from[sku]
	return seen && s.products.get(sku) != nil
}

// prefetch loads in one go what all of the calls are about.
func (s *session) prefetch(ctx context.Context, calls []*call) error {
	return s.load(ctx, s.wants(calls))
}

// prefetchMore loads what calls are about whose products are loaded. It names
// these once more, as they are known.
func (s *session) prefetchMore(ctx context.Context, calls []*call) error {
	want := s.wants(calls)
	named := map[string]bool{}
	for _, id := range want.Lines {
		if !named[id.SKU] {
			named[id.SKU] = true
			want.Products = append(want.Products, Known{id.SKU, s.products.version(id.SKU)})
		}
	}
	return s.load(ctx, want)
}

// wants is what calls are about, but for what is known.
func (s *session) wants(calls []*call) (want Want) {
	for _, c := range calls {
		s.wantLine(&want, c.about.SKU, c.about.OrderID)
		for _, sku := range c.about.SKUs {
			s.wantLine(&want, sku, c.about.OrderID)
		}
		if ref := c.about.BatchRef; ref != "" {
			want.Batches = append(want.Batches, ref)
		}
		if c.receipt != nil {
			want.Receipts = append(want.Receipts, *c.receipt)
		}
		if c.once.Key != "" {
			want.Answers = append(want.Answers, c.once)
		}
	}
	return want
}

// wantLine adds to want a product, and the line of an order for it, unless they
// are known.
func (s *session) wantLine(want *Want, sku, order string) {
	if sku == "" {
		return
	}
	if _, seen := s.from[sku]; !seen {
		known := Known{sku, s.products.version(sku)}
		s.from[sku] = known.Version
		want.Products = append(want.Products, known)
	}
	if order == "" {
		return
	}
	key := lineKey{order, sku}
	if _, known := s.lines[key]; !known {
		s.lines[key] = nowhere
		want.Lines = append(want.Lines, key)
	}
}

// load adds to the world what it doesn't hold yet.
func (s *session) load(ctx context.Context, want Want) error {
	found, err := s.tx.Load(ctx, want)
	if err != nil {
		return s.noteBroken(err)
	}
	s.remember(want.Receipts, found)
	for _, k := range want.Products {
		s.from[k.SKU] = k.Version
	}
	for _, snap := range found.Products {
		s.from[snap.SKU] = snap.Version
		if snap.Version > 0 {
			s.products.put(domain.Restore(snap))
		}
	}
	for _, ref := range want.Batches {
		if _, known := s.batches[ref]; !known {
			s.batches[ref] = domain.Batch{}
		}
	}
	for _, b := range found.Batches {
		if s.batches[b.Ref].Ref == "" {
			s.batches[b.Ref] = b
		}
	}
	for _, id := range want.Lines {
		if _, known := s.lines[id]; !known {
			s.lines[id] = nowhere
		}
	}
	for _, line := range found.Lines {
		s.note(line)
	}
	for _, a := range found.Answers {
		if a.At.After(s.now.Add(-KeepAnswers)) {
			s.answered[a.AnswerID] = a
		}
	}
	return nil
}

// keepAnswer keeps an answer, also of a unit of work that was refused.
func (s *session) keepAnswer(a KeptAnswer) {
	s.answers = append(s.answers, a)
	s.answered[a.AnswerID] = a
}

// noteBroken remembers that the transaction itself failed.
func (s *session) noteBroken(err error) error {
	if s.broken == nil {
		s.broken = err
	}
	return err
}

// trim keeps what was used up from staying in memory.
func (s *session) trim() {
	for _, ref := range s.edited {
		if b := s.batches[ref]; b.Room() <= 0 {
			s.products.get(b.SKU).Trim()
		}
	}
}

// changes is the difference between what was loaded and what there is now.
func (s *session) changes() Changes {
	out := Changes{Events: s.events, Answers: s.answers, Forget: s.now.Add(-KeepAnswers), Receipts: s.receipts}
	for sku, from := range s.from {
		if p := s.products.get(sku); p != nil && p.Version() != from {
			out.Products = append(out.Products, ProductChange{from, p.Snapshot()})
		}
	}
	slices.SortFunc(out.Products, func(a, b ProductChange) int { return cmp.Compare(a.To.SKU, b.To.SKU) })
	for seq, ref := range s.edited {
		if b := s.batches[ref]; s.isNew(BatchSeq, seq) {
			out.Added = append(out.Added, b)
		} else {
			out.Changed = append(out.Changed, b)
		}
	}
	slices.SortFunc(out.Added, bySeq)
	slices.SortFunc(out.Changed, bySeq)
	s.written = slices.Grow(s.written, len(s.changed))
	for _, i := range s.changed {
		st := &s.states[i]
		s.written = append(s.written, LineChange{Line: st.Line, New: st.added, Event: st.event, More: st.more})
	}
	out.Lines = s.written
	return out
}

func bySeq(a, b domain.Batch) int { return cmp.Compare(a.Seq, b.Seq) }
