package smtp

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"math/big"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// inbox is a mail server, and the mails that it took.
type inbox struct {
	server *smtp.Server
	listen net.Listener
	addr   string

	mu     sync.Mutex
	mails  []received
	refuse error         // what is said to every mail; nil: it is taken
	hang   chan struct{} // not nil: nothing is said to a mail until it is closed
	users  []string      // who has signed in
}

// received is a mail as it came over the wire.
type received struct {
	from string
	to   []string
	raw  string
}

// parsed is a mail taken apart.
func (r received) parsed(t *testing.T) *mail.Message {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(r.raw))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// open starts a mail server on addr; with a certificate it can encrypt, from
// the first byte if implicit.
func open(t *testing.T, addr string, certificate *tls.Certificate, implicit bool) *inbox {
	t.Helper()
	in := &inbox{}
	in.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{inbox: in}, nil }))
	in.server.Domain, in.server.AllowInsecureAuth = "mail.example", certificate == nil
	in.server.ErrorLog = log.New(io.Discard, "", 0)
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	in.listen, in.addr = l, l.Addr().String()
	if certificate != nil {
		in.server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*certificate}}
	}
	if implicit {
		l = tls.NewListener(l, in.server.TLSConfig)
	}
	var serving sync.WaitGroup
	serving.Go(func() { _ = in.server.Serve(l) }) // it ends with an error, always
	t.Cleanup(func() {
		in.close()
		serving.Wait()
	})
	return in
}

// close stops the server, which may have been stopped already, or not serve yet.
func (in *inbox) close() {
	_ = in.listen.Close()
	_ = in.server.Close()
}

func (in *inbox) got() []received {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.mails
}

// session is a connection to the inbox.
type session struct {
	inbox *inbox
	mail  received
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if password != "secret" {
			return errors.New("who are you?")
		}
		s.inbox.mu.Lock()
		defer s.inbox.mu.Unlock()
		s.inbox.users = append(s.inbox.users, user)
		return nil
	}), nil
}

func (s *session) Reset()        { s.mail = received{} }
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.mail.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if strings.HasPrefix(to, "nobody@") {
		return &smtp.SMTPError{Code: 550, Message: "no such mailbox"}
	}
	s.mail.to = append(s.mail.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.inbox.mu.Lock()
	hang, refuse := s.inbox.hang, s.inbox.refuse
	s.inbox.mu.Unlock()
	if hang != nil {
		<-hang
	}
	if refuse != nil {
		return refuse
	}
	s.mail.raw = string(raw)
	s.inbox.mu.Lock()
	defer s.inbox.mu.Unlock()
	s.inbox.mails = append(s.inbox.mails, s.mail)
	return nil
}

// certify returns a certificate for 127.0.0.1, and who trusts it.
func certify(t *testing.T) (*tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	trust := x509.NewCertPool()
	trust.AddCert(signed)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, trust
}

// decoded is the text of a mail, with the ends of lines as they were.
func decoded(t *testing.T, m *mail.Message) string {
	t.Helper()
	if encoding := m.Header.Get("Content-Transfer-Encoding"); encoding != "quoted-printable" {
		t.Fatalf("the body is in %q", encoding)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(body), "\r\n", "\n")
}
