package service_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"allot/internal/adapters/memory"
	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

// post is a relay to something that refuses all, or takes all.
type post struct {
	t     *testing.T
	now   time.Time
	store *memory.Store
	relay *service.Relay
	again *service.Redelivery
	open  bool
	got   []int64
}

var ranOut = service.OutOfStockNotices.Subscription

// newPost has three products run out of stock, at positions 3, 6 and 9.
func newPost(t *testing.T) *post {
	p := &post{t: t, now: time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC), store: memory.New()}
	now := func() time.Time { return p.now }
	bus := service.NewBus(service.NewTransactor(p.store, 100, now, nil))
	service.Register(bus)
	for _, sku := range []string{"A", "B", "C"} {
		for _, cmd := range []domain.Message{domain.CreateBatch{Ref: sku, SKU: sku, Qty: 1}, domain.Allocate{OrderID: "o", SKU: sku, Qty: 9}} {
			if _, err := service.PerformAny(t.Context(), bus, cmd, service.Terms{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	p.relay = service.NewRelay(p.store, slog.New(slog.DiscardHandler), now)
	p.relay.Forward(ranOut, func(_ context.Context, e service.Envelope) error {
		if !p.open {
			return errors.New("nobody is there")
		}
		p.got = append(p.got, e.Position)
		return nil
	})
	p.again = service.NewRedelivery(p.store, now)
	return p
}

func (p *post) drain() {
	p.t.Helper()
	if err := p.relay.Drain(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
}

// parked are the positions of what is parked.
func (p *post) parked() (out []int64) {
	p.t.Helper()
	list, err := p.store.Failures(p.t.Context(), "", views.Page{})
	if err != nil {
		p.t.Fatal(err)
	}
	for _, f := range list.Items {
		if f.Parked {
			out = append(out, f.Position)
		}
	}
	return out
}

// park tries until all is parked.
func (p *post) park() []int64 {
	for range service.MostAttempts {
		p.drain()
		p.now = p.now.Add(time.Hour)
	}
	return p.parked()
}

func TestWhatIsParkedIsTriedAgainWhenSomebodyAsks(t *testing.T) {
	p := newPost(t)
	all := p.park()
	if len(all) != 3 {
		t.Fatalf("parked are %v", all)
	}
	retry := func(position int64, want int) {
		t.Helper()
		if n, err := p.again.Retry(t.Context(), ranOut.Name, position); n != want || err != nil {
			t.Errorf("%d are tried again, want %d (%v)", n, want, err)
		}
		p.drain()
	}
	retry(all[1], 1)
	if got := p.parked(); !slices.Equal(got, all) {
		t.Errorf("what failed once more is not parked again: %v", got)
	}
	p.open = true
	retry(all[1], 1)
	retry(all[1], 0)
	if !slices.Equal(p.got, all[1:2]) {
		t.Errorf("delivered were %v", p.got)
	}
	retry(0, 2)
	if len(p.got) != 3 || len(p.parked()) != 0 {
		t.Errorf("delivered were %v, parked are %v", p.got, p.parked())
	}
}

func TestARangeIsReplayedToOneSubscription(t *testing.T) {
	p := newPost(t)
	p.open = true
	p.drain()
	all := slices.Clone(p.got)
	for _, tt := range []struct {
		from, to int64
		want     []int64
	}{{1, 1000, all}, {all[1], all[1], all[1:2]}, {1, all[1] - 1, all[:1]}, {all[2] + 1, 1000, nil}} {
		p.got = nil
		counted, err := p.again.Replay(t.Context(), ranOut.Name, tt.from, tt.to, true)
		if err != nil || counted != len(tt.want) {
			t.Errorf("%d to %d: %d would be (%v)", tt.from, tt.to, counted, err)
		}
		if p.drain(); len(p.got) > 0 {
			t.Errorf("%d to %d: a dry run delivered %v", tt.from, tt.to, p.got)
		}
		if done, err := p.again.Replay(t.Context(), ranOut.Name, tt.from, tt.to, false); err != nil || done != counted {
			t.Errorf("%d to %d: %d are (%v)", tt.from, tt.to, done, err)
		}
		if p.drain(); !slices.Equal(p.got, tt.want) {
			t.Errorf("%d to %d: delivered were %v, want %v", tt.from, tt.to, p.got, tt.want)
		}
	}
}

func TestNothingElseIsReplayed(t *testing.T) {
	p := newPost(t)
	for _, tt := range []struct {
		subscription string
		from, to     int64
		field        string
	}{{"redis", 1, 9, "subscription"}, {"webhook-1", 1, 9, "subscription"}, {ranOut.Name, 0, 9, "to"}, {ranOut.Name, 5, 4, "to"}} {
		_, err := p.again.Replay(t.Context(), tt.subscription, tt.from, tt.to, false)
		if e, ok := errors.AsType[*domain.Error](err); !ok || e.Field != tt.field || e.Hint == "" {
			t.Errorf("%+v: %v", tt, err)
		}
	}
}
