package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"runtime"
	"runtime/metrics"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// tooMany is how many times the clients that saturate a server come in an
// overload.
const tooMany = 3

// crowd is too many clients.
type crowd struct {
	name     string
	crammed  bool // there is room for as many as saturate the server, and no more; else as it is usually
	patience bool // those who are refused come back when they were told to, else at once
}

var crowds = []crowd{
	{"three times the clients", false, false},
	{"no room, patient clients", true, true},
	{"no room, impatient clients", true, false},
}

// overload measures what a server does when more comes than saturates it: with
// the room for them that there usually is, and without.
func overload(ctx context.Context, o Options) (figures []Figure, _ error) {
	for _, c := range crowds {
		more, err := endure(ctx, o, c)
		if err != nil {
			return nil, err
		}
		figures = append(figures, more...)
	}
	return figures, nil
}

// endure has a crowd come, and waits until all is as it was before.
func endure(ctx context.Context, o Options, c crowd) ([]Figure, error) {
	if c.crammed {
		o.queue = o.Clients
	}
	server, stop, err := target(ctx, o)
	if err != nil {
		return nil, err
	}
	defer stop()
	if err := stockUp(ctx, server); err != nil {
		return nil, err
	}
	s := &overloaded{o: o, server: server, run: fmt.Sprintf("bench-%08x", rand.Uint32())}
	return s.measure(ctx, c)
}

// overloaded is a server that is measured under overload.
type overloaded struct {
	o      Options
	server string
	run    string
	rounds int // so far, so that no order comes twice
}

func (s *overloaded) next() string {
	s.rounds++
	return fmt.Sprintf("%s-%03d", s.run, s.rounds)
}

// peak is the median rate of some rounds with as many clients as saturate it.
func (s *overloaded) peak(ctx context.Context) (float64, error) {
	var rates []float64
	for range s.o.Rounds {
		rate, err := load(ctx, s.o, s.server, allocations(manySKUs), s.next())
		if err != nil {
			return 0, err
		}
		rates = append(rates, rate)
	}
	slices.Sort(rates)
	return rates[len(rates)/2], nil
}

// endured is what came of an overload.
type endured struct {
	took    []time.Duration // of those that were allocated
	refused int
	memory  [2]float64 // of this process, after a quarter of the time and at the end, in bytes
}

func (s *overloaded) measure(ctx context.Context, c crowd) ([]Figure, error) {
	s.o.Progress(c.name + ": before")
	peak, err := s.peak(ctx)
	if err != nil {
		return nil, err
	}
	s.o.Progress(c.name)
	got, err := s.throng(ctx, c)
	if err != nil {
		return nil, err
	}
	s.o.Progress(c.name + ": afterwards")
	recovery, err := s.recovery(ctx, peak)
	if err != nil {
		return nil, err
	}
	slices.Sort(got.took)
	one := func(name, unit string, v float64) Figure { return figure(c.name+": "+name, unit, []float64{v}) }
	good := float64(len(got.took)) / s.o.Overload.Seconds()
	return []Figure{
		one("allocations", "/s", good), one("allocations / those before", "", good/peak),
		one("refused", "/s", float64(got.refused)/s.o.Overload.Seconds()),
		one("99th percentile of an allocation", "ms", float64(percentile(got.took, 0.99))/1e6),
		one("memory at the end / after a quarter", "", got.memory[1]/got.memory[0]),
		one("as fast as before, nearly, after", "s", recovery.Seconds()),
	}, nil
}

// percentile is that of sorted durations, 0 if there are none.
func percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(p*float64(len(sorted))))]
}

// throng has three times as many clients come as saturate the server.
func (s *overloaded) throng(ctx context.Context, c crowd) (endured, error) {
	clients := tooMany * s.o.Clients
	h := newClient(clients)
	defer h.CloseIdleConnections()
	run, body := s.next(), allocations(manySKUs)
	took := make([][]time.Duration, clients)
	var refused atomic.Int64
	var used [2]float64
	end := time.Now().Add(s.o.Overload)
	var sampling sync.WaitGroup
	sampling.Go(func() {
		time.Sleep(s.o.Overload / 4)
		used[0] = memory()
	})
	err := together(clients, func(client int) error {
		for i := 0; ctx.Err() == nil && time.Now().Before(end); i++ {
			began := time.Now()
			got, err := post(ctx, h, s.server+body.path, body.body(run, client, i))
			switch {
			case err != nil:
				return err
			case got == allocated:
				took[client] = append(took[client], time.Since(began))
			case got.status == http.StatusServiceUnavailable:
				refused.Add(1)
				if c.patience {
					pause(ctx, got, end)
				}
			default:
				return fmt.Errorf("%s was answered with %+v", body.path, got)
			}
		}
		return ctx.Err()
	})
	sampling.Wait()
	used[1] = memory()
	return endured{slices.Concat(took...), int(refused.Load()), used}, err
}

// pause waits as long as a refusal says, but not beyond end.
func pause(ctx context.Context, refusal answer, end time.Time) {
	seconds, _ := strconv.Atoi(refusal.pause) // without it there is no pause
	select {
	case <-time.After(min(time.Duration(seconds)*time.Second, time.Until(end))):
	case <-ctx.Done():
	}
}

// mostRecovery is when waiting for a server to recover is given up.
const mostRecovery = 30 * time.Second

// recovery is how long it takes until the rate is what it was, nearly.
func (s *overloaded) recovery(ctx context.Context, peak float64) (time.Duration, error) {
	s.o.Progress("afterwards")
	began := time.Now()
	for time.Since(began) < mostRecovery {
		rate, err := load(ctx, s.o, s.server, allocations(manySKUs), s.next())
		if err != nil {
			return 0, err
		}
		if rate >= 0.9*peak {
			break
		}
	}
	return max(0, time.Since(began)-s.o.Round), nil // the round that was as good as before was so from its start
}

// memory is what this process has of the system, in bytes, without what it
// could give back.
func memory() float64 {
	runtime.GC()
	used := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}, {Name: "/memory/classes/heap/free:bytes"}}
	metrics.Read(used)
	return float64(used[0].Value.Uint64() - used[1].Value.Uint64() - used[2].Value.Uint64())
}
