package web

import (
	"net/http"

	"allot/internal/views"
)

// logged is a part of the event log.
type logged struct {
	Events []views.Event
	Filter views.LogFilter
	More   string // the address of what was before
}

func (s *site) events(r *http.Request) (page, error) {
	f := views.LogFilter{Type: r.FormValue("type"), SKU: r.FormValue("sku"), OrderID: r.FormValue("order_id")}
	list, err := s.views.Recent(r.Context(), f, pageOf(r))
	return page{Template: "events", Title: "Event log", Nav: "events", API: "/v1/events", Body: logged{list.Items, f, more(r, list.Next)}}, err
}

func (s *site) help(*http.Request) (page, error) {
	return page{Template: "help", Title: "Help"}, nil
}
