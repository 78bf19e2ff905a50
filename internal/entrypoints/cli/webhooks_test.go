package cli_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"allot/internal/views"
)

// posted is a request that a webhook got.
type posted struct {
	header http.Header
	body   string
}

// takePosts starts a receiver of webhooks.
func takePosts(t *testing.T) (url string, posts <-chan posted) {
	t.Helper()
	got := make(chan posted, 99)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // a test sees what lacks
		got <- posted{r.Header, string(body)}
	}))
	t.Cleanup(s.Close)
	return s.URL, got
}

func TestAWebhookGetsSignedEvents(t *testing.T) {
	s := newShell(t)
	url, posts := takePosts(t)
	server := s.serve(t, "serve --addr 127.0.0.1:0 --webhook-allow-private")
	var hook views.Webhook
	if err := json.Unmarshal([]byte(s.must(t, "webhook add "+url+" --type out_of_stock --output json")), &hook); err != nil {
		t.Fatal(err)
	}
	server.runOut(t)
	got := <-posts
	if !strings.Contains(got.body, `"type":"allot.out_of_stock.v1","subject":"LAMP"`) {
		t.Errorf("posted was %s", got.body)
	}
	wh, err := standardwebhooks.NewWebhook(hook.Secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := wh.VerifyIgnoringTimestamp([]byte(got.body), got.header); err != nil { // the shop has a clock of its own
		t.Errorf("%v; headers %v", err, got.header)
	}
	s.must(t, "webhook delete 1")
	if out := s.must(t, "webhook list --output json"); out != "[]\n" {
		t.Errorf("left is %s", out)
	}
}

// What a webhook is told of a promise that moved: which line, from which day to
// which, and why.
func TestAWebhookIsToldOfAPromiseThatMoved(t *testing.T) {
	s := newShell(t)
	url, posts := takePosts(t)
	s.must(t, "batch add b1 LAMP 9 --eta 2026-12-01")
	s.must(t, "allocate o1 LAMP 2")
	s.serve(t, "serve --addr 127.0.0.1:0 --webhook-allow-private")
	s.must(t, "webhook add "+url+" --type promise_changed")
	s.must(t, "batch change b1 --eta 2026-12-09 --yes")
	const want = `"data":{"order_id":"o1","sku":"LAMP","qty":2,"batch_ref":"b1","promise":"2026-12-09","previous_promise":"2026-12-01","cause":"batch_rescheduled"}`
	if got := <-posts; !strings.Contains(got.body, want) {
		t.Errorf("posted was %s", got.body)
	}
}

func TestWebhooksAreAddedWithAndWithoutAServer(t *testing.T) {
	s := newShell(t)
	s.serve(t, "serve --addr 127.0.0.1:0 --data served")
	for _, data := range []string{"alone", "served"} {
		if out := s.must(t, "webhook add https://shop.example/events --data "+data); !strings.HasPrefix(out, "webhook 1: https://shop.example/events\nsecret whsec_") {
			t.Errorf("%s: added was %s", data, out)
		}
		if out := s.must(t, "webhook list --data "+data); !strings.Contains(out, "1\thttps://shop.example/events\tall\t") || strings.Contains(out, "whsec_") {
			t.Errorf("%s: listed is %s", data, out)
		}
		for line, exit := range map[string]int{
			"webhook add nowhere": 2, "webhook add https://shop.example --type sold": 2, "webhook delete 7": 3, "webhook delete x": 2, "webhook add": 2,
		} {
			if r := s.run(t, line+" --data "+data); r.exit != exit || r.err == "" {
				t.Errorf("%s: %s: exit %d, want %d: %s", data, line, r.exit, exit, r.err)
			}
		}
	}
	if r := s.run(t, "webhook delete 1 --server http://127.0.0.1:1"); r.exit != 8 {
		t.Errorf("a server that isn't there: exit %d, %s", r.exit, r.err)
	}
}
