package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/views"
)

var listMailsDoc = operation{
	id: "list_mails", summary: "List mails, the last first", detail: "Without a mail server they are kept, to be read here.",
	query: []string{"limit", "cursor"}, answers: answers{200: listing[views.Mail]{}},
}

// mails answers GET /v1/mails.
func (a *api) mails(r *http.Request, _ query, page views.Page) (views.List[views.Mail], error) {
	return a.views.Mails(r.Context(), page)
}

var getMailDoc = operation{
	id: "get_mail", summary: "One mail, with its text", answers: answers{200: views.Mail{}}, problems: []string{wire.CodeNotFound},
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
