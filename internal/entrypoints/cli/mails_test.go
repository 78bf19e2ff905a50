package cli_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"allot/internal/views"
)

// mailServer hands on the mails that it takes.
type mailServer struct {
	smtp.Session
	mails chan<- string
}

func (mailServer) Reset()                               {}
func (mailServer) Logout() error                        { return nil }
func (mailServer) Mail(string, *smtp.MailOptions) error { return nil }
func (mailServer) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (s mailServer) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	s.mails <- string(raw)
	return err
}

// takeMails starts a mail server on an address.
func takeMails(t *testing.T, on string) (addr string, mails <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", on)
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan string, 9)
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return mailServer{mails: got}, nil }))
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		l.Close()
		server.Close()
		<-served
	})
	return l.Addr().String(), got
}

// runOut has a product run out of stock.
func (v *serving) runOut(t *testing.T) {
	t.Helper()
	const commands = `{"op":"add_batch","ref":"b1","sku":"LAMP","qty":3,"eta":"2026-12-01"}` + "\n" + `{"op":"allocate","order_id":"o1","sku":"LAMP","qty":5}`
	w, err := http.Post(v.url+"/v1/bulk", "application/x-ndjson", strings.NewReader(commands))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	if body, err := io.ReadAll(w.Body); err != nil || !strings.Contains(string(body), `"ok":2`) {
		t.Fatalf("got %s (error %v)", body, err)
	}
}

// mailsOf are the mails of a shop, once there is one with a status.
func (s *shell) mailsOf(t *testing.T, status string) (mails []views.Mail) {
	t.Helper()
	for deadline := time.After(20 * time.Second); ; {
		if err := json.Unmarshal([]byte(s.must(t, "mails --output json")), &mails); err != nil {
			t.Fatal(err)
		}
		if len(mails) > 0 && mails[0].Status == status {
			return mails
		}
		select {
		case <-deadline:
			t.Fatalf("no mail was %s: %+v; left to deliver:\n%s", status, mails, s.must(t, "events parked"))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func TestWhatRunsOutIsToldByMail(t *testing.T) {
	s := newShell(t)
	addr, mails := takeMails(t, "127.0.0.1:0")
	s.serve(t, "serve --addr 127.0.0.1:0 --smtp-tls none --mail-from allot@shop.example --mail-to ann@shop.example --smtp-url smtp://"+addr).runOut(t)
	got := <-mails
	for _, want := range []string{"Subject: Out of stock: LAMP", "wanted 5 units", "2026-12-01  b1: 3 units, of which 3 available", "To: <ann@shop.example>"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	if m := s.mailsOf(t, "sent")[0]; m.SKU != "LAMP" || len(m.To) != 1 {
		t.Errorf("sent is %+v", m)
	}
}

func TestAMailServerThatIsDownLosesNoMail(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	s := newShell(t)
	serve := "serve --addr 127.0.0.1:0 --smtp-tls none --mail-from allot@shop.example --mail-to ann@shop.example --smtp-url smtp://" + addr
	server := s.serve(t, serve)
	server.runOut(t)
	s.mailsOf(t, "due")
	if exit := server.stop(); exit != 0 {
		t.Fatalf("exit %d: %s", exit, server.said)
	}
	s.serve(t, serve) // which finds it down as well
	_, mails := takeMails(t, addr)
	if got := <-mails; !strings.Contains(got, "Subject: Out of stock: LAMP") {
		t.Errorf("what came is\n%s", got)
	}
	s.mailsOf(t, "sent")
	if len(mails) > 0 {
		t.Errorf("then came\n%s", <-mails)
	}
}

func TestWithoutAMailServerMailsAreKept(t *testing.T) {
	s := newShell(t)
	s.serve(t, "serve --addr 127.0.0.1:0").runOut(t)
	kept := s.mailsOf(t, "kept")[0]
	text := s.must(t, "mails 1")
	for _, want := range []string{"Status   kept 20", "To       -", "Subject  Out of stock: LAMP", kept.Body} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if r := s.run(t, "mails 2"); r.exit != 3 || !strings.Contains(r.err, "allot mails lists the mails") {
		t.Errorf("a mail that there isn't: exit %d, %s", r.exit, r.err)
	}
	if r := s.run(t, "mails two"); r.exit != 2 {
		t.Errorf("no number: exit %d, %s", r.exit, r.err)
	}
}

func TestAServerWithHalfAMailSetupDoesNotStart(t *testing.T) {
	s := newShell(t)
	r := s.run(t, "serve --addr 127.0.0.1:0 --smtp-url smtp://mail.example --mail-from a@b.example")
	if r.exit != 2 || !strings.Contains(r.err, "mail-to (--mail-to or ALLOT_MAIL_TO) must be set if smtp-url is") {
		t.Errorf("exit %d, %s", r.exit, r.err)
	}
}
