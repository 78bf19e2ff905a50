package smtp

import (
	"crypto/tls"
	"errors"
	"mime"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	gomail "github.com/wneessen/go-mail"

	gosmtp "github.com/emersion/go-smtp"

	"allot/internal/service"
)

var (
	noon   = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	notice = service.Notice{Key: "out-of-stock-notices-7-1", Subject: "Out of stock: CHAISE-ÉLÉGANTE", Body: "Order o-2 wanted 5 units.\n.\n\nInbound: 4 – soon\n"}
)

// sender returns a Sender to an inbox, which it changes as options say.
func sender(t *testing.T, addr string, options ...func(*Options)) *Sender {
	t.Helper()
	o := Options{URL: "smtp://" + addr, TLS: None, From: "Allot <allot@shop.example>", To: []string{"ann@shop.example", "Bob <bob@shop.example>"}, Timeout: 5 * time.Second}
	for _, change := range options {
		change(&o)
	}
	s, err := New(o, func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAMailHasAllThatAMailNeeds(t *testing.T) {
	in := open(t, "127.0.0.1:0", nil, false)
	to, err := sender(t, in.addr).Notify(t.Context(), notice)
	if err != nil || !slices.Equal(to, []string{"ann@shop.example", "Bob <bob@shop.example>"}) {
		t.Errorf("sent to %q, error %v", to, err)
	}
	if len(in.got()) != 1 {
		t.Fatalf("%d mails came", len(in.got()))
	}
	got := in.got()[0]
	if got.from != "allot@shop.example" || !slices.Equal(got.to, []string{"ann@shop.example", "bob@shop.example"}) {
		t.Errorf("it came from %q to %q", got.from, got.to)
	}
	m := got.parsed(t)
	for header, want := range map[string]string{
		"From": `"Allot" <allot@shop.example>`, "To": `<ann@shop.example>, "Bob" <bob@shop.example>`,
		"Date": "Mon, 02 Nov 2026 12:00:00 +0000", "Message-ID": "<out-of-stock-notices-7-1@shop.example>",
		"Mime-Version": "1.0", "Content-Type": "text/plain; charset=UTF-8", "Auto-Submitted": "auto-generated",
	} {
		if m.Header.Get(header) != want {
			t.Errorf("%s is %q, want %q", header, m.Header.Get(header), want)
		}
	}
	if subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil || subject != notice.Subject {
		t.Errorf("the subject is %q (error %v)", subject, err)
	}
	if _, err := mail.ParseDate(m.Header.Get("Date")); err != nil {
		t.Error(err)
	}
	if body := decoded(t, m); body != notice.Body {
		t.Errorf("the body is %q", body)
	}
}

func TestTheSameNoticeHasTheSameMessageID(t *testing.T) {
	in := open(t, "127.0.0.1:0", nil, false)
	s := sender(t, in.addr)
	for range 2 {
		if _, err := s.Notify(t.Context(), notice); err != nil {
			t.Fatal(err)
		}
	}
	if a, b := in.got()[0].parsed(t).Header.Get("Message-ID"), in.got()[1].parsed(t).Header.Get("Message-ID"); a != b {
		t.Errorf("they are %q and %q", a, b)
	}
}

func TestAConnectionIsEncryptedAsItIsSetUp(t *testing.T) {
	certificate, trust := certify(t)
	for _, how := range []TLS{StartTLS, Implicit} {
		t.Run(string(how), func(t *testing.T) {
			in := open(t, "127.0.0.1:0", certificate, how == Implicit)
			s := sender(t, strings.Replace("USER:secret@ADDR", "ADDR", in.addr, 1), func(o *Options) { o.TLS = how })
			if _, err := s.Notify(t.Context(), notice); !errors.Is(err, service.ErrUnreachable) {
				t.Errorf("a certificate that nobody trusts: got error %v", err)
			}
			s.connect = append(s.connect, gomail.WithTLSConfig(&tls.Config{RootCAs: trust, ServerName: "127.0.0.1"}))
			if _, err := s.Notify(t.Context(), notice); err != nil {
				t.Fatal(err)
			}
			if len(in.got()) != 1 || !slices.Equal(in.users, []string{"USER"}) {
				t.Errorf("%d mails came from %q", len(in.got()), in.users)
			}
		})
	}
}

func TestNothingIsSentInTheClearIfItIsToBeEncrypted(t *testing.T) {
	in := open(t, "127.0.0.1:0", nil, false) // which can't encrypt
	_, err := sender(t, in.addr, func(o *Options) { o.TLS = StartTLS }).Notify(t.Context(), notice)
	if !errors.Is(err, service.ErrUnreachable) || len(in.got()) > 0 {
		t.Errorf("%d mails came, error %v", len(in.got()), err)
	}
	_, err = New(Options{URL: "smtp://me:secret@mail.example", TLS: None, From: "a@b.example", To: []string{"c@d.example"}}, time.Now)
	if err == nil || !strings.Contains(err.Error(), "in the clear") {
		t.Errorf("a password without encryption: got error %v", err)
	}
}

func TestAPasswordGoesInTheClearOnlyToThisMachine(t *testing.T) {
	in := open(t, "127.0.0.1:0", nil, false)
	if _, err := sender(t, "me:secret@"+in.addr).Notify(t.Context(), notice); err != nil || !slices.Equal(in.users, []string{"me"}) {
		t.Errorf("signed in are %q, error %v", in.users, err)
	}
	if _, err := sender(t, "me:wrong@"+in.addr).Notify(t.Context(), notice); !errors.Is(err, service.ErrUnreachable) {
		t.Errorf("a wrong password: got error %v", err)
	}
}

func TestAServerThatCanNotBeReachedIsNoFaultOfTheMail(t *testing.T) {
	in := open(t, "127.0.0.1:0", nil, false)
	s := sender(t, in.addr, func(o *Options) { o.Timeout = 200 * time.Millisecond })
	in.close()
	if _, err := s.Notify(t.Context(), notice); !errors.Is(err, service.ErrUnreachable) {
		t.Errorf("a server that is down: got error %v", err)
	}
	again := open(t, in.addr, nil, false)
	if _, err := s.Notify(t.Context(), notice); err != nil || len(again.got()) != 1 {
		t.Errorf("a server that is back: %d mails, error %v", len(again.got()), err)
	}
	again.hang = make(chan struct{})
	t.Cleanup(func() { close(again.hang) })
	if _, err := s.Notify(t.Context(), notice); !errors.Is(err, service.ErrUnreachable) {
		t.Errorf("a server that hangs: got error %v", err)
	}
}

func TestAMailThatIsRefusedIsAFailedAttempt(t *testing.T) {
	for what, tt := range map[string]struct {
		refuse      error
		to          string // with commas between them
		unreachable bool
	}{
		"for good":               {&gosmtp.SMTPError{Code: 554, Message: "we don't like it"}, "ann@shop.example", false},
		"for now":                {&gosmtp.SMTPError{Code: 451, Message: "ask again"}, "ann@shop.example", false},
		"for its recipient":      {nil, "nobody@shop.example", false},
		"for one of two":         {nil, "ann@shop.example,nobody@shop.example", false},
		"because it is stopping": {&gosmtp.SMTPError{Code: 421, Message: "we close"}, "ann@shop.example", true},
	} {
		t.Run(what, func(t *testing.T) {
			in := open(t, "127.0.0.1:0", nil, false)
			in.refuse = tt.refuse
			_, err := sender(t, in.addr, func(o *Options) { o.To = strings.Split(tt.to, ",") }).Notify(t.Context(), notice)
			if err == nil || errors.Is(err, service.ErrUnreachable) != tt.unreachable || len(in.got()) > 0 {
				t.Errorf("%d mails came, error %v", len(in.got()), err)
			}
		})
	}
}

func TestWhatCanNotWorkIsRefusedAtOnce(t *testing.T) {
	for what, o := range map[string]Options{
		"no URL":       {From: "a@b.example", To: []string{"c@d.example"}},
		"not SMTP":     {URL: "http://mail.example", From: "a@b.example", To: []string{"c@d.example"}},
		"no sender":    {URL: "smtp://mail.example", To: []string{"c@d.example"}},
		"no recipient": {URL: "smtp://mail.example", From: "a@b.example", To: []string{"c d"}},
	} {
		if _, err := New(o, time.Now); err == nil {
			t.Errorf("%s: it is taken", what)
		}
	}
}
