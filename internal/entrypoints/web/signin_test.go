package web_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"allot/internal/access"
	"allot/internal/adapters/memory"
	"allot/internal/entrypoints/web"
	"allot/internal/service"
)

// door is where people sign in.
type door struct {
	t      *testing.T
	pages  http.Handler
	tokens *access.Registry
	open   *access.Sessions
}

func newDoor(t *testing.T, secure bool) *door {
	t.Helper()
	store := memory.New()
	d := &door{t: t, tokens: access.NewRegistry(store, time.Now)}
	d.open = access.NewSessions(d.tokens, time.Now)
	bus := service.NewBus(service.NewTransactor(store, 100, time.Now, nil))
	service.Register(bus)
	site := web.New(bus, store, web.Options{Sessions: d.open, Secure: secure})
	t.Cleanup(func() {
		if err := site.Close(); err != nil {
			t.Error(err)
		}
	})
	d.pages = site
	return d
}

func (d *door) issue() (secret string) {
	d.t.Helper()
	_, secret, err := d.tokens.Issue(d.t.Context(), access.Token{Name: "ann", Scopes: access.Scopes})
	if err != nil {
		d.t.Fatal(err)
	}
	return secret
}

// signIn sends the form, from an address.
func (d *door) signIn(from, token, to string) *http.Response {
	d.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/sign-in", strings.NewReader(url.Values{"token": {token}, "to": {to}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.RemoteAddr = from
	w := httptest.NewRecorder()
	d.pages.ServeHTTP(w, r)
	return w.Result()
}

const here = "192.0.2.1:4711"

func TestWhoeverShowsATokenGetsASessionInAStrictCookie(t *testing.T) {
	for secure, name := range map[bool]string{true: "__Host-allot-session", false: "allot-session"} {
		d := newDoor(t, secure)
		token := d.issue()
		got := d.signIn(here, " "+token+"\n", "/orders/o1?as_of=2026-12-01")
		cookies := got.Cookies()
		if got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != "/orders/o1?as_of=2026-12-01" || len(cookies) != 1 {
			t.Fatalf("%d to %q with %v", got.StatusCode, got.Header.Get("Location"), cookies)
		}
		c := cookies[0]
		if c.Name != name || c.Path != "/" || c.Domain != "" || !c.HttpOnly || c.Secure != secure || c.SameSite != http.SameSiteStrictMode || c.MaxAge != 12*3600 {
			t.Errorf("the cookie is %+v", c)
		}
		if caller, err := d.open.Caller(t.Context(), c.Value); err != nil || caller.Actor != "ann" || strings.Contains(c.Value, token) {
			t.Errorf("it is of %+v, %v", caller, err)
		}
	}
}

func TestAWrongTokenIsRefusedWithoutRepeatingIt(t *testing.T) {
	d := newDoor(t, false)
	got := d.signIn(here, "allot_wrong", "/orders")
	body := text(t, got)
	if got.StatusCode != http.StatusUnauthorized || len(got.Cookies()) > 0 || !strings.Contains(body, "the token is not known") || strings.Contains(body, "allot_wrong") {
		t.Errorf("%d %v %s", got.StatusCode, got.Cookies(), body)
	}
	if !strings.Contains(body, `name="to" value="/orders"`) {
		t.Error("it forgot where they wanted to go")
	}
}

func TestSigningInLeadsToPagesOfThisServerOnly(t *testing.T) {
	d := newDoor(t, false)
	token := d.issue()
	for i, to := range []string{"", "https://evil.example", "//evil.example", `/\evil.example`, "/\t/evil.example", "orders", "/sign-out", "javascript:alert(1)"} {
		from := "192.0.2." + string(rune('1'+i)) + ":1"
		if got := d.signIn(from, token, to); got.Header.Get("Location") != "/" {
			t.Errorf("%q leads to %q", to, got.Header.Get("Location"))
		}
	}
}

func TestTooManyAttemptsAreRefusedWhereTheyComeFrom(t *testing.T) {
	d := newDoor(t, false)
	token := d.issue()
	for _, from := range []string{here, "[2001:db8::%d]:1"} {
		refused := 0
		for i := range 20 {
			if d.signIn(strings.ReplaceAll(from, "%d", string(rune('a'+i%6))), "guess", "/").StatusCode == http.StatusTooManyRequests {
				refused++
			}
		}
		if refused < 9 || refused > 10 { // ten at once
			t.Errorf("from %s, %d of 20 were refused", from, refused)
		}
	}
	if got := d.signIn(here, token, "/"); got.StatusCode != http.StatusTooManyRequests {
		t.Errorf("the right token, too soon: %d", got.StatusCode)
	}
	for _, from := range []string{"192.0.2.2:1", "[2001:db8:0:1::1]:1", "nonsense"} {
		if got := d.signIn(from, token, "/"); got.StatusCode != http.StatusSeeOther {
			t.Errorf("from %s: %d", from, got.StatusCode)
		}
	}
}

func TestSigningOutEndsTheSession(t *testing.T) {
	d := newDoor(t, false)
	cookie := d.signIn(here, d.issue(), "/").Cookies()[0]
	r := httptest.NewRequest(http.MethodPost, "/sign-out", nil)
	r.AddCookie(cookie)
	w := httptest.NewRecorder()
	d.pages.ServeHTTP(w, r)
	got := w.Result()
	if got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != "/sign-in" || len(got.Cookies()) != 1 || got.Cookies()[0].MaxAge >= 0 {
		t.Errorf("%d to %q with %v", got.StatusCode, got.Header.Get("Location"), got.Cookies())
	}
	if _, err := d.open.Caller(t.Context(), cookie.Value); err == nil {
		t.Error("the session goes on")
	}
}

func TestNoOtherSiteSignsAnybodyIn(t *testing.T) {
	d := newDoor(t, false)
	r := httptest.NewRequest(http.MethodPost, "/sign-in", strings.NewReader("token="+d.issue()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	d.pages.ServeHTTP(w, r)
	if got := w.Result(); got.StatusCode != http.StatusForbidden || len(got.Cookies()) > 0 {
		t.Errorf("%d %v", got.StatusCode, got.Cookies())
	}
}

func text(t *testing.T, got *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
