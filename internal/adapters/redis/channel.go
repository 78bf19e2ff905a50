package redis

import (
	"context"
	"fmt"
	"strconv"

	goredis "github.com/redis/go-redis/v9"

	"allot/internal/domain"
	"allot/internal/pyjson"
	"allot/internal/service"
)

// LineAllocated is the book's channel for allocations.
const LineAllocated = "line_allocated"

// Allocations is the subscription to what LineAllocated tells: no history, which
// nobody was listening to.
var Allocations = service.Subscription{Name: "redis-line-allocated", Events: []string{domain.Allocated{}.EventName()}, FromNow: true}

// PublishAllocations returns what takes Allocations to LineAllocated. Who
// doesn't listen at that moment never hears of them.
func PublishAllocations(c *goredis.Client) service.InOrder {
	return func(ctx context.Context, events []service.Envelope) (int, error) {
		pipe := c.Pipeline()
		for _, e := range events {
			allocated, ok := e.Event.(domain.Allocated)
			if !ok {
				return 0, fmt.Errorf("%s was to be told on %s", e.Event.EventName(), LineAllocated)
			}
			pipe.Publish(ctx, LineAllocated, appendAllocated(nil, allocated))
		}
		told, err := pipe.Exec(ctx)
		for i, cmd := range told {
			if cmd.Err() != nil {
				return i, fmt.Errorf("publish on %s: %w", LineAllocated, cmd.Err())
			}
		}
		return len(told), err
	}
}

// appendAllocated appends an allocation as the book's service writes it.
func appendAllocated(b []byte, e domain.Allocated) []byte {
	b = pyjson.AppendText(append(b, `{"orderid": `...), e.OrderID)
	b = pyjson.AppendText(append(b, `, "sku": `...), e.SKU)
	b = strconv.AppendInt(append(b, `, "qty": `...), int64(e.Qty), 10)
	b = pyjson.AppendText(append(b, `, "batchref": `...), e.BatchRef)
	return append(b, '}')
}
