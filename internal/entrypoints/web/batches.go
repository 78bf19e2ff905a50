package web

import (
	"net/http"
	"slices"

	"allot/internal/views"
)

func (s *site) batches(r *http.Request) (page, error) {
	f := views.BatchFilter{SKU: r.FormValue("sku"), Location: r.FormValue("location")}
	list, err := s.views.Batches(r.Context(), f, pageOf(r))
	return page{Template: "batches", Title: "Batches", Nav: "batches", API: link("/v1/batches", "sku", f.SKU, "location", f.Location),
		Body: chosen{Items: list.Items, More: more(r, list.Next), Filter: f.SKU, Location: f.Location}}, err
}

// chosen is a list of batches, of one SKU and at one location if they are given.
type chosen struct {
	Items                  []views.Batch
	More, Filter, Location string
}

// opened is a batch with the lines allocated to it.
type opened struct {
	views.Batch
	Holders []views.Line
	More    string // the address of the next lines
	History []views.Event
}

func (s *site) batch(r *http.Request) (page, error) {
	found, err := s.views.BatchHistory(r.Context(), r.PathValue("id"))
	if err != nil {
		return page{}, err
	}
	b := found.Batch
	slices.Reverse(found.Events)
	lines, err := s.views.BatchLines(r.Context(), b.Ref, pageOf(r))
	return page{Template: "batch", Title: b.Ref, Nav: "batches", API: "/v1/batches/" + escape(b.Ref), Saved: saved(r),
		Body: opened{b, lines.Items, more(r, lines.Next), found.Events}}, err
}
