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
	Purchased int // units, all that was ever bought
	Allocated int // units; 0 <= Allocated <= Purchased
	ETA       Date
	FirstQty  int // as it was created
	FirstETA  Date
}

// Available is the quantity that can still be allocated.
func (b *Batch) Available() int { return b.Purchased - b.Allocated }

// sameContent reports whether a request to create b again asks for what it
// was, or for what it is.
func (b *Batch) sameContent(again Batch) bool {
	return b.SKU == again.SKU &&
		(b.FirstQty == again.Purchased && b.FirstETA == again.ETA || b.Purchased == again.Purchased && b.ETA == again.ETA)
}

// preference orders batches as they should be used: warehouse stock first,
// then the earliest shipment, and of equals the one created first.
func preference(a, b Batch) int {
	return cmp.Or(cmp.Compare(a.ETA, b.ETA), cmp.Compare(a.Seq, b.Seq))
}
