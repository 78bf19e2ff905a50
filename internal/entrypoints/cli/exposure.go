package cli

import (
	"context"
	"net"
	"time"

	"allot/internal/access"
	"allot/internal/config"
	"allot/internal/entrypoints/httpapi"
)

// exposure is a listener, and what the settings say about who may reach it.
type exposure struct {
	net.Listener
	addr    *net.TCPAddr
	scheme  string // of URLs
	others  bool   // other machines may come in
	guarded bool   // everybody has to show a token
	key     string // opens it for commands of the same user
}

// expose refuses to serve other machines in a way that nobody has chosen.
func (r *run) expose(l net.Listener) (exposure, error) {
	c := r.config
	e := exposure{Listener: l, addr: l.Addr().(*net.TCPAddr), scheme: "http", key: access.NewSecret()}
	e.others = !e.addr.IP.IsLoopback() || c.BehindProxy
	e.guarded = c.Auth == config.AuthRequired || e.others && !c.Insecure
	switch {
	case (c.TLSCert == "") != (c.TLSKey == ""):
		return e, usage("give both", "--tls-cert and --tls-key belong together, and there is only one of them")
	case c.TLSCert != "":
		certificate, err := httpapi.LoadCertificate(c.TLSCert, c.TLSKey, r.log())
		if err != nil {
			return e, usage("name files in PEM that belong together", "%v", err)
		}
		e.Listener, e.scheme = certificate.Listen(l), "https"
	case e.others && !c.BehindProxy && !c.Insecure:
		return e, usage("choose one: --tls-cert FILE --tls-key FILE to serve HTTPS; --behind-proxy, if a proxy in front does; "+
			"--insecure, if only machines that you trust reach it; or --addr 127.0.0.1:5005",
			"%s can be reached from other machines, and what is sent there could be read on its way", c.Addr)
	}
	return e, nil
}

func (e exposure) urls() []string { return urlsOf(e.scheme, e.addr) }

// guard says who may come in.
func (r *run) guard(e exposure, tokens *access.Registry) httpapi.Guard {
	c := r.config
	return httpapi.Guard{
		Tokens: tokens, Required: e.guarded, Key: e.key, Hosts: c.Hosts, BehindProxy: c.BehindProxy,
		Sessions: access.NewSessions(tokens, r.Now), Secure: e.scheme == "https" || c.BehindProxy,
		Rate: c.RateLimit, RatePerToken: c.RatePerToken,
	}
}

// warn says what nobody may have expected of an exposure.
func (r *run) warn(ctx context.Context, s server, e exposure) error {
	if e.others && !e.guarded {
		r.say("warning: whoever reaches %s may see and change everything", r.config.Addr)
	}
	if !e.guarded {
		return nil
	}
	tokens, err := s.Tokens.List(ctx)
	if err == nil && !anyUsable(tokens, r.Now()) {
		r.say("hint: everybody has to show a token, and none is in use: make one with allot token create NAME --scope allocate,read")
	}
	return err
}

func anyUsable(tokens []access.Token, now time.Time) bool {
	for _, t := range tokens {
		if t.Usable(now) {
			return true
		}
	}
	return false
}
