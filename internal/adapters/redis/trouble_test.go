package redis_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"allot/internal/adapters/redis"
	"allot/internal/redistest"
)

// What a server says that can't be used, and what is no server of Redis, is told
// with the next step. What it answers is real, or given word by word.
func TestWhyARedisCantBeUsedIsTold(t *testing.T) {
	plain, locked, replica := redistest.Start(t), redistest.Start(t), redistest.Start(t)
	for _, err := range []error{
		open(t, locked).ConfigSet(t.Context(), "requirepass", "geheim").Err(),
		open(t, replica).Do(t.Context(), "REPLICAOF", "127.0.0.1", "1").Err(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		url, what, next string
		stays           bool
	}{
		"no password":           {locked.URL, "it wants a password: NOAUTH", "redis://:PASSWORD@", true},
		"another password":      {strings.Replace(locked.URL, "://", "://:falsch@", 1), "it doesn't take the user or the password: WRONGPASS", "--redis-url", true},
		"no such database":      {plain.URL + "?db=99", "it has no such database: ERR DB index", "redis://HOST:PORT/0", true},
		"a replica":             {replica.URL, "it is a replica, which nobody may write to: READONLY", "name the primary", false},
		"nobody":                {"redis://127.0.0.1:1", "it can't be reached: dial tcp 127.0.0.1:1", "look whether it runs", false},
		"TLS with one without":  {"rediss" + strings.TrimPrefix(says(t, "-ERR unknown command\r\n"), "redis"), "it doesn't answer over TLS", "redis://", false},
		"a server of the web":   {says(t, "<!DOCTYPE HTML>\r\n"), `it doesn't speak as Redis does: redis: `, "name a Redis server", true},
		"one that hangs up":     {says(t, ""), "it can't be reached: it closes the connection", "rediss://", false},
		"one that still loads":  {says(t, "-LOADING Redis is loading the dataset in memory\r\n"), "it still reads its data: LOADING", "wait", false},
		"one that lost a disk":  {says(t, "-MISCONF Redis is configured to save RDB snapshots\r\n"), "it can't write to its disk: MISCONF", "see to its disk", false},
		"one that has no space": {says(t, "-OOM command not allowed when used memory > 'maxmemory'.\r\n"), "it has no memory left: OOM", "maxmemory", false},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			client, err := redis.Open(c.url)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			got, ok := redis.TroubleOf(c.url, errors.Join(fmt.Errorf("try it: %w", redis.CheckWritable(ctx, client)), nil))
			if !ok || !strings.HasPrefix(got.What, c.what) || !strings.Contains(got.Next, c.next) || got.Stays != c.stays || strings.Contains(got.What, "try") {
				t.Errorf("got %+v, %v", got, ok)
			}
		})
	}
}

func TestWhatIsNoFaultOfARedisIsNotSaidToBe(t *testing.T) {
	if got, ok := redis.TroubleOf("redis://127.0.0.1", fmt.Errorf("read the log: %w", context.Canceled)); ok {
		t.Errorf("got %+v", got)
	}
}

// says returns the URL of a server that answers every question alike, and hangs
// up at once if that is nothing.
func says(t *testing.T, what string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			for asked := make([]byte, 1<<10); what != ""; {
				n, err := c.Read(asked)
				if err != nil {
					break
				}
				_, _ = c.Write(bytes.Repeat([]byte(what), bytes.Count(asked[:n], []byte("*")))) // each question begins with one
			}
			_ = c.Close()
		}
	}()
	return "redis://" + l.Addr().String()
}
