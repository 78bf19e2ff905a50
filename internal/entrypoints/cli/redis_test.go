package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"allot/internal/entrypoints/wire"
	"allot/internal/redistest"
)

// withRedis returns the flag that names a Redis server, and a client of it.
func withRedis(t *testing.T, s *redistest.Server) (flag string, _ *goredis.Client) {
	t.Helper()
	o, err := goredis.ParseURL(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := goredis.NewClient(o)
	t.Cleanup(func() { c.Close() })
	return " --redis-url " + s.URL, c
}

func TestAServerSaysWhichServersOfOthersItUses(t *testing.T) {
	s := newShell(t)
	server := s.serve(t, "serve --addr 127.0.0.1:0 --redis-availability --redis-url redis://:secret@127.0.0.1:1/2 --smtp-url smtp://127.0.0.1:1 --mail-from a@b.example --mail-to c@d.example,e@f.example")
	for _, want := range []string{
		"  Redis   redis://...@127.0.0.1:1/2: events out, commands in, availability for readers\n", "  Mail    smtp://127.0.0.1:1: to <c@d.example>, <e@f.example>\n",
	} {
		if !strings.Contains(server.out, want) {
			t.Errorf("it says %s, want %s", server.out, want)
		}
	}
	if out := s.serve(t, "serve --addr 127.0.0.1:0 --data other").out; strings.Contains(out, "Redis") || strings.Contains(out, "Mail") {
		t.Errorf("it says %s of what nobody set", out)
	}
}

func TestSettingsThatContradictEachOtherAreRefusedBeforeAnythingIsMade(t *testing.T) {
	s := newShell(t)
	mail := " --mail-from allot@example.com --mail-to ann@example.com"
	for line, says := range map[string][]string{
		"serve --redis-availability":                                            {"there is no Redis", "hint: name a server with --redis-url"},
		"serve --redis-url redis://127.0.0.1:99999":                             {"must have a port from 1 to 65535", "hint: put the port right"},
		"serve --redis-url redis://:se#cret@127.0.0.1":                          {"redis://", "write # as %23"},
		"serve --smtp-url smtp://127.0.0.1:99999" + mail:                        {"must have a port from 1 to 65535", "hint: put the port right"},
		"serve --smtp-url smtp://mail.example":                                  {"mail-from (--mail-from or ALLOT_MAIL_FROM) must be set"},
		"serve --smtp-tls none --smtp-url smtp://me:secret@mail.example" + mail: {`smtp-tls "none" (--smtp-tls) would have the password of the mail server sent in the clear`, "hint: encrypt the connection"},
	} {
		s.fails(t, line+" --addr 127.0.0.1:0 --data fresh", wire.ExitUsage, says...)
	}
	if _, err := os.Stat("fresh"); !os.IsNotExist(err) {
		t.Errorf("the directory is there: %v", err)
	}
}

// say publishes a message when somebody listens.
func say(t *testing.T, c *goredis.Client, channel, body string) {
	t.Helper()
	soon(t, "somebody listens on "+channel, func() bool {
		n, err := c.Publish(t.Context(), channel, body).Result()
		return err == nil && n > 0
	})
}

// soon waits until something holds.
func soon(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for !holds() {
		select {
		case <-time.After(5 * time.Millisecond):
		case <-deadline:
			t.Fatalf("%s: not within 30 seconds", what)
		}
	}
}

func replied(t *testing.T, url, body, want string) {
	t.Helper()
	if got := try(t, url, body); !strings.HasPrefix(got, want) {
		t.Fatalf("%s %s: got %s, want %s", url, body, got, want)
	}
}

// The book's tests/e2e/test_external_events.py.
func TestAChangedQuantityOnTheChannelLeadsToReallocation(t *testing.T) {
	s := newShell(t)
	flag, redis := withRedis(t, redistest.Start(t))
	server := s.serve(t, "serve --addr 127.0.0.1:0"+flag)
	// start with two batches and an order allocated to one of them
	replied(t, server.url+"/add_batch", `{"ref":"newbatch","sku":"CHAIR","qty":10,"eta":"2011-01-02"}`, "201")
	replied(t, server.url+"/add_batch", `{"ref":"oldbatch","sku":"CHAIR","qty":10,"eta":"2011-01-01"}`, "201")
	replied(t, server.url+"/allocate", `{"orderid":"order-1","sku":"CHAIR","qty":10}`, "202")
	replied(t, server.url+"/allocations/order-1", "", `200  [{"batchref":"oldbatch","sku":"CHAIR"}]`)
	heard := redis.Subscribe(t.Context(), "line_allocated")
	defer heard.Close()
	if _, err := heard.Receive(t.Context()); err != nil {
		t.Fatal(err)
	}
	// change the quantity of that batch so that it is less than the order
	say(t, redis, "change_batch_quantity", `{"batchref": "oldbatch", "qty": 5}`)
	// wait until a message says that the order has been reallocated
	want := `{"orderid": "order-1", "sku": "CHAIR", "qty": 10, "batchref": "newbatch"}`
	for got := ""; got != want; {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		m, err := heard.ReceiveMessage(ctx)
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		got = m.Payload
	}
	replied(t, server.url+"/allocations/order-1", "", `200  [{"batchref":"newbatch","sku":"CHAIR"}]`)
}

func TestABadMessageCanBeReadWithItsReason(t *testing.T) {
	s := newShell(t)
	flag, redis := withRedis(t, redistest.Start(t))
	server := s.serve(t, "serve --addr 127.0.0.1:0"+flag)
	say(t, redis, "change_batch_quantity", `{"batchref": "no-such", "qty": 5}`)
	var out string
	soon(t, "the message is parked", func() bool {
		out = s.must(t, "events parked --inbound --output csv")
		return strings.Count(out, "\n") == 2
	})
	for _, want := range []string{"number,message,attempts,at,error,body\n1,change_batch_quantity/", `no batch has reference ""no-such""`, `"{""batchref"": ""no-such"", ""qty"": 5}"`} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	if exit := server.stop(); exit != 0 {
		t.Errorf("the server ended with %d: %s", exit, server.said)
	}
}

// streamed are the ids and types of the events in the stream.
func streamed(t *testing.T, c *goredis.Client) (out []string) {
	t.Helper()
	entries, err := c.XRange(t.Context(), "allot:events", "-", "+").Result()
	if err != nil {
		return nil // it is down, or there is none yet
	}
	for _, e := range entries {
		var event struct{ ID, Type, Subject string }
		if err := json.Unmarshal([]byte(e.Values["event"].(string)), &event); err != nil {
			t.Fatal(err)
		}
		out = append(out, event.ID+" "+event.Type+" "+event.Subject)
	}
	return out
}

func TestARedisThatIsKilledHoldsNoAllocationUpAndGetsEverythingInTheEnd(t *testing.T) {
	s := newShell(t)
	redisServer := redistest.Start(t)
	flag, redis := withRedis(t, redisServer)
	server := s.serve(t, "serve --addr 127.0.0.1:0"+flag)
	replied(t, server.url+"/add_batch", `{"ref":"b1","sku":"LAMP","qty":1000000,"eta":null}`, "201")

	var done atomic.Int64
	var slowest atomic.Int64 // microseconds
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for client := range 4 {
		clients.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				began := time.Now()
				if got := try(t, server.url+"/allocate", fmt.Sprintf(`{"orderid":"o-%d-%d","sku":"LAMP","qty":1}`, client, i)); !strings.HasPrefix(got, "202 allocated") {
					t.Errorf("got %s", got)
					return
				}
				slowest.Store(max(slowest.Load(), time.Since(began).Microseconds()))
				done.Add(1)
			}
		})
	}
	for range 3 {
		until := done.Load() + 200
		soon(t, "allocations go on", func() bool { return done.Load() >= until })
		redisServer.Kill()
		until = done.Load() + 200
		soon(t, "allocations go on without Redis", func() bool { return done.Load() >= until })
		redisServer.Restart(t)
	}
	close(stop)
	clients.Wait()
	if d := time.Duration(slowest.Load()) * time.Microsecond; d > 2*time.Second { // as long as it takes to find that Redis is down
		t.Errorf("an allocation took %v", d)
	}
	want := done.Load() + 1
	var got []string
	soon(t, "the stream has everything", func() bool { got = streamed(t, redis); return int64(len(got)) >= want })
	for i, entry := range got {
		kind := "allocated"
		if i == 0 {
			kind = "batch_created"
		}
		if want := fmt.Sprintf("%d allot.%s.v1 LAMP", i+1, kind); entry != want {
			t.Fatalf("entry %d is %s, want %s", i, entry, want)
		}
	}
	if answer, err := http.Get(server.url + "/readyz"); err != nil || answer.StatusCode != 200 {
		t.Errorf("got %v, %v", answer, err)
	} else {
		answer.Body.Close()
	}
}

// A Redis that takes connections and never says a word is worse than none.
func TestARedisThatHangsHoldsNothingUp(t *testing.T) {
	s := newShell(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	server := s.serve(t, "serve --addr 127.0.0.1:0 --redis-url redis://"+silent.Addr().String())
	replied(t, server.url+"/add_batch", `{"ref":"b1","sku":"LAMP","qty":1000,"eta":null}`, "201")
	for i := range 200 {
		began := time.Now()
		replied(t, server.url+"/allocate", fmt.Sprintf(`{"orderid":"o-%d","sku":"LAMP","qty":1}`, i), "202 allocated")
		if d := time.Since(began); d > 2*time.Second {
			t.Errorf("an allocation took %v", d)
		}
	}
	if exit := server.stop(); exit != 0 {
		t.Errorf("the server ended with %d: %s", exit, server.said)
	}
}
