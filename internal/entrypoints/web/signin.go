package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"allot/internal/access"
	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
)

// identification is the form where people say who they are.
type identification struct {
	To      string // where they want to go
	Problem *wire.Problem
}

func (s *site) signInForm(r *http.Request) (page, error) {
	if s.Sessions == nil {
		return page{}, &notHere{r.URL.Path}
	}
	return signInPage(identification{To: local(r.FormValue("to"))}), nil
}

func signInPage(i identification) page {
	out := page{Template: "sign-in", Title: "Sign in", Body: i}
	if i.Problem != nil {
		out.Status = i.Problem.Status
	}
	return out
}

// signIn begins a session for whoever shows a token, and has their browser keep
// its secret.
func (s *site) signIn(w http.ResponseWriter, r *http.Request) {
	if s.Sessions == nil {
		s.render(w, r, s.failed(w, r, &notHere{r.URL.Path}))
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	to := local(r.PostFormValue("to"))
	err := s.attempts.take(r.RemoteAddr)
	if err == nil {
		var secret string
		if secret, _, err = s.Sessions.Begin(r.Context(), strings.TrimSpace(r.PostFormValue("token"))); err == nil {
			http.SetCookie(w, s.cookie(secret, access.SessionAge))
			w.Header().Set("Cache-Control", "no-store")
			http.Redirect(w, r, to, http.StatusSeeOther)
			return
		}
	}
	problem := wire.ProblemOf(err)
	s.render(w, r, signInPage(identification{To: to, Problem: &problem}))
}

// signOut ends the session of whoever asks.
func (s *site) signOut(w http.ResponseWriter, r *http.Request) {
	if cookie, err := r.Cookie(wire.SessionCookie(s.Secure)); err == nil && s.Sessions != nil {
		s.Sessions.End(cookie.Value)
	}
	http.SetCookie(w, s.cookie("", -time.Second))
	w.Header().Set("Clear-Site-Data", `"cache"`)
	http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
}

// cookie has a browser keep a secret for a while, tell it to no script and to no
// other site.
func (s *site) cookie(secret string, age time.Duration) *http.Cookie {
	return &http.Cookie{Name: wire.SessionCookie(s.Secure), Value: secret, Path: "/", MaxAge: int(age.Seconds()),
		HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteStrictMode}
}

// local is a path of this server; "/" if it was to lead elsewhere, or nowhere.
func local(to string) string {
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") || strings.HasPrefix(to, "/sign-") {
		return "/"
	}
	return to
}

// attempts are how often who tries to sign in, by where they come from.
type attempts struct {
	mu   sync.Mutex
	from map[netip.Prefix]*rate.Limiter
}

const (
	mostAttempts  = 10              // at once
	attemptAgain  = 6 * time.Second // one more after each
	mostAddresses = 10_000          // remembered
)

// take takes one attempt off those that an address has left.
func (a *attempts) take(remote string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	network := networkOf(remote)
	own, known := a.from[network]
	if !known {
		if a.from == nil || len(a.from) >= mostAddresses {
			a.from = map[netip.Prefix]*rate.Limiter{}
		}
		own = rate.NewLimiter(rate.Every(attemptAgain), mostAttempts)
		a.from[network] = own
	}
	if !own.Allow() {
		return &domain.Error{Kind: domain.Unavailable, Code: wire.CodeRateLimited,
			Message: "somebody at your address has tried to sign in too often", Hint: "wait a minute, then try again"}
	}
	return nil
}

// networkOf is where a request comes from: an address, or the network of an IPv6
// address, of which one client has many.
func networkOf(remote string) netip.Prefix {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{}
	}
	addr = addr.Unmap().WithZone("")
	const site = 64 // bits of what one client of IPv6 has
	network, _ := addr.Prefix(min(addr.BitLen(), site))
	return network
}
