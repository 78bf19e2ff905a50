package domain

import "cmp"

// FirstExpired is the name of the policy for what doesn't keep.
const FirstExpired = "first_expired"

var _ = newPolicy(FirstExpired,
	"Warehouse stock first, of that the batch whose use-by date comes first, and those without one last; then the shipment "+
		"that arrives earliest, of equals again the one that expires first. No line waits longer so that stock doesn't expire.",
	func(c *choice) *Batch { return c.first(soonestThenPerishing, nil) })

func soonestThenPerishing(a, b *Batch) int { return cmp.Or(soonest(a, b), perishing(a, b)) }

// perishing orders batches by their use-by dates; what has none keeps longest.
func perishing(a, b *Batch) int {
	if a.UseBy == 0 || b.UseBy == 0 {
		return cmp.Compare(b.UseBy, a.UseBy)
	}
	return cmp.Compare(a.UseBy, b.UseBy)
}
