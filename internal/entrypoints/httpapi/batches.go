package httpapi

import (
	"errors"
	"net/http"
	"net/url"

	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/views"
)

var createBatchDoc = operation{
	id: "create_batch", summary: "Add a batch of stock",
	detail: "The first batch of a SKU makes it a product. The same batch again changes nothing and is answered with 200.",
	query:  []string{"dry_run"}, body: wire.NewBatch.Members(),
	answers: answers{201: wire.Stocked{}, 200: wire.Stocked{}}, problems: []string{domain.CodeBatchConflict},
}

func (a *api) createBatch(w http.ResponseWriter, r *http.Request) error {
	q, err := parameters(r, "dry_run")
	if err != nil {
		return err
	}
	cmd, err := decode(w, r, wire.NewBatch.Into(domain.CreateBatch{}))
	if err != nil {
		return err
	}
	effect, dryRun, err := perform(r.Context(), a, q, cmd)
	if err != nil {
		return err
	}
	result, status := wire.BatchResult(effect, dryRun)
	w.Header().Set("Location", "/v1/batches/"+url.PathEscape(cmd.Ref))
	return writeJSON(w, status, result)
}

var changeBatchDoc = operation{
	id: "change_batch", summary: "Change how much of a batch was purchased",
	detail: "Lines that no longer fit are placed again, or become backorders; stock that is new goes to backorders. `moves` has all of them.",
	query:  []string{"dry_run"}, body: wire.BatchChange.Members(),
	answers: answers{200: wire.Stocked{}}, problems: []string{domain.CodeUnknownBatch},
}

func (a *api) changeBatch(w http.ResponseWriter, r *http.Request) error {
	q, err := parameters(r, "dry_run")
	if err != nil {
		return err
	}
	cmd, err := decode(w, r, wire.BatchChange.Into(domain.ChangeBatchQuantity{Ref: r.PathValue("ref")}))
	if err != nil {
		return err
	}
	effect, dryRun, err := perform(r.Context(), a, q, cmd)
	if err != nil {
		return err
	}
	result, _ := wire.BatchResult(effect, dryRun)
	return writeJSON(w, http.StatusOK, result)
}

var getBatchDoc = operation{
	id: "get_batch", summary: "Look at a batch",
	answers: answers{200: views.Batch{}}, problems: []string{domain.CodeUnknownBatch},
}

func (a *api) getBatch(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	batch, err := a.views.Batch(r.Context(), r.PathValue("ref"))
	if errors.Is(err, views.ErrNotFound) {
		return domain.UnknownBatch(r.PathValue("ref"))
	}
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, batch)
}

var listBatchesDoc = operation{
	id: "list_batches", summary: "List batches by reference",
	query: []string{"sku", "limit", "cursor"}, answers: answers{200: listing[views.Batch]{}},
}

func (a *api) listBatches(r *http.Request, q query, page views.Page) (views.List[views.Batch], error) {
	return a.views.Batches(r.Context(), q["sku"], page)
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
