// Package smtp sends notices by mail. It knows the Notifier port, and nothing
// of what the notices are about, nor of when they are sent again.
package smtp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"allot/internal/service"
)

// TLS is how a connection to a mail server is encrypted.
type TLS string

// The ways to encrypt a connection.
const (
	None     TLS = "none"     // not at all
	StartTLS TLS = "starttls" // after the greeting; a server that can't is refused
	Implicit TLS = "tls"      // from the first byte
)

// ports are those that mail servers have, as a rule.
var ports = map[TLS]int{None: 25, StartTLS: 587, Implicit: 465}

// Options say how mails are sent.
type Options struct {
	URL     string // smtp://[USER:PASSWORD@]HOST[:PORT]
	TLS     TLS
	From    string
	To      []string      // at least one
	Timeout time.Duration // for each step of a delivery; 0: DefaultTimeout
}

// DefaultTimeout is how long a step of a delivery may take.
const DefaultTimeout = 10 * time.Second

// Sender is a service.Notifier that sends mails.
type Sender struct {
	from, domain string
	to           []string
	timeout      time.Duration
	connect      []mail.Option
	host         string
	now          func() time.Time
}

var _ service.Notifier = (*Sender)(nil)

// ErrInTheClear says that everybody on the way could read the password.
var ErrInTheClear = errors.New("the password of the mail server would be sent in the clear")

// New returns a Sender. It connects to nothing yet: a server that is down now
// may be up when there is something to send.
func New(o Options, now func() time.Time) (*Sender, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Scheme != "smtp" || u.Hostname() == "" {
		return nil, errors.New("the mail server must be a URL as smtp://mail.example.com:587")
	}
	s := &Sender{from: o.From, to: o.To, host: u.Hostname(), timeout: o.Timeout, now: now}
	if s.timeout == 0 {
		s.timeout = DefaultTimeout
	}
	_, s.domain, _ = strings.Cut(strings.TrimSuffix(o.From, ">"), "@")
	port := ports[o.TLS]
	if given := u.Port(); given != "" {
		if port, err = strconv.Atoi(given); err != nil {
			return nil, fmt.Errorf("read the port of the mail server: %w", err)
		}
	}
	s.connect = append(encryption(o.TLS), mail.WithPort(port), mail.WithTimeout(s.timeout))
	if u.User != nil {
		if o.TLS == None && !isLocal(s.host) {
			return nil, ErrInTheClear
		}
		password, _ := u.User.Password()
		s.connect = append(s.connect, mail.WithSMTPAuth(authentication(o.TLS)), mail.WithUsername(u.User.Username()), mail.WithPassword(password))
	}
	if _, err := s.message(service.Notice{}); err != nil {
		return nil, err
	}
	return s, nil
}

func encryption(t TLS) []mail.Option {
	switch t {
	case None:
		return []mail.Option{mail.WithTLSPolicy(mail.NoTLS)}
	case Implicit:
		return []mail.Option{mail.WithSSL()}
	default:
		return []mail.Option{mail.WithTLSPolicy(mail.TLSMandatory)}
	}
}

// authentication is how a password is told. Without encryption only PLAIN goes
// to a server on this machine.
func authentication(t TLS) mail.SMTPAuthType {
	if t == None {
		return mail.SMTPAuthPlainNoEnc
	}
	return mail.SMTPAuthAutoDiscover
}

func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Notify implements service.Notifier. What goes wrong before the server looks
// at the mail is no fault of the mail, nor is a connection that breaks.
func (s *Sender) Notify(ctx context.Context, n service.Notice) ([]string, error) {
	m, err := s.message(n)
	if err != nil {
		return nil, err
	}
	client, err := mail.NewClient(s.host, s.connect...)
	if err != nil {
		return nil, fmt.Errorf("set up mail: %w", err)
	}
	if err := client.DialWithContext(ctx); err != nil {
		return nil, fmt.Errorf("connect to mail server %s: %w: %w", client.ServerAddr(), service.ErrUnreachable, s.plainly(err))
	}
	err = client.Send(m)
	_ = client.Close() // what was sent is sent, whether the server says goodbye or not
	if err == nil {
		return s.to, nil
	}
	err = fmt.Errorf("send mail through %s: %w", client.ServerAddr(), err)
	if !isRefusal(err) {
		err = fmt.Errorf("%w: %w", service.ErrUnreachable, err)
	}
	return nil, err
}

// Check connects to the mail server, signs in if there is a password, and sends
// nothing.
func (s *Sender) Check(ctx context.Context) error {
	client, err := mail.NewClient(s.host, s.connect...)
	if err != nil {
		return fmt.Errorf("set up mail: %w", err)
	}
	if err := client.DialWithContext(ctx); err != nil {
		return fmt.Errorf("connect to mail server %s: %w", client.ServerAddr(), s.plainly(err))
	}
	_ = client.Close() // it let us in
	return nil
}

// closing is the code of a server that stops, whatever it was asked.
const closing = 421

// isRefusal tells whether a server has looked at a mail and doesn't take it.
func isRefusal(err error) bool {
	refused, ok := errors.AsType[*mail.SendError](err)
	return ok && refused.ErrorCode() != 0 && refused.ErrorCode() != closing
}

func (s *Sender) message(n service.Notice) (*mail.Msg, error) {
	m := mail.NewMsg()
	if err := m.From(s.from); err != nil {
		return nil, fmt.Errorf("mails can't come from %q: %w", s.from, err)
	}
	if err := m.To(s.to...); err != nil {
		return nil, fmt.Errorf("mails can't go to %q: %w", s.to, err)
	}
	m.Subject(n.Subject)
	m.SetUserAgent("allot")
	m.SetDateWithValue(s.now())
	m.SetMessageIDWithValue(n.Key + "@" + s.domain)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // so that nobody's holiday answers it
	m.SetBodyString(mail.TypeTextPlain, n.Body)
	return m, nil
}
