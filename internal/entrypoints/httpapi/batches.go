package httpapi

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
	"allot/internal/views"
)

var createBatchDoc = operation{
	id: "create_batch", summary: "Add a batch of stock",
	detail: "The first batch of a SKU makes it a product. The same batch again changes nothing and is answered with 200.",
	query:  writeQuery, body: wire.NewBatch.Members(),
	answers: answers{201: wire.Stocked{}, 200: wire.Stocked{}}, problems: []string{domain.CodeBatchConflict},
}

func (a *api) createBatch(w http.ResponseWriter, r *http.Request) error {
	return obey(a, w, r, wire.NewBatch.Into(domain.CreateBatch{}), func(cmd domain.CreateBatch, effect service.Effect[domain.Batched], dryRun bool) (reply, error) {
		result, status := wire.BatchResult(effect, dryRun)
		return reply{status, "/v1/batches/" + url.PathEscape(cmd.Ref), after(effect.Events, dryRun), result}, nil
	})
}

var getBatchDoc = operation{
	id: "get_batch", tagged: true, summary: "Look at a batch",
	answers: answers{200: views.Batch{}}, problems: []string{domain.CodeUnknownBatch},
}

func (a *api) getBatch(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	batch, err := a.batch(r.Context(), r.PathValue("ref"))
	if err != nil {
		return err
	}
	version, err := a.versionOf(r.Context(), batch.SKU)
	if err != nil {
		return err
	}
	if batch, err = a.batch(r.Context(), batch.Ref); err != nil { // not older than the version
		return err
	}
	return reply{status: http.StatusOK, version: version, body: batch}.answer(w, r)
}

func (a *api) batch(ctx context.Context, ref string) (views.Batch, error) {
	batch, err := a.views.Batch(ctx, ref)
	if errors.Is(err, views.ErrNotFound) {
		err = domain.UnknownBatch(ref)
	}
	return batch, err
}

var listBatchesDoc = operation{
	id: "list_batches", summary: "List batches by reference",
	query: []string{"sku", "location", "limit", "cursor"}, answers: answers{200: listing[views.Batch]{}},
}

func (a *api) listBatches(r *http.Request, q query, page views.Page) (views.List[views.Batch], error) {
	return a.views.Batches(r.Context(), views.BatchFilter{SKU: q["sku"], Location: q["location"]}, page)
}

var listBatchLinesDoc = operation{
	id: "list_batch_lines", summary: "List the lines allocated to a batch, the oldest first",
	query: []string{"limit", "cursor"}, answers: answers{200: listing[views.Line]{}}, problems: []string{domain.CodeUnknownBatch},
}

func (a *api) listBatchLines(r *http.Request, _ query, page views.Page) (views.List[views.Line], error) {
	lines, err := a.views.BatchLines(r.Context(), r.PathValue("ref"), page)
	if errors.Is(err, views.ErrNotFound) {
		err = domain.UnknownBatch(r.PathValue("ref"))
	}
	return lines, err
}
