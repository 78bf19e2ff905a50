package httpapi

import (
	"crypto/subtle"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/time/rate"

	"allot/internal/access"
	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
)

// Guard says who may come in. The zero Guard lets in everybody who can reach
// the server.
type Guard struct {
	Tokens      *access.Registry // nil: there are none
	Sessions    *access.Sessions // of people who look at pages; nil: there are none
	Secure      bool             // people come over TLS, ours or a proxy's
	Required    bool             // who shows no token may do nothing
	Key         string           // opens everything, for commands of the user whose server it is; empty: nothing does
	Hosts       []string         // names of the server, besides localhost
	BehindProxy bool             // X-Forwarded-For is set by a proxy of ours

	Rate         int // requests a second, of all; 0: no limit
	RatePerToken int // requests a second, with one token; 0: no limit
}

// Scopes that only routes have.
const (
	public  access.Scope = "public"   // nobody has to say who they are
	perLine access.Scope = "per line" // one to write with; each line needs that of its command
)

// ActorHeader says on whose behalf the holder of the server's key acts, encoded
// as in a URL. From others it means nothing.
const ActorHeader = "Allot-Actor"

// gate is a Guard on duty.
type gate struct {
	Guard
	key    access.Hash
	limit  *rate.Limiter // of all requests; nil: none
	limits sync.Map      // of *rate.Limiter, by name of a token
}

func newGate(g Guard) *gate {
	return &gate{Guard: g, key: access.HashOf(g.Key), limit: limiter(g.Rate)}
}

// limiter allows so many a second, and as many at once. It is nil if there is
// no limit.
func limiter(perSecond int) *rate.Limiter {
	if perSecond == 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(perSecond), perSecond)
}

// admit keeps out what pages of other sites send in a visitor's name, whatever
// it is about: requests under a name that isn't ours (DNS rebinding), and
// writes that another site has made.
func (a *api) admit(next http.Handler) http.Handler {
	var origins http.CrossOriginProtection
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := a.gate.checkHost(r.Host)
		if err == nil && origins.Check(r) != nil {
			err = &domain.Error{Kind: domain.Invalid, Code: wire.CodeForeignOrigin,
				Message: fmt.Sprintf("a page of another site (%s) has made this request", r.Header.Get("Origin")),
				Hint:    "changes are taken from programs, and from pages of this server alone"}
		}
		if err != nil {
			a.refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// checkHost refuses a request that is meant for somebody else. An address
// can't be made to point at us, as a name can, so every address is taken: which
// ones lead here, behind a port that is forwarded, is not for us to know. No
// browser leaves the host out.
func (g *gate) checkHost(host string) error {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.TrimSuffix(strings.Trim(name, "[]"), ".")
	if name == "" || strings.EqualFold(name, "localhost") {
		return nil
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return nil
	}
	if slices.ContainsFunc(g.Hosts, func(ours string) bool { return strings.EqualFold(ours, name) }) {
		return nil
	}
	return &domain.Error{Kind: domain.Invalid, Code: wire.CodeUnknownHost,
		Message: fmt.Sprintf("the host %q is not known here", host),
		Hint:    "use the address of the server, or start it with --host and this name"}
}

// guard is h for those who have the scope. A route without a scope is a mistake
// in the table of routes: guard panics.
func (a *api) guard(scope access.Scope, h http.Handler) http.Handler {
	if scope == public {
		return h
	}
	if scope != perLine && !slices.Contains(access.Scopes, scope) {
		panic(fmt.Sprintf("a route has the scope %q, which does not exist", scope))
	}
	return a.let(a.gate.reader, func(c access.Caller) error { return checkScope(c, scope) }, h, a.refuse)
}

// bearerChallenge is what programs are asked for that show no token.
const bearerChallenge = `Bearer realm="allot"`

// let is h for callers whom check lets in; who says who they are.
func (a *api) let(who func(*http.Request) (access.Caller, error), check func(access.Caller) error, h http.Handler,
	refuse func(http.ResponseWriter, *http.Request, error),
) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := who(r)
		if err == nil {
			err = check(c)
		}
		if err == nil {
			err = a.gate.take(c)
		}
		if err != nil {
			refuse(w, r, err)
			return
		}
		forCaller(h, w, r, c)
	})
}

