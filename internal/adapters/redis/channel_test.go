package redis_test

import (
	"strings"
	"testing"

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

func TestWhatWasNotPublishedIsNotDone(t *testing.T) {
	server := redistest.Start(t)
	c := open(t, server)
	server.Kill()
	done, err := redis.PublishAllocations(c)(t.Context(), []service.Envelope{{Event: domain.Allocated{OrderID: "o1"}}})
	if done != 0 || err == nil || !strings.HasPrefix(err.Error(), "publish on line_allocated: ") {
		t.Errorf("%d were told, %v", done, err)
	}
}
