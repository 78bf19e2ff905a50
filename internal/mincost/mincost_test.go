package mincost_test

import (
	"math/rand/v2"
	"testing"

	"allot/internal/mincost"
)

func TestTheCheaperWayFillsFirst(t *testing.T) {
	n := mincost.New(4)
	cheap := n.Arc(0, 1, 3, 1)
	dear := n.Arc(0, 2, 5, 4)
	n.Arc(1, 3, 9, 0)
	n.Arc(2, 3, 4, 0)
	if flow, cost := n.Send(0, 3); flow != 7 || cost != 3*1+4*4 {
		t.Errorf("%d flow for %d", flow, cost)
	}
	if n.On(cheap) != 3 || n.On(dear) != 4 {
		t.Errorf("%d flow on the cheap arc, %d on the other", n.On(cheap), n.On(dear))
	}
}

// The first path is 0-1-2-3 for 2; that all flows, it has to be taken back.
func TestAFlowThatIsInTheWayIsLedElsewhere(t *testing.T) {
	n := mincost.New(4)
	n.Arc(0, 1, 1, 1)
	n.Arc(0, 2, 1, 5)
	middle := n.Arc(1, 2, 1, 0)
	n.Arc(1, 3, 1, 6)
	n.Arc(2, 3, 1, 1)
	if flow, cost := n.Send(0, 3); flow != 2 || cost != 13 || n.On(middle) != 0 {
		t.Errorf("%d flow for %d, %d of it through the middle", flow, cost, n.On(middle))
	}
}

func TestWhatIsNotConnectedGetsNothing(t *testing.T) {
	n := mincost.New(3)
	n.Arc(0, 1, 5, 1)
	if flow, cost := n.Send(0, 2); flow != 0 || cost != 0 {
		t.Errorf("%d flow for %d", flow, cost)
	}
}

func TestNoAssignmentIsCheaper(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		size := 1 + random.IntN(6)
		costs := make([][]int64, size)
		n := mincost.New(2*size + 2)
		from, to := 2*size, 2*size+1
		for i := range size {
			n.Arc(from, i, 1, 0)
			n.Arc(size+i, to, 1, 0)
			for j := range size {
				costs[i] = append(costs[i], random.Int64N(20))
				n.Arc(i, size+j, 1, costs[i][j])
			}
		}
		want := cheapest(costs, 0, make([]bool, size))
		if flow, cost := n.Send(from, to); flow != int64(size) || cost != want {
			t.Fatalf("%d flow for %d, want %d for %d: %v", flow, cost, size, want, costs)
		}
	}
}

// cheapest tries all assignments of rows, from one on, to columns.
func cheapest(costs [][]int64, row int, taken []bool) int64 {
	if row == len(costs) {
		return 0
	}
	best := int64(1 << 40)
	for column, cost := range costs[row] {
		if taken[column] {
			continue
		}
		taken[column] = true
		best = min(best, cost+cheapest(costs, row+1, taken))
		taken[column] = false
	}
	return best
}
