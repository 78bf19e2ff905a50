package smtp

import (
	"net"
	"strings"
	"testing"
	"time"
)

// A mail server that can't be used is told apart from one that is down: what to
// do about it is another thing.
func TestWhatToDoAboutAMailServerThatCantBeUsed(t *testing.T) {
	certificate, _ := certify(t)
	plain, able, implicit := open(t, "127.0.0.1:0", nil, false), open(t, "127.0.0.1:0", certificate, false), open(t, "127.0.0.1:0", certificate, true)
	for name, c := range map[string]struct {
		at         string
		how        TLS
		says, next string
	}{
		"it can't encrypt":         {plain.addr, StartTLS, "it offers no STARTTLS", "--smtp-tls"},
		"it encrypts later":        {able.addr, Implicit, "tls: first record", "set --smtp-tls starttls"},
		"nobody trusts it":         {implicit.addr, Implicit, "certificate", "SSL_CERT_FILE"},
		"another password":         {"me:wrong@" + plain.addr, None, "SMTP AUTH failed", "put right the user and the password"},
		"it lets nobody sign in":   {"me:secret@" + able.addr, None, "SMTP AUTH", "leave the user and the password out"},
		"it is no mail server":     {speaker(t, "HTTP/1.1 400 Bad Request\r\n\r\n"), None, "HTTP/1.1", "it is no mail server"},
		"it says nothing":          {speaker(t, ""), None, "it didn't answer within 200ms", "look whether it runs"},
		"nobody is at the address": {"127.0.0.1:1", None, "connection refused", "look whether it runs"},
	} {
		t.Run(name, func(t *testing.T) {
			err := sender(t, c.at, func(o *Options) { o.TLS, o.Timeout = c.how, 200*time.Millisecond }).Check(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got error %v", err)
			}
			if next := AdviceOn(err); !strings.Contains(next, c.next) {
				t.Errorf("%v: %s", err, next)
			}
		})
	}
}

// speaker returns the address of a server that says something to everybody, and
// nothing more.
func speaker(t *testing.T, text string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { c.Close() })
			_, _ = c.Write([]byte(text))
		}
	}()
	return l.Addr().String()
}
