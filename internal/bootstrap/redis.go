package bootstrap

import (
	"context"
	"errors"

	"allot/internal/adapters/redis"
)

// CheckRedis returns the position of the last event in the stream of the Redis
// server at a URL; 0 if it has none.
func CheckRedis(ctx context.Context, url string) (position int64, _ error) {
	client, err := redis.Open(url)
	if err != nil {
		return 0, err
	}
	last, err := redis.NewJournal(client, 0).Last(ctx)
	return last.Position, errors.Join(err, client.Close())
}

// SendToRedis has all events sent to the Redis server at a URL from the next
// Run on: to a stream, which keeps at least so many, and allocations to the
// book's channel as well. Whether the server can be reached shows only then.
func (a *App) SendToRedis(url string, keep int) error {
	client, err := redis.Open(url)
	if err != nil {
		return err
	}
	a.closers = append(a.closers, client.Close)
	a.Relay.ForwardInOrder(redis.Allocations, redis.PublishAllocations(client))
	a.Relay.Mirror("redis-stream", a.Store, redis.NewJournal(client, keep))
	return nil
}
