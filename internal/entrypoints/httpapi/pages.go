package httpapi

import (
	"net/http"
	"strings"
)

// pagesOr has people see pages, if there are any. Whoever doesn't take HTML is told in JSON that
// there is nothing, or sent to where the API has the same.
func pagesOr(pages, nothing http.Handler) http.Handler {
	if pages == nil {
		return nothing
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.Contains(r.Header.Get("Accept"), "text/html") || strings.HasPrefix(r.URL.Path, "/assets/"):
			pages.ServeHTTP(w, r)
		case r.Method == http.MethodGet && asData(r.URL.Path):
			http.Redirect(w, r, "/v1"+r.URL.RequestURI(), http.StatusTemporaryRedirect)
		default:
			nothing.ServeHTTP(w, r)
		}
	})
}

// asData reports whether the API has what the page at a path shows.
func asData(path string) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch first {
	case "orders", "products", "batches", "backorders":
		return true
	}
	return false
}
