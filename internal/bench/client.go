package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// client is one connection that sends a request and waits for its answer, over
// and over. It does as little as a client can: it runs on the cores of the
// server, so that whatever it does is measured as well.
type client struct {
	conn net.Conn
	in   *bufio.Reader
	out  []byte
	host string
}

func dial(ctx context.Context, addr string) (*client, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &client{conn: conn, in: bufio.NewReaderSize(conn, 4096), host: addr}, nil
}

// post sends body and returns the status of the answer, whose body it skips.
func (c *client) post(path, body string) (status int, _ error) {
	c.out = append(c.out[:0], "POST "...)
	c.out = append(c.out, path...)
	c.out = append(c.out, " HTTP/1.1\r\nHost: "...)
	c.out = append(c.out, c.host...)
	c.out = append(c.out, "\r\nContent-Type: application/json\r\nContent-Length: "...)
	c.out = strconv.AppendInt(c.out, int64(len(body)), 10)
	c.out = append(c.out, "\r\n\r\n"...)
	c.out = append(c.out, body...)
	if _, err := c.conn.Write(c.out); err != nil {
		return 0, err
	}
	return c.answer()
}

func (c *client) answer() (status int, _ error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if len(line) < 12 {
		return 0, fmt.Errorf("the answer began with %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, fmt.Errorf("the answer began with %q", line)
	}
	length := -1
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		header := textproto.TrimString(string(line))
		if header == "" {
			break
		}
		if name, value, _ := strings.Cut(header, ":"); strings.EqualFold(name, "Content-Length") {
			if length, err = strconv.Atoi(textproto.TrimString(value)); err != nil {
				return 0, err
			}
		}
	}
	if length < 0 {
		return 0, fmt.Errorf("an answer of status %d has no Content-Length", status)
	}
	_, err = io.CopyN(io.Discard, c.in, int64(length))
	return status, err
}

// load has clients post for as long as a round takes, and returns how many
// answers a second had the status that is wanted. Any other is an error.
func load(ctx context.Context, o Options, addr, path string, want int, body func(client, i int) string) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, o.Round)
	defer cancel()
	var answers atomic.Int64
	began := time.Now()
	err := together(o.Clients, func(n int) error {
		c, err := dial(ctx, addr)
		if err != nil {
			return err
		}
		defer c.conn.Close()
		for i := 0; ctx.Err() == nil; i++ {
			status, err := c.post(path, body(n, i))
			if err != nil {
				return err
			}
			if status != want {
				return fmt.Errorf("%s was answered with status %d, not %d", path, status, want)
			}
			answers.Add(1)
		}
		return nil
	})
	return float64(answers.Load()) / time.Since(began).Seconds(), err
}
