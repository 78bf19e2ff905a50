package browser

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp/kb"
)

// events is how many events there are.
func (s *shop) events() int {
	s.t.Helper()
	var stats struct{ Items []struct{ Position int } }
	n := 0
	for {
		s.get("/v1/events?limit=500&cursor="+itoa(n), &stats)
		if len(stats.Items) == 0 {
			return n
		}
		n = stats.Items[len(stats.Items)-1].Position
		stats.Items = nil
	}
}

func itoa(n int) string {
	text, _ := json.Marshal(n) // a number always can be
	return string(text)
}

// Planner: can I promise 50 in two weeks? And nothing is changed by asking.
func TestWhatIfAnswersAndChangesNothing(t *testing.T) {
	s := furnished(t)
	v := visit(t, s)
	before := s.events()
	v.open("/products/SMALL-TABLE")
	v.click("link", "What if")
	v.at("/what-if")
	v.click("link", "Allocate a line")
	v.until("show the form", `!!document.querySelector('#order_id')`)
	v.fill("textbox", "Order", "perhaps")
	v.fill("textbox", "SKU", "SMALL-TABLE")
	v.fill("spinbutton", "Quantity", "50")
	v.click("button", "Add: Allocate a line")
	v.says("1 line would move")
	rows := v.rows("main")
	when, err := time.Parse(time.DateOnly, day(16))
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1 || !strings.HasPrefix(rows[0], "perhaps SMALL-TABLE 50 ✓ Gets stock none batch-0470 "+when.Format("Mon 2 Jan")) {
		t.Errorf("it says %q", rows)
	}
	if s.events() != before {
		t.Error("asking has changed something")
	}
	v.atEase()
}

// Operator: out of stock, and there is no SMTP.
func TestMailsAreReadWhereNoneAreSent(t *testing.T) {
	s := furnished(t)
	v := visit(t, s)
	s.do(`{"op":"allocate","order_id":"order-8000","sku":"POPULAR-CURTAINS","qty":500}`)
	v.open("/events")
	v.click("link", "Mails")
	v.at("/mails")
	for deadline := time.Now().Add(20 * time.Second); len(v.rows("main")) == 0 || !strings.Contains(strings.Join(v.rows("main"), " "), "Kept"); {
		if time.Now().After(deadline) {
			t.Fatalf("there are %q", v.rows("main"))
		}
		v.open("/mails")
	}
	v.says("Kept: no SMTP is set")
	v.run(clickFirst(`main a[href^="/mails/"]`))
	v.says("POPULAR-CURTAINS")
	v.says("All mails")
	v.atEase()
}

// hook takes what is posted to it.
type hook struct {
	*httptest.Server
	mu   sync.Mutex
	got  int
	fail bool
}

func newHook(t *testing.T) *hook {
	h := &hook{}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.fail {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		h.got++
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *hook) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.got
}

func (h *hook) fails(so bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fail = so
}

// tell has a hook told of allocations.
func (s *shop) tell(h *hook) {
	s.t.Helper()
	res, err := http.Post(s.url+"/v1/webhooks", "application/json", strings.NewReader(`{"url":"`+h.URL+`","events":["allocated"]}`))
	if err != nil || res.StatusCode != http.StatusCreated {
		s.t.Fatal(res, err)
	}
	res.Body.Close()
}

// Operator: a webhook fails, and works again; then a range is replayed, with and
// without script. What is counted is what is sent.
func TestARangeIsReplayedAsCounted(t *testing.T) {
	h := newHook(t)
	s := furnished(t, "--webhook-allow-private")
	s.tell(h)
	h.fails(true)
	s.do(`{"op":"allocate","order_id":"order-8000","sku":"POPULAR-CURTAINS","qty":1}`)
	v := visit(t, s)
	for deadline := time.Now().Add(20 * time.Second); ; {
		if v.open("/deliveries"); strings.Contains(strings.Join(v.rows("main"), "|"), "500") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the failure isn't shown: %q", v.rows("main"))
		}
	}
	h.fails(false)
	await(t, "the event is delivered after all", func() bool { return h.count() == 1 })
	for _, script := range []bool{true, false} {
		v.run(emulation.SetScriptExecutionDisabled(!script))
		v.open("/deliveries?subscription=webhook-1")
		v.fill("spinbutton", "From position", "1")
		v.fill("spinbutton", "To position", itoa(s.events()))
		v.click("button", "Count")
		v.find("button", "Replay 8 events")
		before := h.count()
		v.click("button", "Replay 8 events")
		v.until("come back from the replay", `location.search.includes('again=8') && document.readyState === 'complete'`)
		await(t, "they are delivered", func() bool { return h.count() == before+8 })
	}
}

func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 30 s: %s", what)
		}
	}
}

