package cli_test

import (
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

const (
	crashClients = 16
	crashSKUs    = 20
)

// The server is killed with SIGKILL while many clients use it, and started
// again. What it has acknowledged is kept here, outside of it.
func TestSoakNothingAcknowledgedIsLostOrDoubledWhenTheServerIsKilled(t *testing.T) {
	rounds := 20
	if os.Getenv("ALLOT_SOAK") != "" {
		rounds = 200
	}
	s := newShell(t)
	for sku := range crashSKUs {
		s.must(t, fmt.Sprintf("batch add opening-%d SKU-%d 1000000", sku, sku))
	}
	l := &acknowledged{lines: map[string]line{}, batches: map[string]string{}}
	for round := range rounds {
		p := start(t, "serve")
		l.repeat(t, p.url)
		l.useAndKill(t, p, round)
		l.compare(t, s, round)
		if t.Failed() {
			return
		}
	}
	p := start(t, "serve")
	l.repeat(t, p.url)
	p.Process.Kill()
	_ = p.Wait() // it was killed
	l.compare(t, s, rounds)
	t.Logf("%d rounds: %d lines and %d batches were acknowledged, %d requests had to be repeated", rounds, len(l.lines), len(l.batches), l.repeated)
}

// line is an order line; batch is empty if nobody knows what became of it.
type line struct{ sku, qty, batch string }

// acknowledged is what the server has said that it did.
type acknowledged struct {
	mu         sync.Mutex
	lines      map[string]line   // by order
	batches    map[string]string // the quantity, by reference
	unanswered []request
	repeated   int
}

// request is a line of one SKU, or a batch.
type request struct{ path, id, sku, qty string }

func (r request) body() string {
	if r.path == "/add_batch" {
		return fmt.Sprintf(`{"ref":"batch-%s","sku":"%s","qty":%s,"eta":null}`, r.id, r.sku, r.qty)
	}
	return fmt.Sprintf(`{"orderid":"order-%s","sku":"%s","qty":%s}`, r.id, r.sku, r.qty)
}

// numberedRequest is the request with a number: each tenth is a batch.
func numberedRequest(id string, n int) request {
	r := request{"/allocate", id, fmt.Sprintf("SKU-%d", n%crashSKUs), fmt.Sprint(1 + n%7)}
	if n%10 == 0 {
		r.path = "/add_batch"
	}
	return r
}

// repeat sends what had no answer once more: now each has to succeed, whether
// it was done before or not.
func (l *acknowledged) repeat(t *testing.T, url string) {
	t.Helper()
	again := l.unanswered
	l.unanswered = nil
	for _, r := range again {
		if !l.send(t, url, r) {
			t.Fatalf("%s %s has no answer again", r.path, r.body())
		}
	}
	l.repeated += len(again)
}

// useAndKill has clients use a server, which is killed after some answers.
func (l *acknowledged) useAndKill(t *testing.T, p *process, round int) {
	t.Helper()
	var answers atomic.Int64
	last := 1 + rand.Int64N(400)
	var clients sync.WaitGroup
	for client := range crashClients {
		clients.Go(func() {
			for i := 0; l.send(t, p.url, numberedRequest(fmt.Sprintf("%d-%d-%d", round, client, i), client+i)); i++ {
				if answers.Add(1) == last {
					p.Process.Kill()
				}
			}
		})
	}
	clients.Wait()
	_ = p.Wait() // it was killed
}

// send has the server do something, and notes what it says; false if it says
// nothing any more.
func (l *acknowledged) send(t *testing.T, url string, r request) bool {
	t.Helper()
	answer, err := http.Post(url+r.path, "application/json", strings.NewReader(r.body()))
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.unanswered = append(l.unanswered, r)
		if r.path == "/allocate" {
			l.lines["order-"+r.id] = line{sku: r.sku, qty: r.qty}
		}
		return false
	}
	defer answer.Body.Close()
	io.Copy(io.Discard, answer.Body)
	switch {
	case answer.StatusCode == http.StatusCreated:
		l.batches["batch-"+r.id] = r.qty
	case answer.StatusCode == http.StatusAccepted && answer.Header.Get("Allocation-Batch") != "":
		l.lines["order-"+r.id] = line{r.sku, r.qty, answer.Header.Get("Allocation-Batch")}
	default:
		t.Errorf("%s %s: %s", r.path, r.body(), answer.Status)
	}
	return true
}

// compare holds the database against what was acknowledged.
func (l *acknowledged) compare(t *testing.T, s *shell, round int) {
	t.Helper()
	stored := map[string]line{}
	for _, row := range table(t, s.must(t, "export allocations")) {
		if _, twice := stored[row[0]]; twice {
			t.Errorf("round %d: %s is there twice", round, row[0])
		}
		stored[row[0]] = line{row[1], row[2], row[3]}
	}
	for order, want := range l.lines {
		got, ok := stored[order]
		unknown := want.batch == ""
		if !ok && unknown {
			delete(l.lines, order) // it was not done, and nobody was told that it was
			continue
		}
		if unknown {
			want.batch = got.batch
			l.lines[order] = want // from now on it has to stay
		}
		if got != want {
			t.Errorf("round %d: %s was acknowledged as %v and is %v", round, order, want, got)
		}
		delete(stored, order)
	}
	for order, line := range stored {
		t.Errorf("round %d: nobody has ordered %s: %v", round, order, line)
	}
	l.compareBatches(t, s, round)
	s.must(t, "verify")
}

func (l *acknowledged) compareBatches(t *testing.T, s *shell, round int) {
	t.Helper()
	rows := table(t, s.must(t, "export batches"))
	for ref, qty := range l.batches {
		same := func(row []string) bool { return row[0] == ref && row[2] == qty }
		if i := slices.IndexFunc(rows, same); i < 0 || slices.ContainsFunc(rows[i+1:], same) {
			t.Errorf("round %d: batch %s of %s units was acknowledged, and is not there once", round, ref, qty)
		}
	}
}

// table is the rows of a CSV file below its header.
func table(t *testing.T, text string) [][]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}
