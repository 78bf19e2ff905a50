package domain

// LatestOnTime is the name of the policy that keeps stock in hand for those who
// need it now.
const LatestOnTime = "latest_on_time"

var _ = newPolicy(LatestOnTime,
	"for a line with a required-by date the latest supply that is still on time, so that what is here sooner stays for those who "+
		"need it sooner; without one, or if nothing is on time, as earliest",
	func(c *choice) *Batch {
		if c.line.RequiredBy != 0 {
			if b := c.first(latest, c.tooLate); b != nil {
				return b
			}
		}
		return c.first(soonest, nil)
	})

func latest(a, b *Batch) int { return soonest(b, a) }

func (c *choice) tooLate(b *Batch) Reason {
	if b.ETA > c.line.RequiredBy {
		return TooLate
	}
	return ""
}
