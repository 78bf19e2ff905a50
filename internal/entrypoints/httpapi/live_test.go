package httpapi_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"allot/internal/domain"
	"allot/internal/entrypoints/httpapi"
	"allot/internal/service"
)

// listener reads a live feed.
type listener struct {
	t     *testing.T
	lines *bufio.Scanner
}

// follow opens a live feed. headers are names and values in turn.
func follow(t *testing.T, url string, headers ...string) *listener {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Body.Close() })
	if w.StatusCode != 200 || w.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("status %d, headers %v", w.StatusCode, w.Header)
	}
	l := &listener{t, bufio.NewScanner(w.Body)}
	if first := l.next(); !strings.HasPrefix(first, "retry: 2000 id: ") {
		t.Errorf("the feed begins with %q", first)
	}
	return l
}

// next is the next message, its lines joined by blanks; "" when the feed ends.
func (l *listener) next() string {
	var message []string
	for l.lines.Scan() {
		if l.lines.Text() == "" {
			break
		}
		message = append(message, l.lines.Text())
	}
	return strings.Join(message, " ")
}

// expect expects messages with these beginnings.
func (l *listener) expect(beginnings ...string) {
	l.t.Helper()
	for _, want := range beginnings {
		if got := l.next(); !strings.HasPrefix(got, want) {
			l.t.Fatalf("got %q, want %s...", got, want)
		}
	}
}

func stockedShop(t *testing.T) *shop {
	t.Helper()
	s := open(t)
	s.do(domain.CreateBatch{Ref: "b1", SKU: "LAMP", Qty: 100}, domain.Allocate{OrderID: "o1", SKU: "LAMP", Qty: 1})
	return s
}

func TestALiveFeedHasWhatHappensFromThenOn(t *testing.T) {
	s := stockedShop(t)
	l := follow(t, s.url+"/v1/events/stream")
	s.do(domain.Allocate{OrderID: "o2", SKU: "LAMP", Qty: 2})
	got := l.next()
	for _, want := range []string{`id: 3 event: allocated data: {"position":3,`, `"type":"allocated","sku":"LAMP","product_version":3,`, `"data":{"order_id":"o2","sku":"LAMP","qty":2,`} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in %s", want, got)
		}
	}
}

func TestALiveFeedGoesOnWhereItWas(t *testing.T) {
	s := stockedShop(t)
	for _, from := range [][2]string{{"?after=1", ""}, {"", "1"}, {"?after=0", "1"}} {
		headers := []string{"Last-Event-ID", from[1]}
		follow(t, s.url+"/v1/events/stream"+from[0], headers...).expect("id: 2 event: allocated")
	}
	l := follow(t, s.url+"/v1/events/stream?after=0")
	l.expect("id: 1 event: batch_created", "id: 2 event: allocated")
}

func TestALiveFeedMissesNothingHoweverMuchThereIs(t *testing.T) {
	s := stockedShop(t)
	l := follow(t, s.url+"/v1/events/stream?after=0")
	var commands []domain.Message
	for i := range 1200 {
		commands = append(commands, domain.CreateBatch{Ref: fmt.Sprint("c-", i), SKU: "RUG", Qty: 1})
	}
	s.do(commands...)
	for n := 1; n <= 1202; n++ {
		l.expect(fmt.Sprintf("id: %d event: ", n))
	}
}

func TestALiveFeedHasOnlyWhatIsAskedFor(t *testing.T) {
	s := stockedShop(t)
	s.do(domain.CreateBatch{Ref: "c1", SKU: "RUG", Qty: 9}, domain.Allocate{OrderID: "o2", SKU: "RUG", Qty: 1}, domain.CancelLine{OrderID: "o2", SKU: "RUG"})
	follow(t, s.url+"/v1/events/stream?after=0&types=allocated,line_cancelled").expect("id: 2 event: allocated", "id: 4 event: allocated", "id: 6 event: line_cancelled")
	follow(t, s.url+"/v1/events/stream?after=0&sku=RUG").expect("id: 3 ", "id: 4 ", "id: 5 ", "id: 6 ")
}

func TestALiveFeedOfWhatIsNoTypeOfEventsIsRefused(t *testing.T) {
	s := open(t)
	for _, types := range []string{"alocated", "allocated,alocated", "allot.allocated.v1", ","} {
		expectProblem(t, s.get("/v1/stream?types="+types), 422, "validation_failed", "types")
	}
}

func TestAClientThatIsAheadOfTheLogIsTold(t *testing.T) {
	s := stockedShop(t)
	l := follow(t, s.url+"/v1/events/stream", "Last-Event-ID", "99")
	l.expect(`id: 2 event: gap data: {"asked":99,"end":2}`)
	s.do(domain.Allocate{OrderID: "o2", SKU: "LAMP", Qty: 2})
	l.expect("id: 3 event: allocated")
}

