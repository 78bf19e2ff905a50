package domain

import "iter"

// MostFilled is how many lines that wait get stock in one unit of work. If more
// could, the product is marked as filling, and further units of work go on.
const MostFilled = 10_000

// Filling says that lines of a product wait although there is stock for them:
// they were too many to be served at once. Until they are, no new line gets
// stock, so that none overtakes them. The zero Filling is of a product of which
// all were served that could be.
type Filling struct {
	Cause Cause  // what brought the stock
	By    string // the batch or order it came from
}

// GoOnFilling serves more of the lines that wait for a product which is
// filling. If it is not, it changes nothing. The program sends it by itself.
type GoOnFilling struct {
	Origin
	SKU string
}

// Filled is the answer to GoOnFilling.
type Filled struct {
	SKU      string
	Lines    int  // that got stock
	Filling  bool // there are more
	Replayed bool // it was not filling
}

// CommandName implements Message.
func (GoOnFilling) CommandName() string { return "go_on_filling" }

// Returns implements Command.
func (GoOnFilling) Returns(Filled) {}

// Validate implements Message.
func (c GoOnFilling) Validate() error {
	return firstOf(checkIdentifier("sku", c.SKU), c.Origin.validate())
}

// FillBackorders gives stock to lines that wait, in the order of queue; a line
// that doesn't fit is passed over. It serves so many that this draft has given
// stock to at most most of them, and marks the product as filling if more could
// have some.
func (p *Product) FillBackorders(e StockAvailable, queue iter.Seq2[Line, error], most int) error {
	was := p.mark()
	for line, err := range queue {
		if err != nil {
			*p = was
			return err
		}
		why := p.because(e.Cause, e.By)
		b := p.choose(&line, &why)
		switch {
		case b != nil && p.filled >= most:
			p.beginFilling(Filling{e.Cause, e.By})
			return nil
		case b != nil:
			p.filled++
			p.backorders--
			p.allocate(line, *b, why, "")
		case p.largestRoom() == 0:
			p.endFilling()
			return nil
		}
	}
	p.endFilling()
	return nil
}

// GoOnFilling serves at most most of the lines that wait, if the product is
// filling.
func (p *Product) GoOnFilling(queue iter.Seq2[Line, error], most int) (Filled, error) {
	if p.filling == (Filling{}) {
		return Filled{SKU: p.sku, Replayed: true}, nil
	}
	before := p.filled
	err := p.FillBackorders(StockAvailable{SKU: p.sku, Cause: p.filling.Cause, By: p.filling.By}, queue, most)
	return Filled{SKU: p.sku, Lines: p.filled - before, Filling: p.filling != (Filling{})}, err
}

func (p *Product) beginFilling(f Filling) {
	if p.filling == (Filling{}) {
		p.filling = f
		p.record(FillingBegan{SKU: p.sku, Cause: f.Cause, By: f.By})
	}
}

func (p *Product) endFilling() {
	if p.filling != (Filling{}) {
		p.filling = Filling{}
		p.record(FillingEnded{SKU: p.sku})
	}
}

// chooseNew is choose for a line that must not overtake those which wait while
// the product is filling. It notes in why the batch that the line would have
// had.
func (p *Product) chooseNew(line *Line, why *Why) *Batch {
	b := p.choose(line, why)
	if b != nil && p.filling != (Filling{}) {
		why.passOver(b, BeingFilled)
		return nil
	}
	return b
}
