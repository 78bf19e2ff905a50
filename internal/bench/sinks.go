package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"allot/internal/bootstrap"
	"allot/internal/config"
	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

// sinks compares allocations over HTTP with Redis, a mail server and a webhook
// attached, with what is available kept in Redis besides, and with all of them
// down, with allocations that nobody is told of.
// Each has a shop of its own, and while it is measured the others stand still.
func sinks(ctx context.Context, o Options) (_ []Figure, err error) {
	out, err := newOutside(ctx, o.Dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, out.close()) }()
	m := &measuredSinks{o: o, run: fmt.Sprintf("bench-%08x", rand.Uint32())}
	kept := *out.places()
	kept.redis, kept.availability = kept.redis+"?db=1", true // a Redis is of one shop
	for _, places := range []*places{{}, out.places(), &nowhere, &kept} {
		s, err := m.open(ctx, places)
		if err != nil {
			return nil, err
		}
		defer s.close()
	}
	before, err := out.got(ctx)
	if err != nil {
		return nil, err
	}
	rates, err := m.measure(ctx)
	if err != nil {
		return nil, err
	}
	after, err := out.got(ctx)
	seconds := o.Round.Seconds() * float64(o.Rounds)
	return []Figure{
		figure("allocations, nobody told", "/s", rates[0]), figure("allocations, all attached", "/s", rates[1]), figure("allocations, all down", "/s", rates[2]),
		figure("all attached / nobody told", "", ratios(rates[1], rates[0])),
		figure("all attached, and availability kept in Redis / nobody told", "", ratios(rates[3], rates[0])), figure("all down / nobody told", "", ratios(rates[2], rates[0])),
		figure("CPU for each allocation, clients and receivers included: all attached / nobody told", "", ratios(m.cpu[1], m.cpu[0])),
		figure("CPU for each allocation, clients and receivers included: all down / nobody told", "", ratios(m.cpu[2], m.cpu[0])),
		figure("events to Redis meanwhile", "/s", []float64{float64(after.events-before.events) / seconds}),
		figure("events posted meanwhile", "/s", []float64{float64(after.posts-before.posts) / seconds}),
		figure("mails meanwhile", "", []float64{float64(after.mails - before.mails)}),
	}, err
}

// places are where events go; empty: nowhere, and nobody tries.
type places struct {
	redis, mail, hook string
	availability      bool // kept in Redis
}

// nowhere is where nobody listens.
var nowhere = places{redis: "redis://127.0.0.1:1", mail: "smtp://127.0.0.1:1", hook: "http://127.0.0.1:1/"}

// telling is a shop that tells others what happens, while it runs.
type telling struct {
	*shop
	url   string
	close func()
}

// measuredSinks are shops that are measured in turn.
type measuredSinks struct {
	o     Options
	run   string
	shops []*telling
	cpu   [4][]float64 // for each allocation, by shop, in seconds
}

// open makes a shop that tells those places.
func (m *measuredSinks) open(ctx context.Context, to *places) (*telling, error) {
	options := bootstrap.Options{WebhooksAnywhere: true}
	var err error
	if to.mail != "" {
		c := config.Config{SMTPURL: to.mail, SMTPTLS: "none", MailFrom: "allot@example.com", MailTo: []string{"buyer@example.com"}}
		if options.Notifier, err = bootstrap.Mail(c, time.Now); err != nil {
			return nil, err
		}
	}
	s, err := newShop(ctx, m.o.Dir, options)
	if err != nil {
		return nil, err
	}
	if err := to.attach(ctx, s); err != nil {
		s.remove()
		return nil, err
	}
	t := &telling{shop: s}
	if t.url, t.close, err = s.serve(ctx); err != nil {
		return nil, err
	}
	m.shops = append(m.shops, t)
	return t, stockUp(ctx, t.url)
}

// attach has a shop tell Redis and a webhook.
func (to *places) attach(ctx context.Context, s *shop) error {
	if to.redis == "" {
		return nil
	}
	err := s.SendToRedis(to.redis, 100_000)
	if err == nil && to.availability {
		err = s.KeepAvailabilityInRedis(to.redis)
	}
	if err != nil {
		return err
	}
	_, err = s.Webhooks.Add(ctx, views.Webhook{URL: to.hook})
	return err
}

// measure returns the rates of each shop, round by round.
func (m *measuredSinks) measure(ctx context.Context) ([][]float64, error) {
	rates := make([][]float64, len(m.shops))
	for round := range m.o.Rounds {
		m.o.Progress(fmt.Sprintf("round %d of %d", round+1, m.o.Rounds))
		for n, s := range m.shops {
			before := cpuTime()
			rate, err := m.round(ctx, s, round)
			if err != nil {
				return nil, err
			}
			m.cpu[n] = append(m.cpu[n], (cpuTime()-before).Seconds()/rate)
			rates[n] = append(rates[n], rate)
		}
	}
	return rates, nil
}

// round has orders come to a shop while it tells of them.
func (m *measuredSinks) round(ctx context.Context, s *telling, round int) (float64, error) {
	run := fmt.Sprintf("%s-%03d", m.run, round)
	if err := runOut(ctx, s, run, round); err != nil {
		return 0, err
	}
	telling, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { s.Run(telling) })
	defer running.Wait()
	defer stop()
	return load(ctx, m.o, s.url, allocations(manySKUs), run)
}

// outs is how many SKUs run out of stock in each round.
const outs = 20

// runOut has some SKUs run out of stock, others than in other rounds: those are
// what mails are about.
func runOut(ctx context.Context, s *telling, run string, round int) error {
	for i := range outs {
		sku := fmt.Sprintf("sku-%d", (round*outs+i)%manySKUs)
		cmd := domain.Allocate{OrderID: fmt.Sprintf("%s-out-%d", run, i), SKU: sku, Qty: domain.MaxQty}
		if _, err := service.Send(ctx, s.Bus, cmd); err != nil {
			return err
		}
	}
	return nil
}
