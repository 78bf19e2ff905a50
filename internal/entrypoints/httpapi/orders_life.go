package httpapi

import (
	"errors"
	"net/http"
	"net/url"

	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
	"allot/internal/views"
)

// MaxOrder is how large a whole order may be, in bytes.
const MaxOrder = 4 << 20

var createOrderDoc = operation{
	id: "allocate_order", summary: "Ask for stock for all lines of an order at once",
	detail: "With the mode `each` every line is for itself: the answer has what became of each, and one that can't be accepted has a `code`. " +
		"With `all`, every line is allocated now, or nothing is kept. At most 10,000 lines and 4 MiB. It concerns several products, so it takes no `If-Match`.",
	query: writeQuery, noMatch: true, body: wire.NewOrder.Members(),
	answers: answers{201: wire.Ordered{}, 200: wire.Ordered{}}, problems: []string{domain.CodeOrderIncomplete},
}

func (a *api) createOrder(w http.ResponseWriter, r *http.Request) error {
	if len(r.Header[MatchHeader]) > 0 {
		return badParameter(MatchHeader, "leave it out, or preview the order and send the plan", "%s names the version of one product, and an order may have many", MatchHeader)
	}
	return obeyUpTo(MaxOrder, a, w, r, wire.NewOrder.Into(domain.AllocateOrder{}), func(cmd domain.AllocateOrder, effect service.Effect[domain.Placements], dryRun bool) (reply, error) {
		result, status := wire.OrderResult(cmd, effect, dryRun)
		return reply{status: status, location: "/v1/orders/" + url.PathEscape(cmd.OrderID), body: result}, nil
	})
}

var amendLineDoc = operation{
	id: "amend_line", summary: "Change the quantity of an order line, how much it matters, when it is needed, or whether it is frozen",
	detail: "It keeps its place if it can. If it can't, it is refused, unless it `may_move`. What it gives up goes to backorders: `moves` has those. " +
		"A `required_by` of `null` takes the day away. Re-planning leaves a `frozen` line where it is.",
	query: writeQuery, body: wire.Amendment.Members(), answers: answers{200: wire.Placed{}},
	problems: []string{domain.CodeUnknownLine, domain.CodeLineCancelled, domain.CodeLineShipped, domain.CodeLineWouldMove, domain.CodeBelowShipped, domain.CodeHoldEnded},
}

func (a *api) amendLine(w http.ResponseWriter, r *http.Request) error {
	return obey(a, w, r, wire.Amendment.Into(domain.AmendLine{OrderID: r.PathValue("order_id"), SKU: r.PathValue("sku")}), tellLine)
}

var shipLineDoc = operation{
	id: "ship_line", summary: "Say that goods of an order line have left",
	detail: "`shipped` counts from the start, so that saying it twice ships nothing twice; without it, the whole line. The rest stays allocated.",
	query:  writeQuery, body: wire.Shipment.Members(), answers: answers{200: wire.Placed{}},
	problems: []string{domain.CodeUnknownLine, domain.CodeLineCancelled, domain.CodeNothingToShip, domain.CodeTooManyUnits, domain.CodeBelowShipped, domain.CodeBatchNotArrived},
}

func (a *api) shipLine(w http.ResponseWriter, r *http.Request) error {
	return obey(a, w, r, wire.Shipment.Into(domain.ShipLine{OrderID: r.PathValue("order_id"), SKU: r.PathValue("sku")}), tellLine)
}

var returnLineDoc = operation{
	id: "return_line", summary: "Take back what was shipped",
	detail: "`returned` counts from the start. The goods go into the batch of the line, or another one, and to backorders: `moves` has those.",
	query:  writeQuery, body: wire.Return.Members(), answers: answers{200: wire.Placed{}},
	problems: []string{domain.CodeUnknownLine, domain.CodeUnknownBatch, domain.CodeTooManyUnits, domain.CodeBatchNotArrived},
}

func (a *api) returnLine(w http.ResponseWriter, r *http.Request) error {
	return obey(a, w, r, wire.Return.Into(domain.ReturnLine{OrderID: r.PathValue("order_id"), SKU: r.PathValue("sku")}), tellLine)
}

var confirmHoldDoc = operation{
	id: "confirm_hold", summary: "Make an order of a line that is held",
	detail: "Again, or for a line that was never held, it changes nothing.",
	query:  writeQuery, body: wire.Confirmation.Members(), answers: answers{200: wire.Placed{}},
	problems: []string{domain.CodeUnknownLine, domain.CodeHoldEnded, domain.CodeLineCancelled},
}

func (a *api) confirmHold(w http.ResponseWriter, r *http.Request) error {
	return obey(a, w, r, wire.Confirmation.Into(domain.ConfirmHold{OrderID: r.PathValue("order_id"), SKU: r.PathValue("sku")}), tellLine)
}

var releaseHoldDoc = operation{
	id: "release_hold", summary: "Give up a line that is held",
	detail: "Its stock goes to backorders: `moves` has those. Again, it changes nothing.",
	query:  writeQuery, body: wire.Release.Members(), answers: answers{200: wire.Placed{}},
	problems: []string{domain.CodeUnknownLine, domain.CodeNotHeld},
}

func (a *api) releaseHold(w http.ResponseWriter, r *http.Request) error {
	return obey(a, w, r, wire.Release.Into(domain.ReleaseHold{OrderID: r.PathValue("order_id"), SKU: r.PathValue("sku")}), tellLine)
}

// tellLine answers a command about a line that there is.
func tellLine[C domain.Command[domain.Placement]](cmd C, effect service.Effect[domain.Placement], dryRun bool) (reply, error) {
	return reply{status: http.StatusOK, version: after(effect.Events, dryRun), body: wire.LineResult(cmd, effect, dryRun)}, nil
}

var lineHistoryDoc = operation{
	id: "line_history", summary: "Look at an order line with all that ever happened to it, oldest first",
	answers: answers{200: history{}}, problems: []string{domain.CodeUnknownLine},
}

// history is a line with what happened to it.
type history struct {
	Line  views.Line `json:"line"`
	Items []fact     `json:"items"`
}

func (a *api) lineHistory(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	orderID, sku := r.PathValue("order_id"), r.PathValue("sku")
	found, err := a.views.History(r.Context(), orderID, sku)
	if errors.Is(err, views.ErrNotFound) {
		return domain.UnknownLine(orderID, sku)
	}
	if err != nil {
		return err
	}
	items, err := factsOf(found.Events)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, history{found.Line, items})
}
