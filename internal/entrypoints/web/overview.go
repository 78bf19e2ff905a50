package web

import (
	"net/http"

	"allot/internal/views"
)

// overview is what whoever comes in the morning wants to see first.
type overview struct {
	Stats      views.Stats
	Backorders []views.Line // the oldest
	More       bool         // there are more backorders
	Parked     []views.Failure
	Recent     []views.Event
}

const (
	mostOnOverview = 10 // rows of each kind
	latestEvents   = 8
)

func (s *site) overview(r *http.Request) (page, error) {
	var body overview
	var err error
	if body.Stats, err = s.views.Stats(r.Context()); err != nil {
		return page{}, err
	}
	backorders, err := s.views.Backorders(r.Context(), "", views.Page{Limit: mostOnOverview})
	if err != nil {
		return page{}, err
	}
	body.Backorders, body.More = backorders.Items, backorders.Next != ""
	if body.Parked, err = s.parked(r); err != nil {
		return page{}, err
	}
	recent, err := s.views.Recent(r.Context(), views.LogFilter{}, views.Page{Limit: latestEvents})
	body.Recent = recent.Items
	return page{Template: "overview", Title: "Overview", Nav: "overview", Body: body}, err
}

// parked are the first deliveries that somebody has to look at.
func (s *site) parked(r *http.Request) (out []views.Failure, _ error) {
	failures, err := s.views.Failures(r.Context(), "", views.Page{Limit: views.MaxPage})
	for _, f := range failures.Items {
		if f.Parked {
			out = append(out, f)
		}
	}
	return out, err
}
