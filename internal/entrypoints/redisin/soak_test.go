package redisin

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"allot/internal/adapters/sqlite"
	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

// death is a hook that kills a consumer between a commit and what it has to
// acknowledge.
type death struct {
	due  chan struct{} // closed when it is to happen
	done chan struct{} // closed when it has
	once sync.Once
}

func (d *death) DialHook(next goredis.DialHook) goredis.DialHook { return next }

func (d *death) ProcessPipelineHook(next goredis.ProcessPipelineHook) goredis.ProcessPipelineHook {
	return next
}

func (d *death) ProcessHook(next goredis.ProcessHook) goredis.ProcessHook {
	return func(ctx context.Context, cmd goredis.Cmder) error {
		select {
		case <-d.due:
			if cmd.Name() == "xack" {
				d.once.Do(func() { close(d.done) })
				cmd.SetErr(net.ErrClosed)
				return net.ErrClosed
			}
		default:
		}
		return next(ctx, cmd)
	}
}

// mortal is a consumer that can be killed.
type mortal struct {
	*death
	stop func()
}

func (s *shop) mortal(t *testing.T, name string) *mortal {
	t.Helper()
	c, err := New(s.server.URL, s.bus, s.store, ours, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	c.name, c.idle = name, 300*time.Millisecond
	d := &death{due: make(chan struct{}), done: make(chan struct{})}
	c.redis.AddHook(d)
	return &mortal{d, runs(t, c)}
}

// dies returns when the consumer has been killed after its next commit.
func (m *mortal) dies() {
	close(m.due)
	<-m.done
	m.stop()
}

// sent is what a program has sent.
type sent struct {
	good   map[string]string // what the message is about, by its id
	poison map[string]bool
	latest map[string]int // the quantity that was set last, by batch
}

const soakBatches = 50

// numbered is a message, and what it is about if it is a good one.
func (o *sent) numbered(n int) (body, about string) {
	switch {
	case n%100 == 17:
		return `{"op":"allocate","order_id":`, ""
	case n%100 == 71:
		return fmt.Sprintf(`{"op":"change_batch","ref":"no-such-%d","qty":1}`, n), ""
	case n%10 == 3:
		ref := fmt.Sprintf("b%d", n%soakBatches)
		o.latest[ref] = 1_000_000 + n
		return fmt.Sprintf(`{"op":"change_batch","ref":"%s","qty":%d}`, ref, 1_000_000+n), ref
	}
	return fmt.Sprintf(`{"op":"allocate","order_id":"o%d","sku":"SKU-%d","qty":1}`, n, n%soakBatches), "order"
}

// send sends so many messages, and goes on until enough is closed.
func (s *shop) send(t *testing.T, count int, enough <-chan struct{}) *sent {
	t.Helper()
	o := &sent{good: map[string]string{}, poison: map[string]bool{}, latest: map[string]int{}}
	beat := time.NewTicker(50 * time.Millisecond)
	defer beat.Stop()
	for n := 0; n < count || !closed(enough); n++ {
		body, about := o.numbered(n)
		if id := s.add(t, body); about == "" {
			o.poison[id] = true
		} else {
			o.good[id] = about
		}
		if n%100 == 99 {
			<-beat.C
		}
	}
	return o
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestSoakEveryMessageHasOneEffectWhateverIsKilled(t *testing.T) {
	count, deaths := 5000, 5
	if os.Getenv("ALLOT_SOAK") != "" {
		count, deaths = 50_000, 50
	}
	database, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "allot.db"), "test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { database.Close() })
	s := newShopOn(t, database)
	for n := range soakBatches {
		s.do(t, domain.CreateBatch{Ref: fmt.Sprint("b", n), SKU: fmt.Sprint("SKU-", n), Qty: 1_000_000})
	}
	consumers := []*mortal{s.mortal(t, "one"), s.mortal(t, "two")}
	killed := make(chan struct{})
	go func() {
		defer close(killed)
		for n := range deaths {
			consumers[n%2].dies()
			consumers[n%2] = s.mortal(t, fmt.Sprint("again ", n, rand.Int()))
		}
	}()
	o := s.send(t, count, killed)
	eventually(t, "everything is done or parked", func() bool { return s.pending(t) == 0 })
	for _, c := range consumers {
		c.stop()
	}
	s.compare(t, o)
	report, err := service.Verify(t.Context(), database, nil)
	if err != nil || len(report.Faults) > 0 {
		t.Errorf("verify: %v, %v", report.Faults, err)
	}
}

// compare holds the log and what is parked against what was sent.
func (s *shop) compare(t *testing.T, o *sent) {
	t.Helper()
	effects, waits := s.effects(t)
	lost := 0
	for id, about := range o.good {
		if n := effects[id]; about == "order" && n != 1 || n > 1 { // a quantity that others set since may have none
			lost++
		}
	}
	for ref, want := range o.latest {
		if got := s.qty(ref); got != want {
			t.Errorf("batch %s has %d, and the last message said %d", ref, got, want)
		}
	}
	parked := 0
	for after := ""; ; {
		list, err := s.store.ParkedMessages(t.Context(), views.Page{After: after, Limit: views.MaxPage})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range list.Items {
			if !o.poison[strings.TrimPrefix(m.ID, CommandStream+"/")] {
				t.Errorf("parked: %+v", m)
			}
			parked++
		}
		if after = list.Next; after == "" {
			break
		}
	}
	slices.Sort(waits)
	p99 := waits[len(waits)*99/100]
	t.Logf("%d good messages, %d lost or doubled; %d of %d bad ones parked; the 99th percentile waited %v", len(o.good), lost, parked, len(o.poison), p99)
	slow := os.Getenv("ALLOT_SOAK") != "" && p99 > 2*time.Second // a machine that is busy with other tests is slow
	if lost > 0 || parked != len(o.poison) || slow {
		t.Error("that is not as it should be")
	}
}

// effects counts the events that came of each message, and tells how long each
// waited, to the millisecond.
func (s *shop) effects(t *testing.T) (map[string]int, []time.Duration) {
	t.Helper()
	effects := map[string]int{}
	var waits []time.Duration
	for after := ""; ; {
		list, err := s.store.Events(t.Context(), views.Page{After: after, Limit: views.MaxPage})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list.Items {
			if e.Cause == "" || e.Type == "out_of_stock" {
				continue
			}
			effects[e.Cause]++
			ms, err := strconv.ParseInt(e.Cause[:strings.IndexByte(e.Cause, '-')], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			waits = append(waits, e.At.Sub(time.UnixMilli(ms)))
		}
		if after = list.Next; after == "" {
			return effects, waits
		}
	}
}
