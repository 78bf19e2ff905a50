package redis

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"allot/internal/service"
)

// Where the read model is: what it reflects in one hash, and each product in a
// hash of its own, under its SKU after AvailabilityOf.
const (
	AvailabilityState = "allot:availability"
	AvailabilityOf    = "allot:availability:"
)

// Fields of AvailabilityState. That of a product has some of the same names.
const (
	fieldBuild    = "build"
	fieldAsOf     = "as_of"
	fieldPosition = "position"
	fieldAt       = "at"
	fieldComplete = "complete" // 1 if every product is there, else 0
	fieldCursor   = "fill_from"
	fieldFilled   = "filled"
)

// Availability is a service.ReadModel in hashes, which anybody may read.
type Availability struct{ redis *goredis.Client }

var _ service.ReadModel = (*Availability)(nil)

// NewAvailability returns the read model of a server.
func NewAvailability(c *goredis.Client) *Availability { return &Availability{c} }

// State implements service.ReadModel.
func (a *Availability) State(ctx context.Context) (service.ModelState, error) {
	fields, err := a.redis.HGetAll(ctx, AvailabilityState).Result()
	if err != nil {
		return service.ModelState{}, fmt.Errorf("look what %s reflects: %w", AvailabilityState, err)
	}
	if len(fields) == 0 {
		return service.ModelState{}, nil
	}
	s, err := readState(fields)
	if err != nil {
		return s, fmt.Errorf("%s is not of Allot: %w", AvailabilityState, err)
	}
	return s, nil
}

func readState(fields map[string]string) (s service.ModelState, err error) {
	s.Build, s.AsOf, s.Complete = fields[fieldBuild], fields[fieldAsOf], fields[fieldComplete] == "1"
	s.Cursor, s.Filling = fields[fieldCursor]
	var errs [3]error
	s.Position, errs[0] = strconv.ParseInt(fields[fieldPosition], 10, 64)
	s.Filled, errs[1] = strconv.Atoi(fields[fieldFilled])
	if at := fields[fieldAt]; at != "" {
		s.At, errs[2] = time.Parse(time.RFC3339Nano, at)
	}
	return s, errors.Join(errs[:]...)
}

// writeState is what readState reads, but for what ends with a build.
func writeState(s service.ModelState) []any {
	complete := 0
	if s.Complete {
		complete = 1
	}
	return append([]any{fieldBuild, s.Build, fieldAsOf, s.AsOf, fieldComplete, complete, fieldFilled, s.Filled}, writeMark(s.Mark)...)
}

func writeMark(m service.Mark) []any {
	at := ""
	if !m.At.IsZero() {
		at = m.At.UTC().Format(time.RFC3339Nano)
	}
	return []any{fieldPosition, m.Position, fieldAt, at}
}

// beginScript begins a build. ARGV: the build that it takes the place of, and
// the fields of the state.
var beginScript = goredis.NewScript(`
if (redis.call('HGET', KEYS[1], 'build') or '') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return 1`)

// Begin implements service.ReadModel.
func (a *Availability) Begin(ctx context.Context, insteadOf string, s service.ModelState) error {
	args := append([]any{insteadOf}, writeState(s)...)
	return a.run(ctx, beginScript, []string{AvailabilityState}, append(args, fieldCursor, s.Cursor)...)
}

// run runs a script that returns 0 if the model has moved.
func (a *Availability) run(ctx context.Context, script *goredis.Script, keys []string, args ...any) error {
	done, err := script.Run(ctx, a.redis, keys, args...).Int()
	if err != nil {
		return fmt.Errorf("write to %s: %w", AvailabilityState, err)
	}
	if done == 0 {
		return service.ErrMoved
	}
	return nil
}

//go:embed put.lua
var put string

var putScript = goredis.NewScript(put)

// putAtOnce is how many products Redis puts in one step, in which it does
// nothing else: in about a millisecond.
const putAtOnce = 100

