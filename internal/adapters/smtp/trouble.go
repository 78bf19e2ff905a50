package smtp

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strings"

	"github.com/wneessen/go-mail"
)

// errNoStartTLS says that a server doesn't encrypt after the greeting.
var errNoStartTLS = errors.New("it offers no STARTTLS")

// plainly is an error of a connection as people say it.
func (s *Sender) plainly(err error) error {
	if strings.Contains(err.Error(), "does not support STARTTLS") { // the library has no error for it
		return errNoStartTLS
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return fmt.Errorf("it didn't answer within %v: %w", s.timeout, err)
	}
	return err
}

// AdviceOn is what to do about a mail server that can't be used.
func AdviceOn(err error) string {
	_, otherTLS := errors.AsType[tls.RecordHeaderError](err)
	_, notTrusted := errors.AsType[*tls.CertificateVerificationError](err)
	_, otherName := errors.AsType[x509.HostnameError](err)
	_, noSMTP := errors.AsType[textproto.ProtocolError](err)
	switch {
	case errors.Is(err, errNoStartTLS):
		return "set --smtp-tls tls if it encrypts from the first byte, as it mostly does on port 465, or none if nobody can read what is sent to it"
	case otherTLS:
		return "set --smtp-tls starttls: it doesn't encrypt from the first byte"
	case notTrusted, otherName:
		return "name it as its certificate does, or have this machine trust who signed that: SSL_CERT_FILE names a file of those it trusts"
	case strings.Contains(err.Error(), "SMTP AUTH failed"): // as the library has it
		return "put right the user and the password in --smtp-url: smtp://USER:PASSWORD@HOST:PORT"
	case strings.Contains(err.Error(), "does not support SMTP AUTH"), errors.Is(err, mail.ErrNoSupportedAuthDiscovered):
		return "leave the user and the password out of --smtp-url: it knows no way to sign in"
	case noSMTP:
		return "look at host and port of --smtp-url: it is no mail server"
	}
	return "look whether it runs, and at --smtp-url and --smtp-tls"
}
