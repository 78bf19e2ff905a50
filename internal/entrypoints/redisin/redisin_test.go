package redisin

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"allot/internal/adapters/memory"
	"allot/internal/domain"
	"allot/internal/redistest"
	"allot/internal/service"
	"allot/internal/views"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// store is a database.
type store interface {
	service.Store
	views.Reader
}

// shop is a shop that takes in messages from a Redis server.
type shop struct {
	store  store
	bus    *service.Bus
	server *redistest.Server
	redis  *goredis.Client // a program's that sends messages
}

func newShop(t testing.TB) *shop {
	t.Helper()
	return newShopOn(t, memory.New())
}

func newShopOn(t testing.TB, on store) *shop {
	t.Helper()
	s := &shop{store: on, server: redistest.Start(t)}
	s.bus = service.NewBus(service.NewTransactor(s.store, mostAtOnce, time.Now, nil))
	service.Register(s.bus)
	o, err := goredis.ParseURL(s.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	s.redis = goredis.NewClient(o)
	t.Cleanup(func() { s.redis.Close() })
	return s
}

// ours says that no other shop uses the Redis.
func ours(context.Context) error { return nil }

// consumer returns one that has not started, and takes others for dead soon.
func (s *shop) consumer(t testing.TB) *Consumer {
	t.Helper()
	c, err := New(s.server.URL, s.bus, s.store, ours, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	c.idle = 30 * time.Millisecond
	return c
}

// runs has a consumer take messages in, until stop is called or the test ends.
func runs(t testing.TB, c *Consumer) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { c.Run(ctx) })
	stop = func() {
		cancel()
		running.Wait()
	}
	t.Cleanup(stop)
	return stop
}

// add puts a command on the stream, and returns its id.
func (s *shop) add(t testing.TB, command string, more ...string) string {
	t.Helper()
	id, err := s.redis.XAdd(t.Context(), &goredis.XAddArgs{Stream: CommandStream, Values: append([]string{"command", command}, more...)}).Result()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// eventually waits until something holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		if holds() {
			return
		}
		select {
		case <-time.After(2 * time.Millisecond):
		case <-deadline:
			t.Fatalf("%s: not within 20 seconds", what)
		}
	}
}

func TestCommandsOfAnotherShopAreLeftWhereTheyAre(t *testing.T) {
	s := newShop(t)
	c := s.consumer(t)
	var others atomic.Bool
	others.Store(true)
	asked := make(chan struct{}, 100)
	c.ours = func(context.Context) error {
		select {
		case asked <- struct{}{}:
		default:
		}
		if others.Load() {
			return service.ErrForeign
		}
		return nil
	}
	s.add(t, `{"op":"add_batch","ref":"b1","sku":"LAMP","qty":5}`)
	runs(t, c)
	<-asked
	<-asked // it has asked again, and read nothing in between
	if n := s.qty("b1"); n != -1 {
		t.Errorf("it took a command of another shop: batch b1 has %d", n)
	}
	others.Store(false)
	eventually(t, "the command is done once the Redis is ours", func() bool { return s.qty("b1") == 5 })
}

// qty is how much of a batch was purchased; -1 if there is no such batch.
func (s *shop) qty(ref string) int {
	b, err := s.store.Batch(context.Background(), ref)
	if err != nil {
		return -1
	}
	return b.Qty
}

func (s *shop) parked(t testing.TB) []views.ParkedMessage {
	t.Helper()
	list, err := s.store.ParkedMessages(context.Background(), views.Page{Limit: views.MaxPage})
	if err != nil {
		t.Fatal(err)
	}
	return list.Items
}

func (s *shop) do(t testing.TB, commands ...domain.Message) {
	t.Helper()
	for o := range service.SendEach(t.Context(), s.bus, func(yield func(domain.Message) bool) {
		for _, c := range commands {
			if !yield(c) {
				return
			}
		}
	}) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
	}
}

// pending is how many messages were delivered and not acknowledged.
func (s *shop) pending(t testing.TB) int64 {
	t.Helper()
	p, err := s.redis.XPending(context.Background(), CommandStream, Group).Result()
	if err != nil {
		return -1 // there is no group yet
	}
	return p.Count
}

