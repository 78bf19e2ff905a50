package web

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"allot/internal/domain"
	"allot/internal/views"
)

// chart is supply and promises of a product over time, added up day by day.
// Supply that is overdue is drawn as doubt: it may come any day, or never.
type chart struct {
	Sentence string // what it shows
	Supply   string // path of what is here or comes in time
	Doubt    string // path of the band above it: overdue
	Promised string // path of what is allocated or backordered
	Short    []box  // where promises exceed all supply
	Ticks    []label
	Days     []label
	Right    []label // at the ends of the lines
	Rows     []chartDay
	Width    int
	Height   int
	Bottom   int // y of 0 units
}

type (
	box   struct{ X, Y, W, H int }
	label struct {
		X, Y    int
		Text    string
		Between bool // neither the first nor the last of its kind
	}
	chartDay struct {
		Date     string // "": today
		Batches  string
		Comes    int
		Supply   int
		Doubt    int
		Promised int
	}
)

// The chart in units of its own: it grows and shrinks with the window.
const (
	chartWidth, chartHeight     = 720, 240
	chartLeft, chartRight       = 52, 600 // the rest is room for labels
	chartTop, chartBottom       = 12, 208
	leastDays, daysAfter, apart = 28, 7, 20 // days shown, after the last arrival; pixels between labels
	betweenDays                 = 74        // pixels between labels of days
)

// chartOf draws a product as seen from a day.
func chartOf(p views.Product, today domain.Date) chart {
	c := chart{Width: chartWidth, Height: chartHeight, Bottom: chartBottom, Rows: daysOf(p, today)}
	last := c.Rows[len(c.Rows)-1]
	end := max(leastDays, c.day(last, today)+daysAfter)
	top := nice(max(last.Supply+last.Doubt, last.Promised, 1))
	x := func(day int) int { return chartLeft + (chartRight-chartLeft)*min(day, end)/end }
	y := func(units int) int {
		return chartBottom - int(int64(chartBottom-chartTop)*int64(units)/int64(top))
	}
	c.Supply = c.steps(today, x, func(d chartDay) int { return y(d.Supply) })
	c.Promised = c.steps(today, x, func(d chartDay) int { return y(d.Promised) })
	if last.Doubt > 0 {
		c.Doubt = c.band(today, x, y)
	}
	c.shortages(today, x, y)
	c.label(today, end, x, y, top)
	c.Sentence = fmt.Sprintf("%s on hand or coming, %s overdue, %s allocated or backordered.",
		counted(last.Supply, "unit", "units"), number(last.Doubt), number(last.Promised))
	return c
}

// daysOf adds up supply and promises, from today on.
func daysOf(p views.Product, today domain.Date) []chartDay {
	now := chartDay{Promised: p.Backordered}
	batches := slices.Clone(p.Batches)
	slices.SortStableFunc(batches, func(a, b views.Batch) int { return cmp.Compare(a.ETA, b.ETA) })
	var days []chartDay
	for _, b := range batches {
		switch {
		case b.ETA == "":
			now.Supply += b.Qty
			now.Promised += b.Allocated
		case b.ETA < today.String():
			now.Doubt += b.Qty
			now.Promised += b.Allocated
		default:
			if n := len(days); n == 0 || days[n-1].Date != b.ETA {
				days = append(days, chartDay{Date: b.ETA})
			}
			d := &days[len(days)-1]
			d.Batches = strings.TrimPrefix(d.Batches+", "+b.Ref, ", ")
			d.Comes += b.Qty
			d.Promised += b.Allocated
		}
	}
	days = slices.Insert(days, 0, now)
	for i := 1; i < len(days); i++ {
		days[i].Supply = days[i-1].Supply + days[i].Comes
		days[i].Doubt = now.Doubt
		days[i].Promised += days[i-1].Promised
	}
	return days
}

func (c *chart) day(d chartDay, today domain.Date) int {
	date, err := domain.ParseDate(d.Date)
	if err != nil || date == 0 {
		return 0
	}
	return date.Sub(today)
}

// steps is a line that stays level from one day to the next.
func (c *chart) steps(today domain.Date, x func(int) int, y func(chartDay) int) string {
	var path strings.Builder
	for i, d := range c.Rows {
		if i == 0 {
			fmt.Fprintf(&path, "M%d %d", x(0), y(d))
			continue
		}
		fmt.Fprintf(&path, "H%dV%d", x(c.day(d, today)), y(d))
	}
	fmt.Fprintf(&path, "H%d", chartRight)
	return path.String()
}

// band is the area between supply and supply with what is overdue.
func (c *chart) band(today domain.Date, x, y func(int) int) string {
	upper := c.steps(today, x, func(d chartDay) int { return y(d.Supply + d.Doubt) })
	var back strings.Builder
	for _, d := range slices.Backward(c.Rows) {
		fmt.Fprintf(&back, "V%dH%d", y(d.Supply), x(c.day(d, today)))
	}
	return upper + back.String() + "Z"
}

// shortages are where more is promised than comes.
func (c *chart) shortages(today domain.Date, x, y func(int) int) {
	for i, d := range c.Rows {
		from, to := x(c.day(d, today)), chartRight
		if i+1 < len(c.Rows) {
			to = x(c.day(c.Rows[i+1], today))
		}
		if all := d.Supply + d.Doubt; d.Promised > all && to > from {
			c.Short = append(c.Short, box{from, y(d.Promised), to - from, y(all) - y(d.Promised)})
		}
	}
}

func (c *chart) label(today domain.Date, end int, x, y func(int) int, top int) {
	for i := range 5 {
		c.Ticks = append(c.Ticks, label{X: chartLeft - 8, Y: y(top * i / 4), Text: number(top * i / 4)})
	}
	c.labelDays(today, end, x)
	last := c.Rows[len(c.Rows)-1]
	supply, promised := y(last.Supply), y(last.Promised)
	if d := supply - promised; d > -apart && d < apart { // keep the two readable
		if d <= 0 {
			promised = supply + apart
		} else {
			promised = supply - apart
		}
	}
	c.Right = []label{
		{X: chartRight + 6, Y: supply + 4, Text: "supply " + number(last.Supply)},
		{X: chartRight + 6, Y: promised + 4, Text: "wanted " + number(last.Promised)},
	}
}

// labelDays names today and the last day shown, and the arrivals between them as
// far as there is room.
func (c *chart) labelDays(today domain.Date, end int, x func(int) int) {
	days := calendar{Today: today}
	at := func(day int, text string) label { return label{X: x(day), Y: chartBottom + 20, Text: text} }
	c.Days = append(c.Days, at(0, "today"))
	for _, d := range c.Rows[1:] {
		named := at(c.day(d, today), days.Day(d.Date))
		if named.Between = true; named.X-c.Days[len(c.Days)-1].X >= betweenDays && chartRight-named.X >= betweenDays {
			c.Days = append(c.Days, named)
		}
	}
	c.Days = append(c.Days, at(end, days.Day(today.AddDays(end).String())))
}

// nice is the first number of 4, 8, 20, 40, 80, 200 ... that is at least n: its
// quarters are round.
func nice(n int) int {
	for unit := 1; ; unit *= 10 {
		for _, step := range []int{4, 8, 20} {
			if step*unit >= n {
				return step * unit
			}
		}
	}
}
