package domain

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// Policy is a rule for which batch a line gets. It is a pure function: of the
// line, the batches as they are, and the day. Each has a file of its own,
// policy_*.go, and nothing else needs to know of it.
type Policy struct {
	Name        string // part of the wire format
	Explanation string // for people
	choose      func(*choice) *Batch
}

// policies are all there are.
var policies []*Policy

func newPolicy(name, explanation string, choose func(*choice) *Batch) *Policy {
	p := &Policy{name, explanation, choose}
	policies = append(policies, p)
	return p
}

// Policies returns all policies, that of products for which none was set first.
func Policies() []*Policy {
	return slices.SortedFunc(slices.Values(policies), func(a, b *Policy) int {
		return cmp.Or(-cmp.Compare(usual(a), usual(b)), cmp.Compare(a.Name, b.Name))
	})
}

func usual(p *Policy) int {
	if p == earliest {
		return 1
	}
	return 0
}

// PolicyNamed returns the policy of that name, if there is one. No name is that
// of the usual one.
func PolicyNamed(name string) (*Policy, bool) {
	if name == "" {
		return earliest, true
	}
	i := slices.IndexFunc(policies, func(p *Policy) bool { return p.Name == name })
	if i < 0 {
		return earliest, false
	}
	return policies[i], true
}

// kept is the name under which a product at rest has the policy.
func (p *Policy) kept() string {
	if p == earliest {
		return ""
	}
	return p.Name
}

func checkPolicy(name string) error {
	if _, ok := PolicyNamed(name); ok {
		return nil
	}
	var names []string
	for _, p := range Policies() {
		names = append(names, p.Name)
	}
	return invalid("policy", "use one of "+strings.Join(names, ", "), "is %q, which is no policy", name)
}

// choice is the search for the batch of a line.
type choice struct {
	p     *Product
	line  Line
	own   string // a batch that may take the line even if it is closed
	spare int    // the most that the line may take of the stock in the warehouse
	why   Why
}

func (p *Product) choiceFor(line Line, own string, why Why) choice {
	return choice{p: p, line: line, own: own, spare: p.spareFor(&line), why: why}
}

// spareFor is how much of the stock in the warehouse a line may have at most.
// The safety stock is for those to whom stock was promised before.
func (p *Product) spareFor(line *Line) int {
	if p.safetyStock == 0 || line.Promised {
		return math.MaxInt
	}
	here := 0
	for i := range p.batches {
		if b := p.at(i); b.ETA == 0 && !p.expired(b) {
			here += b.Room()
		}
	}
	return max(0, here-p.safetyStock)
}

// ranking orders batches as a policy has them used. Of equals, the one at the
// location that the line likes better goes first, then the one created first.
type ranking func(a, b *Batch) int

// first returns the best batch that can take the line, but for those that
// unless, which may be nil, has a reason against. It notes the better ones that
// it passed over.
func (c *choice) first(by ranking, unless func(*Batch) Reason) (best *Batch) {
	order := func(a, b *Batch) int {
		return cmp.Or(by(a, b), c.line.nearer(a.Location, b.Location), cmp.Compare(a.Seq, b.Seq))
	}
	type passed struct {
		*Batch
		reason Reason
	}
	var over []passed
	for i := range c.p.batches {
		b := c.p.at(i)
		switch reason, takes := c.judge(b, unless); {
		case !takes && b.Room() > 0:
			over = append(over, passed{b, reason})
		case takes && (best == nil || order(b, best) < 0):
			best = b
		}
	}
	slices.SortFunc(over, func(a, b passed) int { return order(a.Batch, b.Batch) })
	c.why.PassedOver, c.why.More = nil, 0
	for _, b := range over {
		if best == nil || order(b.Batch, best) < 0 {
			c.why.passOver(b.Batch, b.reason)
		}
	}
	return best
}

// judge reports whether a batch can take the line, and otherwise why not.
func (c *choice) judge(b *Batch, unless func(*Batch) Reason) (Reason, bool) {
	reason := c.objection(b)
	if reason == "" && unless != nil {
		reason = unless(b)
	}
	switch {
	case reason != "":
	case c.line.Open() > c.room(b):
		reason = TooLittle
	case b.ETA == 0 && c.line.Open() > c.spare:
		reason = KeptForSafety
	default:
		return "", true
	}
	return reason, false
}

// objection is what speaks against a batch, whatever is left of it.
func (c *choice) objection(b *Batch) Reason {
	switch {
	case !c.line.allows(b.Location):
		return OtherLocation
	case b.UseBy == 0:
		return ""
	case c.p.expired(b):
		return Expired
	case b.UseBy.Sub(c.p.promiseOf(b)) < c.line.MinLife:
		return ShortLife
	}
	return ""
}

func (c *choice) room(b *Batch) int {
	if b.Closed && b.Ref == c.own {
		return b.Available()
	}
	return b.Room()
}

// promiseOf is the day from which a line can have what it gets of a batch.
func (p *Product) promiseOf(b *Batch) Date { return max(b.ETA, p.today) }

// expired reports whether a batch is past its use-by date before anybody can
// have it. On that date itself it is still good.
func (p *Product) expired(b *Batch) bool { return b.UseBy != 0 && b.UseBy < p.promiseOf(b) }

// LargestFit is the largest line that one batch could take, of those that ask
// for what line does; none while the product is filling.
func (p *Product) LargestFit(line Line) (most int) {
	if p.filling != (Filling{}) {
		return 0
	}
	spare := p.Spare(line)
	for i := range p.batches {
		b := p.at(i)
		room := p.RoomFor(line, b)
		if b.ETA == 0 {
			room = min(room, spare)
		}
		most = max(most, room)
	}
	return most
}

// Spare is how much of the stock in the warehouse line may have at most.
func (p *Product) Spare(line Line) int { return p.spareFor(&line) }

// RoomFor is how much of a batch line may have, the safety stock aside.
func (p *Product) RoomFor(line Line, b *Batch) int {
	c := choice{p: p, line: line}
	if b.Room() <= 0 || c.objection(b) != "" {
		return 0
	}
	return b.Room()
}

// Choose returns the batch that line would get now, if any can take it.
func (p *Product) Choose(line Line) (Batch, bool) {
	if b := p.chooseNew(&line, &Why{}); b != nil {
		return *b, true
	}
	return Batch{}, false
}
