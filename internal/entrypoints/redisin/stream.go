package redisin

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	goredis "github.com/redis/go-redis/v9"

	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
)

// CommandStream is the stream that commands come in. An entry has the field
// "command", a command as a line of a bulk request has it, and perhaps "id": the
// sender's name for the message, which makes it safe to send it again.
const CommandStream = "allot:commands"

// Group is the consumer group that reads CommandStream.
const Group = "allot"

// readStream takes in commands until something fails or ctx ends.
func (c *Consumer) readStream(ctx context.Context, works func()) error {
	err := c.redis.XGroupCreateMkStream(ctx, CommandStream, Group, "0").Err()
	if err != nil && !goredis.HasErrorPrefix(err, "BUSYGROUP") { // it exists
		return fmt.Errorf("make a consumer group: %w", err)
	}
	var looked time.Time
	for ctx.Err() == nil {
		if time.Since(looked) >= min(wait, c.idle) {
			if err := c.ours(ctx); err != nil {
				return err
			}
			if err := c.takeOver(ctx); err != nil {
				return err
			}
			looked = time.Now()
			works()
		}
		if err := c.readNew(ctx); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (c *Consumer) readNew(ctx context.Context) error {
	streams, err := c.redis.XReadGroup(ctx, &goredis.XReadGroupArgs{
		Group: Group, Consumer: c.name, Streams: []string{CommandStream, ">"}, Count: mostAtOnce, Block: min(wait, c.idle),
	}).Result()
	if errors.Is(err, goredis.Nil) {
		return nil // nothing came
	}
	if err != nil {
		return fmt.Errorf("read new messages: %w", err)
	}
	return c.take(ctx, streams[0].Messages, nil)
}

// takeOver takes in what was delivered a while ago and never acknowledged,
// because it failed or because its consumer died. Then it takes off the stream
// what nobody needs any more.
func (c *Consumer) takeOver(ctx context.Context) error {
	for cursor := "0-0"; ; {
		entries, next, err := c.redis.XAutoClaim(ctx, &goredis.XAutoClaimArgs{
			Stream: CommandStream, Group: Group, Consumer: c.name, MinIdle: c.idle, Start: cursor, Count: mostAtOnce,
		}).Result()
		if err != nil {
			return fmt.Errorf("take messages over: %w", err)
		}
		if len(entries) > 0 {
			deliveries, err := c.deliveries(ctx, entries)
			if err != nil {
				return err
			}
			if err := c.take(ctx, entries, deliveries); err != nil {
				return err
			}
		}
		if cursor = next; cursor == "0-0" {
			return c.trim(ctx)
		}
	}
}

// deliveries is how often each entry was delivered, this time included.
func (c *Consumer) deliveries(ctx context.Context, entries []goredis.XMessage) (map[string]int64, error) {
	pipe := c.redis.Pipeline()
	for _, e := range entries {
		pipe.XPendingExt(ctx, &goredis.XPendingExtArgs{Stream: CommandStream, Group: Group, Start: e.ID, End: e.ID, Count: 1})
	}
	answers, err := pipe.Exec(ctx)
	if err != nil {
		return nil, fmt.Errorf("look how often messages were delivered: %w", err)
	}
	out := make(map[string]int64, len(entries))
	for _, a := range answers {
		for _, p := range a.(*goredis.XPendingExtCmd).Val() {
			out[p.ID] = p.RetryCount
		}
	}
	return out, nil
}

// take does what entries ask for and acknowledges, after the commit, those that
// are done or parked. Others come again, when they have been idle for a while.
func (c *Consumer) take(ctx context.Context, entries []goredis.XMessage, deliveries map[string]int64) error {
	messages := make([]message, 0, len(entries))
	for _, e := range entries {
		m := read(e)
		m.attempts = max(int(deliveries[e.ID]), 1)
		messages = append(messages, m)
	}
	c.handle(ctx, messages)

	var done []string
	var refused []message
	var trouble error
	for i, m := range messages {
		switch kind := domain.KindOf(m.err); {
		case m.err == nil:
			done = append(done, entries[i].ID)
		case kind == domain.Unavailable: // nobody's fault
			trouble = m.err
		case kind == domain.Invalid, errors.Is(m.err, service.ErrSupersededInPart), m.attempts >= MostAttempts:
			refused = append(refused, m)
			done = append(done, entries[i].ID)
		default:
			c.log.InfoContext(ctx, "message failed, and is tried again", "message", m.id, "attempts", m.attempts, "err", m.err)
		}
	}
	if len(refused) > 0 {
		if err := c.park(ctx, &c.stream, refused...); err != nil {
			return err
		}
	}
	c.stream.done.Add(int64(len(done) - len(refused)))
	if len(done) > 0 {
		if err := c.redis.XAck(context.WithoutCancel(ctx), CommandStream, Group, done...).Err(); err != nil {
			return fmt.Errorf("acknowledge messages: %w", err)
		}
	}
	return trouble
}

// read makes a message of an entry.
func read(e goredis.XMessage) message {
	m := message{id: CommandStream + "/" + e.ID}
	body, ok := e.Values["command"].(string)
	if !ok {
		text, _ := json.Marshal(e.Values) // of texts, so that it never fails
		m.body, m.err = string(text), unreadable("command", "send it: XADD allot:commands '*' command '{...}'", "command is missing: the entry has only the fields %q", slices.Sorted(maps.Keys(e.Values)))
		return m
	}
	m.body = body
	receipt := service.Receipt{ID: m.id}
	if id, ok := e.Values["id"].(string); ok {
		if !isName(id) {
			m.err = unreadable("id", "take another", "id is %.100q; it must have 1 to %d characters, none of them a control character", id, mostID)
			return m
		}
		receipt.ID = CommandStream + "#" + id
	}
	cmd, err := wire.DecodeCommand([]byte(body), domain.Origin{Actor: "redis", Cause: e.ID})
	if err != nil {
		m.err = err
		return m
	}
	receipt.Subjects, receipt.Place = subjects(cmd), place(e.ID)
	m.cmd = service.Incoming{Message: cmd, Receipt: receipt}
	return m
}

// mostID is how long a sender's name of a message may be, in characters.
const mostID = 255

// isName reports whether a sender may call a message so: every database can keep
// it.
func isName(id string) bool {
	return id != "" && utf8.ValidString(id) && utf8.RuneCountInString(id) <= mostID && !strings.ContainsFunc(id, unicode.IsControl)
}

// unreadable is the error of an entry that is not made as one has to be.
func unreadable(field, hint, format string, args ...any) error {
	return &domain.Error{Kind: domain.Invalid, Code: domain.CodeValidationFailed, Field: field, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// subjects are what a command sets, whatever was there before: of several
// commands that set it only the last one counts.
func subjects(cmd domain.Message) []string {
	switch cmd := cmd.(type) {
	case domain.ChangeBatchQuantity:
		return []string{"quantity of batch " + cmd.Ref}
	case domain.ChangeBatch:
		return given("batch "+cmd.Ref, part{"quantity", cmd.Qty.Given}, part{"eta", cmd.ETA.Given},
			part{"location", cmd.Location.Given}, part{"use_by", cmd.UseBy.Given})
	case domain.ReceiveBatch:
		return given("batch "+cmd.Ref, part{"arrival", cmd.Qty.Given}, part{"quantity", cmd.Qty.Given})
	case domain.CloseBatch:
		return []string{"opening of batch " + cmd.Ref}
	case domain.ReopenBatch:
		return []string{"opening of batch " + cmd.Ref}
	case domain.AmendLine:
		return given(fmt.Sprintf("line %q %q", cmd.OrderID, cmd.SKU),
			part{"quantity", cmd.Qty.Given}, part{"priority", cmd.Priority.Given}, part{"required_by", cmd.RequiredBy.Given}, part{"frozen", cmd.Frozen.Given})
	case domain.SetPolicy:
		return given("product "+cmd.SKU, part{"policy", cmd.Policy.Given}, part{"safety stock", cmd.SafetyStock.Given})
	case domain.DescribeProduct:
		return []string{"description of product " + cmd.SKU}
	}
	return nil
}

// part is what a command may set of a thing.
type part struct {
	name  string
	given bool
}

// given are the subjects of a command that sets those parts that it was given.
func given(thing string, parts ...part) (out []string) {
	for _, p := range parts {
		if p.given {
			out = append(out, p.name+" of "+thing)
		}
	}
	return out
}

// place is the id of an entry, such that texts sort as ids do.
func place(id string) string {
	ms, seq, _ := strings.Cut(id, "-")
	left, _ := strconv.ParseUint(ms, 10, 64) // Redis gives no others
	right, _ := strconv.ParseUint(seq, 10, 64)
	return fmt.Sprintf("%020d-%020d", left, right)
}

//go:embed trim.lua
var trimSource string

var trimScript = goredis.NewScript(trimSource)

// trim takes entries off the stream that every group has acknowledged.
func (c *Consumer) trim(ctx context.Context) error {
	if err := trimScript.Run(ctx, c.redis, []string{CommandStream}).Err(); err != nil {
		return fmt.Errorf("trim stream %s: %w", CommandStream, err)
	}
	return nil
}
