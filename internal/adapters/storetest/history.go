package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"allot/internal/domain"
	"allot/internal/service"
)

// asked is a command about one SKU.
type asked struct {
	sku  string
	do   string // "add", "allocate" or "cancel"
	name string // of the batch, or the order
	qty  int
	eta  domain.Date // of the batch; no two of a SKU have the same
}

// heard is what its sender was told.
type heard struct {
	batch string // that the line has, if it has one
	code  string // of the error, if it was one
}

// inOneOrder has clients send commands through two transactors, and looks for an
// order of them, one after the other, in which each would have been told what
// it was, at an instant between its sending and its answer. If there is none,
// somebody saw a state that never was.
func inOneOrder(t *testing.T, s Store) {
	const clients, each = 8, 50
	do(t, s, domain.DescribeProduct{SKU: "SKU-0"}, domain.DescribeProduct{SKU: "SKU-1"})
	buses := []*service.Bus{newBus(s, 4), newBus(s, 64)}
	var mu sync.Mutex
	var history []porcupine.Operation
	var all sync.WaitGroup
	began := time.Now()
	for client := range clients {
		random := rand.New(rand.NewPCG(1, uint64(client)))
		all.Go(func() {
			for i := range each {
				in := drawAsked(random, fmt.Sprintf("B-%d-%d", client, i), client*each+i)
				op := porcupine.Operation{ClientId: client, Input: in, Call: int64(time.Since(began))}
				op.Output = ask(t, buses[client%2], in)
				op.Return = int64(time.Since(began))
				mu.Lock()
				history = append(history, op)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if got := porcupine.CheckOperationsTimeout(serial(), history, time.Minute); got != porcupine.Ok {
		t.Errorf("%d commands can't have happened in one order: %s", len(history), got)
	}
}

// drawAsked makes up a command. Orders are few, so that clients meet.
func drawAsked(random *rand.Rand, ref string, n int) asked {
	order := random.IntN(120)
	in := asked{sku: fmt.Sprint("SKU-", order%2), do: "allocate", name: fmt.Sprint("o-", order), qty: 1 + order%4}
	switch random.IntN(10) {
	case 0:
		in.do, in.name, in.qty, in.eta = "add", ref, 1+random.IntN(9), december.AddDays(n)
	case 1, 2:
		in.do = "cancel"
	}
	return in
}

func ask(t *testing.T, bus *service.Bus, in asked) (out heard) {
	var err error
	switch ctx := context.Background(); in.do {
	case "add":
		_, err = service.Send(ctx, bus, domain.CreateBatch{Ref: in.name, SKU: in.sku, Qty: in.qty, ETA: in.eta})
	case "cancel":
		_, err = service.Send(ctx, bus, domain.CancelLine{OrderID: in.name, SKU: in.sku})
	default:
		var p domain.Placement
		p, err = service.Send(ctx, bus, domain.Allocate{OrderID: in.name, SKU: in.sku, Qty: in.qty, OnShortage: domain.Refuse})
		out.batch = p.BatchRef
	}
	if refused, ok := errors.AsType[*domain.Error](err); ok {
		out.code = refused.Code
	} else if err != nil {
		t.Errorf("%+v: %v", in, err)
	}
	return out
}

// stand is how the stock of one SKU stands, as far as these commands go.
type stand struct {
	batches []asked           // in order of preference, with what is available
	lines   map[string]string // batches by order; empty: cancelled
}

// serial is the model of a SKU whose commands happen one after the other.
func serial() porcupine.Model {
	return porcupine.Model{
		Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
			bySKU := map[string][]porcupine.Operation{}
			for _, op := range history {
				sku := op.Input.(asked).sku
				bySKU[sku] = append(bySKU[sku], op)
			}
			return slices.Collect(maps.Values(bySKU))
		},
		Init: func() any { return stand{lines: map[string]string{}} },
		Step: func(state, input, output any) (bool, any) {
			next, want := state.(stand).after(input.(asked))
			return want == output.(heard), next
		},
		Equal: func(a, b any) bool {
			return slices.Equal(a.(stand).batches, b.(stand).batches) && maps.Equal(a.(stand).lines, b.(stand).lines)
		},
	}
}

// after is how the stock stands after a command, and what its sender is told.
func (s stand) after(in asked) (stand, heard) {
	next := stand{slices.Clone(s.batches), maps.Clone(s.lines)}
	has, known := s.lines[in.name]
	switch {
	case in.do == "add":
		next.batches = append(next.batches, in)
		slices.SortFunc(next.batches, func(a, b asked) int { return int(a.eta - b.eta) })
		return next, heard{}
	case !known && in.do == "cancel":
		return s, heard{code: domain.CodeUnknownLine}
	case known && has == "" && in.do == "allocate":
		return s, heard{code: domain.CodeLineCancelled}
	case in.do == "cancel":
		for i, b := range next.batches {
			if b.name == has {
				next.batches[i].qty += in.qty
			}
		}
		next.lines[in.name] = ""
		return next, heard{}
	case known:
		return s, heard{batch: has}
	}
	for i, b := range next.batches {
		if b.qty >= in.qty {
			next.batches[i].qty -= in.qty
			next.lines[in.name] = b.name
			return next, heard{batch: b.name}
		}
	}
	return s, heard{}
}
