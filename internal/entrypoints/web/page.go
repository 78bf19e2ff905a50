package web

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"

	"allot/internal/access"
	"allot/internal/entrypoints/wire"
	"allot/internal/views"
)

// page is what a template shows.
type page struct {
	calendar
	Template string // the file below templates, without .html
	Status   int    // 0: 200
	Title    string
	Nav      string // the entry of the navigation that it belongs to: "orders"
	API      string // the path that has the same as JSON; "": none has
	Search   string // what was searched for
	Saved    string // what was just done, in a sentence
	Version  string // of the program
	Visitor  string // the name of the token of whoever looks at it; "": they showed none
	Refresh  bool   // it changes by itself: look again soon
	Policy   string // what it may use, if that is not the policy of pages
	Go       string // where to send the visitor instead; "": nowhere
	Packed   bool   // it is sent compressed: see packed
	Body     any    // what is particular to the template
}

// show makes the page that a request asks for, or an error and no page.
type show func(r *http.Request) (page, error)

func (s *site) page(do show) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := checkDay(r)
		var p page
		if err == nil {
			p, err = do(r)
		}
		if err != nil {
			p = s.failed(w, r, err)
		}
		if p.Go != "" {
			http.Redirect(w, r, p.Go, http.StatusSeeOther)
			return
		}
		s.render(w, r, p)
	})
}

// policy lets a page use what this server serves and nothing else.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func (s *site) render(w http.ResponseWriter, r *http.Request, p page) {
	p.calendar, p.Version, p.Visitor = s.calendarOf(r), s.Version, access.CallerOf(r.Context()).Token
	var body bytes.Buffer
	if err := templates[p.Template].ExecuteTemplate(&body, "layout.html", p); err != nil {
		s.Log.ErrorContext(r.Context(), "page failed", "error", err, "path", r.URL.Path)
		http.Error(w, "Something broke on our side. It is in the server's log; nothing was changed.", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	if p.Packed {
		body = packed(h, r, body)
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	h.Set("Content-Security-Policy", cmp.Or(p.Policy, policy))
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	if p.Status != 0 {
		w.WriteHeader(p.Status)
	}
	_, _ = w.Write(body.Bytes()) // if nobody listens any more there is nobody to tell
}

// packed is the body of a page, compressed if whoever asked can read that. It is
// for long texts that are the same whatever was asked: the length of a page that
// repeats what a stranger made the visitor send would tell the stranger, bit by
// bit, what else is on it.
func packed(h http.Header, r *http.Request, body bytes.Buffer) bytes.Buffer {
	h.Set("Vary", "Accept-Encoding")
	if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		return body
	}
	h.Set("Content-Encoding", "gzip")
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(body.Bytes()) // to memory
	_ = w.Close()
	return out
}

// trouble is what the page of an error shows.
type trouble struct {
	wire.Problem
	Near views.Matches // what may have been meant
}

// failed is the page of an error.
func (s *site) failed(w http.ResponseWriter, r *http.Request, err error) page {
	problem := wire.ProblemOf(err)
	if errors.Is(err, views.ErrNotFound) {
		problem.Status, problem.Title, problem.Detail, problem.Hint = http.StatusNotFound, "Not found", err.Error(), ""
	}
	problem.RequestID = w.Header().Get("X-Request-Id")
	if problem.Status >= 500 {
		s.Log.ErrorContext(r.Context(), "page failed", "error", err, "path", r.URL.Path, "request_id", problem.RequestID)
	}
	body := trouble{Problem: problem}
	if problem.Status == http.StatusNotFound {
		body.Near = s.near(r, r.PathValue("id"))
	}
	return page{Template: "error", Status: problem.Status, Title: problem.Title, Body: body}
}

// near looks for names like one that there isn't: those that share its
// beginning, and are of the kind that the address asks for.
func (s *site) near(r *http.Request, name string) (found views.Matches) {
	const least = 3
	kind, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	for n := len(name); n >= least; n-- {
		all, _ := s.views.Find(r.Context(), strings.ToValidUTF8(name[:n], ""), 5) // it is only help
		switch kind {
		case "orders":
			found.Orders = all.Orders
		case "products":
			found.SKUs = all.SKUs
		case "batches":
			found.Batches = all.Batches
		}
		if len(found.Orders)+len(found.SKUs)+len(found.Batches) > 0 {
			break
		}
	}
	return found
}

func (s *site) nothing(r *http.Request) (page, error) {
	return page{}, &notHere{r.URL.Path}
}

type notHere struct{ path string }

func (e *notHere) Error() string { return "there is no page at " + e.path }
func (e *notHere) Unwrap() error { return views.ErrNotFound }

//go:embed templates/*.html
var files embed.FS

// templates are the pages, by name, each with the layout around it.
var templates = func() map[string]*template.Template {
	parts := template.Must(template.New("").Funcs(functions).ParseFS(files, "templates/layout.html", "templates/parts.html"))
	out := map[string]*template.Template{}
	names, _ := fs.Glob(files, "templates/*.html") // the pattern is right
	for _, name := range names {
		out[strings.TrimSuffix(path.Base(name), ".html")] = template.Must(template.Must(parts.Clone()).ParseFS(files, name))
	}
	return out
}()

var functions = template.FuncMap{
	"asset":   asset,
	"num":     number,
	"upto":    upto,
	"units":   func(n int) string { return counted(n, "unit", "units") },
	"lines":   func(n int) string { return counted(n, "line", "lines") },
	"order":   func(id string) string { return "/orders/" + escape(id) },
	"product": func(sku string) string { return "/products/" + escape(sku) },
	"batch":   func(ref string) string { return "/batches/" + escape(ref) },
	"link":    link,
	"rule":    ruleOf,
	"data":    func(position int64) string { return fmt.Sprintf("/v1/events?cursor=%d&limit=1", position-1) },
	"share":   share,
	"effect":  func(m move) chip { return m.effect() },
	"list":    func(items ...string) []string { return items },
	"dict":    dict,
}

// dict are named values for a part of a page: names and values in turn.
func dict(pairs ...any) map[string]any {
	out := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		out[pairs[i].(string)] = pairs[i+1]
	}
	return out
}

// escape makes one segment of a path of a name, whatever is in it.
func escape(name string) string {
	if strings.Trim(name, ".") == "" { // "." and ".." have a meaning in paths, even escaped
		return ""
	}
	return url.PathEscape(name)
}

// link is a path with a query of names and values in turn; what is empty is
// left out.
func link(path string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// pageOf is the part of a list that a request asks for.
func pageOf(r *http.Request) views.Page { return views.Page{After: r.FormValue("cursor")} }

// more is the address of the next page of a list; "" if there is none.
func more(r *http.Request, next string) string {
	if next == "" {
		return ""
	}
	q := r.URL.Query()
	q.Set("cursor", next)
	return r.URL.EscapedPath() + "?" + q.Encode()
}