func TestCommandsInTheStreamAreDone(t *testing.T) {
	s := newShop(t)
	s.add(t, `{"op":"add_batch","ref":"b1","sku":"LAMP","qty":10,"note":"from Redis"}`) // before anybody reads
	runs(t, s.consumer(t))
	s.add(t, `{"op":"allocate","order_id":"o1","sku":"LAMP","qty":4}`)
	id := s.add(t, `{"op":"change_batch","ref":"b1","qty":6}`)
	eventually(t, "the last command is done", func() bool { return s.qty("b1") == 6 })
	eventually(t, "all are acknowledged", func() bool { return s.pending(t) == 0 })

	log, err := s.store.Events(t.Context(), views.Page{})
	if err != nil || len(log.Items) != 3 {
		t.Fatalf("the log is %+v, %v", log.Items, err)
	}
	if e := log.Items[2]; e.Actor != "redis" || e.Cause != id || log.Items[0].Note != "from Redis" {
		t.Errorf("got %+v", e)
	}
	eventually(t, "what nobody needs is taken off", func() bool {
		n, err := s.redis.XLen(t.Context(), CommandStream).Result()
		return err == nil && n == 1
	})
	if got := s.parked(t); len(got) > 0 {
		t.Errorf("parked: %+v", got)
	}
}

func TestWhatCanNeverBeDoneIsParkedAtOnceAndHoldsNothingUp(t *testing.T) {
	s := newShop(t)
	runs(t, s.consumer(t))
	for body, says := range map[string]string{
		"":                              "there is no JSON",
		"{":                             "the JSON is wrong",
		"\xff\x00":                      "not valid UTF-8",
		`{"op":"add_batch","ref":"b2"}`: "sku is missing",
		`{"op":"add_bacth"}`:            `no command: did you mean "add_batch"?`,
		`{"op":"change_batch","ref":"b1","qty":-1}`:              "qty is -1",
		`{"op":"allocate","order_id":"o1","sku":"LAMP","qty":0}`: "qty is 0",
	} {
		before := len(s.parked(t))
		id := s.add(t, body)
		eventually(t, body, func() bool { return len(s.parked(t)) > before })
		got := s.parked(t)[before]
		if got.ID != "allot:commands/"+id || got.Body != strings.ReplaceAll(strings.ToValidUTF8(body, "\uFFFD"), "\x00", "\uFFFD") || got.Attempts != 1 || !strings.Contains(got.Error, says) {
			t.Errorf("%s: parked as %+v", body, got)
		}
	}
	const good = `{"op":"add_batch","ref":"b9","sku":"LAMP","qty":10}`
	for says, fields := range map[string][]string{
		`command is missing: the entry has only the fields ["comand" "more"]`: {"more", "x", "comand", good},
		`id is ""; it must have 1 to 255 characters`:                          {"id", "", "command", good},
		`id is "a\x00b"; it must have 1 to 255 characters`:                    {"id", "a\x00b", "command", good},
		`id is "\xff"; it must have 1 to 255 characters`:                      {"id", "\xff", "command", good},
		`it must have 1 to 255 characters, none of them a control`:            {"id", strings.Repeat("ä", 256), "command", good},
	} {
		before := len(s.parked(t))
		if _, err := s.redis.XAdd(t.Context(), &goredis.XAddArgs{Stream: CommandStream, Values: fields}).Result(); err != nil {
			t.Fatal(err)
		}
		eventually(t, says, func() bool { return len(s.parked(t)) > before })
		if got := s.parked(t)[before]; !strings.Contains(got.Error, says) || !strings.Contains(got.Body, "add_batch") {
			t.Errorf("want %s, parked as %+v", says, got)
		}
	}
	before := len(s.parked(t))
	s.add(t, strings.Repeat("ä", 1<<20))
	eventually(t, "a long one", func() bool { return len(s.parked(t)) > before })
	if got := s.parked(t)[before].Body; len(got) > 65<<10 || !strings.HasPrefix(got, "äää") || !strings.HasSuffix(got, "... (2097152 bytes, of which these are the first 65536)") {
		t.Errorf("of a long message %d bytes are kept: %.20s...%s", len(got), got, got[max(len(got)-80, 0):])
	}
	s.add(t, `{"op":"add_batch","ref":"b1","sku":"LAMP","qty":10}`)
	eventually(t, "a good message is done", func() bool { return s.qty("b1") == 10 })
	eventually(t, "all are acknowledged", func() bool { return s.pending(t) == 0 })
}

