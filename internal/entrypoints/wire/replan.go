package wire

import (
	"allot/internal/domain"
	"allot/internal/service"
)

// Replanning is the body of what places the lines of a product afresh.
var Replanning = body(func(c *domain.ReplanProduct) *domain.Origin { return &c.Origin })

var replan = command("replan", func(c *domain.ReplanProduct) *domain.Origin { return &c.Origin },
	required(text("sku", func(c *domain.ReplanProduct) *string { return &c.SKU })))

// Replanned is the answer to ReplanProduct. Its moves have the lines that stand
// elsewhere.
type Replanned struct {
	SKU     string `json:"sku"`
	Planned int    `json:"planned"` // lines that were placed afresh
	Moved   int    `json:"moved"`   // of them
	Consequences
}

// ReplanResult is the answer to ReplanProduct.
func ReplanResult(effect service.Effect[domain.Replanned], dryRun bool) Replanned {
	r := effect.Result
	return Replanned{SKU: r.SKU, Planned: r.Lines, Moved: r.Moved, Consequences: consequencesOf(nil, effect, dryRun)}
}

func (w *writer) replanned(r domain.Replanned) int {
	status := w.status(false)
	w.text("sku", r.SKU)
	w.number("planned", r.Lines)
	w.number("moved", r.Moved)
	return status
}
