package web

import (
	"net/http"

	"allot/internal/views"
)

func (s *site) batches(r *http.Request) (page, error) {
	sku := r.FormValue("sku")
	list, err := s.views.Batches(r.Context(), views.BatchFilter{SKU: sku}, pageOf(r))
	return page{Template: "batches", Title: "Batches", Nav: "batches", API: link("/v1/batches", "sku", sku),
		Body: listed[views.Batch]{Items: list.Items, More: more(r, list.Next), Filter: sku}}, err
}

// opened is a batch with the lines allocated to it.
type opened struct {
	views.Batch
	Holders []views.Line
	More    string // the address of the next lines
}

func (s *site) batch(r *http.Request) (page, error) {
	b, err := s.views.Batch(r.Context(), r.PathValue("id"))
	if err != nil {
		return page{}, err
	}
	lines, err := s.views.BatchLines(r.Context(), b.Ref, pageOf(r))
	return page{Template: "batch", Title: b.Ref, Nav: "batches", API: "/v1/batches/" + escape(b.Ref), Saved: saved(r),
		Body: opened{b, lines.Items, more(r, lines.Next)}}, err
}