// Put implements service.ReadModel. The state moves on with the last products.
func (a *Availability) Put(ctx context.Context, from, to service.ModelState, products []service.Modelled) error {
	var must, set []any
	if from.Position != to.Position {
		must, set = append(must, fieldPosition, from.Position), append(set, writeMark(to.Mark)...)
	}
	if from.Cursor != to.Cursor {
		must, set = append(must, fieldCursor, from.Cursor), append(set, fieldCursor, to.Cursor, fieldFilled, to.Filled)
	}
	for len(products) > putAtOnce {
		if err := a.put(ctx, from.Build, must, nil, products[:putAtOnce]); err != nil {
			return err
		}
		products = products[putAtOnce:]
	}
	return a.put(ctx, from.Build, must, set, products)
}

func (a *Availability) put(ctx context.Context, build string, must, set []any, products []service.Modelled) error {
	keys := append(make([]string, 0, len(products)+1), AvailabilityState)
	args := listed(listed([]any{build}, must), set)
	for i := range products {
		fields, err := writeProduct(&products[i])
		if err != nil {
			return fmt.Errorf("put %q into %s: %w", products[i].SKU, AvailabilityState, err)
		}
		keys, args = append(keys, AvailabilityOf+products[i].SKU), listed(args, fields)
	}
	return a.run(ctx, putScript, keys, args...)
}

// listed appends a list as putScript reads it.
func listed(args, list []any) []any { return append(append(args, len(list)), list...) }

// forgetScript forgets those of some products that are not of the build. KEYS:
// the state, and those of the products.
var forgetScript = goredis.NewScript(`
if redis.call('HGET', KEYS[1], 'build') ~= ARGV[1] then return 0 end
for i = 2, #KEYS do
  local build = redis.pcall('HGET', KEYS[i], 'build')
  if build ~= ARGV[1] then redis.call('DEL', KEYS[i]) end
end
return 1`)

// finishScript ends a build. ARGV: its name, its cursor, and what it filled.
var finishScript = goredis.NewScript(`
if redis.call('HGET', KEYS[1], 'build') ~= ARGV[1] or redis.call('HGET', KEYS[1], 'fill_from') ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[1], 'fill_from')
redis.call('HSET', KEYS[1], 'complete', 1, 'filled', ARGV[3])
return 1`)

// Finish implements service.ReadModel.
func (a *Availability) Finish(ctx context.Context, at service.ModelState) error {
	for skus, err := range a.scan(ctx) {
		if err != nil {
			return err
		}
		if err := a.run(ctx, forgetScript, append([]string{AvailabilityState}, skus...), at.Build); err != nil {
			return err
		}
	}
	return a.run(ctx, finishScript, []string{AvailabilityState}, at.Build, at.Cursor, at.Filled)
}

// scanned is how many keys Redis looks at in one step.
const scanned = 1000

// scan yields the keys of all products, some at a time. One may come twice.
func (a *Availability) scan(ctx context.Context) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		for cursor := uint64(0); ; {
			keys, next, err := a.redis.Scan(ctx, cursor, AvailabilityOf+"*", scanned).Result()
			if err != nil {
				yield(nil, fmt.Errorf("list the products of %s: %w", AvailabilityState, err))
				return
			}
			if len(keys) > 0 && !yield(keys, nil) || next == 0 {
				return
			}
			cursor = next
		}
	}
}

// SKUs implements service.ReadModel.
func (a *Availability) SKUs(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for keys, err := range a.scan(ctx) {
			if err != nil {
				yield("", err)
				return
			}
			for _, key := range keys {
				if !yield(strings.TrimPrefix(key, AvailabilityOf), nil) {
					return
				}
			}
		}
	}
}

// Find implements service.ReadModel.
func (a *Availability) Find(ctx context.Context, skus []string) (out []service.Modelled, _ error) {
	for some := range slices.Chunk(skus, putAtOnce) {
		pipe := a.redis.Pipeline()
		found := make([]*goredis.MapStringStringCmd, len(some))
		for i, sku := range some {
			found[i] = pipe.HGetAll(ctx, AvailabilityOf+sku)
		}
		if _, err := pipe.Exec(ctx); err != nil {
			return nil, fmt.Errorf("read products of %s: %w", AvailabilityState, err)
		}
		for i, sku := range some {
			if len(found[i].Val()) == 0 {
				continue
			}
			product, err := readProduct(sku, found[i].Val())
			if err != nil {
				return nil, fmt.Errorf("%s%s is not of Allot: %w", AvailabilityOf, sku, err)
			}
			out = append(out, product)
		}
	}
	return out, nil
}
