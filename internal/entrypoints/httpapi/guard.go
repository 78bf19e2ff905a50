package httpapi

import (
	"fmt"
	"net/http"
	"slices"

	"allot/internal/access"
)

// Scopes that only routes have.
const (
	public  access.Scope = "public"   // nobody has to say who they are
	perLine access.Scope = "per line" // each line needs that of its command
)

// guard lets a request through to a route that needs a scope. Everybody who
// reaches the server may do everything; nobody has to say who they are.
//
// A route without a scope is a mistake in the table of routes: guard panics.
func (a *api) guard(scope access.Scope, next http.Handler) http.Handler {
	if scope != public && scope != perLine && !slices.Contains(access.Scopes, scope) {
		panic(fmt.Sprintf("a route has the scope %q, which does not exist", scope))
	}
	anybody := access.Caller{Actor: "http", Scopes: access.Scopes}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if access.CallerOf(r.Context()).Actor == "" {
			*r = *r.WithContext(access.WithCaller(r.Context(), anybody)) // in place, for the log further out
		}
		next.ServeHTTP(w, r)
	})
}
