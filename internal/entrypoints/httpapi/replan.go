package httpapi

import (
	"net/http"

	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
)

var replanDoc = operation{
	id: "replan_product", summary: "Place the open lines of a product afresh, the most urgent first",
	detail: "Lines are sorted by priority, the day on which they are needed, and age, and each gets the batch that the policy of the product has it get. " +
		"A line keeps its batch unless another one comes earlier, or a more urgent line takes its place. What is frozen, held, or shipped in part stays where it is. " +
		"Ask with `dry_run` first: `moves` has the difference, and with its `plan` just that is done.",
	query: writeQuery, body: wire.Replanning.Members(), answers: answers{200: wire.Replanned{}}, problems: []string{domain.CodeUnknownSKU},
}

func (a *api) replan(w http.ResponseWriter, r *http.Request) error {
	return obey(a, w, r, wire.Replanning.Into(domain.ReplanProduct{SKU: r.PathValue("sku")}), func(_ domain.ReplanProduct, effect service.Effect[domain.Replanned], dryRun bool) (reply, error) {
		return reply{status: http.StatusOK, version: after(effect.Events, dryRun), body: wire.ReplanResult(effect, dryRun)}, nil
	})
}
