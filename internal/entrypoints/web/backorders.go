package web

import (
	"net/http"

	"allot/internal/views"
)

func (s *site) backorders(r *http.Request) (page, error) {
	sku := r.FormValue("sku")
	list, err := s.views.Backorders(r.Context(), sku, pageOf(r))
	return page{Template: "backorders", Title: "Backorders", Nav: "backorders", API: link("/v1/backorders", "sku", sku),
		Body: listed[views.Line]{Items: list.Items, More: more(r, list.Next), Filter: sku}}, err
}
