package web

import (
	"html/template"
	"net/http"
	"strings"
	"time"

	"allot/internal/domain"
)

// calendar tells days as people say them, seen from one day.
type calendar struct {
	Today domain.Date
	zone  *time.Location
}

// calendarOf is the calendar of a request, which may look back or ahead:
// ?as_of=2026-12-01.
func (s *site) calendarOf(r *http.Request) calendar {
	c := calendar{domain.NewDate(s.Now().In(s.Zone).Date()), s.Zone}
	if asked, err := domain.ParseDate(r.URL.Query().Get("as_of")); err == nil && asked != 0 {
		c.Today = asked
	}
	return c
}

// checkDay refuses a request that is to be seen from a day which is none.
func checkDay(r *http.Request) error {
	asked := r.URL.Query().Get("as_of")
	if _, err := domain.ParseDate(asked); err != nil {
		return &domain.Error{Kind: domain.Invalid, Code: domain.CodeValidationFailed, Field: "as_of", Message: "as_of: " + err.Error(),
			Hint: "leave it out to see things from today"}
	}
	return nil
}

// Zone names the time zone of dates and times.
func (c calendar) Zone() string { return c.zone.String() }

// Day is a date with its day of the week: "Tue 8 Dec", with the year if it is
// another one.
func (c calendar) Day(date string) string {
	d, err := domain.ParseDate(date)
	if err != nil || d == 0 {
		return date
	}
	layout := "Mon 2 Jan 2006"
	if d/10000 == c.Today/10000 {
		layout = "Mon 2 Jan"
	}
	return onDay(d).Format(layout)
}

// LongDay is a date in full: "Tuesday 8 December".
func (c calendar) LongDay(date string) string {
	d, err := domain.ParseDate(date)
	if err != nil || d == 0 {
		return date
	}
	layout := "Monday 2 January 2006"
	if d/10000 == c.Today/10000 {
		layout = "Monday 2 January"
	}
	return onDay(d).Format(layout)
}

// Distance is how far a date is away: "in 16 days", "2 days ago".
func (c calendar) Distance(date string) string {
	d, err := domain.ParseDate(date)
	if err != nil || d == 0 {
		return ""
	}
	switch n := d.Sub(c.Today); {
	case n == 0:
		return "today"
	case n == 1:
		return "tomorrow"
	case n > 1:
		return "in " + counted(n, "day", "days")
	default:
		return counted(-n, "day", "days") + " ago"
	}
}

// Overdue reports whether a shipment should have come by now.
func (c calendar) Overdue(eta string) bool { return eta != "" && eta < c.Today.String() }

// ETA is when stock comes, as a chip.
func (c calendar) ETA(eta string) chip {
	switch {
	case eta == "":
		return chip{"✓", "In the warehouse", "ok"}
	case c.Overdue(eta):
		return chip{"!", strings.TrimSuffix(c.Distance(eta), " ago") + " overdue", "warn"}
	case eta == c.Today.String():
		return chip{"→", "Due today", "neutral"}
	default:
		return chip{"→", "Comes " + c.Distance(eta), "neutral"}
	}
}

// Time is a moment, exact for machines and as people say it for people.
func (c calendar) Time(t time.Time) template.HTML {
	exact, day := t.UTC().Format(time.RFC3339Nano), domain.NewDate(t.In(c.zone).Date())
	said := t.In(c.zone).Format("2 Jan 2006 15:04:05")
	switch {
	case day == c.Today:
		said = t.In(c.zone).Format("15:04:05")
	case day/10000 == c.Today/10000:
		said = t.In(c.zone).Format("2 Jan 15:04:05")
	}
	return template.HTML(`<time datetime="` + exact + `">` + said + `</time>`) // digits and letters of our own
}

// Moment is Time of a moment as the API writes it.
func (c calendar) Moment(text string) template.HTML {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return template.HTML(template.HTMLEscapeString(text))
	}
	return c.Time(t)
}

func onDay(d domain.Date) time.Time {
	return time.Date(int(d/10000), time.Month(d/100%100), int(d%100), 0, 0, 0, 0, time.UTC)
}
