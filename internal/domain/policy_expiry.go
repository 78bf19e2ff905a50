package domain

import "cmp"

// FirstExpired is the name of the policy for what doesn't keep.
const FirstExpired = "first_expired"

var _ = newPolicy(FirstExpired,
	"warehouse stock first, of that what expires first; then the earliest ETA, of equals again what expires first; what keeps goes last",
	func(c *choice) *Batch { return c.first(soonestThenPerishing, nil) })

func soonestThenPerishing(a, b *Batch) int { return cmp.Or(soonest(a, b), perishing(a, b)) }

// perishing orders batches by their use-by dates; what has none keeps longest.
func perishing(a, b *Batch) int {
	if a.UseBy == 0 || b.UseBy == 0 {
		return cmp.Compare(b.UseBy, a.UseBy)
	}
	return cmp.Compare(a.UseBy, b.UseBy)
}
