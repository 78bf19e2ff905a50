package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"allot/internal/service"
	"allot/internal/views"
)

// overview is what whoever comes in the morning wants to see first.
type overview struct {
	numbers
	OverdueOf  []views.Batch // batches that should have come
	Arriving   []views.Batch // what comes next
	Backorders []views.Line  // the oldest
	ParkedOf   []views.Failure
	Recent     []views.Event
}

// numbers are those of the whole shop, with the lines that are worst off. The
// larger the shop, the longer it takes to find them.
type numbers struct {
	views.Stats
	views.Attention
	LastMinutes int              // events of the last minutes
	LateLines   []views.LateLine // promised for after the day on which they are needed, the worst first
	RiskLines   []views.LateLine // their batch should have come
}

// Bad reports whether anything needs attention.
func (n numbers) Bad() bool { return n.Late+n.AtRisk+n.Overdue+n.Stats.Backorders+n.Stats.Parked > 0 }

const (
	mostOnOverview = 10 // rows of each kind
	latestEvents   = 8
	lastMinutes    = 15 * time.Minute
)

func (s *site) overview(r *http.Request) (page, error) {
	today := s.calendarOf(r).Today.String()
	var body overview
	var err error
	body.numbers, err = s.shop.get(r.Context(), today, func(ctx context.Context) (numbers, error) { return s.count(ctx, today) })
	if err != nil {
		return page{}, err
	}
	var recent views.List[views.Event]
	var arriving, overdue views.List[views.Batch]
	var backorders views.List[views.Line]
	few := views.Page{Limit: mostOnOverview}
	for _, look := range []func(context.Context) error{
		func(ctx context.Context) (err error) { overdue, err = s.views.Coming(ctx, "", today, few); return err },
		func(ctx context.Context) (err error) { arriving, err = s.views.Coming(ctx, today, "", few); return err },
		func(ctx context.Context) (err error) { backorders, err = s.views.Backorders(ctx, "", few); return err },
		func(ctx context.Context) (err error) { body.ParkedOf, err = s.parked(ctx); return err },
		func(ctx context.Context) (err error) {
			recent, err = s.views.Recent(ctx, views.LogFilter{}, views.Page{Limit: latestEvents})
			return err
		},
	} {
		if err := look(r.Context()); err != nil {
			return page{}, err
		}
	}
	body.OverdueOf, body.Arriving, body.Backorders, body.Recent = overdue.Items, arriving.Items, backorders.Items, recent.Items
	return page{Template: "overview", Title: "Overview", Nav: "overview", Body: body}, nil
}

// count counts what there is, and what needs attention as of a day.
func (s *site) count(ctx context.Context, today string) (n numbers, err error) {
	if n.Stats, err = s.views.Stats(ctx); err != nil {
		return n, err
	}
	if n.Attention, err = s.views.Attention(ctx, today); err != nil {
		return n, err
	}
	if n.LateLines, err = worst(ctx, s.views.Late, today); err != nil {
		return n, err
	}
	if n.RiskLines, err = worst(ctx, s.views.AtRisk, today); err != nil {
		return n, err
	}
	since, err := s.eventsSince(ctx, n.Stats.Events, s.Now().Add(-lastMinutes))
	n.LastMinutes = int(since)
	return n, err
}

// eventsSince counts the events since a time. Positions rise with time: the first
// of them is looked for by halves.
func (s *site) eventsSince(ctx context.Context, end int64, since time.Time) (int64, error) {
	before, after := int64(0), end // the first one lies behind before, at after or before it
	for before < after {
		middle := (before + after) / 2
		list, err := s.views.Events(ctx, views.Page{After: service.CursorAtNumber(middle), Limit: 1})
		switch {
		case err != nil:
			return 0, err
		case len(list.Items) == 0 || !list.Items[0].At.Before(since):
			after = middle
		default:
			before = middle + 1
		}
	}
	return end - before, nil
}

// worst are the lines of a list that are in trouble for longest, among the first
// ones.
func worst(ctx context.Context, list func(context.Context, string, views.Page) (views.List[views.LateLine], error), today string) ([]views.LateLine, error) {
	found, err := list(ctx, today, views.Page{Limit: views.MaxPage})
	slices.SortStableFunc(found.Items, func(a, b views.LateLine) int { return cmp.Compare(b.Days, a.Days) })
	return found.Items[:min(len(found.Items), mostOnOverview)], err
}

// parked are the first deliveries that somebody has to look at.
func (s *site) parked(ctx context.Context) (out []views.Failure, _ error) {
	failures, err := s.views.Failures(ctx, "", views.Page{Limit: views.MaxPage})
	for _, f := range failures.Items {
		if f.Parked && len(out) < mostOnOverview {
			out = append(out, f)
		}
	}
	return out, err
}

// late lists the lines that are late, or, at /at-risk, those whose batch should
// have come.
func (s *site) late(r *http.Request) (page, error) {
	today, asked := s.calendarOf(r).Today.String(), r.FormValue("as_of")
	ask, known, title, api := s.views.Late, &s.lateLines, "Late lines", "/v1/late"
	if r.URL.Path == "/at-risk" {
		ask, known, title, api = s.views.AtRisk, &s.riskLines, "Lines at risk", "/v1/at-risk"
	}
	part := pageOf(r)
	list, err := known.get(r.Context(), today+" "+part.After, func(ctx context.Context) (views.List[views.LateLine], error) {
		return ask(ctx, today, part)
	})
	return page{Template: "late", Title: title, Nav: "orders", API: link(api, "as_of", asked),
		Body: listed[views.LateLine]{Items: list.Items, More: more(r, list.Next)}}, err
}

// coming lists the batches that are on their way, or, at /overdue, those that
// should have come.
func (s *site) coming(r *http.Request) (page, error) {
	from, before, title := s.calendarOf(r).Today.String(), "", "Arriving batches"
	if r.URL.Path == "/overdue" {
		from, before, title = "", from, "Overdue batches"
	}
	list, err := s.views.Coming(r.Context(), from, before, pageOf(r))
	return page{Template: "coming", Title: title, Nav: "batches", Body: listed[views.Batch]{Items: list.Items, More: more(r, list.Next)}}, err
}