func TestAMessageIsParkedAfterFiveFailures(t *testing.T) {
	s := newShop(t)
	runs(t, s.consumer(t))
	s.add(t, `{"op":"change_batch","ref":"no-such","qty":10}`)
	s.add(t, `{"op":"add_batch","ref":"b1","sku":"LAMP","qty":10}`)
	eventually(t, "a good message behind it is done", func() bool { return s.qty("b1") == 10 })
	eventually(t, "it is parked", func() bool { return len(s.parked(t)) == 1 })
	if got := s.parked(t)[0]; got.Attempts != MostAttempts || !strings.Contains(got.Error, `no batch has reference "no-such"`) {
		t.Errorf("parked as %+v", got)
	}
	eventually(t, "all are acknowledged", func() bool { return s.pending(t) == 0 })
}

func TestAMessageThatFailedIsDoneWhenItCanBe(t *testing.T) {
	s := newShop(t)
	c := s.consumer(t)
	c.idle = 200 * time.Millisecond
	runs(t, c)
	s.add(t, `{"op":"change_batch","ref":"b1","qty":7}`)
	eventually(t, "it failed", func() bool { return s.pending(t) == 1 })
	s.do(t, domain.CreateBatch{Ref: "b1", SKU: "LAMP", Qty: 10})
	eventually(t, "it is done", func() bool { return s.qty("b1") == 7 })
	if got := s.parked(t); len(got) > 0 {
		t.Errorf("parked: %+v", got)
	}
}

func TestTheMessagesOfADeadConsumerAreTakenOver(t *testing.T) {
	s := newShop(t)
	s.add(t, `{"op":"add_batch","ref":"b1","sku":"LAMP","qty":10}`)
	s.add(t, `{"op":"change_batch","ref":"b1","qty":7}`)
	s.deliverToTheDead(t, 2)
	runs(t, s.consumer(t))
	eventually(t, "they are done", func() bool { return s.qty("b1") == 7 })
	eventually(t, "and acknowledged", func() bool { return s.pending(t) == 0 })
}

// deliverToTheDead has the next messages delivered to a consumer that dies.
func (s *shop) deliverToTheDead(t *testing.T, n int64) {
	t.Helper()
	_ = s.redis.XGroupCreateMkStream(t.Context(), CommandStream, Group, "0").Err() // it may exist
	read := &goredis.XReadGroupArgs{Group: Group, Consumer: "dead", Streams: []string{CommandStream, ">"}, Count: n}
	got, err := s.redis.XReadGroup(t.Context(), read).Result()
	if err != nil || int64(len(got[0].Messages)) != n {
		t.Fatalf("got %v, %v", got, err)
	}
}

func TestAnOldQuantityNeverOverwritesANewerOne(t *testing.T) {
	s := newShop(t)
	s.do(t, domain.CreateBatch{Ref: "b1", SKU: "LAMP", Qty: 10}, domain.CreateBatch{Ref: "b2", SKU: "LAMP", Qty: 10})
	s.add(t, `{"op":"change_batch","ref":"b1","qty":70}`)
	s.deliverToTheDead(t, 1)
	s.add(t, `{"op":"change_batch","ref":"b1","qty":80}`)
	c := s.consumer(t)
	if err := c.readNew(t.Context()); err != nil { // the newer one
		t.Fatal(err)
	}
	if got := s.qty("b1"); got != 80 {
		t.Fatalf("the batch has %d", got)
	}
	runs(t, c)
	eventually(t, "the older one is acknowledged", func() bool { return s.pending(t) == 0 })
	if got := s.qty("b1"); got != 80 {
		t.Errorf("the batch has %d, want 80", got)
	}
	if got := s.parked(t); len(got) > 0 {
		t.Errorf("parked: %+v", got)
	}
}

