// Package redisin takes in what other programs say over Redis: commands in a
// stream, and messages on the book's channels.
//
// It turns messages into commands and their failures into parked messages. It
// knows nothing of what goes out to Redis.
package redisin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"

	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

// MostAttempts is how often a message is tried before it is parked.
const MostAttempts = 5

// Consumer takes messages in. Any number of them may do so at the same time.
type Consumer struct {
	redis *goredis.Client
	bus   *service.Bus
	store service.Store
	log   *slog.Logger
	name  string        // in its group
	idle  time.Duration // after which another's message is taken over
	ours  func(context.Context) error

	stream, channels way
}

// way is a way in.
type way struct {
	done, parked atomic.Int64 // messages
	heldUp       atomic.Bool
}

func (w *way) intake(from string) service.Intake {
	return service.Intake{From: from, Done: w.done.Load(), Parked: w.parked.Load(), HeldUp: w.heldUp.Load()}
}

// Intake returns what has become of the messages that came in each way.
func (c *Consumer) Intake() []service.Intake {
	return []service.Intake{c.stream.intake("stream"), c.channels.intake("channels")}
}

const (
	wait       = time.Second     // for messages: a longer wait would outlast its context
	mostPause  = 5 * time.Second // after a failure
	mostAtOnce = 256             // messages in one transaction
	peersDie   = 5 * time.Second // after which another consumer is taken for dead
)

// New returns a consumer of the Redis server at a URL, which has commands
// handled by bus and parks in store what can't be done. As long as ours returns
// an error, commands in the stream are left there: they are another shop's.
func New(url string, bus *service.Bus, store service.Store, ours func(context.Context) error, log *slog.Logger) (*Consumer, error) {
	o, err := goredis.ParseURL(url)
	if err != nil {
		return nil, fmt.Errorf("open Redis: %w", err)
	}
	logging.Disable() // errors are returned, and told here
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout = 2*time.Second, 3*time.Second, 3*time.Second
	o.MaxRetries, o.DialerRetries = -1, 1 // we try again
	o.ContextTimeoutEnabled = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("name a consumer: %w", err)
	}
	return &Consumer{redis: goredis.NewClient(o), bus: bus, store: store, log: log, name: host, idle: peersDie, ours: ours}, nil
}

// Run takes messages in until ctx ends, and returns when those that it has
// begun are done. A Redis that can't be reached is tried again and again.
func (c *Consumer) Run(ctx context.Context) {
	var both sync.WaitGroup
	both.Go(func() { c.keepUp(ctx, &c.stream, "stream "+CommandStream, c.readStream) })
	both.Go(func() { c.keepUp(ctx, &c.channels, "channels", c.listen) })
	both.Wait()
	_ = c.redis.Close() // all it had to do is done
}

// keepUp calls fn, which returns when something fails, again and again. fn says
// when it works.
func (c *Consumer) keepUp(ctx context.Context, w *way, what string, fn func(ctx context.Context, works func()) error) {
	for failed := 0; ctx.Err() == nil; {
		began := time.Now()
		err := fn(ctx, func() {
			if w.heldUp.CompareAndSwap(true, false) {
				c.log.InfoContext(ctx, "messages are taken in again", "from", what)
			}
		})
		if ctx.Err() != nil {
			return
		}
		if failed++; time.Since(began) > time.Minute {
			failed = 1
		}
		w.heldUp.Store(true)
		pause := min(time.Second<<min(failed-1, 3), mostPause)
		pause = pause/2 + rand.N(pause/2)
		c.log.WarnContext(ctx, "messages are held up", "from", what, "err", err, "again_in", pause.Round(time.Millisecond).String())
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// message is a message and what it asks for.
type message struct {
	id       string // of all messages
	body     string
	attempts int // this one included
	cmd      domain.Message
	err      error // why it asks for nothing that can be done
}

// handle has the commands of messages done, in order, and says what became of
// each in its err. Where nobody is to blame the error is Unavailable.
func (c *Consumer) handle(ctx context.Context, messages []message) {
	ctx = context.WithoutCancel(ctx) // what is begun is finished: it is not much
	asked := make([]*message, 0, len(messages))
	for i := range messages {
		if messages[i].err == nil {
			asked = append(asked, &messages[i])
		}
	}
	commands := func(yield func(domain.Message) bool) {
		for _, m := range asked {
			if !yield(m.cmd) {
				return
			}
		}
	}
	i := 0
	for o := range service.SendEach(ctx, c.bus, commands) {
		if asked[i].err = o.Err; errors.Is(o.Err, service.ErrReceived) || errors.Is(o.Err, service.ErrSuperseded) {
			asked[i].err = nil
		}
		i++
	}
}

// park keeps messages of a way in that can't be done, with the reason.
func (c *Consumer) park(ctx context.Context, w *way, messages ...message) error {
	parked := make([]views.ParkedMessage, 0, len(messages))
	for _, m := range messages {
		parked = append(parked, views.ParkedMessage{
			ID: m.id, Body: kept(m.body), Attempts: m.attempts, Error: printable(reason(m.err)), At: time.Now().UTC().Truncate(time.Microsecond),
		})
	}
	if err := c.store.Park(context.WithoutCancel(ctx), parked...); err != nil {
		return fmt.Errorf("park messages: %w", err)
	}
	w.parked.Add(int64(len(messages)))
	for _, m := range messages {
		c.log.WarnContext(ctx, "message is parked", "message", m.id, "attempts", m.attempts, "err", m.err)
	}
	return nil
}

// reason is why a message can't be done. If that is for how it is written, it says
// what to write.
func reason(err error) string {
	if e, ok := errors.AsType[*domain.Error](err); ok && e.Kind == domain.Invalid && e.Hint != "" {
		return e.Message + ": " + e.Hint
	}
	return err.Error()
}

// mostKept is how much of a message is kept when it is parked, in bytes: what is a
// command is hardly ever as long, and what is none may be as long as Redis takes.
const mostKept = 64 << 10

// kept is what is kept of a message.
func kept(body string) string {
	if len(body) <= mostKept {
		return printable(body)
	}
	return fmt.Sprintf("%s... (%d bytes, of which these are the first %d)", printable(body[:mostKept]), len(body), mostKept)
}

// printable is a text that every database can keep.
func printable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
