package redis

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	goredis "github.com/redis/go-redis/v9"

	"allot/internal/adapters/cloudevents"
	"allot/internal/service"
	"allot/internal/views"
)

// EventStream is the stream that every event goes to. The id of an entry is the
// position of its event, "7-0"; its field "event" is the event as a CloudEvent.
const EventStream = "allot:events"

const eventField = "event"

// Journal is a service.Journal in a stream.
type Journal struct {
	redis *goredis.Client
	keep  int
}

var _ service.Journal = (*Journal)(nil)

// NewJournal returns the journal in EventStream. Of events that every consumer
// group has acknowledged it keeps the last few, about keep.
func NewJournal(c *goredis.Client, keep int) *Journal { return &Journal{c, keep} }

// Last implements service.Journal.
func (j *Journal) Last(ctx context.Context) (service.Mark, error) {
	info, err := j.redis.XInfoStream(ctx, EventStream).Result()
	if goredis.HasErrorPrefix(err, "no such key") {
		return service.Mark{}, nil
	}
	if err != nil {
		return service.Mark{}, fmt.Errorf("look where stream %s ends: %w", EventStream, err)
	}
	position, err := positionOf(info.LastGeneratedID)
	if err != nil || info.LastEntry.ID != info.LastGeneratedID { // somebody took the last entry away
		return service.Mark{Position: position}, err
	}
	body, _ := info.LastEntry.Values[eventField].(string)
	last, err := cloudevents.Decode([]byte(body))
	if err != nil {
		return service.Mark{}, fmt.Errorf("entry %s of stream %s: %w: %w", info.LastEntry.ID, EventStream, err, service.ErrForeign)
	}
	return service.Mark{Position: position, At: last.At}, nil
}

// positionOf is the position of the event in an entry.
func positionOf(id string) (int64, error) {
	number, ok := strings.CutSuffix(id, "-0")
	position, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil {
		return 0, fmt.Errorf("stream %s ends with entry %s: %w", EventStream, id, service.ErrForeign)
	}
	return position, nil
}

// compareAndAppend appends to a stream if it ends where it should, and now and
// then takes off entries that nobody needs. Redis runs it as one step.
//
//go:embed append.lua
var compareAndAppend string

var appendScript = goredis.NewScript(compareAndAppend)

// atOnce is how many events Redis appends in one step, in which it does nothing
// else: in some milliseconds.
const atOnce = 500

// Append implements service.Journal. Events are encoded while those before them
// are on their way.
func (j *Journal) Append(ctx context.Context, after int64, events []views.Event) error {
	steps := make(chan step, 1)
	stop := make(chan struct{})
	go j.encode(after, events, steps, stop)
	defer func() {
		close(stop)
		for range steps { // until the encoder has ended
		}
	}()
	for s := range steps {
		if s.err != nil {
			return s.err
		}
		appended, err := appendScript.Run(ctx, j.redis, []string{EventStream}, s.args...).Bool()
		if err != nil && !errors.Is(err, goredis.Nil) {
			return fmt.Errorf("append to stream %s: %w", EventStream, err)
		}
		if !appended {
			return service.ErrMoved
		}
	}
	return nil
}

// step is what Redis is asked for at once.
type step struct {
	args []any // of appendScript
	err  error
}

// encode makes steps of events and closes the channel, early if stop is closed.
func (j *Journal) encode(after int64, events []views.Event, steps chan<- step, stop <-chan struct{}) {
	defer close(steps)
	for chunk := range slices.Chunk(events, atOnce) {
		s := step{args: append(make([]any, 0, len(chunk)+2), after, j.keep)}
		for _, e := range chunk {
			body, err := cloudevents.Encode(e)
			s.args, s.err = append(s.args, body), cmp.Or(s.err, err)
		}
		select {
		case steps <- s:
		case <-stop:
			return
		}
		after += int64(len(chunk))
	}
}
