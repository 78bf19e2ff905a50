package domain

import "cmp"

// Batch is a quantity of stock of one SKU, bought together. It is an entity:
// Ref identifies it for life, everything else may change.
//
// A batch knows how much of it is allocated, not to whom. That keeps a Product
// small, however many orders it has served.
type Batch struct {
	Seq       int64 // its place in the order of creation, among all batches
	Ref       string
	SKU       string
	Purchased int  // units, all that was ever bought or came back
	Allocated int  // units that lines have and that were not shipped yet
	Shipped   int  // units that left; Allocated + Shipped <= Purchased, none is negative
	Closed    bool // it takes no new lines, and keeps its own
	ETA       Date
	FirstQty  int // as it was created
	FirstETA  Date
	UseBy     Date   // the last day on which it is good; none: it keeps
	Location  string // where it lies, or will arrive; empty: no particular one

	FirstLocation string
	FirstUseBy    Date
}

// Available is the quantity that is neither allocated nor shipped.
func (b *Batch) Available() int { return b.Purchased - b.Allocated - b.Shipped }

// Room is the largest line that the batch takes: what is available, or nothing
// if it is closed.
func (b *Batch) Room() int {
	if b.Closed {
		return 0
	}
	return b.Available()
}

// sameContent reports whether a request to create b again asks for what it
// was, or for what it is.
func (b *Batch) sameContent(again Batch) bool {
	first := b.FirstQty == again.Purchased && b.FirstETA == again.ETA && b.FirstLocation == again.Location && b.FirstUseBy == again.UseBy
	now := b.Purchased == again.Purchased && b.ETA == again.ETA && b.Location == again.Location && b.UseBy == again.UseBy
	return b.SKU == again.SKU && (first || now)
}

// preference orders batches as they should be used: warehouse stock first,
// then the earliest shipment, and of equals the one created first.
func preference(a, b Batch) int {
	return cmp.Or(cmp.Compare(a.ETA, b.ETA), cmp.Compare(a.Seq, b.Seq))
}
