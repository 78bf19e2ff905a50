package domain

import "cmp"

// Earliest is the name of the usual policy.
const Earliest = "earliest"

var earliest = newPolicy(Earliest,
	"Warehouse stock first, then the shipment that arrives earliest, and of equals the batch created first: "+
		"the first of them that can take the whole line gets it.",
	func(c *choice) *Batch { return c.first(soonest, nil) })

func soonest(a, b *Batch) int { return cmp.Compare(a.ETA, b.ETA) }
