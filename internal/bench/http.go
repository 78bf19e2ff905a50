package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"strings"

	"allot/internal/bootstrap"
	"allot/internal/entrypoints/httpapi"
)

// manySKUs is how many products share the load where it isn't on one.
const manySKUs = 1000

// echo compares durable allocations with an echo: the same listener, middleware
// and decoder, the same body, and no command.
func echo(ctx context.Context, o Options) ([]Figure, error) {
	m, err := overHTTP(ctx, o, echoes, allocations(manySKUs))
	if err != nil {
		return nil, err
	}
	return []Figure{
		figure("echoes", "/s", m[0]), figure("durable allocations, 1,000 SKUs", "/s", m[1]),
		figure("allocations / echoes", "", ratios(m[1], m[0])),
	}, nil
}

// many measures durable allocations alone.
func many(ctx context.Context, o Options) ([]Figure, error) {
	m, err := overHTTP(ctx, o, allocations(manySKUs))
	if err != nil {
		return nil, err
	}
	return []Figure{figure("durable allocations, 1,000 SKUs", "/s", m[0])}, nil
}

// hot compares allocations on one SKU with allocations on many.
func hot(ctx context.Context, o Options) ([]Figure, error) {
	m, err := overHTTP(ctx, o, allocations(manySKUs), allocations(1))
	if err != nil {
		return nil, err
	}
	return []Figure{
		figure("durable allocations, 1,000 SKUs", "/s", m[0]), figure("durable allocations, one SKU", "/s", m[1]),
		figure("one SKU / 1,000 SKUs", "", ratios(m[1], m[0])),
	}, nil
}

// request is what clients ask for over and over, and what they are answered.
type request struct {
	path string
	body func(run string, client, i int) string // nil: they only look
	want answer
}

var echoes = request{"/echo", allocations(manySKUs).body, allocated}

// allocations asks for allocations, of so many SKUs in turn. Order ids rise with
// time, as a shop's do.
func allocations(skus int) request {
	return request{"/allocate", func(run string, client, i int) string {
		return fmt.Sprintf(`{"orderid":"%s-%07d-%03d","sku":"sku-%d","qty":1}`, run, i, client, (client*131+i)%skus)
	}, allocated}
}

// overHTTP returns the rates of requests, which are measured in turn, round by
// round.
func overHTTP(ctx context.Context, o Options, requests ...request) ([][]float64, error) {
	server, stop, err := target(ctx, o)
	if err != nil {
		return nil, err
	}
	defer stop()
	if err := stockUp(ctx, server); err != nil {
		return nil, err
	}
	return inTurn(ctx, o, server, requests...)
}

// inTurn returns the rates of requests to a server.
func inTurn(ctx context.Context, o Options, server string, requests ...request) ([][]float64, error) {
	session := rand.Uint32()
	rates := make([][]float64, len(requests))
	for round := range o.Rounds {
		o.Progress(fmt.Sprintf("round %d of %d", round+1, o.Rounds))
		for n, r := range requests {
			run := fmt.Sprintf("bench-%08x-%03d-%d", session, round, n)
			rate, err := load(ctx, o, server, r, run)
			if err != nil {
				return nil, err
			}
			rates[n] = append(rates[n], rate)
		}
	}
	return rates, nil
}

// target is the URL of the server to measure: the one that was named, or
// one in this process.
func target(ctx context.Context, o Options) (server string, stop func(), _ error) {
	if o.URL != "" {
		if u, err := url.Parse(o.URL); err != nil || u.Host == "" {
			return "", nil, fmt.Errorf("%q is no address of a server: write http://127.0.0.1:5005", o.URL)
		}
		return strings.TrimSuffix(o.URL, "/"), func() {}, nil
	}
	s, err := newShop(ctx, o.Dir, bootstrap.Options{Queue: o.queue})
	if err != nil {
		return "", nil, err
	}
	return s.serve(ctx)
}

// serve serves a shop over HTTP. stop ends that, and removes the shop.
func (s *shop) serve(ctx context.Context) (server string, stop func(), _ error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.remove()
		return "", nil, err
	}
	serving, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() {
		done <- httpapi.Serve(serving, l, httpapi.New(s.Bus, s.Store, httpapi.Options{Echo: true}), httpapi.ServeOptions{})
	}()
	return "http://" + l.Addr().String(), func() {
		cancel()
		<-done
		s.remove()
	}, nil
}

// stockUp sees to it that there is stock of each SKU.
func stockUp(ctx context.Context, server string) error {
	c := newClient(1)
	defer c.CloseIdleConnections()
	for i := range manySKUs {
		got, err := post(ctx, c, server+"/add_batch", fmt.Sprintf(`{"ref":"bench-%d","sku":"sku-%d","qty":2000000000,"eta":null}`, i, i))
		if err != nil {
			return err
		}
		if got != added {
			return fmt.Errorf("adding stock was answered with %+v, not %+v", got, added)
		}
	}
	return nil
}
