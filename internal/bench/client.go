package bench

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// The clients are Go's own. They run on the cores of the server, so that what
// they do is measured as well, of echoes and of allocations alike.

func newClient(connections int) *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections, DisableCompression: true}}
}

// answer is what matters of one: the book's route says 202 whatever became of
// a line, and how it stands in a header.
type answer struct {
	status    int
	placement string
	pause     string // what a refusal says about when to come back
}

var (
	allocated = answer{status: http.StatusAccepted, placement: "allocated"}
	added     = answer{status: http.StatusCreated}
	found     = answer{status: http.StatusOK}
)

// post sends body and returns the answer.
func post(ctx context.Context, c *http.Client, url, body string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	return answered(c, req)
}

func get(ctx context.Context, c *http.Client, url string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return answer{}, err
	}
	return answered(c, req)
}

func answered(c *http.Client, req *http.Request) (answer, error) {
	res, err := c.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return answer{res.StatusCode, res.Header.Get("Allocation-Status"), res.Header.Get("Retry-After")}, err
}

// load has clients ask for as long as a round takes, and returns how many
// answers a second they got. Any other than the one they want is an error.
func load(ctx context.Context, o Options, url string, r request, run string) (float64, error) {
	c := newClient(o.Clients)
	defer c.CloseIdleConnections()
	var answers atomic.Int64
	began := time.Now()
	end := began.Add(o.Round)
	err := together(o.Clients, func(client int) error {
		for i := 0; ctx.Err() == nil && time.Now().Before(end); i++ {
			got, err := r.send(ctx, c, url, run, client, i)
			if err != nil {
				return err
			}
			if got != r.want {
				return fmt.Errorf("%s was answered with %+v, not %+v", r.path, got, r.want)
			}
			answers.Add(1)
		}
		return ctx.Err()
	})
	return float64(answers.Load()) / time.Since(began).Seconds(), err
}

func (r request) send(ctx context.Context, c *http.Client, url, run string, client, i int) (answer, error) {
	if r.body == nil {
		return get(ctx, c, url+r.path)
	}
	return post(ctx, c, url+r.path, r.body(run, client, i))
}