// forCaller has h answer a request of c.
func forCaller(h http.Handler, w http.ResponseWriter, r *http.Request, c access.Caller) {
	if seen, ok := w.(*observed); ok {
		seen.actor = c.Actor
	}
	own := r.WithContext(access.WithCaller(r.Context(), c))
	defer func() { r.Pattern = own.Pattern }() // h may have routes of its own
	h.ServeHTTP(w, own)
}

// caller is who makes a request.
func (g *gate) caller(r *http.Request) (access.Caller, error) {
	given := r.Header["Authorization"]
	if len(given) == 0 {
		if g.Required {
			return access.Caller{}, access.NoToken()
		}
		return access.Caller{Scopes: access.Scopes}, nil
	}
	scheme, secret, _ := strings.Cut(given[0], " ")
	if len(given) > 1 || !strings.EqualFold(scheme, "Bearer") || secret == "" {
		return access.Caller{}, &domain.Error{Kind: domain.Invalid, Code: access.CodeUnauthorized,
			Message: "the Authorization can't be read", Hint: "send it once, as Authorization: Bearer TOKEN"}
	}
	if g.opens(secret) {
		return access.Caller{Actor: actorOf(r), Scopes: access.Scopes}, nil
	}
	if g.Tokens == nil {
		return access.Caller{}, &domain.Error{Kind: domain.Invalid, Code: access.CodeUnauthorized,
			Message: "there are no tokens here", Hint: "leave the Authorization out"}
	}
	return g.Tokens.Caller(r.Context(), secret)
}

// opens reports whether a secret is the key of the server.
func (g *gate) opens(secret string) bool {
	given := access.HashOf(secret)
	return g.Key != "" && subtle.ConstantTimeCompare(given[:], g.key[:]) == 1
}

// actorOf is on whose behalf a request says that it is made. Whether that can
// be a name is for the command to say.
func actorOf(r *http.Request) string {
	actor, err := url.PathUnescape(r.Header.Get(ActorHeader))
	if err != nil {
		return r.Header.Get(ActorHeader)
	}
	return actor
}

func checkScope(c access.Caller, scope access.Scope) error {
	switch {
	case scope != perLine && !c.May(scope):
		return access.MayNot(c, scope)
	case scope == perLine && !c.May(access.Allocate) && !c.May(access.Stock):
		return access.MayNot(c, access.Allocate)
	}
	return nil
}

// take takes a request off what the caller may make at present.
func (g *gate) take(c access.Caller) error {
	if c.Token != "" && g.RatePerToken > 0 {
		own, ok := g.limits.Load(c.Token)
		if !ok {
			own, _ = g.limits.LoadOrStore(c.Token, limiter(g.RatePerToken))
		}
		if !own.(*rate.Limiter).Allow() {
			return tooOften(fmt.Sprintf("the token %q makes more than %d requests a second", c.Token, g.RatePerToken))
		}
	}
	if g.limit != nil && !g.limit.Allow() {
		return tooOften(fmt.Sprintf("the server takes %d requests a second, and there are more", g.Rate))
	}
	return nil
}

func tooOften(message string) error {
	return &domain.Error{Kind: domain.Unavailable, Code: wire.CodeRateLimited, Message: message,
		Hint: "wait as long as Retry-After says, or send many commands as one request to /v1/bulk"}
}

// refuse answers a request that isn't let in.
func (a *api) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p := wire.ProblemOf(err)
	switch p.Code {
	case access.CodeUnauthorized:
		challenge := bearerChallenge
		if r.Header.Get("Authorization") != "" {
			challenge += `, error="invalid_token"`
		}
		w.Header().Set("WWW-Authenticate", challenge)
	case access.CodeForbidden:
		w.Header().Set("WWW-Authenticate", bearerChallenge+`, error="insufficient_scope"`)
	case wire.CodeRateLimited:
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter(p.Code)))
	}
	a.fail(w, r, err, p)
}

// forwarded has requests come from where our proxy says that they do. What the
// client claims comes first; the proxy adds the address that it sees at the end.
func forwarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		all := r.Header.Values("X-Forwarded-For")
		if len(all) > 0 {
			hops := strings.Split(all[len(all)-1], ",")
			if from, err := netip.ParseAddr(strings.TrimSpace(hops[len(hops)-1])); err == nil {
				r = r.WithContext(r.Context()) // a copy
				r.RemoteAddr = from.String()
			}
		}
		next.ServeHTTP(w, r)
	})
}
