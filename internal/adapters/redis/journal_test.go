package redis_test

import (
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"allot/internal/adapters/cloudevents"
	"allot/internal/adapters/journaltest"
	"allot/internal/adapters/redis"
	"allot/internal/redistest"
	"allot/internal/service"
	"allot/internal/views"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open returns a client of a server.
func open(t testing.TB, s *redistest.Server) *goredis.Client {
	t.Helper()
	c, err := redis.Open(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// must returns what Redis answered.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// stream is the journal of a server, to be looked at and broken.
type stream struct {
	*redis.Journal
	redis *goredis.Client
}

const plenty = 1_000_000

func TestJournal(t *testing.T) {
	server := redistest.Start(t)
	journaltest.Run(t, func(t *testing.T) journaltest.Journal {
		c := open(t, server)
		must(c.FlushAll(t.Context()).Result())(t)
		return stream{redis.NewJournal(c, plenty), c}
	})
}

// Events implements journaltest.Journal.
func (s stream) Events(t *testing.T) (out []views.Event) {
	t.Helper()
	for _, entry := range must(s.redis.XRange(t.Context(), redis.EventStream, "-", "+").Result())(t) {
		e := must(cloudevents.Decode([]byte(entry.Values["event"].(string))))(t)
		if entry.ID != fmt.Sprint(e.Position, "-0") {
			t.Errorf("event %d is entry %s", e.Position, entry.ID)
		}
		out = append(out, e)
	}
	return out
}

// Lose implements journaltest.Journal: it leaves a stream as one that was saved
// before the last events came.
func (s stream) Lose(t *testing.T, n int) {
	t.Helper()
	entries := must(s.redis.XRange(t.Context(), redis.EventStream, "-", "+").Result())(t)
	must(s.redis.Del(t.Context(), redis.EventStream).Result())(t)
	for _, e := range entries[:max(len(entries)-n, 0)] {
		must(s.redis.XAdd(t.Context(), &goredis.XAddArgs{Stream: redis.EventStream, ID: e.ID, Values: e.Values}).Result())(t)
	}
}

func someEvents(first, last int64) (out []views.Event) {
	for n := first; n <= last; n++ {
		out = append(out, someEvent(n))
	}
	return out
}

func someEvent(n int64) views.Event {
	return views.Event{Position: n, At: time.UnixMicro(n).UTC(), Type: "product_described", SKU: "LAMP", Version: n, Data: []byte(`{"sku":"LAMP","description":"a lamp"}`)}
}

// appended appends events to a journal that ends at after.
func appended(t *testing.T, j *redis.Journal, after, last int64) {
	t.Helper()
	for ; after < last; after += 500 {
		if err := j.Append(t.Context(), after, someEvents(after+1, min(after+500, last))); err != nil {
			t.Fatal(err)
		}
	}
}

// first is the position of the first event that is left.
func first(t *testing.T, c *goredis.Client) int64 {
	t.Helper()
	id := must(c.XRangeN(t.Context(), redis.EventStream, "-", "+", 1).Result())(t)[0].ID
	return must(strconv.ParseInt(id[:len(id)-2], 10, 64))(t)
}

func TestAStreamIsTrimmedToWhatIsToBeKept(t *testing.T) {
	c := open(t, redistest.Start(t))
	j := redis.NewJournal(c, 1200)
	appended(t, j, 0, 5000)
	if got := first(t, c); got != 3801 {
		t.Errorf("the first event left is %d, want 3801", got)
	}
	appended(t, j, 5000, 5400) // not worth while yet
	if got := first(t, c); got != 3801 {
		t.Errorf("the first event left is %d, want 3801", got)
	}
}

func TestTrimmingNeverTakesWhatAGroupStillNeeds(t *testing.T) {
	c := open(t, redistest.Start(t))
	ctx := t.Context()
	j := redis.NewJournal(c, 100)
	appended(t, j, 0, 500)
	for group, start := range map[string]string{"slow": "0", "fast": "0", "late": "$"} {
		must(c.XGroupCreate(ctx, redis.EventStream, group, start).Result())(t)
	}
	take := func(group string, n int64) []goredis.XMessage {
		return must(c.XReadGroup(ctx, &goredis.XReadGroupArgs{Group: group, Consumer: "c", Streams: []string{redis.EventStream, ">"}, Count: n}).Result())(t)[0].Messages
	}
	acknowledge := func(group string, entries ...goredis.XMessage) {
		for _, e := range entries {
			must(c.XAck(ctx, redis.EventStream, group, e.ID).Result())(t)
		}
	}
	acknowledge("fast", take("fast", 400)...)
	slow := take("slow", 300)
	acknowledge("slow", slow[:200]...)
	acknowledge("slow", slow[201:]...) // out of order
	appended(t, j, 500, 3000)
	if got := first(t, c); got != 201 {
		t.Errorf("the first event left is %d; one group has not acknowledged 201", got)
	}
	acknowledge("slow", slow[200])
	appended(t, j, 3000, 4000)
	if got := first(t, c); got != 301 {
		t.Errorf("the first event left is %d; one group has not had 301", got)
	}
	must(c.XGroupDestroy(ctx, redis.EventStream, "slow").Result())(t)
	acknowledge("late", take("late", 9999)...)
	appended(t, j, 4000, 5000)
	if got := first(t, c); got != 401 {
		t.Errorf("the first event left is %d; one group has not had 401", got)
	}
}

func TestAJournalGoesOnWhenItsEntriesWereTakenAway(t *testing.T) {
	c := open(t, redistest.Start(t))
	j := redis.NewJournal(c, plenty)
	appended(t, j, 0, 10)
	must(c.XTrimMaxLen(t.Context(), redis.EventStream, 0).Result())(t)
	if last, err := j.Last(t.Context()); err != nil || last != (service.Mark{Position: 10}) {
		t.Fatalf("it ends at %v, %v", last, err)
	}
	appended(t, j, 10, 11)
	if got := first(t, c); got != 11 {
		t.Errorf("it went on with %d", got)
	}
}

func TestAStreamOfOthersIsLeftAlone(t *testing.T) {
	c := open(t, redistest.Start(t))
	for what, values := range map[string]*goredis.XAddArgs{
		"an id of Redis's own": {ID: "*", Values: []string{"event", "{}"}},
		"another field":        {ID: "7-0", Values: []string{"body", "{}"}},
		"another event":        {ID: "7-0", Values: []string{"event", `{"id":"7","source":"/other"}`}},
	} {
		must(c.FlushAll(t.Context()).Result())(t)
		values.Stream = redis.EventStream
		must(c.XAdd(t.Context(), values).Result())(t)
		if last, err := redis.NewJournal(c, plenty).Last(t.Context()); !errors.Is(err, service.ErrForeign) {
			t.Errorf("%s: it ends at %v, %v", what, last, err)
		}
	}
}

func TestWhereThereIsNoRedisNothingIsTakenForDone(t *testing.T) {
	server := redistest.Start(t)
	c := open(t, server)
	server.Kill()
	j := redis.NewJournal(c, plenty)
	if last, err := j.Last(t.Context()); err == nil {
		t.Errorf("it ends at %v", last)
	}
	if err := j.Append(t.Context(), 0, someEvents(1, 2)); err == nil || errors.Is(err, service.ErrMoved) {
		t.Errorf("appending gave %v", err)
	}
	server.Restart(t)
	appended(t, j, 0, 2)
}
