package yardstick_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"allot/internal/domain"
	"allot/internal/yardstick"
)

const today domain.Date = 20261124

// folder has a shop whose best plan is easy to see: the lamp that is needed
// later can have the later batch, and the rug needs both of its batches.
func folder(t *testing.T, orders string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"batches.csv": "reference,sku,qty,eta\nhere,LAMP,10,\nlater,LAMP,10,2026-12-10\nleft,RUG,6,\nright,RUG,6,\n",
		"orders.csv":  orders,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const dated = "orderid,sku,qty,required_by\no1,LAMP,10,2026-12-20\no2,LAMP,10,2026-11-30\no3,RUG,10,2026-12-01\no4,POST,1,\n"

func report(t *testing.T, dir string, seed uint64) (r yardstick.Report) {
	t.Helper()
	cases, leftOut, err := yardstick.FromFolder(t.Context(), dir, today, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	r.LeftOut = leftOut
	for _, c := range cases {
		if seed != 0 {
			r.Drawn += c.Draw(seed)
		}
		if err := r.Add(c); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func TestPlansAreMeasuredBesideTheBestPossible(t *testing.T) {
	got := report(t, folder(t, dated), 0)
	want := yardstick.Report{
		Products: 2, Lines: 3, Dated: 3, LeftOut: 1,
		Plans: []yardstick.Plan{ // of the rug, 10 units are 30 days late in each
			{Plan: yardstick.Afresh, Policy: domain.Earliest, OnTime: 1, WithoutStock: 1, Late: 300 + 10*10},
			{Plan: yardstick.Afresh, Policy: domain.FirstExpired, OnTime: 1, WithoutStock: 1, Late: 300 + 10*10},
			{Plan: yardstick.Afresh, Policy: domain.LatestOnTime, OnTime: 2, WithoutStock: 1, Late: 300},
			{Plan: yardstick.Replan, Policy: domain.Earliest, OnTime: 2, WithoutStock: 1, Late: 300, Moves: 2},
			{Plan: yardstick.Replan, Policy: domain.FirstExpired, OnTime: 2, WithoutStock: 1, Late: 300, Moves: 2},
			{Plan: yardstick.Replan, Policy: domain.LatestOnTime, OnTime: 2, WithoutStock: 1, Late: 300},
		},
		Best: yardstick.Best{OnTime: 3}, // the rug is split
	}
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestALineWithoutADateIsNeededWhenItWasPlaced(t *testing.T) {
	const placed = "orderid,sku,qty,placed_at\no1,LAMP,10,2026-12-10T08:26:00\no2,LAMP,10,2026-12-08\n"
	got := report(t, folder(t, placed), 0)
	if p := got.Plans[0]; got.Dated != 0 || p.OnTime != 1 || p.Late != 2*10 {
		t.Errorf("%+v", got)
	}
	if got.Best != (yardstick.Best{OnTime: 2}) {
		t.Errorf("the best possible is %+v", got.Best)
	}
}

func TestTheSameSeedDrawsTheSameDates(t *testing.T) {
	orders := strings.Builder{}
	orders.WriteString("orderid,sku,qty,required_by\nkept,LAMP,1,2026-12-20\n")
	for i := range 19 {
		fmt.Fprintf(&orders, "o%d,LAMP,1,\n", i)
	}
	dir := folder(t, orders.String())
	one, again := report(t, dir, 1), report(t, dir, 1)
	if one.Drawn != 19 || one.Dated != 20 || fmt.Sprint(one) != fmt.Sprint(again) {
		t.Errorf("%+v\n%+v", one, again)
	}
	cases, _, _ := yardstick.FromFolder(t.Context(), dir, today, func(int) {})
	cases[0].Draw(1)
	days := map[domain.Date]bool{}
	for _, l := range cases[0].Lines[1:] {
		days[l.RequiredBy] = true
		if l.RequiredBy < today || l.RequiredBy > today.AddDays(yardstick.MaxDrawn) {
			t.Errorf("%s is needed by %s", l.OrderID, l.RequiredBy)
		}
	}
	if len(days) < 5 || cases[0].Lines[0].RequiredBy != 20261220 {
		t.Errorf("the days are %v; that of the first line is %s", slices.Collect(maps.Keys(days)), cases[0].Lines[0].RequiredBy)
	}
}

func TestAFolderWithoutOrdersIsRefused(t *testing.T) {
	dir := folder(t, dated)
	if err := os.Remove(filepath.Join(dir, "orders.csv")); err != nil {
		t.Fatal(err)
	}
	_, _, err := yardstick.FromFolder(t.Context(), dir, today, func(int) {})
	if err == nil || !strings.Contains(err.Error(), "orders.csv.gz") {
		t.Errorf("got %v", err)
	}
}

// Lines of one unit can't be split: for them the bounds can be reached.
func TestNoPlanIsBetterThanTheBestPossible(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for n := range 400 {
		largest := 1 + n%2*4
		c := someCase(random, largest)
		var r yardstick.Report
		if err := r.Add(c); err != nil {
			t.Fatal(err)
		}
		onTime, late := tryAll(c, 0, make([]int, len(c.Product.Batches)))
		exact := largest == 1 && (r.Best.OnTime != onTime || r.Best.Late != late)
		if exact || r.Best.OnTime < onTime || r.Best.Late > late {
			t.Fatalf("the best possible is %+v, but trying all gives %d on time and %d late: %+v", r.Best, onTime, late, c)
		}
		for _, p := range r.Plans {
			if p.OnTime > onTime || p.Late < late {
				t.Fatalf("%+v is better than %d on time and %d late: %+v", p, onTime, late, c)
			}
		}
	}
}

func someCase(random *rand.Rand, largest int) yardstick.Case {
	c := yardstick.Case{Product: domain.Snapshot{SKU: "LAMP"}}
	for i := range 1 + random.IntN(3) {
		b := domain.Batch{Seq: int64(i) + 1, Ref: fmt.Sprint("b", i), SKU: "LAMP", Purchased: random.IntN(largest * 2)}
		if random.IntN(3) > 0 {
			b.ETA = today.AddDays(random.IntN(20))
		}
		c.Product.Batches = append(c.Product.Batches, b)
	}
	for i := range 1 + random.IntN(5) {
		l := domain.Line{OrderLine: domain.OrderLine{OrderID: fmt.Sprint("o", i), SKU: "LAMP", Qty: 1 + random.IntN(largest)}, Seq: int64(i) + 1}
		l.RequiredBy = today.AddDays(random.IntN(20))
		c.Lines = append(c.Lines, yardstick.Line{Line: l, Since: today})
	}
	return c
}

// tryAll is the most lines that are on time, and the fewest unit-days late, of
// all ways to place the lines from one on.
func tryAll(c yardstick.Case, line int, taken []int) (onTime int, late int64) {
	if line == len(c.Lines) {
		return 0, 0
	}
	never := domain.Date(0)
	for _, b := range c.Product.Batches {
		never = max(never, b.ETA)
	}
	for _, l := range c.Lines {
		never = max(never, l.RequiredBy)
	}
	l := c.Lines[line]
	onTime, late = tryAll(c, line+1, taken)
	late += int64(never.AddDays(30).Sub(l.RequiredBy) * l.Qty)
	for i, b := range c.Product.Batches {
		if b.Purchased-taken[i] < l.Qty {
			continue
		}
		taken[i] += l.Qty
		more, days := tryAll(c, line+1, taken)
		taken[i] -= l.Qty
		if b.ETA <= l.RequiredBy {
			more++
		} else {
			days += int64(b.ETA.Sub(l.RequiredBy) * l.Qty)
		}
		onTime, late = max(onTime, more), min(late, days)
	}
	return onTime, late
}
