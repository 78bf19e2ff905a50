package domain

import (
	"fmt"
	"maps"
	"slices"
)

// A draft is a copy of a product to work on. It shares the list of batches with
// its original and keeps what it changes to itself, so that a draft costs the
// same with one batch as with ten thousand, and dropping it undoes its changes.

// Draft returns a draft of p. p must not be changed while the draft is in use.
func (p *Product) Draft() *Product {
	return &Product{
		sku: p.sku, description: p.description, version: p.version, batches: p.batches, backorders: p.backorders, outOfStock: p.outOfStock,
		policy: p.policy, safetyStock: p.safetyStock, today: p.today, filling: p.filling,
	}
}

// mark returns p as it is now, to go back to after a failure on the way.
func (p *Product) mark() Product {
	was := *p
	was.edits, was.editOf = slices.Clone(p.edits), maps.Clone(p.editOf)
	return was
}

// Settle makes the draft, with so many more events in its life, an original in
// its own right, in place of the one it was taken of, and returns the batches
// that it changed. It fails if lines were displaced and nobody has placed
// them: they would be lost.
func (p *Product) Settle(events int) ([]Batch, error) {
	if p.displaced != 0 {
		return nil, fmt.Errorf("%d displaced lines of %s have no place", p.displaced, p.sku)
	}
	p.version += int64(events)
	edits := p.edits
	for _, b := range edits {
		if i, ok := p.place(b); ok {
			p.batches[i] = b
		}
	}
	p.edits, p.editOf = nil, nil
	return edits, nil
}

// Trim forgets the batches that take no lines.
func (p *Product) Trim() {
	p.batches = slices.DeleteFunc(p.batches, func(b Batch) bool { return b.Room() <= 0 })
}

// Recall tells the product of a batch that was stored but not loaded with it.
// What it knows already, it knows better, and perhaps in another place.
func (p *Product) Recall(b Batch) {
	if p.edited(b.Seq) >= 0 {
		return
	}
	if _, known := p.place(b); !known {
		p.insert(b)
	}
}

// at is the i-th batch as the draft has it. It must not be written to, and is
// valid until the next edit.
func (p *Product) at(i int) *Batch {
	if j := p.edited(p.batches[i].Seq); j >= 0 {
		return &p.edits[j]
	}
	return &p.batches[i]
}

// few is how many edits are faster to look through than to look up.
const few = 8

// edited is where in edits the batch is, or -1.
func (p *Product) edited(seq int64) int {
	if p.editOf != nil {
		if j, ok := p.editOf[seq]; ok {
			return j
		}
		return -1
	}
	return slices.IndexFunc(p.edits, func(b Batch) bool { return b.Seq == seq })
}

func (p *Product) edit(b Batch) {
	if j := p.edited(b.Seq); j >= 0 {
		p.edits[j] = b
		return
	}
	p.edits = append(p.edits, b)
	if p.editOf != nil {
		p.editOf[b.Seq] = len(p.edits) - 1
	} else if len(p.edits) > few {
		p.editOf = make(map[int64]int, 4*few)
		for j := range p.edits {
			p.editOf[p.edits[j].Seq] = j
		}
	}
}

// insert gives the product a list of its own: the old one may be shared.
func (p *Product) insert(b Batch) {
	i, _ := p.place(b)
	p.batches = slices.Concat(p.batches[:i], []Batch{b}, p.batches[i:])
}

// move puts a batch in its new place among the others, where a changed ETA
// belongs.
func (p *Product) move(was, b Batch) {
	i, _ := p.place(was)
	p.batches = slices.Concat(p.batches[:i], p.batches[i+1:])
	p.insert(b)
}

func (p *Product) place(b Batch) (int, bool) {
	return slices.BinarySearchFunc(p.batches, b, preference)
}

// Snapshot is a product at rest: plain data, for storage and for tests.
type Snapshot struct {
	SKU         string
	Description string
	Version     int64
	Backorders  int     // lines that wait
	OutOfStock  bool    // a line found no stock since the supply last changed
	Policy      string  // by name; empty: the usual one
	SafetyStock int     // units in the warehouse that new lines don't get
	Filling     Filling // if lines wait although there is stock for them
	Batches     []Batch // those with stock left
}

// Restore returns the product that s was taken of. It checks nothing: what was
// stored was valid when it was stored.
func Restore(s Snapshot) *Product {
	slices.SortFunc(s.Batches, preference)
	policy, _ := PolicyNamed(s.Policy)
	return &Product{
		sku: s.SKU, description: s.Description, version: s.Version, batches: s.Batches, backorders: s.Backorders, outOfStock: s.OutOfStock,
		policy: policy, safetyStock: s.SafetyStock, filling: s.Filling,
	}
}

// Snapshot returns p at rest. Its list of batches must not be changed.
func (p *Product) Snapshot() Snapshot {
	return Snapshot{
		SKU: p.sku, Description: p.description, Version: p.version, Backorders: p.backorders, OutOfStock: p.outOfStock,
		Policy: p.policy.kept(), SafetyStock: p.safetyStock, Filling: p.filling, Batches: p.batches,
	}
}
