package bench

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"allot/internal/bootstrap"
	"allot/internal/domain"
	"allot/internal/service"
)

// commits has clients allocate in this process and counts what that takes.
func commits(ctx context.Context, o Options) ([]Figure, error) {
	const each = 500
	var perCommit, bytes, rate []float64
	for round := range o.Rounds {
		o.Progress(fmt.Sprintf("round %d of %d", round+1, o.Rounds))
		s, err := newShop(ctx, o.Dir, bootstrap.Options{})
		if err != nil {
			return nil, err
		}
		defer s.remove()
		counted := &countingStore{Store: s.Store}
		bus := service.NewBus(service.NewTransactor(counted, bootstrap.DefaultGroup, time.Now, nil))
		service.Register(bus)
		if err := stock(ctx, bus, []string{"SKU"}); err != nil {
			return nil, err
		}
		counted.commits.Store(0)
		began := time.Now()
		if err := together(o.Clients, func(client int) error {
			for i := range each {
				cmd := domain.Allocate{OrderID: fmt.Sprintf("order-%06d-%04d", i, client), SKU: "SKU", Qty: 1}
				if _, err := service.Send(ctx, bus, cmd); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return nil, err
		}
		n := float64(each * o.Clients)
		rate = append(rate, n/time.Since(began).Seconds())
		perCommit = append(perCommit, n/float64(counted.commits.Load()))
		if err := s.Close(); err != nil {
			return nil, err
		}
		size, err := s.size()
		if err != nil {
			return nil, err
		}
		bytes = append(bytes, size/n)
	}
	return []Figure{
		figure("allocations per commit", "", perCommit),
		figure("bytes on disk per allocation with its event", "B", bytes),
		figure("allocations in this process", "/s", rate),
	}, nil
}

// countingStore counts commits.
type countingStore struct {
	service.Store
	commits atomic.Int64
}

func (s *countingStore) InTx(ctx context.Context, fn func(context.Context, service.Tx) error) error {
	s.commits.Add(1)
	return s.Store.InTx(ctx, fn)
}

// growth compares a shop that has allocated a great deal with one that hasn't.
func growth(ctx context.Context, o Options) ([]Figure, error) {
	var figures []Figure
	for _, ids := range []struct {
		name string
		of   func(int) string
	}{
		{"rising", func(i int) string { return fmt.Sprintf("order-%09d", i) }},
		{"random", func(int) string { return fmt.Sprintf("order-%016x", rand.Uint64()) }},
	} {
		o.Progress(fmt.Sprintf("order ids %s: making %d allocations", ids.name, o.Existing))
		old, err := newShop(ctx, o.Dir, bootstrap.Options{})
		if err != nil {
			return nil, err
		}
		defer old.remove()
		if err := stock(ctx, old.Bus, []string{"SKU"}); err != nil {
			return nil, err
		}
		if _, err := allocate(ctx, old.Bus, 0, o.Existing, ids.of); err != nil {
			return nil, err
		}
		with, without, err := compare(ctx, o, "order ids "+ids.name, old, ids.of)
		if err != nil {
			return nil, err
		}
		figures = append(figures,
			figure(fmt.Sprintf("CPU per allocation after none, order ids %s", ids.name), "us", without),
			figure(fmt.Sprintf("CPU per allocation after %d, order ids %s", o.Existing, ids.name), "us", with),
			figure(fmt.Sprintf("ratio, order ids %s", ids.name), "", ratios(with, without)))
	}
	return figures, nil
}

// batches compares a SKU of many exhausted batches with one of a single batch.
func batches(ctx context.Context, o Options) ([]Figure, error) {
	const exhausted = 9_999
	o.Progress(fmt.Sprintf("exhausting %d batches", exhausted))
	old, err := newShop(ctx, o.Dir, bootstrap.Options{})
	if err != nil {
		return nil, err
	}
	defer old.remove()
	if err := each(ctx, old.Bus, exhausted, func(i int) domain.Message {
		return domain.CreateBatch{Ref: fmt.Sprintf("batch-%05d", i), SKU: "SKU", Qty: 1}
	}); err != nil {
		return nil, err
	}
	ids := func(i int) string { return fmt.Sprintf("order-%09d", i) }
	if _, err := allocate(ctx, old.Bus, 0, exhausted, ids); err != nil {
		return nil, err
	}
	if err := stock(ctx, old.Bus, []string{"SKU"}); err != nil {
		return nil, err
	}
	with, without, err := compare(ctx, o, "batches", old, ids)
	if err != nil {
		return nil, err
	}
	return []Figure{
		figure("CPU per allocation, one batch", "us", without),
		figure(fmt.Sprintf("CPU per allocation, %d batches", exhausted+1), "us", with),
		figure("ratio", "", ratios(with, without)),
	}, nil
}

// compare has an old shop and a new one allocate in turn, and returns the CPU
// per allocation of each round in us.
func compare(ctx context.Context, o Options, what string, old *shop, ids func(int) string) (with, without []float64, _ error) {
	for round := range o.Rounds {
		o.Progress(fmt.Sprintf("%s: round %d of %d", what, round+1, o.Rounds))
		fresh, err := newShop(ctx, o.Dir, bootstrap.Options{})
		if err != nil {
			return nil, nil, err
		}
		defer fresh.remove()
		if err := stock(ctx, fresh.Bus, []string{"SKU"}); err != nil {
			return nil, nil, err
		}
		first := o.Existing + 100_000 + round*o.Lines
		a, err := allocate(ctx, fresh.Bus, first, o.Lines, ids)
		if err != nil {
			return nil, nil, err
		}
		b, err := allocate(ctx, old.Bus, first, o.Lines, ids)
		if err != nil {
			return nil, nil, err
		}
		without, with = append(without, a), append(with, b)
	}
	return with, without, nil
}

// allocate has n lines allocated and returns the CPU that each took, in us.
func allocate(ctx context.Context, bus *service.Bus, first, n int, id func(int) string) (float64, error) {
	before := cpuTime()
	err := each(ctx, bus, n, func(i int) domain.Message {
		return domain.Allocate{OrderID: id(first + i), SKU: "SKU", Qty: 1}
	})
	return float64((cpuTime() - before).Nanoseconds()) / 1000 / float64(n), err
}

// stock gives each SKU a batch that doesn't run out.
func stock(ctx context.Context, bus *service.Bus, skus []string) error {
	return each(ctx, bus, len(skus), func(i int) domain.Message {
		return domain.CreateBatch{Ref: "stock-" + skus[i], SKU: skus[i], Qty: domain.MaxQty}
	})
}

// each has n commands done in order. All of them have to succeed.
func each(ctx context.Context, bus *service.Bus, n int, command func(int) domain.Message) error {
	var commands iter.Seq[domain.Message] = func(yield func(domain.Message) bool) {
		for i := range n {
			if !yield(command(i)) {
				return
			}
		}
	}
	for outcome := range service.SendEach(ctx, bus, commands) {
		if outcome.Err != nil {
			return outcome.Err
		}
		if p, ok := outcome.Result.(domain.Placement); ok && p.Status != domain.StatusAllocated {
			return fmt.Errorf("a line was %s: there should be stock", p.Status)
		}
	}
	return nil
}

// together runs fn once for each client, all at once, and returns the first error.
func together(clients int, fn func(client int) error) error {
	errs := make(chan error, clients)
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() { errs <- fn(client) })
	}
	all.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
