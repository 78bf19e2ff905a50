package httpapi

import "allot/internal/access"

// Route is a line of the table of routes.
type Route struct {
	Method, Pattern string
	Scope           access.Scope
}

// Routes is the table of routes, without the echo.
func Routes() (out []Route) {
	for _, r := range (&api{}).routes() {
		out = append(out, Route{r.method, r.pattern, r.scope})
	}
	return out
}

// GuardRoute guards a route.
func GuardRoute(s access.Scope) { (&api{}).guard(s, nil) }
