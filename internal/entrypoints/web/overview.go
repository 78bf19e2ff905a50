package web

import (
	"net/http"

	"allot/internal/views"
)

// overview is what whoever comes in the morning wants to see first.
type overview struct {
	Stats      views.Stats
	Late       []views.LateLine // promised for after the day on which they are needed, the oldest
	AtRisk     []views.LateLine // their batch should have come
	MoreLate   bool             // there are more of them
	MoreAtRisk bool
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
	today := s.calendarOf(r).Today.String()
	late, err := s.views.Late(r.Context(), today, views.Page{Limit: mostOnOverview})
	if err != nil {
		return page{}, err
	}
	risk, err := s.views.AtRisk(r.Context(), today, views.Page{Limit: mostOnOverview})
	if err != nil {
		return page{}, err
	}
	body.Late, body.MoreLate, body.AtRisk, body.MoreAtRisk = late.Items, late.Next != "", risk.Items, risk.Next != ""
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

// late lists the lines that are late, or, at /at-risk, those whose batch should
// have come.
func (s *site) late(r *http.Request) (page, error) {
	today, asked := s.calendarOf(r).Today.String(), r.FormValue("as_of")
	ask, title, api := s.views.Late, "Late lines", "/v1/late"
	if r.URL.Path == "/at-risk" {
		ask, title, api = s.views.AtRisk, "Lines at risk", "/v1/at-risk"
	}
	list, err := ask(r.Context(), today, pageOf(r))
	return page{Template: "late", Title: title, Nav: "orders", API: link(api, "as_of", asked),
		Body: listed[views.LateLine]{Items: list.Items, More: more(r, list.Next)}}, err
}
