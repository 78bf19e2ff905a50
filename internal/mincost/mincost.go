// Package mincost finds flows of least cost through networks. It knows nothing
// of stock and orders.
//
// It is the successive shortest path algorithm with node potentials, as in
// Ahuja, Magnanti, Orlin: Network Flows (1993), section 9.7; the potentials,
// which keep all costs that Dijkstra's algorithm sees from being negative, are
// of Edmonds and Karp (Journal of the ACM 19, 1972).
package mincost

import (
	"container/heap"
	"math"
)

// Network is a directed graph whose arcs have a capacity and a cost per unit.
type Network struct {
	arcs      []arc // the one back of arc i is i^1
	out       [][]int
	potential []int64
}

type arc struct {
	to         int
	room, cost int64
}

// New returns a network of so many nodes, numbered from 0, without arcs.
func New(nodes int) *Network {
	return &Network{out: make([][]int, nodes), potential: make([]int64, nodes)}
}

// Arc adds an arc and returns its number. Neither capacity nor cost may be
// negative, and capacity times cost, added up over all arcs, must fit into an
// int64.
func (n *Network) Arc(from, to int, capacity, cost int64) int {
	i := len(n.arcs)
	n.arcs = append(n.arcs, arc{to, capacity, cost}, arc{from, 0, -cost})
	n.out[from] = append(n.out[from], i)
	n.out[to] = append(n.out[to], i+1)
	return i
}

// On is how much flows through an arc.
func (n *Network) On(arc int) int64 { return n.arcs[arc^1].room }

// Send sends as much as can be sent from one node to another, as cheaply as that
// can be done. It is to be called once.
func (n *Network) Send(from, to int) (flow, cost int64) {
	for {
		path, found := n.cheapest(from, to)
		if !found {
			return flow, cost
		}
		most := int64(math.MaxInt64)
		for v := to; v != from; v = n.arcs[path[v]^1].to {
			most = min(most, n.arcs[path[v]].room)
		}
		for v := to; v != from; v = n.arcs[path[v]^1].to {
			n.arcs[path[v]].room -= most
			n.arcs[path[v]^1].room += most
			cost += most * n.arcs[path[v]].cost
		}
		flow += most
	}
}

const unreached = math.MaxInt64

// cheapest is the cheapest way on which there is room: the arc by which each
// node is reached. It is Dijkstra's algorithm, on costs as the potentials see
// them, and ends when it knows the way.
func (n *Network) cheapest(from, to int) (by []int, found bool) {
	by, away := make([]int, len(n.out)), make([]int64, len(n.out))
	for v := range away {
		away[v] = unreached
	}
	away[from] = 0
	done := make([]bool, len(n.out))
	next := &queue{{from, 0}}
	for next.Len() > 0 && !done[to] {
		here := heap.Pop(next).(reached)
		if done[here.node] {
			continue
		}
		done[here.node] = true
		for _, i := range n.out[here.node] {
			a := n.arcs[i]
			if a.room == 0 || done[a.to] {
				continue
			}
			if d := here.away + a.cost + n.potential[here.node] - n.potential[a.to]; d < away[a.to] {
				away[a.to], by[a.to] = d, i
				heap.Push(next, reached{a.to, d})
			}
		}
	}
	if !done[to] {
		return nil, false
	}
	for v := range n.potential {
		n.potential[v] += min(away[v], away[to])
	}
	return by, true
}

// reached is a node and what it costs to get there.
type reached struct {
	node int
	away int64
}

// queue has the cheapest first.
type queue []reached

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].away < q[j].away }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)        { *q = append(*q, x.(reached)) }
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}
