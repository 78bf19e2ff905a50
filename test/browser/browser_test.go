// Package browser tries the pages as people do: in a real browser, with the
// real program behind them. It finds controls by their role and their name,
// as a screen reader does.
//
// It is a module of its own, so that the program doesn't need a browser's
// protocol to be built.
package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// program is the program, built once.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "allot-browser-")
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "allot")
	build := exec.Command("go", "build", "-o", file, "./cmd/allot")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return file, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if file, err := program(); err == nil {
		os.RemoveAll(filepath.Dir(file))
	}
	os.Exit(code)
}

// shop is a running program.
type shop struct {
	t    *testing.T
	url  string
	args []string // of the program
	stop func()   // and wait until it has
}

// serve runs the program on a free port, over a shop of its own.
func serve(t *testing.T, settings ...string) *shop {
	t.Helper()
	file, err := program()
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	s := &shop{t: t, url: "http://" + addr, args: append([]string{file, "serve", "--addr", addr, "--data", t.TempDir()}, settings...)}
	s.start()
	t.Cleanup(func() { s.stop() })
	return s
}

// start runs the program.
func (s *shop) start() {
	s.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	server := exec.CommandContext(ctx, s.args[0], s.args[1:]...)
	server.Cancel = func() error { return server.Process.Signal(os.Interrupt) }
	server.WaitDelay = 10 * time.Second
	var said strings.Builder
	server.Stderr = &said
	if err := server.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.stop = sync.OnceFunc(func() {
		stop()
		_ = server.Wait() // it was told to stop
		if s.t.Failed() {
			s.t.Log(said.String())
		}
	})
	s.await()
}

// await returns when the server is ready.
func (s *shop) await() {
	s.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if res, err := http.Get(s.url + "/readyz"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
	}
	s.t.Fatal("the server doesn't become ready")
}

// do has commands done, one a line, as the API takes them.
func (s *shop) do(commands string) {
	s.t.Helper()
	res, err := http.Post(s.url+"/v1/bulk", "application/x-ndjson", strings.NewReader(commands))
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || !strings.Contains(string(body), `"failed":0`) {
		s.t.Fatalf("not all was done: %s (%v)", body, err)
	}
}

// day is a date so many days from today.
func day(n int) string { return time.Now().UTC().AddDate(0, 0, n).Format(time.DateOnly) }

// furnished is a shop with shipments and orders.
func furnished(t *testing.T, settings ...string) *shop {
	s := serve(t, settings...)
	s.do(strings.NewReplacer("D-2", day(-2), "D+9", day(9), "D+16", day(16)).Replace(`
{"op":"add_batch","ref":"batch-0412","sku":"SMALL-TABLE","qty":20}
{"op":"add_batch","ref":"batch-0457","sku":"SMALL-TABLE","qty":60,"eta":"D-2"}
{"op":"add_batch","ref":"batch-0461","sku":"SMALL-TABLE","qty":40,"eta":"D+9"}
{"op":"add_batch","ref":"batch-0470","sku":"SMALL-TABLE","qty":80,"eta":"D+16"}
{"op":"add_batch","ref":"batch-0449","sku":"POPULAR-CURTAINS","qty":9}
{"op":"add_batch","ref":"batch-0474","sku":"POPULAR-CURTAINS","qty":30,"eta":"D+16"}
{"op":"allocate","order_id":"order-7001","sku":"SMALL-TABLE","qty":18}
{"op":"allocate","order_id":"order-7002","sku":"SMALL-TABLE","qty":58}
{"op":"allocate","order_id":"order-7009","sku":"SMALL-TABLE","qty":5}
{"op":"allocate","order_id":"order-7010","sku":"SMALL-TABLE","qty":8}
{"op":"allocate","order_id":"order-7011","sku":"SMALL-TABLE","qty":11}
{"op":"allocate","order_id":"order-7012","sku":"SMALL-TABLE","qty":14}
{"op":"allocate","order_id":"order-7005","sku":"POPULAR-CURTAINS","qty":10}
{"op":"allocate","order_id":"order-7051","sku":"SMALL-TABLE","qty":90}
`))
	return s
}

