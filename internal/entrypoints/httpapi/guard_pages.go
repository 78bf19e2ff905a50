package httpapi

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"allot/internal/access"
	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
)

// guardPages is pages for those who may look, and change something. Whoever has
// to say who they are, and doesn't, is sent to where people sign in.
func (a *api) guardPages(pages http.Handler) http.Handler {
	if pages == nil {
		return nil
	}
	letPages := func(check func(access.Caller) error) http.Handler {
		return a.let(a.gate.visitor, check, pages, a.turnAway)
	}
	look := letPages(func(c access.Caller) error { return checkScope(c, access.Read) })
	change := letPages(func(c access.Caller) error { return checkScope(c, perLine) }) // the page looks for the scope of the command
	changeAll := letPages(func(c access.Caller) error {
		return cmp.Or(checkScope(c, access.Allocate), checkScope(c, access.Stock))
	})
	deliver := letPages(func(c access.Caller) error { return checkScope(c, access.Admin) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := r.URL.Path; {
		case forAnybody(path):
			c, _ := a.gate.visitor(r) // who it is matters to nobody
			forCaller(pages, w, r, c)
		case r.Method == http.MethodGet, r.Method == http.MethodHead:
			look.ServeHTTP(w, r)
		case strings.HasPrefix(path, "/do/"), path == "/what-if":
			change.ServeHTTP(w, r)
		case strings.HasPrefix(path, "/deliveries"):
			deliver.ServeHTTP(w, r)
		default:
			changeAll.ServeHTTP(w, r)
		}
	})
}

// forAnybody reports whether a path has what is the same everywhere, or is where
// people say who they are.
func forAnybody(path string) bool {
	return strings.HasPrefix(path, "/assets/") || strings.HasPrefix(path, "/docs/") || path == "/docs" || path == "/sign-in" || path == "/sign-out"
}

// turnAway sends whoever has to sign in to where that is done, and tells others
// why they can't come in.
func (a *api) turnAway(w http.ResponseWriter, r *http.Request, err error) {
	e, ok := errors.AsType[*domain.Error](err)
	if !ok || e.Code != access.CodeUnauthorized || a.gate.Sessions == nil || r.Header.Get("Authorization") != "" {
		a.refuse(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, "/sign-in?"+url.Values{"to": {wanted(r)}}.Encode(), http.StatusSeeOther)
}

// wanted is where somebody wanted to go: the page of what they asked for, with
// what they had filled in.
func wanted(r *http.Request) string {
	const most = 8 << 10 // bytes of a form; more is no address
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return r.URL.RequestURI()
	}
	r.Body = http.MaxBytesReader(nil, r.Body, most)
	if err := r.ParseForm(); err != nil {
		return r.URL.EscapedPath()
	}
	for _, seen := range []string{"plan", "seen"} { // that has to be looked at again
		r.PostForm.Del(seen)
	}
	return r.URL.EscapedPath() + "?" + r.PostForm.Encode()
}

// visitor is who looks at pages, or sends their forms: whose session it is, or
// whose token.
func (g *gate) visitor(r *http.Request) (access.Caller, error) {
	secret, ok := g.session(r)
	if !ok {
		return g.caller(r)
	}
	c, err := g.Sessions.Caller(r.Context(), secret)
	if err != nil && !g.Required {
		return g.caller(r) // nobody has to have one
	}
	return c, err
}

// reader is who makes a request to the API. A session counts as long as nothing
// is changed, so that pages can follow the log.
func (g *gate) reader(r *http.Request) (access.Caller, error) {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return g.visitor(r)
	}
	return g.caller(r)
}

// session is the secret of the session that a request belongs to. Whoever shows
// a token speaks for that.
func (g *gate) session(r *http.Request) (secret string, _ bool) {
	if g.Sessions == nil || len(r.Header["Authorization"]) > 0 {
		return "", false
	}
	cookie, err := r.Cookie(wire.SessionCookie(g.Secure))
	if err != nil || cookie.Value == "" {
		return "", false
	}
	return cookie.Value, true
}
