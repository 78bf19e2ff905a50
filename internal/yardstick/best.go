package yardstick

import (
	"cmp"
	"maps"
	"slices"

	"allot/internal/domain"
	"allot/internal/mincost"
)

// Best is what no plan can beat, in either figure; perhaps none can reach it,
// and hardly one in both at once. Units count by themselves, as if lines could
// be split, and go anywhere: locations, use-by dates and safety stock are not
// asked for.
type Best struct {
	OnTime int   `json:"lines_on_time"`  // at most
	Late   int64 `json:"unit_days_late"` // at least
}

// timeline is a network of days: stock goes in when it comes, and out when it is
// needed.
type timeline struct {
	*mincost.Network
	days     []domain.Date // by their nodes
	from, to int
	total    int64 // units that are wanted
}

func (c *Case) best() Best { return Best{c.mostOnTime(), c.leastLate()} }

func (c *Case) timeline(more ...domain.Date) *timeline {
	t := &timeline{days: more}
	for _, b := range c.Product.Batches {
		t.days = append(t.days, c.arrives(b.ETA))
	}
	for _, l := range c.Lines {
		t.days = append(t.days, l.needed())
		t.total += int64(l.Open())
	}
	slices.Sort(t.days)
	t.days = slices.Compact(t.days)
	t.from, t.to = len(t.days), len(t.days)+1
	t.Network = mincost.New(len(t.days) + 2)
	supply := map[domain.Date]int64{}
	for _, b := range c.freed() {
		supply[c.arrives(b.ETA)] += int64(b.Room())
	}
	for day, units := range supply {
		t.Arc(t.from, t.node(day), min(units, t.total), 0)
	}
	for i := range len(t.days) - 1 { // what is there today is there tomorrow
		t.Arc(i, i+1, t.total, 0)
	}
	return t
}

func (t *timeline) node(day domain.Date) int {
	i, _ := slices.BinarySearch(t.days, day)
	return i
}

// leastLate is how many unit-days are late at least: each day that a unit goes
// back in time costs one.
func (c *Case) leastLate() int64 {
	never := c.never()
	t := c.timeline(never)
	t.Arc(t.from, t.node(never), t.total, 0)
	for i := range len(t.days) - 1 {
		if t.days[i] != 0 { // stock in the warehouse of a folder: nothing is needed before all days
			t.Arc(i+1, i, t.total, int64(t.days[i+1].Sub(t.days[i])))
		}
	}
	wanted := map[domain.Date]int64{}
	for _, l := range c.Lines {
		wanted[l.needed()] += int64(l.Open())
	}
	for day, units := range wanted {
		t.Arc(t.node(day), t.to, units, 0)
	}
	_, cost := t.Send(t.from, t.to)
	return cost
}

// demand are the lines of one quantity that are needed on one day.
type demand struct {
	day domain.Date
	qty int
}

// mostOnTime is how many lines are on time at most, if those count that have
// some of their units on time, by the part of them. So a unit is worth more the
// smaller its line, and as with any choice of which units to serve, only the
// order of what they are worth matters.
func (c *Case) mostOnTime() int {
	t := c.timeline()
	lines := map[demand]int64{}
	for _, l := range c.Lines {
		lines[demand{l.needed(), l.Open()}]++
	}
	order := slices.SortedFunc(maps.Keys(lines), func(a, b demand) int {
		return cmp.Or(cmp.Compare(a.qty, b.qty), cmp.Compare(a.day, b.day))
	})
	arcs := make([]int, len(order))
	rank := int64(0)
	for i, d := range order {
		if i > 0 && d.qty > order[i-1].qty {
			rank++
		}
		arcs[i] = t.Arc(t.node(d.day), t.to, lines[d]*int64(d.qty), rank)
	}
	t.Send(t.from, t.to)
	on := 0.0
	for i, d := range order {
		on += float64(t.On(arcs[i])) / float64(d.qty)
	}
	const rounding = 1e-6
	return int(on + rounding)
}
