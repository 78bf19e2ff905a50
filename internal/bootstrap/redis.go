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
