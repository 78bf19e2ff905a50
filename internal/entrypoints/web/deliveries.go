package web

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"allot/internal/access"
	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/views"
)

// delivered is how far events have come on their ways out.
type delivered struct {
	Ways     []way
	Again    []string // subscriptions that events can be delivered to again
	Failures []views.Failure
	More     string
	Filter   string // a subscription
	Parked   int    // on this page

	From, To, Count string // a range to replay, and how many events it has for the subscription
	Problem         *wire.Problem
}

// way is a way out.
type way struct {
	Name    string
	Behind  string // for how long; "" if it is through
	Reached int64  // position
	Trouble string // why it is held up; "" if it is not
}

func (s *site) deliveries(r *http.Request) (page, error) {
	body := delivered{Filter: r.FormValue("subscription"), From: r.FormValue("from"), To: r.FormValue("to")}
	list, err := s.views.Failures(r.Context(), body.Filter, pageOf(r))
	if err != nil {
		return page{}, err
	}
	body.Failures, body.More = list.Items, more(r, list.Next)
	for _, f := range list.Items {
		if f.Parked {
			body.Parked++
		}
	}
	body.Ways = s.ways()
	if s.Redelivery != nil {
		subscriptions, err := s.Redelivery.Subscriptions(r.Context())
		if err != nil {
			return page{}, err
		}
		for _, sub := range subscriptions {
			body.Again = append(body.Again, sub.Name)
		}
	}
	if body.From+body.To != "" && s.Redelivery != nil {
		n, err := s.replay(r, true)
		body.Count = strconv.Itoa(n)
		if err != nil {
			problem := wire.ProblemOf(err)
			body.Problem = &problem
		}
	}
	out := page{Template: "deliveries", Title: "Deliveries", Nav: "events", API: "/v1/deliveries", Saved: again(r), Body: body}
	if body.Problem != nil {
		out.Status = body.Problem.Status
	}
	return out, nil
}

// ways are the ways out, with how far they are behind.
func (s *site) ways() (out []way) {
	if s.Progress == nil {
		return nil
	}
	for _, p := range s.Progress() {
		w := way{Name: p.Subscription, Reached: p.Position, Trouble: p.Trouble}
		if !p.Behind.IsZero() {
			w.Behind = counted(int(s.Now().Sub(p.Behind).Seconds()), "second", "seconds")
		}
		out = append(out, w)
	}
	return out
}

// mayRedeliver returns why a form about what was parked is refused; nil if it may
// be read.
func (s *site) mayRedeliver(r *http.Request) error {
	if s.Redelivery == nil {
		return &notHere{r.URL.Path}
	}
	if c := access.CallerOf(r.Context()); !c.May(access.Admin) {
		return access.MayNot(c, access.Admin)
	}
	r.Body = http.MaxBytesReader(nil, r.Body, maxForm)
	return nil
}

// deliverAgain has what is parked tried again, or a range of the log replayed.
func (s *site) deliverAgain(r *http.Request) (page, error) {
	if err := s.mayRedeliver(r); err != nil {
		return page{}, err
	}
	var n int
	var err error
	switch r.PostFormValue("do") {
	case "retry":
		position, _ := strconv.ParseInt(r.PostFormValue("position"), 10, 64) // none: all
		n, err = s.Redelivery.Retry(r.Context(), r.PostFormValue("subscription"), position)
	case "replay":
		n, err = s.replay(r, false)
	default:
		return page{}, &notHere{r.URL.Path}
	}
	if err != nil {
		return page{}, err
	}
	return page{Go: link("/deliveries", "subscription", r.PostFormValue("subscription"), "again", strconv.Itoa(n))}, nil
}

// replay replays the range that a form says, or counts its events.
func (s *site) replay(r *http.Request, dryRun bool) (int, error) {
	var ends [2]int64
	for i, name := range []string{"from", "to"} {
		n, err := strconv.ParseInt(r.FormValue(name), 10, 64)
		if err != nil {
			return 0, &domain.Error{Kind: domain.Invalid, Code: domain.CodeValidationFailed, Field: name,
				Message: fmt.Sprintf("%s is %q; it must be the position of an event", name, r.FormValue(name)), Hint: "the event log has the positions"}
		}
		ends[i] = n
	}
	return s.Redelivery.Replay(r.Context(), r.FormValue("subscription"), ends[0], ends[1], dryRun)
}

// again says how much was just asked for to be delivered again.
func again(r *http.Request) string {
	n, err := strconv.Atoi(r.FormValue("again"))
	if err != nil || n < 0 {
		return ""
	}
	return counted(n, "event is", "events are") + " delivered again, as soon as the other side takes them."
}

func (s *site) parkedMessages(r *http.Request) (page, error) {
	list, err := s.views.ParkedMessages(r.Context(), pageOf(r))
	for i := range list.Items {
		list.Items[i].Body = beginning(list.Items[i].Body)
	}
	return page{Template: "messages", Title: "Messages that could not be done", Nav: "events", API: "/v1/parked-messages",
		Body: listed[views.ParkedMessage]{Items: list.Items, More: more(r, list.Next)}}, err
}

// discardMessage takes a parked message off the list.
func (s *site) discardMessage(r *http.Request) (page, error) {
	if err := s.mayRedeliver(r); err != nil {
		return page{}, err
	}
	number, _ := strconv.ParseInt(r.PostFormValue("number"), 10, 64) // none has the number 0
	err := s.Redelivery.Discard(r.Context(), number)
	if errors.Is(err, views.ErrNotFound) {
		err = nil // somebody was faster
	}
	return page{Go: "/messages"}, err
}

// beginning is as much of a text as a table has room for.
func beginning(text string) string {
	const most = 200
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "..."
	}
	return text
}

func (s *site) mails(r *http.Request) (page, error) {
	list, err := s.views.Mails(r.Context(), pageOf(r))
	return page{Template: "mails", Title: "Mails", Nav: "events", API: "/v1/mails", Body: listed[views.Mail]{Items: list.Items, More: more(r, list.Next)}}, err
}

func (s *site) mail(r *http.Request) (page, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return page{}, fmt.Errorf("mail %q: %w", r.PathValue("id"), views.ErrNotFound)
	}
	m, err := s.views.Mail(r.Context(), id)
	return page{Template: "mail", Title: m.Subject, Nav: "events", API: "/v1/mails/" + strconv.FormatInt(id, 10), Body: m}, err
}

// Mail is how a mail stands, as a chip.
func (calendar) Mail(m views.Mail) chip {
	switch m.Status {
	case "sent":
		return chip{"✓", "Sent", "ok"}
	case "kept":
		return chip{"✓", "Kept: no SMTP is set", "neutral"}
	}
	return chip{"◷", "Due", "wait"}
}
