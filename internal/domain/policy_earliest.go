package domain

import "cmp"

// Earliest is the name of the usual policy.
const Earliest = "earliest"

var earliest = newPolicy(Earliest,
	"warehouse stock first, then the earliest ETA, of equals the batch created first; the first with room for the whole line",
	func(c *choice) *Batch { return c.first(soonest, nil) })

func soonest(a, b *Batch) int { return cmp.Compare(a.ETA, b.ETA) }
