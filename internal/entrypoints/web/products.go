package web

import (
	"net/http"

	"allot/internal/views"
)

type listed[T any] struct {
	Items  []T
	More   string // the address of the next page
	Filter string
}

func (s *site) products(r *http.Request) (page, error) {
	list, err := s.views.Products(r.Context(), pageOf(r))
	return page{Template: "products", Title: "Products", Nav: "products", API: "/v1/products",
		Body: listed[views.Product]{Items: list.Items, More: more(r, list.Next)}}, err
}

// shown is a product with all that its page has.
type shown struct {
	views.Product
	Chart      chart
	LargestFit views.Batch // the batch with most available; zero if nothing is
	Spread     int         // open batches with something available
	InClosed   int         // units available in batches that take no new lines
	Backorders []views.Line
	MoreLines  bool // there are more backorders
	History    []views.Event
	Older      string // the address of what was before
}

// Open is how many units are available in batches that take new lines.
func (s shown) Open() int { return s.Available - s.InClosed }

func (s *site) product(r *http.Request) (page, error) {
	p, err := s.views.Product(r.Context(), r.PathValue("id"))
	if err != nil {
		return page{}, err
	}
	body := shown{Product: p, Chart: chartOf(p, s.calendarOf(r).Today)}
	for _, b := range p.Batches {
		if b.Closed {
			body.InClosed += b.Available
			continue
		}
		if b.Available > 0 {
			body.Spread++
		}
		if b.Available > body.LargestFit.Available {
			body.LargestFit = b
		}
	}
	backorders, err := s.views.Backorders(r.Context(), p.SKU, views.Page{Limit: mostOnOverview})
	if err != nil {
		return page{}, err
	}
	body.Backorders, body.MoreLines = backorders.Items, backorders.Next != ""
	history, err := s.views.Recent(r.Context(), views.LogFilter{SKU: p.SKU}, views.Page{Limit: mostOnOverview})
	body.History = history.Items
	if history.Next != "" {
		body.Older = link("/events", "sku", p.SKU, "cursor", history.Next)
	}
	return page{Template: "product", Title: p.SKU, Nav: "products", API: "/v1/products/" + escape(p.SKU), Saved: saved(r), Body: body}, err
}
