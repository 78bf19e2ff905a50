package cli

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"allot/internal/bootstrap"
	"allot/internal/entrypoints/wire"
)

// checkServer asks the server that was named, or the one that has the database.
// That one has said itself where it is, at an address that its certificate need
// not name.
func (r *run) checkServer(ctx context.Context, owner bootstrap.Owner) []finding {
	var c *client
	switch {
	case r.config.Server != "":
		c = newClient(r.config.Server, "", true)
	case owner.URL != "":
		c = r.toOwner(owner)
	default:
		return []finding{r.checkAddress(ctx)}
	}
	defer c.http.CloseIdleConnections()
	return r.askServer(ctx, c)
}

// checkAddress looks whether a server could listen.
func (r *run) checkAddress(ctx context.Context) finding {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", r.config.Addr)
	if err != nil {
		return warn("server", "choose another address with --addr", "none runs, and none could listen on %s: %v", r.config.Addr, innermost(err))
	}
	l.Close()
	return ok("server", "none runs; %s is free for one", r.config.Addr)
}

// serverPatience is how long a server may take to say that it is ready.
const serverPatience = 5 * time.Second

// askServer asks whether a server is ready, and looks at its certificate.
func (r *run) askServer(ctx context.Context, c *client) []finding {
	const check = "server"
	ctx, cancel := context.WithTimeout(ctx, serverPatience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+"/readyz", nil)
	if err != nil {
		return []finding{fail(check, "write it as http://127.0.0.1:5005", "%s is no address: %v", c.url, err)}
	}
	answer, err := c.http.Do(req)
	if err != nil {
		return []finding{fail(check, adviceOn(err), "%s doesn't answer: %v", c.url, innermost(err))}
	}
	defer answer.Body.Close()
	var found []finding
	if answer.TLS != nil {
		found = append(found, r.checkCertificate(answer.TLS.PeerCertificates[0]))
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if err != nil {
		return append(found, fail(check, "look at its log", "%s breaks off: %v", c.url, innermost(err)))
	}
	if answer.StatusCode != http.StatusOK {
		var p wire.Problem
		_ = json.Unmarshal(body, &p) // what isn't one has no hint
		return append(found, fail(check, cmp.Or(p.Hint, "look at its log"), "%s is not ready: %s", c.url, cmp.Or(p.Detail, answer.Status)))
	}
	return append(found, ok(check, "%s is ready", c.url))
}

// adviceOn is what to do about a server that can't be asked.
func adviceOn(err error) string {
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return "name it as its certificate does: --server https://NAME:PORT; or have a certificate made for this name too"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "have this machine trust who signed its certificate: SSL_CERT_FILE names a file of those it trusts"
	}
	return "look whether it runs, and whether something is in between"
}

// soonOver is how long before its end a certificate should be renewed.
const soonOver = 14 * 24 * time.Hour

func (r *run) checkCertificate(c *x509.Certificate) finding {
	const check, next = "certificate", "renew it; the server reads it anew by itself"
	until := c.NotAfter.UTC().Format(time.RFC3339)
	switch left := c.NotAfter.Sub(r.Now()); {
	case left <= 0:
		return fail(check, next, "it was good until %s", until)
	case left < soonOver:
		return warn(check, next, "it is good until %s", until)
	}
	return ok(check, "it is good until %s", until)
}
