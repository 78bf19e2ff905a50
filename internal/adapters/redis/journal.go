package redis

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
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

// Append implements service.Journal.
func (j *Journal) Append(ctx context.Context, after int64, events []views.Event) error {
	args := make([]any, 0, len(events)+2)
	args = append(args, after, j.keep)
	for _, e := range events {
		body, err := cloudevents.Encode(e)
		if err != nil {
			return err
		}
		args = append(args, body)
	}
	appended, err := appendScript.Run(ctx, j.redis, []string{EventStream}, args...).Bool()
	if errors.Is(err, goredis.Nil) || err == nil && !appended {
		return service.ErrMoved
	}
	if err != nil {
		return fmt.Errorf("append to stream %s: %w", EventStream, err)
	}
	return nil
}