func TestALiveFeedOutlivesTheServersTimeouts(t *testing.T) {
	s := stockedShop(t)
	pulse := &service.Pulse{}
	server := httptest.NewUnstartedServer(httpapi.New(s.bus, s.store, httpapi.Options{Commits: pulse}))
	server.Config.ReadTimeout, server.Config.WriteTimeout = 20*time.Millisecond, 20*time.Millisecond
	server.Start()
	defer server.Close()
	l := follow(t, server.URL+"/v1/events/stream")
	timeout := time.After(100 * time.Millisecond)
	<-timeout
	s.do(domain.Allocate{OrderID: "o2", SKU: "LAMP", Qty: 2})
	pulse.Beat()
	l.expect("id: 3 event: allocated")
	http.DefaultClient.CloseIdleConnections()
	server.CloseClientConnections()
}

func TestALiveFeedEndsWhenTheServerStops(t *testing.T) {
	s := stockedShop(t)
	l := follow(t, s.url+"/v1/events/stream")
	began := time.Now()
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	if got := l.next(); got != "" || time.Since(began) > httpapi.DefaultGrace/2 {
		t.Errorf("after %v there is %q", time.Since(began), got)
	}
}

func TestTheLogIsReadAndFollowedAfterAPosition(t *testing.T) {
	s := stockedShop(t)
	follow(t, s.url+"/v1/stream?after=1").expect("id: 2 event: allocated")
	all, later := s.get("/v1/events"), s.get("/v1/events?after=1")
	if _, rest, ok := strings.Cut(all.Body, `},{"position":2,`); !ok || later.Body != `{"items":[{"position":2,`+rest {
		t.Errorf("after the first of %s is %s", all.Body, later.Body)
	}
	for _, query := range []string{"after=x", "after=-1", "after=", "after=1&cursor=1"} {
		expectProblem(t, s.get("/v1/events?"+query), 422, "validation_failed", "after")
	}
}

func TestTheLogIsReadPageByPageAndByTypeAndSKU(t *testing.T) {
	s := stockedShop(t)
	s.do(domain.CreateBatch{Ref: "b2", SKU: "CHAIR", Qty: 5}, domain.Allocate{OrderID: "o2", SKU: "CHAIR", Qty: 1}, domain.Allocate{OrderID: "o2", SKU: "LAMP", Qty: 1})
	total := len(positionsFrom(t, s, "/v1/events?after=0&limit=500"))
	for _, tt := range []struct {
		from string
		want int
	}{
		{"/v1/events?after=0&limit=1", total}, {"/v1/events?after=1&limit=2", total - 1}, {"/v1/events?limit=1&types=line_cancelled,allocated", 3},
		{"/v1/events?limit=1&types=allocated&after=2", 2}, {"/v1/events?limit=2&sku=LAMP", 3}, {"/v1/events?types=line_cancelled", 0}, {"/v1/events?sku=NOPE&limit=1", 0},
	} {
		if got := positionsFrom(t, s, tt.from); len(got) != tt.want || !slices.IsSorted(got) {
			t.Errorf("%s and what follows has events %v of %d, want %d", tt.from, got, total, tt.want)
		}
	}
	expectProblem(t, s.get("/v1/events?types=alocated"), 422, "validation_failed", "types")
}

// positionsFrom are those of all events on a page and the ones that follow it.
func positionsFrom(t *testing.T, s *shop, page string) (out []int64) {
	t.Helper()
	for page != "" {
		answer := s.get(page)
		var list struct {
			Items []struct{ Position int64 }
			Next  string
		}
		if err := json.Unmarshal([]byte(answer.Body), &list); err != nil || answer.Status != http.StatusOK {
			t.Fatalf("%s is answered with %d %s (%v)", page, answer.Status, answer.Body, err)
		}
		for _, e := range list.Items {
			out = append(out, e.Position)
		}
		page = list.Next
	}
	return out
}

func TestALiveFeedThatCanNotBeIsRefused(t *testing.T) {
	s := stockedShop(t)
	expectProblem(t, s.get("/v1/events/stream?after=x"), 422, "validation_failed", "after")
	expectProblem(t, s.get("/v1/events/stream?after=-1"), 422, "validation_failed", "after")
	expectProblem(t, s.get("/v1/events/stream?type=allocated"), 422, "validation_failed", "type")
	expectProblem(t, s.ask(http.MethodGet, "/v1/events/stream", "", "Last-Event-ID", "x"), 422, "validation_failed", "Last-Event-ID")
	expectProblem(t, s.post("/v1/events/stream", ""), 405, "method_not_allowed", "")
	if head := s.ask(http.MethodHead, "/v1/events/stream", ""); head.Status != 200 || head.ContentType != "text/event-stream" {
		t.Errorf("HEAD gives %+v", head)
	}
}
