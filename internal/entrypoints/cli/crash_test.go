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
		l.useAndKill(t, start(t, "serve"), round)
		l.compare(t, s, round)
		if t.Failed() {
			return
		}
	}
	t.Logf("%d rounds: %d lines and %d batches were acknowledged, %d requests had no answer", rounds, len(l.lines), len(l.batches), l.unanswered)
}

// line is an order line; batch is empty if nobody knows what became of it.
type line struct{ sku, qty, batch string }

// acknowledged is what the server has said that it did.
type acknowledged struct {
	mu         sync.Mutex
	lines      map[string]line   // by order
	batches    map[string]string // the quantity, by reference
	unanswered int
}

// useAndKill has clients use a server, which is killed after some answers.
func (l *acknowledged) useAndKill(t *testing.T, p *process, round int) {
	t.Helper()
	var answers atomic.Int64
	last := 1 + rand.Int64N(400)
	var clients sync.WaitGroup
	for client := range crashClients {
		clients.Go(func() {
			for i := 0; l.send(t, p.url, fmt.Sprintf("%d-%d-%d", round, client, i), client+i); i++ {
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
func (l *acknowledged) send(t *testing.T, url, id string, n int) bool {
	t.Helper()
	sku, qty := fmt.Sprintf("SKU-%d", n%crashSKUs), fmt.Sprint(1+n%7)
	path, body := "/allocate", fmt.Sprintf(`{"orderid":"order-%s","sku":"%s","qty":%s}`, id, sku, qty)
	if n%10 == 0 {
		path, body = "/add_batch", fmt.Sprintf(`{"ref":"batch-%s","sku":"%s","qty":%s,"eta":null}`, id, sku, qty)
	}
	answer, err := http.Post(url+path, "application/json", strings.NewReader(body))
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.unanswered++
		if path == "/allocate" {
			l.lines["order-"+id] = line{sku: sku, qty: qty}
		}
		return false
	}
	defer answer.Body.Close()
	io.Copy(io.Discard, answer.Body)
	switch {
	case answer.StatusCode == http.StatusCreated:
		l.batches["batch-"+id] = qty
	case answer.StatusCode == http.StatusAccepted && answer.Header.Get("Allocation-Batch") != "":
		l.lines["order-"+id] = line{sku, qty, answer.Header.Get("Allocation-Batch")}
	default:
		t.Errorf("%s %s: %s", path, body, answer.Status)
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
