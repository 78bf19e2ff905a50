package httpapi

import (
	"errors"
	"net/http"

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
