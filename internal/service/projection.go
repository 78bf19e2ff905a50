package service

import (
	"maps"

	"allot/internal/domain"
)

// Projection is the state that follows from events alone: what the tables
// must hold. The memory store is one; Verify compares one with the tables.
type Projection struct {
	Products map[string]domain.Snapshot // their own numbers, without batches
	Batches  map[string]domain.Batch    // by reference, all there ever were
	Lines    map[string]map[string]domain.Line
}

// NewProjection returns the state before the first event.
func NewProjection() *Projection {
	return &Projection{Products: map[string]domain.Snapshot{}, Batches: map[string]domain.Batch{}, Lines: map[string]map[string]domain.Line{}}
}

// Clone returns a copy that goes its own way.
func (p *Projection) Clone() *Projection {
	lines := make(map[string]map[string]domain.Line, len(p.Lines))
	for id, order := range p.Lines {
		lines[id] = maps.Clone(order)
	}
	return &Projection{Products: maps.Clone(p.Products), Batches: maps.Clone(p.Batches), Lines: lines}
}

// Apply moves the state on by one event.
func (p *Projection) Apply(e Envelope) {
	var before, after domain.Status
	if id := domain.LineOf(e.Event); id != "" {
		order := p.Lines[id]
		if order == nil {
			order = map[string]domain.Line{}
			p.Lines[id] = order
		}
		line := order[e.SKU].After(e.Event)
		before, after = order[e.SKU].Status, line.Status
		order[e.SKU] = line
	}
	if ref := domain.BatchOf(e.Event); ref != "" {
		p.Batches[ref] = p.Batches[ref].After(e.Event)
	}
	product := p.Products[e.SKU].After(e.Event, before, after)
	product.SKU = e.SKU
	p.Products[e.SKU] = product
}
