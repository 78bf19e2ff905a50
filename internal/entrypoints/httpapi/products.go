package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
	"allot/internal/views"
)

var describeProductDoc = operation{
	id: "describe_product", summary: "Give a product a name for people",
	detail: "It makes the SKU known, so that orders for it can wait before there is any batch.",
	query:  writeQuery, body: wire.ProductChange.Members(), answers: answers{200: wire.Described{}},
}

func (a *api) describeProduct(w http.ResponseWriter, r *http.Request) error {
	return obey(a, w, r, wire.ProductChange.Into(domain.DescribeProduct{SKU: r.PathValue("sku")}), func(_ domain.DescribeProduct, effect service.Effect[domain.Described], dryRun bool) (reply, error) {
		return reply{status: http.StatusOK, version: after(effect.Events, dryRun), body: wire.DescribeResult(effect, dryRun)}, nil
	})
}

var setPolicyDoc = operation{
	id: "set_policy", summary: "Say by which policy the lines of a product are placed, and how much of its stock is kept back",
	detail: "It holds from now on: lines that have stock stay where they are. Stock that is no longer kept back goes to backorders: `moves` has those.",
	query:  writeQuery, body: wire.ProductRule.Members(), answers: answers{200: wire.Ruled{}}, problems: []string{domain.CodeUnknownSKU},
}

func (a *api) setPolicy(w http.ResponseWriter, r *http.Request) error {
	return obey(a, w, r, wire.ProductRule.Into(domain.SetPolicy{SKU: r.PathValue("sku")}), func(_ domain.SetPolicy, effect service.Effect[domain.PolicyAnswer], dryRun bool) (reply, error) {
		return reply{status: http.StatusOK, version: after(effect.Events, dryRun), body: wire.PolicyResult(effect, dryRun)}, nil
	})
}

var getProductDoc = operation{
	id: "get_product", tagged: true, summary: "Look at the stock of a product, with its batches in the order of their use",
	answers: answers{200: views.Product{}}, problems: []string{wire.CodeNotFound},
}

func (a *api) getProduct(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	product, err := a.views.Product(r.Context(), r.PathValue("sku"))
	if errors.Is(err, views.ErrNotFound) {
		return noProduct(r.PathValue("sku"))
	}
	if err != nil {
		return err
	}
	return reply{status: http.StatusOK, version: product.Version, body: product}.answer(w, r)
}

func noProduct(sku string) error {
	return missing("no product has SKU %q", sku, "SKUs are compared byte by byte; GET /v1/products lists the products")
}

var listProductsDoc = operation{
	id: "list_products", summary: "List products by SKU",
	query: []string{"limit", "cursor"}, answers: answers{200: listing[views.Product]{}},
}

func (a *api) listProducts(r *http.Request, _ query, page views.Page) (views.List[views.Product], error) {
	return a.views.Products(r.Context(), page)
}

var listEventsDoc = operation{
	id: "list_events", summary: "Read the event log from its start",
	detail: "`after` is the position after which to begin, and so is `cursor`.",
	query:  []string{"limit", "cursor", "after"}, answers: answers{200: listing[fact]{}},
}

// fact is an entry of the event log, with what it says.
type fact struct {
	views.Event
	Data map[string]json.RawMessage `json:"data"`
}

func (a *api) listEvents(r *http.Request, q query, page views.Page) (out views.List[fact], _ error) {
	if after, given := q["after"]; given {
		position, err := strconv.ParseInt(after, 10, 64)
		if err != nil || position < 0 || page.After != "" {
			return out, badParameter("after", "send the position of the last event that you had, or 0 for all, and no cursor", "after is %q", after)
		}
		page.After = service.CursorAtNumber(position)
	}
	events, err := a.views.Events(r.Context(), page)
	if err != nil {
		return out, err
	}
	items, err := factsOf(events.Items)
	return views.List[fact]{Items: items, Next: events.Next}, err
}

func factsOf(events []views.Event) ([]fact, error) {
	out := make([]fact, len(events))
	for i, e := range events {
		out[i].Event = e
		if err := json.Unmarshal(e.Data, &out[i].Data); err != nil {
			return nil, fmt.Errorf("read event %d: %w", e.Position, err)
		}
	}
	return out, nil
}