func TestAMessageIsParkedIfALaterOneSetPartOfWhatItSets(t *testing.T) {
	s := newShop(t)
	s.do(t, domain.CreateBatch{Ref: "b1", SKU: "LAMP", Qty: 10})
	s.add(t, `{"op":"change_batch","ref":"b1","qty":70,"eta":"2026-12-01"}`)
	s.deliverToTheDead(t, 1)
	s.add(t, `{"op":"change_batch","ref":"b1","qty":80}`)
	c := s.consumer(t)
	if err := c.readNew(t.Context()); err != nil { // the newer one
		t.Fatal(err)
	}
	runs(t, c)
	eventually(t, "the older one is parked", func() bool { return len(s.parked(t)) == 1 && s.pending(t) == 0 })
	if got := s.qty("b1"); got != 80 {
		t.Errorf("the batch has %d, want 80", got)
	}
}

func TestWhatACommandSetsIsSetByTheLastOne(t *testing.T) {
	for body, want := range map[string][]string{
		`{"op":"change_batch","ref":"b1","qty":7}`:                               {"quantity of batch b1"},
		`{"op":"change_batch","ref":"b1","qty":7,"eta":"2026-12-01"}`:            {"quantity of batch b1", "eta of batch b1"},
		`{"op":"receive_batch","ref":"b1"}`:                                      nil,
		`{"op":"receive_batch","ref":"b1","qty":7}`:                              {"arrival of batch b1", "quantity of batch b1"},
		`{"op":"close_batch","ref":"b1"}`:                                        {"opening of batch b1"},
		`{"op":"reopen_batch","ref":"b1"}`:                                       {"opening of batch b1"},
		`{"op":"describe_product","sku":"LAMP","description":"A lamp"}`:          {"description of product LAMP"},
		`{"op":"allocate","order_id":"o1","sku":"LAMP","qty":7}`:                 nil,
		`{"op":"amend","order_id":"o1","sku":"LAMP","qty":7}`:                    {`quantity of line "o1" "LAMP"`},
		`{"op":"amend","order_id":"o1","sku":"LAMP","priority":7,"qty":1}`:       {`quantity of line "o1" "LAMP"`, `priority of line "o1" "LAMP"`},
		`{"op":"amend","order_id":"o1","sku":"LAMP","required_by":"2026-12-01"}`: {`required_by of line "o1" "LAMP"`},
	} {
		m := read(goredis.XMessage{ID: "7-0", Values: map[string]any{"command": body}})
		if m.err != nil {
			t.Errorf("%s: %v", body, m.err)
			continue
		}
		if got := m.cmd.(service.Incoming).Receipt.Subjects; !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", body, got, want)
		}
	}
}

func TestAMessageThatIsSentTwiceHasOneEffect(t *testing.T) {
	s := newShop(t)
	s.do(t, domain.CreateBatch{Ref: "b1", SKU: "LAMP", Qty: 10})
	runs(t, s.consumer(t))
	s.add(t, `{"op":"change_batch","ref":"b1","qty":20}`, "id", "erp-1")
	eventually(t, "it is done", func() bool { return s.qty("b1") == 20 })
	s.do(t, domain.ChangeBatchQuantity{Ref: "b1", Qty: 30})
	s.add(t, `{"op":"change_batch","ref":"b1","qty":20}`, "id", "erp-1")
	s.add(t, `{"op":"add_batch","ref":"b2","sku":"LAMP","qty":1}`)
	eventually(t, "what came after it is done", func() bool { return s.qty("b2") == 1 })
	if got := s.qty("b1"); got != 30 {
		t.Errorf("the batch has %d, want 30", got)
	}
}

func TestAConsumerGoesOnWhenRedisWasKilledOrEmptied(t *testing.T) {
	s := newShop(t)
	c := s.consumer(t)
	runs(t, c)
	held := func(want bool) func() bool {
		return func() bool { in := c.Intake(); return in[0].HeldUp == want && in[1].HeldUp == want }
	}
	s.add(t, `{"op":"add_batch","ref":"b0","sku":"LAMP","qty":1}`, "id", "first") // an emptied stream may give its own name again, within a millisecond
	eventually(t, "a message is done", func() bool { return s.qty("b0") == 1 })
	if err := s.redis.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	s.add(t, `{"op":"add_batch","ref":"b1","sku":"LAMP","qty":1}`)
	eventually(t, "one is done after Redis was emptied", func() bool { return s.qty("b1") == 1 })
	s.server.Kill()
	eventually(t, "both ways in are held up", held(true))
	s.server.Restart(t)
	s.add(t, `{"op":"add_batch","ref":"b2","sku":"LAMP","qty":1}`)
	eventually(t, "one is done after Redis was killed", func() bool { return s.qty("b2") == 1 })
	s.say(t, "add_batch", `{"ref":"b3","sku":"LAMP","qty":1}`)
	eventually(t, "one on a channel as well", func() bool { return s.qty("b3") == 1 })
	eventually(t, "neither way in is held up", held(false))
	want := []service.Intake{{From: "stream", Done: 3}, {From: "channels", Done: 1}}
	eventually(t, fmt.Sprint("what was taken in is counted: ", want), func() bool { return slices.Equal(c.Intake(), want) })
}

