package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"allot/internal/domain"
	"allot/internal/views"
)

func (s *site) orders(r *http.Request) (page, error) {
	status := r.FormValue("status")
	list, err := s.views.Orders(r.Context(), status, pageOf(r))
	return page{Template: "orders", Title: "Orders", Nav: "orders", API: link("/v1/orders", "status", status),
		Body: listed[views.OrderSummary]{Items: list.Items, More: more(r, list.Next), Filter: status}}, err
}

// told is an order with what is said of it.
type told struct {
	views.Order
	Sentence string // how it stands
	Customer string // what to tell the customer
	History  []views.Event
	Older    string
}

func (s *site) order(r *http.Request) (page, error) {
	o, err := s.views.Order(r.Context(), r.PathValue("id"))
	if err != nil {
		return page{}, err
	}
	cal := s.calendarOf(r)
	slices.SortStableFunc(o.Lines, func(a, b views.Line) int { return cmp.Compare(rank(a), rank(b)) })
	body := told{Order: o, Sentence: cal.sentence(o), Customer: cal.customer(o)}
	if body.History, err = s.historyOf(r.Context(), o); err == nil && len(body.History) > mostOnOverview {
		body.History, body.Older = body.History[:mostOnOverview], link("/events", "order_id", o.OrderID)
	}
	return page{Template: "order", Title: o.OrderID, Nav: "orders", API: "/v1/orders/" + escape(o.OrderID), Saved: saved(r), Body: body}, err
}

// rank puts the lines of an order in the order in which somebody asks for them:
// those without stock, those whose stock is on its way, the others, those that
// are done with.
func rank(l views.Line) int {
	switch status := domain.Status(l.Status); {
	case status == domain.StatusBackordered:
		return 0
	case status == domain.StatusAllocated && l.Promise != "":
		return 1
	case status == domain.StatusAllocated, status == domain.StatusHeld:
		return 2
	}
	return 3
}

// mostHistories is of how many lines the history of an order is put together.
const mostHistories = 20

// historyOf is what happened to the lines of an order, the latest first: of its
// first lines, if it has many.
func (s *site) historyOf(ctx context.Context, o views.Order) (out []views.Event, _ error) {
	for _, line := range o.Lines[:min(len(o.Lines), mostHistories)] {
		h, err := s.views.History(ctx, o.OrderID, line.SKU)
		if err != nil {
			return nil, err
		}
		out = append(out, h.Events...)
	}
	slices.SortFunc(out, func(a, b views.Event) int { return cmp.Compare(b.Position, a.Position) })
	return out, nil
}

// standing counts the lines of an order that still matter.
type standing struct {
	open, allocated, backordered, shipped int
	ended                                 int      // holds: they don't matter any more, but tell why nothing is left
	cancelled                             int      // neither do they
	returned                              int      // units
	last                                  string   // the latest promise
	first                                 string   // the latest of what was promised at first; "": in the warehouse
	without                               []string // SKUs of the lines that are backordered
	risk                                  int      // lines whose stock should have come
}

func (c calendar) standing(o views.Order) (s standing) {
	for _, l := range o.Lines {
		s.returned += l.Returned
		switch domain.Status(l.Status) {
		case domain.StatusCancelled:
			s.cancelled++
			continue
		case domain.StatusExpired:
			s.ended++
			continue
		case domain.StatusBackordered:
			s.backordered++
			s.without = append(s.without, l.SKU)
		case domain.StatusShipped:
			s.shipped++
		default:
			s.allocated++
			s.last, s.first = max(s.last, l.Promise), max(s.first, firstPromise(l))
			if c.Overdue(l.Promise) {
				s.risk++
			}
		}
		s.open++
	}
	return s
}

// firstPromise is what was promised of a line at first.
func firstPromise(l views.Line) string {
	if l.PromiseChanged {
		return l.FirstPromise
	}
	return l.Promise
}

// slipped reports whether an order comes later than was promised at first.
func (s standing) slipped() bool { return s.first != "" && s.first < s.last }

