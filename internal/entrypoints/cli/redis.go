package cli

import (
	"context"
	"errors"

	"allot/internal/bootstrap"
	"allot/internal/entrypoints/redisin"
	"allot/internal/service"
)

// checkRedisSettings refuses settings about Redis that contradict each other.
func (r *run) checkRedisSettings() error {
	if r.config.RedisAvailability && r.config.RedisURL == "" {
		return usage("name a server with --redis-url", "%s asks for what is available to be kept in Redis, and there is no Redis", r.sourceOf("redis-availability"))
	}
	return nil
}

// withRedis connects a server with Redis, if it is to be: with what takes messages
// in, and what has become of them; both nil if nothing does.
func (r *run) withRedis(app *bootstrap.App) (takeIn func(context.Context), intake func() []service.Intake, _ error) {
	url := r.config.RedisURL
	if url == "" {
		return nil, nil, nil
	}
	consumer, err := redisin.New(url, app.Bus, app.Store, app.StreamIsOurs, r.log())
	if err = errors.Join(err, app.SendToRedis(url, r.config.RedisKeep)); err != nil {
		return nil, nil, usage("write for example redis://127.0.0.1:6379/0", "%s can't be used: %v", r.sourceOf("redis-url"), err)
	}
	if r.config.RedisAvailability {
		err = app.KeepAvailabilityInRedis(url)
	}
	return consumer.Run, consumer.Intake, err
}