// Operator: Redis is down for a while.
func TestDeliveriesSayThatRedisIsDownAndCatchUp(t *testing.T) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		if os.Getenv("ALLOT_TEST_REQUIRE") == "all" {
			t.Fatal("there is no Redis: install the package redis-server")
		}
		t.Skip("there is no Redis: install the package redis-server")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_, port, _ := net.SplitHostPort(addr)
	l.Close()
	redis := func() (stop func()) {
		cmd := exec.Command(path, "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir())
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		stop = sync.OnceFunc(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
		t.Cleanup(stop)
		return stop
	}
	stop := redis()
	s := furnished(t, "--redis-url", "redis://"+addr)
	v := visit(t, s)
	through := func() bool {
		v.open("/deliveries")
		rows := v.rows("main")
		return len(rows) > 0 && !strings.Contains(strings.Join(rows, "|"), "behind")
	}
	await(t, "all is delivered", through)
	stop()
	s.do(`{"op":"allocate","order_id":"order-8000","sku":"POPULAR-CURTAINS","qty":1}`) // goes on
	await(t, "the page says that it is behind", func() bool { return !through() })
	redis()
	await(t, "it catches up", through)
}

// Anyone, with the keyboard alone.
func TestABatchIsChangedWithoutAMouse(t *testing.T) {
	s := furnished(t)
	v := visit(t, s)
	v.open("/")
	v.keys("/batch-0461" + kb.Enter)
	v.at("/batches/batch-0461")
	v.keys("c")
	v.at("/do/change_batch")
	v.tabTo(`document.activeElement.name === 'qty'`)
	v.keys("10") // what was there is selected
	v.says("33 units in all")
	v.tabTo(`document.activeElement.textContent === 'Change the batch and 3 lines'`)
	v.keys(kb.Enter)
	v.at("/batches/batch-0461")
	v.says("Saved. 3 lines changed.")
}

// tabTo presses Tab until the focus is somewhere. It must always be somewhere.
func (v *visitor) tabTo(where string) {
	v.t.Helper()
	for range 100 {
		v.keys(kb.Tab)
		if eval[bool](v, where) {
			if !eval[bool](v, `getComputedStyle(document.activeElement).outlineStyle !== 'none'`) {
				v.t.Error("the focus can't be seen")
			}
			return
		}
		if eval[bool](v, `document.activeElement === document.body`) {
			v.t.Error("the focus is nowhere")
		}
	}
	v.t.Fatalf("Tab doesn't lead to %s", where)
}

// Customer service, without script.
func TestAnOrderIsFoundWithoutScript(t *testing.T) {
	v := visit(t, furnished(t))
	v.run(emulation.SetScriptExecutionDisabled(true))
	v.open("/")
	v.fill("searchbox", "Find an order, SKU or batch", "order-7005"+kb.Enter)
	v.find("heading", "What to tell the customer")
	when, err := time.Parse(time.DateOnly, day(16))
	if err != nil {
		t.Fatal(err)
	}
	v.says("reaches our warehouse on " + when.Format("Monday 2 January"))
}

// Where tokens are needed, people sign in.
func TestPeopleSignInAndOut(t *testing.T) {
	s := serve(t)
	res, err := http.Post(s.url+"/v1/tokens", "application/json", strings.NewReader(`{"name":"ann","scopes":["read","allocate","stock"]}`))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var token struct{ Secret string }
	if err := json.NewDecoder(res.Body).Decode(&token); err != nil || token.Secret == "" {
		t.Fatalf("there is no token: %v", err)
	}
	s.do(`{"op":"add_batch","ref":"b1","sku":"LAMP","qty":9}`)
	s.stop()
	s.args = append(s.args, "--auth", "required")
	s.start()

	v := visit(t, s)
	v.open("/batches/b1")
	v.at("/sign-in")
	v.fill("textbox", "Token", "allot_wrong")
	v.click("button", "Sign in")
	v.says("the token is not known")
	v.fill("textbox", "Token", token.Secret)
	v.click("button", "Sign in")
	v.at("/batches/b1")
	v.until("be live", `document.querySelector('#live').textContent === 'Live'`)
	if eval[string](v, `document.cookie`) != "" {
		t.Error("script can read the cookie")
	}
	v.open("/do/change_batch?ref=b1&qty=7")
	v.click("button", "Change the batch")
	v.at("/batches/b1")
	v.says("7")
	v.click("button", "Sign out ann")
	v.at("/sign-in")
	v.open("/batches/b1")
	v.at("/sign-in")
}

// A product's policy is changed by who plans.
func TestAPolicyIsChanged(t *testing.T) {
	v := visit(t, furnished(t))
	v.open("/products/SMALL-TABLE")
	v.click("link", "Policy")
	v.at("/do/set_policy")
	v.fill("spinbutton", "Safety stock (optional)", "2")
	v.says("with 2 units kept back")
	v.click("button", "Change the policy")
	v.at("/products/SMALL-TABLE")
	v.says("2 units in the warehouse are kept back from new lines")
}

func TestTheAPIIsShownInAViewer(t *testing.T) {
	v := visit(t, furnished(t))
	v.open("/docs/api")
	v.until("show the API", `document.querySelector('rapi-doc')?.shadowRoot?.textContent.includes('/v1/batches')`)
	v.atEase()
}
