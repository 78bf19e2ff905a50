package redis_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"allot/internal/adapters/cloudevents"
	"allot/internal/adapters/redis"
	"allot/internal/redistest"
	"allot/internal/service"
	"allot/internal/views"
)

// chaos is how much of it there is.
type chaos struct {
	events int64 // in the log
	kills  int   // of Redis
	stops  int   // of relays
}

// size is a chaos that ends soon, or one that is worth a table.
func size() chaos {
	if os.Getenv("ALLOT_SOAK") != "" {
		return chaos{events: 200_000, kills: 30, stops: 50}
	}
	return chaos{events: 10_000, kills: 3, stops: 4}
}

// growing is a log whose end moves on.
type growing struct {
	views.Reader
	end *atomic.Int64
}

// Events implements views.Reader.
func (l growing) Events(_ context.Context, page views.Page) (views.List[views.Event], error) {
	after, err := service.AfterNumber(page)
	if err != nil {
		return views.List[views.Event]{}, err
	}
	return views.List[views.Event]{Items: someEvents(after+1, min(after+int64(page.Size()), l.end.Load()))}, nil
}

// relays are two relays that bring a journal up to date with a log.
type relays struct {
	log  growing
	open func() service.Journal
	stop [2]func()
}

// start starts a relay, in place of the one that it stops.
func (r *relays) start(n int) {
	if r.stop[n] != nil {
		r.stop[n]()
	}
	ctx, cancel := context.WithCancel(context.Background())
	relay := service.NewRelay(nil, slog.New(slog.DiscardHandler), time.Now)
	relay.Mirror("stream", r.log, r.open())
	var running sync.WaitGroup
	running.Go(func() { relay.Run(ctx) })
	r.stop[n] = func() {
		cancel()
		running.Wait()
	}
}

// unleash has two relays mirror a log that grows, while they are stopped and
// Redis is killed, and waits until the stream ends with the log.
func (c chaos) unleash(t *testing.T, server *redistest.Server, client *goredis.Client, open func() service.Journal) {
	t.Helper()
	log := growing{end: new(atomic.Int64)}
	r := &relays{log: log, open: open}
	r.start(0)
	r.start(1)
	blows := c.kills + c.stops
	for n := range blows {
		log.end.Store(c.events * int64(n+1) / int64(blows))
		c.reach(t, client, rand.Int64N(log.end.Load())+1) // in the middle of it
		if n*c.kills/blows < (n+1)*c.kills/blows {        // evenly among the others
			server.Kill()
			server.Restart(t)
		} else {
			r.start(n % 2)
		}
	}
	c.reach(t, client, c.events)
	r.stop[0]()
	r.stop[1]()
}

// reach waits until the stream has come to a position.
func (c chaos) reach(t *testing.T, client *goredis.Client, position int64) {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		if got, err := client.XLen(context.Background(), redis.EventStream).Result(); err == nil && got >= position {
			return
		}
		select {
		case <-time.After(time.Millisecond):
		case <-deadline:
			t.Fatalf("the stream doesn't get to %d", position)
		}
	}
}

// faults are what is wrong with the stream as a copy of the log.
func (c chaos) faults(t *testing.T, client *goredis.Client) (lost, doubled, inverted int) {
	t.Helper()
	seen := map[int64]bool{}
	var last int64
	for from := "-"; ; {
		entries := must(client.XRangeN(t.Context(), redis.EventStream, from, "+", 10_000).Result())(t)
		if len(entries) == 0 {
			break
		}
		for _, e := range entries {
			event := must(cloudevents.Decode([]byte(e.Values["event"].(string))))(t)
			if seen[event.Position] {
				doubled++
			}
			if event.Position < last {
				inverted++
			}
			seen[event.Position], last = true, event.Position
		}
		from = "(" + entries[len(entries)-1].ID
	}
	return int(c.events) - len(seen), doubled, inverted
}

var durability = map[string][]string{
	"without a file": nil,
	"with a file that is synced every second": {"--appendonly", "yes", "--appendfsync", "everysec"},
}

