// Package yardstick measures policies by the orders of a shop: how many lines
// are on time, how late the others are, how many would move, and what the best
// possible would be. It writes nothing; where lines stand afterwards is for it
// alone.
//
// It must not know of databases or files beyond service.Reader and what the
// importer reads, nor how figures are shown.
package yardstick

import (
	"hash/fnv"
	"math/rand/v2"

	"allot/internal/domain"
)

// Case is one product: what there is of it, and who wants it.
type Case struct {
	Product domain.Snapshot
	Lines   []Line      // by age
	Today   domain.Date // nothing comes before; none: each batch comes when its ETA says
	Placed  bool        // lines stand somewhere now
}

// Line is a line that may stand elsewhere.
type Line struct {
	domain.Line
	Since domain.Date // it is not needed before, and then if it has no required-by date
}

// needed is when a line has to have its stock. One without a required-by date
// is needed at once.
func (l Line) needed() domain.Date {
	if l.RequiredBy != 0 {
		return l.RequiredBy
	}
	return l.Since
}

// MaxDrawn is how many days after it was placed a line is needed at most, if the
// day is drawn.
const MaxDrawn = 60

// Draw gives each line that has none a required-by date: a day from when it was
// placed to MaxDrawn days later, each as likely. It returns how many it gave.
// The same seed gives a product the same dates.
func (c *Case) Draw(seed uint64) (drawn int) {
	name := fnv.New64a()
	_, _ = name.Write([]byte(c.Product.SKU)) // never fails
	random := rand.New(rand.NewPCG(seed, name.Sum64()))
	for i := range c.Lines {
		if l := &c.Lines[i]; l.RequiredBy == 0 {
			l.RequiredBy = l.Since.AddDays(random.IntN(MaxDrawn + 1))
			drawn++
		}
	}
	return drawn
}

// arrives is when stock of a batch with an ETA can be had.
func (c *Case) arrives(eta domain.Date) domain.Date { return max(eta, c.Today) }

// beyond is how many days after all that is known lines are taken to get stock
// which have none.
const beyond = 30

// never is when lines are taken to get stock which have none.
func (c *Case) never() domain.Date {
	last := c.Today
	for _, b := range c.Product.Batches {
		last = max(last, b.ETA)
	}
	for _, l := range c.Lines {
		last = max(last, l.needed())
	}
	return last.AddDays(beyond)
}

// freed are the batches without what the lines have of them.
func (c *Case) freed() []domain.Batch {
	had := map[string]int{}
	for _, l := range c.Lines {
		if l.BatchRef != "" {
			had[l.BatchRef] += l.Open()
		}
	}
	batches := make([]domain.Batch, len(c.Product.Batches))
	for i, b := range c.Product.Batches {
		b.Allocated -= had[b.Ref]
		batches[i] = b
	}
	return batches
}
