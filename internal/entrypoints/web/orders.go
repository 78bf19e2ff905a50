package web

import (
	"fmt"
	"net/http"
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
	body := told{Order: o, Sentence: cal.sentence(o), Customer: cal.customer(o)}
	history, err := s.views.Recent(r.Context(), views.LogFilter{OrderID: o.OrderID}, views.Page{Limit: mostOnOverview})
	body.History = history.Items
	if history.Next != "" {
		body.Older = link("/events", "order_id", o.OrderID, "cursor", history.Next)
	}
	return page{Template: "order", Title: o.OrderID, Nav: "orders", API: "/v1/orders/" + escape(o.OrderID), Saved: saved(r), Body: body}, err
}

// standing counts the lines of an order that still matter.
type standing struct {
	open, allocated, backordered, shipped int
	last                                  string // the latest promise
	risk                                  int    // lines whose stock should have come
}

func (c calendar) standing(o views.Order) (s standing) {
	for _, l := range o.Lines {
		switch domain.Status(l.Status) {
		case domain.StatusCancelled, domain.StatusExpired:
			continue
		case domain.StatusBackordered:
			s.backordered++
		case domain.StatusShipped:
			s.shipped++
		default:
			s.allocated++
			s.last = max(s.last, l.Promise)
			if c.Overdue(l.Promise) {
				s.risk++
			}
		}
		s.open++
	}
	return s
}

// sentence says how an order stands.
func (c calendar) sentence(o views.Order) string {
	s := c.standing(o)
	switch {
	case s.open == 0:
		return "Cancelled: no line is left."
	case s.shipped == s.open:
		return "Shipped in full."
	}
	text := fmt.Sprintf("%d of %s have stock", s.allocated+s.shipped, counted(s.open, "line", "lines"))
	if s.open == 1 {
		text = map[bool]string{true: "The line has stock", false: "The line has no stock"}[s.allocated == 1]
	}
	if s.shipped > 0 {
		text += ", " + number(s.shipped) + " shipped"
	}
	switch {
	case s.allocated == 0:
	case s.last == "":
		text += ", in the warehouse"
	case c.Overdue(s.last):
		text += fmt.Sprintf("; the last was due %s (%s)", c.Day(s.last), c.Distance(s.last))
	default:
		text += fmt.Sprintf("; the last arrives %s (%s)", c.Day(s.last), c.Distance(s.last))
	}
	if s.backordered > 0 && s.allocated > 0 {
		text += "; " + counted(s.backordered, "is backordered", "are backordered")
	}
	return text + "."
}

// customer is what to tell the customer. It promises no more than we know.
func (c calendar) customer(o views.Order) string {
	s := c.standing(o)
	var said []string
	switch {
	case s.open == 0:
		return "Your order was cancelled. Nothing more will be sent."
	case s.shipped == s.open:
		return "All items in your order were sent."
	case s.allocated == 0 && s.shipped == 0:
		return "We have your order, but nothing in stock for it yet. It keeps its place, and we will write as soon as we know a date."
	case s.shipped > 0:
		said = append(said, fmt.Sprintf("%d of the %d items in your order were sent, %d more are reserved for you.", s.shipped, s.open, s.allocated))
	case s.backordered == 0:
		said = append(said, "All items in your order are reserved for you.")
	default:
		said = append(said, fmt.Sprintf("%d of the %d items in your order are reserved for you.", s.allocated, s.open))
	}
	switch {
	case s.allocated == 0:
	case s.last == "":
		said = append(said, "They are in our warehouse.")
	case s.risk > 0:
		said = append(said, "A shipment with some of them is delayed. We will write as soon as we know its new date.")
	default:
		said = append(said, "The last one reaches our warehouse on "+c.LongDay(s.last)+".")
	}
	if s.backordered > 0 {
		said = append(said, "For the others we will write as soon as we know a date.")
	}
	return strings.Join(said, " ")
}
