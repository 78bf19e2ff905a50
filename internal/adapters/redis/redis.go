// Package redis takes events to Redis: all of them to a stream, as a journal of
// the log, and allocations to the book's channel.
//
// It knows the ports of the service layer and how events are written. What comes
// in from Redis is none of its business.
package redis

import (
	"fmt"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Open returns a client of the Redis server at a URL. It connects when it is
// used, again and again: a server that can't be reached is no error here.
func Open(url string) (*goredis.Client, error) {
	o, err := goredis.ParseURL(url)
	if err != nil {
		return nil, fmt.Errorf("open Redis: %w", err)
	}
	logging.Disable() // errors are returned, and told by whoever gets them
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout = 2*time.Second, 3*time.Second, 3*time.Second
	o.MaxRetries, o.DialerRetries = -1, 1 // whoever calls tries again
	o.ContextTimeoutEnabled = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return goredis.NewClient(o), nil
}
