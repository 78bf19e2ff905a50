package httpapi

import (
	"encoding/json"
	"errors"
	"net/http"

	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/views"
)

var describeProductDoc = operation{
	id: "describe_product", summary: "Give a product a name for people",
	detail: "It makes the SKU known, so that orders for it can wait before there is any batch.",
	query:  []string{"dry_run"}, body: wire.ProductChange.Members(), answers: answers{200: wire.Described{}},
}

func (a *api) describeProduct(w http.ResponseWriter, r *http.Request) error {
	q, err := parameters(r, "dry_run")
	if err != nil {
		return err
	}
	cmd, err := decode(w, r, wire.ProductChange.Into(domain.DescribeProduct{SKU: r.PathValue("sku")}))
	if err != nil {
		return err
	}
	effect, dryRun, err := perform(r.Context(), a, q, cmd)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, wire.DescribeResult(effect, dryRun))
}

var getProductDoc = operation{
	id: "get_product", summary: "Look at the stock of a product, with its batches in the order of their use",
	answers: answers{200: views.Product{}}, problems: []string{wire.CodeNotFound},
}

func (a *api) getProduct(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	product, err := a.views.Product(r.Context(), r.PathValue("sku"))
	if errors.Is(err, views.ErrNotFound) {
		return missing("no product has SKU %q", r.PathValue("sku"), "SKUs are compared byte by byte; GET /v1/products lists the products")
	}
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, product)
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
	detail: "`cursor` is the position after which to go on.",
	query:  []string{"limit", "cursor"}, answers: answers{200: listing[fact]{}},
}

// fact is an entry of the event log, with what it says.
type fact struct {
	views.Event
	Data map[string]json.RawMessage `json:"data"`
}

func (a *api) listEvents(r *http.Request, _ query, page views.Page) (out views.List[fact], _ error) {
	events, err := a.views.Events(r.Context(), page)
	if err != nil {
		return out, err
	}
	out = views.List[fact]{Items: make([]fact, len(events.Items)), Next: events.Next}
	for i, e := range events.Items {
		out.Items[i].Event = e
		if err := json.Unmarshal(e.Data, &out.Items[i].Data); err != nil {
			return out, err
		}
	}
	return out, nil
}
