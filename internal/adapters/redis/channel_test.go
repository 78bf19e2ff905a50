package redis_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"allot/internal/adapters/journaltest"
	"allot/internal/adapters/redis"
	"allot/internal/domain"
	"allot/internal/redistest"
	"allot/internal/service"
)

// What the book's service writes with json.dumps.
func TestTheBooksChannelSaysWhatTheBookSays(t *testing.T) {
	c := open(t, redistest.Start(t))
	heard := c.Subscribe(t.Context(), redis.LineAllocated)
	defer heard.Close()
	must(heard.Receive(t.Context()))(t) // it is subscribed

	publish := redis.PublishAllocations(c)
	events := []service.Envelope{
		{Event: domain.Allocated{OrderID: "o1", SKU: "RED-CHAIR", Qty: 3, BatchRef: "b1", Promise: domain.NewDate(2026, 12, 1), Seq: 7}},
		{Event: domain.Allocated{OrderID: `a "b" \`, SKU: "Größe-椅子", Qty: 2147483647, BatchRef: "𝒳<&>"}},
	}
	if done, err := publish(t.Context(), events); done != 2 || err != nil {
		t.Fatalf("%d were told, %v", done, err)
	}
	for _, want := range []string{
		`{"orderid": "o1", "sku": "RED-CHAIR", "qty": 3, "batchref": "b1"}`,
		`{"orderid": "a \"b\" \\", "sku": "Gr\u00f6\u00dfe-\u6905\u5b50", "qty": 2147483647, "batchref": "\ud835\udcb3<&>"}`,
	} {
		if got := must(heard.ReceiveMessage(t.Context()))(t).Payload; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestChannel(t *testing.T) {
	journaltest.RunChannel(t, func(t *testing.T) journaltest.Channel {
		server := redistest.Start(t)
		c := open(t, server)
		heard := c.Subscribe(t.Context(), redis.LineAllocated)
		t.Cleanup(func() { heard.Close() })
		must(heard.Receive(t.Context()))(t) // it is subscribed
		return &channel{server: server, redis: c, messages: heard.Channel(goredis.WithChannelSize(1000))}
	})
}

// channel is the book's channel on a server, listened to.
type channel struct {
	server   *redistest.Server
	redis    *goredis.Client
	messages <-chan *goredis.Message
	orders   []string
}

func (c *channel) Tell(ctx context.Context, events []service.Envelope) (int, error) {
	return redis.PublishAllocations(c.redis)(ctx, events)
}

func (c *channel) Heard(t *testing.T, n int) []string {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for len(c.orders) < n {
		select {
		case m := <-c.messages:
			var told struct{ OrderID string }
			if err := json.Unmarshal([]byte(m.Payload), &told); err != nil {
				t.Fatal(err)
			}
			c.orders = append(c.orders, told.OrderID)
		case <-deadline:
			t.Fatalf("only %d of %d allocations were heard", len(c.orders), n)
		}
	}
	return c.orders
}

func (c *channel) Break(*testing.T) { c.server.Kill() }

// Mend waits until the listener is back, too.
func (c *channel) Mend(t *testing.T) {
	t.Helper()
	c.server.Restart(t)
	for deadline := time.After(20 * time.Second); ; {
		listening, err := c.redis.PubSubNumSub(t.Context(), redis.LineAllocated).Result()
		if err == nil && listening[redis.LineAllocated] > 0 {
			return
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-deadline:
			t.Fatalf("nobody listens again: %v, %v", listening, err)
		}
	}
}
