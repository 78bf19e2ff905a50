package httpapi

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
	"allot/internal/views"
)

var createLineDoc = operation{
	id: "allocate_line", summary: "Ask for stock for an order line",
	detail: "A line that finds no stock is kept as a backorder, unless `on_shortage` is `reject`. There is one line for each order and SKU: " +
		"the same again changes nothing and is answered with 200.",
	query: writeQuery, body: wire.NewLine.Members(),
	answers:  answers{201: wire.Placed{}, 200: wire.Placed{}},
	problems: []string{domain.CodeUnknownSKU, domain.CodeLineConflict, domain.CodeLineCancelled, wire.CodeOutOfStock},
}

func (a *api) createLine(w http.ResponseWriter, r *http.Request) error {
	return obey(a, w, r, wire.NewLine.Into(domain.Allocate{OrderID: r.PathValue("order_id")}), tellNewLine)
}

func tellNewLine(cmd domain.Allocate, effect service.Effect[domain.Placement], dryRun bool) (reply, error) {
	result, status, err := wire.AllocateResult(cmd, effect, dryRun)
	location := "/v1/orders/" + url.PathEscape(cmd.OrderID) + "/lines/" + url.PathEscape(cmd.SKU)
	return reply{status, location, after(effect.Events, dryRun), result}, err
}

var cancelLineDoc = operation{
	id: "cancel_line", summary: "Take an order line back, for good",
	detail: "Its stock goes to backorders: `moves` has those. Again, it changes nothing.",
	query:  cancelQuery, answers: answers{200: wire.Placed{}}, problems: []string{domain.CodeUnknownLine},
}

func (a *api) cancelLine(w http.ResponseWriter, r *http.Request) error {
	q, err := parameters(r, cancelQuery...)
	if err != nil {
		return err
	}
	c, err := conditionsOf(w, r, q, MaxBody)
	if err != nil {
		return err
	}
	cmd := domain.CancelLine{Origin: originOf(w, r), OrderID: r.PathValue("order_id"), SKU: r.PathValue("sku")}
	cmd.Reason, cmd.Note = q["reason"], q["note"]
	return carryOut(a, w, r, c, cmd, tellLine)
}

var cancelQuery = append(slices.Clone(writeQuery), "reason", "note")

var getLineDoc = operation{
	id: "get_line", tagged: true, summary: "Look at an order line",
	answers: answers{200: views.Line{}}, problems: []string{domain.CodeUnknownLine},
}

func (a *api) getLine(w http.ResponseWriter, r *http.Request) error {
	line, version, err := a.line(r)
	if err != nil {
		return err
	}
	line.Why = nil
	return reply{status: http.StatusOK, version: version, body: line}.answer(w, r)
}

var explainLineDoc = operation{
	id: "explain_line", tagged: true, summary: "Say why an order line stands where it does",
	detail:  "`why` was kept when the line was placed: what was available then can't be found out later.",
	answers: answers{200: views.Line{}}, problems: []string{domain.CodeUnknownLine},
}

func (a *api) explainLine(w http.ResponseWriter, r *http.Request) error {
	line, version, err := a.line(r)
	if err != nil {
		return err
	}
	return reply{status: http.StatusOK, version: version, body: line}.answer(w, r)
}

// line is the line that an address is about, and a version of its product that
// is not newer.
func (a *api) line(r *http.Request) (line views.Line, version int64, err error) {
	if _, err := parameters(r); err != nil {
		return line, 0, err
	}
	orderID, sku := r.PathValue("order_id"), r.PathValue("sku")
	if version, err = a.versionOf(r.Context(), sku); err != nil {
		return line, 0, err
	}
	order, err := a.views.Order(r.Context(), orderID)
	if err != nil && !errors.Is(err, views.ErrNotFound) {
		return line, 0, err
	}
	for _, line := range order.Lines {
		if line.SKU == sku {
			return line, version, nil
		}
	}
	return line, 0, domain.UnknownLine(orderID, sku)
}

var getOrderDoc = operation{
	id: "get_order", summary: "Look at an order, with its lines and why each stands where it does",
	answers: answers{200: views.Order{}}, problems: []string{wire.CodeNotFound},
}

func (a *api) getOrder(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	order, err := a.views.Order(r.Context(), r.PathValue("order_id"))
	if errors.Is(err, views.ErrNotFound) {
		return missing("no order has id %q", r.PathValue("order_id"), "ids are compared byte by byte; GET /v1/orders lists the orders")
	}
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, order)
}

var listOrdersDoc = operation{
	id: "list_orders", summary: "List orders by id",
	query: []string{"status", "limit", "cursor"}, answers: answers{200: listing[views.OrderSummary]{}},
}

func (a *api) listOrders(r *http.Request, q query, page views.Page) (views.List[views.OrderSummary], error) {
	return a.views.Orders(r.Context(), q["status"], page)
}

var listBackordersDoc = operation{
	id: "list_backorders", summary: "List the lines that wait for stock, the oldest first",
	query: []string{"sku", "limit", "cursor"}, answers: answers{200: listing[views.Line]{}},
}

func (a *api) listBackorders(r *http.Request, q query, page views.Page) (views.List[views.Line], error) {
	return a.views.Backorders(r.Context(), q["sku"], page)
}
