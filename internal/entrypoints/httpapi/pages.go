package httpapi

import (
	"net/http"
	"strings"
)

// pagesOr has people see pages, if there are any. The front page and the documentation everybody sees. Whoever doesn't take HTML is told in JSON that
// there is nothing, or sent to where the API has the same.
func pagesOr(pages, nothing http.Handler) http.Handler {
	if pages == nil {
		return nothing
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.Contains(r.Header.Get("Accept"), "text/html") || forAll(r):
			pages.ServeHTTP(w, r)
		case r.Method == http.MethodGet && asData(r.URL.Path):
			http.Redirect(w, r, "/v1"+r.URL.RequestURI(), http.StatusTemporaryRedirect)
		default:
			nothing.ServeHTTP(w, r)
		}
	})
}

// forAll reports whether a request is for what is a page or a file to everybody.
func forAll(r *http.Request) bool {
	path := r.URL.Path
	look := r.Method == http.MethodGet || r.Method == http.MethodHead
	return strings.HasPrefix(path, "/assets/") || look && (path == "/" || path == "/docs" || strings.HasPrefix(path, "/docs/"))
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
