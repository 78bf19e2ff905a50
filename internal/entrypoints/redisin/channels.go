package redisin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/google/uuid"
	goredis "github.com/redis/go-redis/v9"

	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
)

// channels are the book's: what is said on each, and how it is read.
var channels = map[string]func(body []byte, origin domain.Origin) (domain.Message, error){
	"add_batch":             as(wire.DecodeBookBatch),
	"allocate":              as(wire.DecodeBookLine),
	"change_batch_quantity": as(wire.DecodeBookQuantity),
}

func as[C domain.Message](decode func([]byte, domain.Origin) (C, error)) func([]byte, domain.Origin) (domain.Message, error) {
	return func(body []byte, origin domain.Origin) (domain.Message, error) { return decode(body, origin) }
}

// listen takes in what is said on the channels. Whatever is said while nobody
// listens is lost: Redis keeps none of it.
func (c *Consumer) listen(ctx context.Context, works func()) error {
	names := make([]string, 0, len(channels))
	for name := range channels {
		names = append(names, name)
	}
	sub := c.redis.Subscribe(ctx, names...)
	defer sub.Close()
	heard := make(chan *goredis.Message, mostAtOnce)
	ended := make(chan error, 1)
	go func() {
		defer close(heard)
		ended <- receive(ctx, sub, heard, works)
	}()
	for m := range heard {
		c.hear(ctx, append([]*goredis.Message{m}, waiting(heard)...))
	}
	return <-ended
}

// receive hands on what is said until something fails or ctx ends.
func receive(ctx context.Context, sub *goredis.PubSub, heard chan<- *goredis.Message, works func()) error {
	const mostSilence = 5 // waits in a row
	for silence := 0; ctx.Err() == nil; {
		got, err := sub.ReceiveTimeout(ctx, wait)
		if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() && silence < mostSilence {
			silence++
			if err := sub.Ping(ctx); err != nil { // its answer breaks the silence
				return fmt.Errorf("listen: %w", err)
			}
			continue
		}
		if err != nil {
			return fmt.Errorf("listen: %w", err)
		}
		silence = 0
		works()
		if m, ok := got.(*goredis.Message); ok {
			heard <- m
		}
	}
	return ctx.Err()
}

// waiting is what was said already.
func waiting(heard <-chan *goredis.Message) (out []*goredis.Message) {
	for len(out) < mostAtOnce {
		select {
		case m, ok := <-heard:
			if !ok {
				return out
			}
			out = append(out, m)
		default:
			return out
		}
	}
	return out
}

// hear does what was said. It comes only once, so if it can't be done at present
// it is tried a few times, and what can't be done is parked.
func (c *Consumer) hear(ctx context.Context, heard []*goredis.Message) {
	messages := make([]message, 0, len(heard))
	for _, m := range heard {
		said := message{id: m.Channel + "/" + uuid.Must(uuid.NewV7()).String(), body: m.Payload}
		said.cmd, said.err = channels[m.Channel]([]byte(m.Payload), domain.Origin{Actor: "redis"})
		messages = append(messages, said)
	}
	for attempt := 1; ; attempt++ {
		c.handle(ctx, messages)
		var again, refused []message
		for _, m := range messages {
			m.attempts = attempt
			switch {
			case m.err == nil:
				c.channels.done.Add(1)
			case domain.KindOf(m.err) == domain.Unavailable && attempt < MostAttempts:
				m.err = nil
				again = append(again, m)
			default:
				refused = append(refused, m)
			}
		}
		if err := c.park(ctx, &c.channels, refused...); err != nil {
			c.lost(ctx, refused, err)
		}
		if messages = again; len(messages) == 0 {
			return
		}
		select {
		case <-ctx.Done(): // no time to wait, but to try
		case <-time.After(wait):
		}
	}
}

// lost says that messages could not even be parked.
func (c *Consumer) lost(ctx context.Context, messages []message, why error) {
	for _, m := range messages {
		c.log.ErrorContext(ctx, "message is lost", "message", m.id, "body", m.body, "err", errors.Join(m.err, why))
	}
}
