package httpapi

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/views"
)

// mails answers GET /v1/mails.
func (a *api) mails(w http.ResponseWriter, r *http.Request) error {
	given, err := parameters(r, "limit", "cursor")
	if err != nil {
		return err
	}
	page := views.Page{After: given["cursor"]}
	if text := given["limit"]; text != "" {
		if page.Limit, err = strconv.Atoi(text); err != nil || page.Limit < 1 {
			return badParameter("limit", fmt.Sprintf("send a number from 1 to %d, or none", views.MaxPage), "limit is %q", text)
		}
	}
	list, err := a.views.Mails(r.Context(), page)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, list)
}

// mail answers GET /v1/mails/{id}.
func (a *api) mail(w http.ResponseWriter, r *http.Request) error {
	m, err := views.Mail{}, views.ErrNotFound
	if id, ok := idIn(r); ok {
		m, err = a.views.Mail(r.Context(), id)
	}
	if err != nil {
		return notFound(err, "mail", r.PathValue("id"), "GET /v1/mails lists the mails with their ids")
	}
	return writeJSON(w, http.StatusOK, m)
}

// idIn is the number in a request's path; false if it is none.
func idIn(r *http.Request) (int64, bool) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	return id, err == nil
}

// notFound is err, or says what doesn't exist if that is why.
func notFound(err error, what, id, hint string) error {
	if !errors.Is(err, views.ErrNotFound) {
		return err
	}
	return &domain.Error{Kind: domain.NotFound, Code: wire.CodeNotFound, Message: fmt.Sprintf("there is no %s %q", what, id), Hint: hint}
}

// parameters reads a request's query. Those that are not known are refused.
func parameters(r *http.Request, known ...string) (map[string]string, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, badParameter("query", "encode it as a URL wants it", "the query can't be read: %v", err)
	}
	given := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if !slices.Contains(known, name) {
			return nil, badParameter(name, "leave it out; known are: "+cmp.Or(strings.Join(known, ", "), "none"), "there is no parameter %q", name)
		}
		given[name] = query.Get(name)
	}
	return given, nil
}

// writeJSON answers with a thing as JSON.
func writeJSON(w http.ResponseWriter, status int, thing any) error {
	var body bytes.Buffer
	to := json.NewEncoder(&body)
	to.SetEscapeHTML(false)
	if err := to.Encode(thing); err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	write(w, status, jsonType, body.Bytes())
	return nil
}
