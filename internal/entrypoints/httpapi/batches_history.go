package httpapi

import (
	"errors"
	"net/http"

	"allot/internal/domain"
	"allot/internal/views"
)

var batchHistoryDoc = operation{
	id: "batch_history", summary: "Look at a batch with all that ever happened to it, oldest first",
	detail:  "What became of its lines is in their own histories, and under `/v1/events`.",
	answers: answers{200: batchHistory{}}, problems: []string{domain.CodeUnknownBatch},
}

// batchHistory is a batch with what happened to it.
type batchHistory struct {
	Batch views.Batch `json:"batch"`
	Items []fact      `json:"items"`
}

func (a *api) batchHistory(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	ref := r.PathValue("ref")
	found, err := a.views.BatchHistory(r.Context(), ref)
	if errors.Is(err, views.ErrNotFound) {
		return domain.UnknownBatch(ref)
	}
	if err != nil {
		return err
	}
	items, err := factsOf(found.Events)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, batchHistory{found.Batch, items})
}
