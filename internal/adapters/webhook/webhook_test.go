package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"allot/internal/adapters/cloudevents"
	"allot/internal/adapters/eventjson"
	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

var happened = service.Envelope{
	Position: 7, At: time.Date(2026, 12, 1, 8, 26, 0, 0, time.UTC), SKU: "LAMP", Version: 3,
	Event: domain.OutOfStock{SKU: "LAMP", OrderID: "o1", Qty: 3, LargestFit: 1},
}

// prepared is a webhook that is ready for events.
func prepared(t *testing.T, c *Client, url string) views.Webhook {
	t.Helper()
	w, err := c.Prepare(views.Webhook{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// receiver answers as it is told to, and hands on the requests it gets.
func receiver(t *testing.T, answer http.HandlerFunc) (url string) {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	return s.URL
}

func open(t *testing.T, o Options) *Client {
	t.Helper()
	o.Now = time.Now
	c := New(o)
	t.Cleanup(c.Close)
	return c
}

func TestAReceiverCanVerifyARequestWithTheStandardsOwnLibrary(t *testing.T) {
	const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	c := open(t, Options{AllowPrivate: true})
	var w views.Webhook
	asked := 0
	w = prepared(t, c, receiver(t, func(answer http.ResponseWriter, r *http.Request) {
		asked++
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		wh, err := standardwebhooks.NewWebhook(w.Secret)
		if err != nil {
			t.Error(err)
			return
		}
		if err := wh.Verify(body, r.Header); err != nil {
			t.Error(err)
		}
		if err := wh.Verify(append(body, ' '), r.Header); err == nil {
			t.Error("another body has the same signature")
		}
		var e struct{ ID, Type, Subject, Source string }
		if err := json.Unmarshal(body, &e); err != nil || e.ID != "7" || e.Type != "allot.out_of_stock.v1" || e.Subject != "LAMP" || e.Source != "/allot" {
			t.Errorf("the body is %s (error %v)", body, err)
		}
		if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/cloudevents+json" || r.Header.Get("webhook-id") != "7" || r.Header.Get("traceparent") != trace {
			t.Errorf("%s with headers %v", r.Method, r.Header)
		}
		answer.WriteHeader(http.StatusNoContent)
	}))
	traced := happened
	traced.Origin.Trace = trace
	if err := c.To(w)(t.Context(), traced); err != nil || asked != 1 {
		t.Errorf("%d requests came, error %v", asked, err)
	}
}

func TestTheSignatureIsTheOneOfTheSpecification(t *testing.T) {
	h := http.Header{}
	if err := sign(h, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`)); err != nil {
		t.Fatal(err)
	}
	if got, want := h.Get("webhook-signature"), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAnyAnswerButSuccessIsAFailedAttempt(t *testing.T) {
	c := open(t, Options{AllowPrivate: true})
	elsewhere := receiver(t, func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") })
	for _, status := range []int{http.StatusFound, http.StatusBadRequest, http.StatusGone, http.StatusInternalServerError} {
		w := prepared(t, c, receiver(t, func(answer http.ResponseWriter, _ *http.Request) {
			answer.Header().Set("Location", elsewhere)
			answer.WriteHeader(status)
			_, _ = io.WriteString(answer, "sorry")
		}))
		err := c.To(w)(t.Context(), happened)
		if err == nil || errors.Is(err, service.ErrUnreachable) || !strings.Contains(err.Error(), http.StatusText(status)) {
			t.Errorf("status %d: got error %v", status, err)
		}
	}
}

func TestAReceiverThatHangsIsAFailedAttempt(t *testing.T) {
	c := open(t, Options{AllowPrivate: true, Timeout: 50 * time.Millisecond})
	w := prepared(t, c, receiver(t, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body); <-r.Context().Done() }))
	if err := c.To(w)(t.Context(), happened); err == nil || errors.Is(err, service.ErrUnreachable) || !strings.HasSuffix(err.Error(), "it didn't answer within 50ms") {
		t.Errorf("got error %v", err)
	}
}

func TestAReceiverThatIsDownIsNoFaultOfTheEvent(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	c := open(t, Options{AllowPrivate: true})
	for _, url := range []string{"http://" + l.Addr().String(), "http://no-such-host.invalid/"} {
		if err := c.To(prepared(t, c, url))(t.Context(), happened); !errors.Is(err, service.ErrUnreachable) {
			t.Errorf("%s: got error %v", url, err)
		}
	}
}

// A path may be a secret between the receiver and us, and who may look at what
// failed need not know it.
func TestAnErrorNamesTheServerAndNoMore(t *testing.T) {
	c := open(t, Options{AllowPrivate: true, Timeout: time.Second})
	refusing := receiver(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	breaking := receiver(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	for _, url := range []string{refusing, breaking, "http://127.0.0.1:1"} {
		err := c.To(prepared(t, c, url+"/T0K3N?key=s3cr3t"))(t.Context(), happened)
		if err == nil || !strings.Contains(err.Error(), "post to "+url+": ") || strings.Contains(err.Error(), "T0K3N") || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("got error %v", err)
		}
	}
}

func TestNothingIsPostedToAddressesThatAreNotPublic(t *testing.T) {
	c := open(t, Options{})
	url := receiver(t, func(http.ResponseWriter, *http.Request) { t.Error("a request came") })
	for _, to := range []string{url, strings.Replace(url, "127.0.0.1", "localhost", 1), strings.Replace(url, "127.0.0.1", "[::ffff:127.0.0.1]", 1)} {
		if _, err := c.Prepare(views.Webhook{URL: to}); err == nil || !strings.Contains(err.Error(), "no public address") {
			t.Errorf("%s is taken: error %v", to, err)
		}
		err := c.To(prepared(t, open(t, Options{AllowPrivate: true}), to))(t.Context(), happened) // as of a server that allowed it once
		if !errors.Is(err, service.ErrUnreachable) || !strings.Contains(err.Error(), "webhook-allow-private") {
			t.Errorf("%s: got error %v", to, err)
		}
	}
}

func TestWhichAddressesArePublic(t *testing.T) {
	for address, want := range map[string]bool{
		"8.8.8.8": true, "2606:4700::1111": true,
		"127.0.0.1": false, "::1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false,
		"fe80::1": false, "fd00::1": false, "0.0.0.0": false, "0.1.2.3": false, "::": false, "100.64.0.1": false, "224.0.0.1": false, "ff02::1": false,
		"255.255.255.255": false, "::ffff:10.0.0.1": false, "64:ff9b::a00:1": false, "2002:a00:1::": false, "198.18.0.1": false, "fe80::1%eth0": false,
	} {
		if got := isPublic(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s is public: %v, want %v", address, got, want)
		}
	}
}

func TestAWebhookThatCanNotWorkIsRefused(t *testing.T) {
	c := open(t, Options{})
	for _, tt := range []struct{ url, secret, field string }{
		{"", "", "url"},
		{"shop.example/events", "", "url"},
		{"ftp://shop.example", "", "url"},
		{"https://", "", "url"},
		{"https://shop.example:99999/", "", "url"},
		{"https://shop.example:0/", "", "url"},
		{"http://127.0.0.1:3000", "", "url"},
		{"http://localhost:3000", "", "url"},
		{"http://[fe80::1%25eth0]/", "", "url"},
		{"https://me:secret@shop.example", "", "url"},
		{"https://shop.example/#a", "", "url"},
		{"https://shop.example/" + strings.Repeat("a", 2000), "", "url"},
		{"https://shop.example", "secret", "secret"},
		{"https://shop.example", "whsec_c2hvcnQ=", "secret"},
		{"https://shop.example", "whsec_!", "secret"},
	} {
		_, err := c.Prepare(views.Webhook{URL: tt.url, Secret: tt.secret})
		if e, ok := errors.AsType[*domain.Error](err); !ok || e.Field != tt.field || e.Hint == "" {
			t.Errorf("%q, %q: got error %v", tt.url, tt.secret, err)
		}
	}
}

func TestEachWebhookGetsASecretOfItsOwn(t *testing.T) {
	c := open(t, Options{})
	a, b := prepared(t, c, "https://shop.example"), prepared(t, c, "https://shop.example")
	if a.Secret == b.Secret || !strings.HasPrefix(a.Secret, "whsec_") {
		t.Errorf("the secrets are %q and %q", a.Secret, b.Secret)
	}
	if w, err := c.Prepare(a); err != nil || w.Secret != a.Secret {
		t.Errorf("a secret that was given became %q (error %v)", w.Secret, err)
	}
}

func TestAPostEndsWithItsContext(t *testing.T) {
	c := open(t, Options{AllowPrivate: true})
	ctx, cancel := context.WithCancel(t.Context())
	w := prepared(t, c, receiver(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	if err := c.To(w)(ctx, happened); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v", err)
	}
}

func TestTheRequestInTheDocumentationIsSignedAsItSays(t *testing.T) {
	text, err := os.ReadFile("../../../docs/how-to/webhooks.md")
	if err != nil {
		t.Fatal(err)
	}
	find := func(pattern string) string {
		t.Helper()
		m := regexp.MustCompile(pattern).FindStringSubmatch(string(text))
		if m == nil {
			t.Fatalf("%s is not in the documentation", pattern)
		}
		return m[1]
	}
	seconds, err := strconv.ParseInt(find(`(?m)^webhook-timestamp: (\d+)$`), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	h, body := http.Header{}, find(`(?m)^(\{"specversion".*\})$`)
	if err := sign(h, find("secret `(whsec_[^`]+)`"), find(`(?m)^webhook-id: (\d+)$`), time.Unix(seconds, 0), []byte(body)); err != nil {
		t.Fatal(err)
	}
	if got, want := h.Get("webhook-signature"), find(`(?m)^webhook-signature: (\S+)$`); got != want {
		t.Errorf("it is signed %s, and the documentation says %s", got, want)
	}
	e, err := eventjson.View(happened)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := cloudevents.Encode(e); err != nil || string(got) != body {
		t.Errorf("the event is %s (error %v), and the documentation says %s", got, err, body)
	}
}
