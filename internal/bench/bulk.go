package bench

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
)

// linesInBulk is how many lines a bulk request has that is measured.
const linesInBulk = 1000

// bulk compares lines in bulk requests, sent by one client, with as many
// requests of their own, by one client and by many.
func bulk(ctx context.Context, o Options) ([]Figure, error) {
	server, stop, err := target(ctx, o)
	if err != nil {
		return nil, err
	}
	defer stop()
	if err := stockUp(ctx, server); err != nil {
		return nil, err
	}
	alone := o
	alone.Clients = 1
	var together, one, many []float64
	for round := range o.Rounds {
		o.Progress(fmt.Sprintf("round %d of %d", round+1, o.Rounds))
		run := fmt.Sprintf("bench-%08x", rand.Uint32())
		rate, err := loadBulk(ctx, o, server, run+"-b")
		if err != nil {
			return nil, err
		}
		together = append(together, rate)
		if rate, err = load(ctx, alone, server, allocations(manySKUs), run+"-1"); err != nil {
			return nil, err
		}
		one = append(one, rate)
		if rate, err = load(ctx, o, server, allocations(manySKUs), run+"-n"); err != nil {
			return nil, err
		}
		many = append(many, rate)
	}
	return []Figure{
		figure("lines in bulk requests of 1,000, one client", "/s", together), figure("lines in requests of their own, one client", "/s", one),
		figure("bulk / single, one client", "", ratios(together, one)), figure("bulk by one client / single by all clients", "", ratios(together, many)),
	}, nil
}

// loadBulk has one client send bulk requests for as long as a round takes, and
// returns how many lines a second were allocated.
func loadBulk(ctx context.Context, o Options, server, run string) (float64, error) {
	c := newClient(1)
	defer c.CloseIdleConnections()
	began, lines := time.Now(), 0
	for began.Add(o.Round).After(time.Now()) {
		var body strings.Builder
		for range linesInBulk {
			fmt.Fprintf(&body, `{"op":"allocate","order_id":"%s-%09d","sku":"sku-%d","qty":1}`+"\n", run, lines, lines%manySKUs)
			lines++
		}
		if err := postBulk(ctx, c, server, body.String()); err != nil {
			return 0, err
		}
	}
	return float64(lines) / time.Since(began).Seconds(), nil
}

func postBulk(ctx context.Context, c *http.Client, server, body string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, server+"/v1/bulk", strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-ndjson")
	res, err := c.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if want := fmt.Sprintf(`{"summary":{"lines":%d,"ok":%[1]d,"failed":0}}`+"\n", linesInBulk); !strings.HasSuffix(string(text), want) {
		return fmt.Errorf("a bulk request was answered with %d, and at the end %q", res.StatusCode, text[max(0, len(text)-200):])
	}
	return nil
}
