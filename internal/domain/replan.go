package domain

import (
	"cmp"
	"slices"
)

// ReplanProduct places the open lines of a product afresh: what is more urgent
// first, whoever came first. It is the only command that moves lines which
// could stay.
type ReplanProduct struct {
	Origin
	SKU string
}

// Replanned is the answer to ReplanProduct.
type Replanned struct {
	SKU   string
	Lines int // that were placed afresh
	Moved int // of them: those that stand elsewhere now
}

// CommandName implements Message.
func (ReplanProduct) CommandName() string { return "replan_product" }

// Returns implements Command.
func (ReplanProduct) Returns(Replanned) {}

// Validate implements Message.
func (c ReplanProduct) Validate() error {
	return firstOf(checkIdentifier("sku", c.SKU), c.Origin.validate())
}

// Movable reports whether re-planning may move a line: one that is allocated or
// waits, is not frozen, and of which nothing was shipped. What is held was
// promised for so long as it is held.
func (l Line) Movable() bool {
	return (l.Status == StatusAllocated || l.Status == StatusBackordered) && !l.Frozen && l.Shipped == 0
}

// MostUrgent orders lines as they are planned: of a higher priority first, of
// equals those that are needed first, and of these the older. A line that is
// needed as soon as possible, without a day, comes after those with one.
func MostUrgent(a, b Line) int {
	return cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(a.due(), b.due()), cmp.Compare(a.Seq, b.Seq))
}

// due is the day on which a line is needed; none is later than any.
func (l Line) due() Date {
	if l.RequiredBy == 0 {
		return Date(99999999)
	}
	return l.RequiredBy
}

// Replan places those of some lines afresh that are Movable, the MostUrgent
// first, as if none of them had stock: each gets the batch that the policy has
// it get. A line keeps its batch as long as that has room for it, unless the
// other one comes earlier. So few lines move, and one gets later, or waits,
// only if a more urgent one takes its place. The batches of lines must be at
// hand.
func (p *Product) Replan(lines []Line) (Replanned, error) {
	lines = slices.SortedFunc(slices.Values(lines), MostUrgent)
	lines = slices.DeleteFunc(lines, func(l Line) bool { return !l.Movable() })
	was := p.mark()
	for _, line := range lines {
		if line.BatchRef == "" {
			continue
		}
		b, err := p.batchOf(line)
		if err != nil {
			*p = was
			return Replanned{}, err
		}
		p.take(*b, -line.Open())
	}
	var moves []relocation
	for _, line := range lines {
		if r := p.relocate(line); r.to.Ref != line.BatchRef {
			moves = append(moves, r)
		}
	}
	p.recordMoves(moves)
	p.offer(Replan, "")
	return Replanned{SKU: p.sku, Lines: len(lines), Moved: len(moves)}, nil
}

// relocation is where a line is to stand.
type relocation struct {
	Line
	to  Batch // zero: nowhere
	why Why
}

// relocate finds a place for a line that has given up its own, and takes it.
func (p *Product) relocate(line Line) relocation {
	r := relocation{Line: line, why: p.because(Replan, "")}
	to := p.chooseWith(&r.Line, &r.why, line.BatchRef)
	if own := p.find(line.BatchRef); own != nil && own.Available() >= line.Open() && !p.better(line, to, own) {
		to = own
	}
	if to != nil {
		r.to = *to
		p.take(r.to, line.Open())
	}
	return r
}

// better reports whether it is worth a move for a line to have a batch, which
// may be nil, and not its own: because it comes earlier, or its own is not what
// the line asks for any more.
func (p *Product) better(line Line, to, own *Batch) bool {
	if to == nil {
		return false
	}
	c := p.choiceFor(line, own.Ref, Why{})
	return to.ETA < own.ETA || c.objection(own) != ""
}

// recordMoves records who lost stock before who was given some: no batch ever
// has more allocated than it has.
func (p *Product) recordMoves(moves []relocation) {
	for _, r := range moves {
		switch {
		case r.BatchRef == "":
		case r.to.Ref == "":
			p.lost(r.Line, Replan, nil)
		default:
			p.lost(r.Line, Replan, &r.to)
		}
	}
	for _, r := range moves {
		if r.to.Ref == "" {
			p.ranOut(r.Line)
			p.backorder(r.Line, r.why)
			continue
		}
		if r.Status == StatusBackordered {
			p.backorders--
		}
		p.allocated(r.Line, r.to, r.why, r.BatchRef)
	}
}

// Stocked returns the references of the batches at hand that lines have stock
// of.
func (p *Product) Stocked() (refs []string) {
	for i := range p.batches {
		if b := p.at(i); b.Allocated > 0 {
			refs = append(refs, b.Ref)
		}
	}
	return refs
}