// get is what the API says at a path.
func (s *shop) get(path string, into any) {
	s.t.Helper()
	res, err := http.Get(s.url + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		s.t.Fatalf("%s: %v", path, err)
	}
}

// visitor is somebody with a browser.
type visitor struct {
	t    *testing.T
	ctx  context.Context
	shop *shop

	mu      sync.Mutex
	outside []string // requests to elsewhere
	streams int      // live feeds that were asked for
	faults  []string // what the console complains of
}

// visit starts a browser. If there is none, the test is skipped, or fails if
// that is forbidden.
func visit(t *testing.T, s *shop) *visitor {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		if os.Getenv("ALLOT_TEST_REQUIRE") == "all" {
			t.Fatal("there is no browser: install the package chromium")
		}
		t.Skip("there is no browser: install the package chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WindowSize(1280, 800))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 6*time.Minute)
	t.Cleanup(cancel)
	return begin(t, ctx, s)
}

// tab opens another tab of the same browser.
func (v *visitor) tab() *visitor {
	v.t.Helper()
	ctx, cancel := chromedp.NewContext(v.ctx)
	v.t.Cleanup(cancel)
	return begin(v.t, ctx, v.shop)
}

func begin(t *testing.T, ctx context.Context, s *shop) *visitor {
	t.Helper()
	v := &visitor{t: t, ctx: ctx, shop: s}
	chromedp.ListenTarget(ctx, v.watch)
	v.run(network.Enable(), log.Enable(), runtime.Enable(), emulation.SetFocusEmulationEnabled(true),
		browser.SetPermission(&browser.PermissionDescriptor{Name: "clipboard-read"}, browser.PermissionSettingGranted),
		browser.SetPermission(&browser.PermissionDescriptor{Name: "clipboard-write"}, browser.PermissionSettingGranted))
	return v
}

func (v *visitor) watch(event any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if url := e.Request.URL; !strings.HasPrefix(url, v.shop.url) && !strings.HasPrefix(url, "data:") {
			v.outside = append(v.outside, url)
		}
		if strings.Contains(e.Request.URL, "/v1/events/stream") {
			v.streams++
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError {
			v.faults = append(v.faults, e.Entry.Text+" "+e.Entry.URL)
		}
	case *runtime.EventExceptionThrown:
		v.faults = append(v.faults, e.ExceptionDetails.Error())
	}
}

func (v *visitor) run(actions ...chromedp.Action) {
	v.t.Helper()
	if err := chromedp.Run(v.ctx, actions...); err != nil {
		v.t.Fatal(err)
	}
}

// open goes to a page.
func (v *visitor) open(path string) {
	v.t.Helper()
	v.run(chromedp.Navigate(v.shop.url + path))
}

// eval is what an expression gives.
func eval[T any](v *visitor, js string) (out T) {
	v.t.Helper()
	v.run(chromedp.Evaluate(js, &out, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	return out
}

// until waits for something to become so.
func (v *visitor) until(what, js string) {
	v.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		var so bool
		if err := chromedp.Run(v.ctx, chromedp.Evaluate("!!document.body && "+js, &so)); err == nil && so { // a page that is being left has errors
			return
		}
	}
	v.t.Fatalf("%s: not within 10 s; the page says\n%s", what, eval[string](v, `document.body.innerText`))
}

// find returns the one control with a role and a name.
func (v *visitor) find(role, name string) cdp.BackendNodeID {
	v.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		found, err := v.query(role, name)
		switch {
		case err == nil && len(found) == 1:
			return found[0]
		case time.Now().After(deadline):
			v.t.Fatalf("there are %d controls %s %q (%v); the page says\n%s", len(found), role, name, err, eval[string](v, `document.body.innerText`))
		}
	}
}

func (v *visitor) query(role, name string) (out []cdp.BackendNodeID, _ error) {
	ctx, cancel := context.WithTimeout(v.ctx, 2*time.Second) // a page that is being left may never answer
	defer cancel()
	err := chromedp.Run(ctx, chromedp.ActionFunc(func(ctx context.Context) error {
		root, err := dom.GetDocument().Do(ctx)
		if err != nil {
			return err
		}
		nodes, err := accessibility.QueryAXTree().WithBackendNodeID(root.BackendNodeID).WithRole(role).WithAccessibleName(name).Do(ctx)
		for _, n := range nodes {
			if !n.Ignored {
				out = append(out, n.BackendDOMNodeID)
			}
		}
		return err
	}))
	return out, err
}

// on calls a function of a control, as this.
func (v *visitor) on(id cdp.BackendNodeID, function string) {
	v.t.Helper()
	v.run(chromedp.ActionFunc(func(ctx context.Context) error {
		object, err := dom.ResolveNode().WithBackendNodeID(id).Do(ctx)
		if err != nil {
			return err
		}
		_, thrown, err := runtime.CallFunctionOn(function).WithObjectID(object.ObjectID).WithUserGesture(true).Do(ctx)
		if thrown != nil {
			return thrown
		}
		return err
	}))
}

// click clicks on a control, when the page is ready for it.
func (v *visitor) click(role, name string) {
	v.t.Helper()
	v.until("be ready", `!document.querySelector('button:disabled')`)
	v.on(v.find(role, name), `function() { this.scrollIntoView(); this.click() }`)
}

// fill replaces what is in a field, key by key.
func (v *visitor) fill(role, name, text string) {
	v.t.Helper()
	v.on(v.find(role, name), `function() { this.focus(); this.select() }`)
	v.keys(text)
}

// keys types, as a keyboard does: a page may keep a key for itself.
func (v *visitor) keys(text string) {
	v.t.Helper()
	for _, r := range text {
		key := kb.Keys[r]
		down := input.DispatchKeyEvent(input.KeyDown).WithKey(key.Key).WithCode(key.Code).WithText(key.Text).WithWindowsVirtualKeyCode(key.Windows)
		up := input.DispatchKeyEvent(input.KeyUp).WithKey(key.Key).WithCode(key.Code).WithWindowsVirtualKeyCode(key.Windows)
		v.run(down, up)
	}
}

// says fails unless the page says something, soon.
func (v *visitor) says(text string) {
	v.t.Helper()
	v.until("say "+text, fmt.Sprintf(`document.body.innerText.replace(/\s+/g, ' ').includes(%q)`, text))
}

// at fails unless the visitor comes to a path, soon.
func (v *visitor) at(path string) {
	v.t.Helper()
	v.until("be at "+path, fmt.Sprintf(`location.pathname === %q && document.readyState === 'complete'`, path))
}

// rows are the texts of the rows of the table after a heading.
func (v *visitor) rows(selector string) []string {
	v.t.Helper()
	return eval[[]string](v, fmt.Sprintf(`[...document.querySelectorAll(%q)].map(r => r.innerText.replace(/\s+/g, ' ').trim())`, selector+" tbody tr"))
}

// dark switches the system's theme.
func (v *visitor) dark(on bool) {
	v.t.Helper()
	value := map[bool]string{true: "dark", false: "light"}[on]
	v.run(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: value}}))
}

// atEase fails if anything was asked of other servers, or the console complains.
func (v *visitor) atEase() {
	v.t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	var err error
	for _, url := range v.outside {
		err = errors.Join(err, fmt.Errorf("it asks for %s", url))
	}
	for _, fault := range v.faults {
		err = errors.Join(err, errors.New(fault))
	}
	if err != nil {
		v.t.Error(err)
	}
}

// clickFirst clicks on the first element that a selector finds.
func clickFirst(selector string) chromedp.Action {
	return chromedp.Click(selector, chromedp.ByQuery)
}
