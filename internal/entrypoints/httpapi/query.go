package httpapi

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"allot/internal/domain"
	"allot/internal/nearest"
	"allot/internal/views"
)

// query is what was said behind the question mark of an address.
type query map[string]string

// parameters reads the query of a request that takes the named parameters, each
// of them once at most.
func parameters(r *http.Request, names ...string) (query, error) {
	if r.URL.RawQuery == "" {
		return nil, nil
	}
	given, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, badParameter("query", "encode it as a URL wants it", "the query can't be read: %v", err)
	}
	return queryOf(given, names)
}

// queryOf is what was given, if it has only the named parameters, each of them
// once. There are others besides.
func queryOf(given url.Values, names []string, others ...string) (query, error) {
	q := query{}
	for name, values := range given {
		if !slices.Contains(names, name) {
			return nil, unknownParameter(name, append(others, names...))
		}
		if len(values) > 1 {
			return nil, badParameter(name, "send it once", "the parameter %s comes %d times", name, len(values))
		}
		q[name] = values[0]
	}
	return q, nil
}

func unknownParameter(name string, names []string) error {
	hint := "leave it out; there is none"
	if len(names) > 0 {
		hint = "leave it out; what there is: " + strings.Join(names, ", ")
	}
	if near := nearest.To(name, names); near != "" {
		hint = fmt.Sprintf("leave it out, or did you mean %q?", near)
	}
	return badParameter(name, hint, "there is no parameter %q", name)
}

func badParameter(name, hint, format string, args ...any) error {
	return &domain.Error{Kind: domain.Invalid, Code: domain.CodeValidationFailed, Field: name, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// dryRun tells whether nothing is to be done.
func (q query) dryRun() (bool, error) { return q.flag("dry_run", "leave it out to have it done") }

// flag tells whether a parameter is set that is true or false. without says how
// to do without it.
func (q query) flag(name, without string) (bool, error) {
	switch given, ok := q[name]; {
	case !ok || given == "false":
		return false, nil
	case given == "true":
		return true, nil
	default:
		return false, badParameter(name, without, "%s is %q; it must be true or false", name, given)
	}
}

// page is the part of a list that is asked for. More than a page may have is
// cut to that.
func (q query) page() (views.Page, error) {
	page := views.Page{After: q["cursor"]}
	given, ok := q["limit"]
	if !ok {
		return page, nil
	}
	n, err := strconv.Atoi(given)
	if err != nil || n < 1 {
		return page, badParameter("limit", fmt.Sprintf("leave it out for %d", views.DefaultPage),
			"limit is %q; it must be a whole number from 1 to %d", given, views.MaxPage)
	}
	page.Limit = n
	return page, nil
}

// listing is a page of a list.
type listing[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"` // where the next page is
}

// list answers with a page of a list, which filters may narrow.
func list[T any](ask func(r *http.Request, q query, page views.Page) (views.List[T], error), filters ...string) action {
	names := append(slices.Clone(filters), "limit", "cursor")
	return func(w http.ResponseWriter, r *http.Request) error {
		q, err := parameters(r, names...)
		if err != nil {
			return err
		}
		page, err := q.page()
		if err != nil {
			return err
		}
		found, err := ask(r, q, page)
		if err != nil {
			return err
		}
		return writeJSON(w, http.StatusOK, listing[T]{Items: found.Items, Next: nextPage(r.URL, q, found.Next)})
	}
}

// nextPage is the address of the page that begins at a cursor; "" if there is none.
func nextPage(page *url.URL, q query, cursor string) string {
	if cursor == "" {
		return ""
	}
	values := url.Values{"cursor": {cursor}}
	for name, value := range q {
		if name != "cursor" {
			values.Set(name, value)
		}
	}
	return page.EscapedPath() + "?" + values.Encode()
}
