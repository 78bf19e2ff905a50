package bootstrap

import (
	"context"
	"errors"
	"time"

	"allot/internal/adapters/redis"
	"allot/internal/service"
	"allot/internal/views"
)

// CheckRedis returns the position of the last event in the stream of the Redis
// server at a URL; 0 if it has none. A server that can't be written to is an
// error, and so is what is no stream of those that should be.
func CheckRedis(ctx context.Context, url string, streams ...string) (position int64, _ error) {
	client, err := redis.Open(url)
	if err != nil {
		return 0, err
	}
	last, err := redis.NewJournal(client, 0).Last(ctx)
	if err == nil {
		err = redis.CheckWritable(ctx, client, streams...)
	}
	return last.Position, errors.Join(err, client.Close())
}

// RedisEvicts returns the policy by which the Redis server at a URL takes away what
// was written when its memory is full; empty if it doesn't.
func RedisEvicts(ctx context.Context, url string) (policy string, _ error) {
	client, err := redis.Open(url)
	if err != nil {
		return "", err
	}
	return redis.Evicts(ctx, client), client.Close()
}

// RedisTrouble is why a Redis server can't be used.
type RedisTrouble = redis.Trouble

// RedisTroubleOf returns what an error says of the Redis server at a URL; false
// if it says nothing of it.
func RedisTroubleOf(url string, err error) (RedisTrouble, bool) { return redis.TroubleOf(url, err) }

// CheckStream returns a service.ErrForeign if the stream on the Redis server at a
// URL is one of another log.
func CheckStream(ctx context.Context, url string, log views.Reader) error {
	client, err := redis.Open(url)
	if err != nil {
		return err
	}
	_, err = service.CheckJournal(ctx, log, redis.NewJournal(client, 0))
	return errors.Join(err, client.Close())
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
	a.stream = redis.NewJournal(client, keep)
	a.Relay.ForwardInOrder(redis.Allocations, redis.PublishAllocations(client))
	a.Relay.Mirror("redis-stream", a.Store, a.stream)
	return nil
}

// StreamIsOurs returns a service.ErrForeign if the stream that events are sent to
// is one of another log.
func (a *App) StreamIsOurs(ctx context.Context) error {
	_, err := service.CheckJournal(ctx, a.Store, a.stream)
	return err
}

// KeepAvailabilityInRedis has what is available of each product kept on the
// Redis server at a URL from the next Run on.
func (a *App) KeepAvailabilityInRedis(url string) error {
	model, err := OpenReadModel(url, a.Store, a.now)
	if err != nil {
		return err
	}
	a.closers = append(a.closers, model.Close)
	a.Relay.KeepModel("redis-availability", model.Upkeep)
	return nil
}

// ReadModel is what is available of each product, on a Redis server, and what
// keeps it up to date.
type ReadModel struct {
	*service.Upkeep
	service.ReadModel
	Shop  views.Reader
	Close func() error
}

// OpenReadModel opens the read model of a shop on the Redis server at a URL. now
// is in the zone whose days count. Whether the server can be reached shows only
// when it is used.
func OpenReadModel(url string, shop views.Reader, now func() time.Time) (*ReadModel, error) {
	client, err := redis.Open(url)
	if err != nil {
		return nil, err
	}
	model := redis.NewAvailability(client)
	return &ReadModel{service.NewUpkeep(shop, model, now), model, shop, client.Close}, nil
}