// say publishes a message, when somebody listens.
func (s *shop) say(t *testing.T, channel, body string) {
	t.Helper()
	eventually(t, "somebody listens", func() bool {
		n, err := s.redis.Publish(t.Context(), channel, body).Result()
		return err == nil && n > 0
	})
}

func TestWhatIsSaidOnTheBooksChannelsIsDone(t *testing.T) {
	s := newShop(t)
	runs(t, s.consumer(t))
	s.say(t, "add_batch", `{"ref": "b1", "sku": "LAMP", "qty": 10, "eta": "2026-12-01T00:00:00", "more": true}`)
	eventually(t, "add_batch", func() bool { return s.qty("b1") == 10 })
	s.say(t, "change_batch_quantity", `{"batchref": "b1", "qty": 5, "more": null}`)
	eventually(t, "change_batch_quantity", func() bool { return s.qty("b1") == 5 })
	s.say(t, "allocate", `{"orderid": "o1", "sku": "LAMP", "qty": 3}`)
	eventually(t, "allocate", func() bool {
		o, err := s.store.Order(t.Context(), "o1")
		return err == nil && o.Lines[0].BatchRef == "b1"
	})
	s.say(t, "allocate", `{"orderid": "o2", "sku": "LAMP", "qty": 3}`) // nothing is kept of it, as in the book
	s.say(t, "change_batch_quantity", `{"batchref": "b1", "qty": 4}`)
	eventually(t, "the last message", func() bool { return s.qty("b1") == 4 })
	if o, err := s.store.Order(t.Context(), "o2"); err == nil {
		t.Errorf("out of stock, the order has %+v", o)
	}
	if got := s.parked(t); len(got) > 0 {
		t.Errorf("parked: %+v", got)
	}
}

// Each of these ends the book's consumer.
func TestABadMessageOnAChannelIsParkedAndTheConsumerLives(t *testing.T) {
	s := newShop(t)
	c := s.consumer(t)
	runs(t, c)
	for _, m := range []struct{ channel, body, says string }{
		{"change_batch_quantity", `five`, "the JSON is wrong"},
		{"change_batch_quantity", `{"qty": 5}`, "batchref is missing"},
		{"change_batch_quantity", `{"batchref": "b1", "qty": "5"}`, "qty"},
		{"change_batch_quantity", `{"batchref": "b1", "qty": -5}`, "qty is -5"},
		{"change_batch_quantity", `{"batchref": "no-such", "qty": 5}`, `no batch has reference "no-such"`},
		{"allocate", `{"orderid": "o1", "sku": "NO-SUCH", "qty": 5}`, `no product has SKU "NO-SUCH"`},
		{"add_batch", `[]`, "not an object"},
	} {
		before := len(s.parked(t))
		s.say(t, m.channel, m.body)
		eventually(t, m.body, func() bool { return len(s.parked(t)) == before+1 })
		if got := s.parked(t)[before]; !strings.HasPrefix(got.ID, m.channel+"/") || got.Body != m.body || got.Attempts != 1 || !strings.Contains(got.Error, m.says) {
			t.Errorf("%s: parked as %+v", m.body, got)
		}
	}
	s.say(t, "add_batch", `{"ref":"b1","sku":"LAMP","qty":1}`)
	eventually(t, "a good message is done", func() bool { return s.qty("b1") == 1 })
	want := service.Intake{From: "channels", Done: 1, Parked: 7}
	eventually(t, fmt.Sprint("what was said is counted: ", want), func() bool { return c.Intake()[1] == want })
}
