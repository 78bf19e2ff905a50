package httpapi

import (
	"net/http"

	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
)

var changeBatchDoc = operation{
	id: "change_batch", summary: "Change how much of a batch was purchased, when it comes, where it lies or how long it keeps",
	detail: "Lines that no longer fit are placed again, or become backorders; stock that is new goes to backorders. All others keep their place, " +
		"and their promises move with the ETA. `moves` has all of these. An `eta` of `null` says that it is in the warehouse; a `location` or `use_by` of `null` takes it away.",
	query: writeQuery, body: wire.BatchChange.Members(),
	answers: answers{200: wire.Stocked{}}, problems: []string{domain.CodeUnknownBatch, domain.CodeBelowShipped},
}

func (a *api) changeBatch(w http.ResponseWriter, r *http.Request) error {
	return obey(a, w, r, wire.BatchChange.Into(domain.ChangeBatch{Ref: r.PathValue("ref")}), tellBatch)
}

var receiveBatchDoc = operation{
	id: "receive_batch", summary: "Say that a batch has arrived",
	detail: "`qty` is what really came, in all; without it, what was expected. Again, it changes nothing.",
	query:  writeQuery, body: wire.Receipt.Members(),
	answers: answers{200: wire.Stocked{}}, problems: []string{domain.CodeUnknownBatch, domain.CodeBatchArrived, domain.CodeBelowShipped},
}

func (a *api) receiveBatch(w http.ResponseWriter, r *http.Request) error {
	return obey(a, w, r, wire.Receipt.Into(domain.ReceiveBatch{Ref: r.PathValue("ref")}), tellBatch)
}

var closeBatchDoc = operation{
	id: "close_batch", summary: "Keep a batch from taking new lines",
	detail: "It keeps its own. Again, it changes nothing.",
	query:  writeQuery, body: wire.Closing.Members(),
	answers: answers{200: wire.Stocked{}}, problems: []string{domain.CodeUnknownBatch},
}

func (a *api) closeBatch(w http.ResponseWriter, r *http.Request) error {
	return obey(a, w, r, wire.Closing.Into(domain.CloseBatch{Ref: r.PathValue("ref")}), tellBatch)
}

var reopenBatchDoc = operation{
	id: "reopen_batch", summary: "Have a batch take lines again",
	detail: "What it has goes to backorders first: `moves` has those.",
	query:  writeQuery, body: wire.Reopening.Members(),
	answers: answers{200: wire.Stocked{}}, problems: []string{domain.CodeUnknownBatch},
}

func (a *api) reopenBatch(w http.ResponseWriter, r *http.Request) error {
	return obey(a, w, r, wire.Reopening.Into(domain.ReopenBatch{Ref: r.PathValue("ref")}), tellBatch)
}

// tellBatch answers a command about a batch that there is.
func tellBatch[C domain.Command[domain.Batched]](_ C, effect service.Effect[domain.Batched], dryRun bool) (reply, error) {
	result, _ := wire.BatchResult(effect, dryRun)
	return reply{status: http.StatusOK, version: after(effect.Events, dryRun), body: result}, nil
}