func TestSoakTheStreamHasEachEventOnceAndInOrderWhateverIsKilled(t *testing.T) {
	for how, args := range durability {
		t.Run(how, func(t *testing.T) {
			server := redistest.Start(t, args...)
			client := open(t, server)
			c := size()
			began := time.Now()
			c.unleash(t, server, client, func() service.Journal { return redis.NewJournal(open(t, server), plenty) })
			lost, doubled, inverted := c.faults(t, client)
			t.Logf("%d events, Redis killed %d times, relays stopped %d times, in %v: %d lost, %d doubled, %d out of order",
				c.events, c.kills, c.stops, time.Since(began).Round(time.Second), lost, doubled, inverted)
			if lost+doubled+inverted > 0 {
				t.Error("the stream is not the log")
			}
		})
	}
}

// plain is a journal that believes what Redis acknowledged, and appends without
// comparing. Each relay has one.
type plain struct {
	redis *goredis.Client
	last  service.Mark
}

func (p *plain) Last(context.Context) (service.Mark, error) { return p.last, nil }

func (p *plain) Append(ctx context.Context, _ int64, events []views.Event) error {
	pipe := p.redis.Pipeline()
	for _, e := range events {
		body, err := cloudevents.Encode(e)
		if err != nil {
			return err
		}
		pipe.XAdd(ctx, &goredis.XAddArgs{Stream: redis.EventStream, Values: []any{"event", body}})
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("append: %w", err)
	}
	e := events[len(events)-1]
	p.last = service.Mark{Position: e.Position, At: e.At}
	return nil
}

// The test above would find it out.
func TestAppendingWithoutComparingDoublesAndLosesEvents(t *testing.T) {
	server := redistest.Start(t)
	client := open(t, server)
	for range 2 { // two relays at once, neither of which looks at what the other does
		if err := (&plain{redis: open(t, server)}).Append(t.Context(), 0, someEvents(1, 100)); err != nil {
			t.Fatal(err)
		}
	}
	c := chaos{events: 100}
	if _, doubled, _ := c.faults(t, client); doubled == 0 {
		t.Error("two relays that don't compare doubled nothing")
	}

	must(client.FlushAll(t.Context()).Result())(t)
	one := &plain{redis: open(t, server)}
	for range 2 {
		if err := one.Append(t.Context(), one.last.Position, someEvents(one.last.Position+1, one.last.Position+100)); err != nil {
			t.Fatal(err)
		}
		if one.last.Position == 100 {
			server.Kill()
			server.Restart(t)
			one.redis = open(t, server)
		}
	}
	c.events = 200
	if lost, _, _ := c.faults(t, client); lost != 100 {
		t.Errorf("%d events were lost, want the 100 that Redis acknowledged before it was killed", lost)
	}
}

// Half of what Redis can do is the least that comparing may leave.
func BenchmarkStream(b *testing.B) {
	client := open(b, redistest.Start(b))
	const pages = 40
	log := growing{end: new(atomic.Int64)}
	relay := service.NewRelay(nil, slog.New(slog.DiscardHandler), time.Now)
	relay.Mirror("stream", log, redis.NewJournal(client, 100_000))
	var bodies [][]byte
	for _, e := range someEvents(1, views.MaxPage) {
		bodies = append(bodies, must(cloudevents.Encode(e))(b))
	}
	var compared, bare []float64 // seconds, in turn: others use the machine too
	for b.Loop() {
		log.end.Add(pages * views.MaxPage)
		compared = append(compared, seconds(func() {
			if err := relay.Drain(b.Context()); err != nil {
				b.Fatal(err)
			}
		}))
		bare = append(bare, seconds(func() {
			for range pages {
				pipe := client.Pipeline()
				for _, body := range bodies {
					pipe.XAdd(b.Context(), &goredis.XAddArgs{Stream: "bare", MaxLen: 100_000, Approx: true, Values: []any{"event", body}})
				}
				must(pipe.Exec(b.Context()))(b)
			}
		}))
	}
	ratios := make([]float64, len(bare))
	for i := range bare {
		ratios[i] = bare[i] / compared[i]
	}
	b.ReportMetric(pages*views.MaxPage/median(compared), "events/s")
	b.ReportMetric(pages*views.MaxPage/median(bare), "bare/s")
	b.ReportMetric(median(ratios), "ratio")
}

func seconds(fn func()) float64 {
	began := time.Now()
	fn()
	return time.Since(began).Seconds()
}

func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}