// sentence says how an order stands.
func (c calendar) sentence(o views.Order) string {
	s := c.standing(o)
	back := ""
	if s.returned > 0 {
		back = "; " + counted(s.returned, "unit came back", "units came back")
	}
	switch {
	case s.open == 0 && s.cancelled == 0 && s.ended > 0:
		return "The hold ended: no line is left."
	case s.open == 0:
		return "Cancelled: no line is left."
	case s.shipped == s.open:
		return "Shipped in full" + back + "."
	}
	served := s.allocated + s.shipped
	text := fmt.Sprintf("%d of %s %s stock", served, counted(s.open, "line", "lines"), oneOr(served, "has", "have"))
	if s.open == 1 {
		text = map[bool]string{true: "The line has stock", false: "The line has no stock"}[s.allocated == 1]
	}
	if s.shipped > 0 {
		text += ", " + number(s.shipped) + " shipped"
	}
	last := oneOr(s.allocated, "it", "the last")
	switch {
	case s.allocated == 0:
	case s.last == "":
		text += ", in the warehouse"
	case c.Overdue(s.last):
		text += fmt.Sprintf("; %s was due %s (%s)", last, c.Day(s.last), c.Distance(s.last))
	default:
		text += fmt.Sprintf("; %s arrives %s (%s", last, c.Day(s.last), c.Distance(s.last))
		if s.slipped() {
			text += ", first said " + c.Day(s.first)
		}
		text += ")"
	}
	if s.backordered > 0 && s.allocated > 0 {
		text += "; " + counted(s.backordered, "is backordered", "are backordered")
	}
	return text + back + "."
}

// oneOr is what is said of one thing, or of another number of them.
func oneOr(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// customer is what to tell the customer. It promises no more than we know.
func (c calendar) customer(o views.Order) string {
	s := c.standing(o)
	switch {
	case s.open == 0 && s.cancelled == 0 && s.ended > 0:
		return "We held the items for you, and that time is over. They are not reserved any more, and nothing will be sent."
	case s.open == 0:
		return "Your order was cancelled. Nothing more will be sent."
	case s.allocated == 0 && s.shipped == 0:
		return "We have your order, but nothing in stock for it yet. It keeps its place, and we will write as soon as we know a date."
	}
	said := []string{s.served()}
	if s.returned > 0 {
		said = append(said, counted(s.returned, "unit came", "units came")+" back to us.")
	}
	switch {
	case s.allocated == 0:
	case s.last == "":
		said = append(said, oneOr(s.allocated, "It is", "They are")+" in our warehouse.")
	case s.risk > 0:
		said = append(said, oneOr(s.allocated, "The shipment with it", "A shipment with some of them")+" is delayed. We will write as soon as we know its new date.")
	default:
		said = append(said, oneOr(s.allocated, "It", "The last of them")+" reaches our warehouse on "+c.LongDay(s.last)+c.insteadOf(s)+".")
	}
	if s.backordered > 0 {
		said = append(said, "We have no stock yet of "+s.missing()+"; we will write as soon as we know a date.")
	}
	return strings.Join(said, " ")
}

// insteadOf tells the customer of the day that was promised at first.
func (c calendar) insteadOf(s standing) string {
	if !s.slipped() {
		return ""
	}
	return ", not on " + c.LongDay(s.first) + " as we said first"
}

// mostNamed is how many SKUs a sentence names.
const mostNamed = 3

// missing are the lines that are backordered, by name if they are few.
func (s standing) missing() string {
	if s.backordered > mostNamed {
		return number(s.backordered) + " items"
	}
	return strings.Join(s.without, ", ")
}

// served tells the customer what was sent and what is reserved.
func (s standing) served() string {
	all := oneOr(s.open, "The item", "All items") + " in your order "
	sent, reserved := oneOr(s.shipped, "was", "were")+" sent", oneOr(s.allocated, "is", "are")+" reserved for you"
	switch {
	case s.shipped == s.open:
		return all + sent + "."
	case s.allocated == s.open:
		return all + reserved + "."
	case s.shipped == 0:
		return fmt.Sprintf("%d of the %d items in your order %s.", s.allocated, s.open, reserved)
	case s.allocated == 0:
		return fmt.Sprintf("%d of the %d items in your order %s.", s.shipped, s.open, sent)
	}
	return fmt.Sprintf("%d of the %d items in your order %s, %d more %s.", s.shipped, s.open, sent, s.allocated, reserved)
}
