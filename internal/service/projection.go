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
	line, placed := domain.LineAfter(e.Event)
	var before domain.Status
	if placed {
		order := p.Lines[line.OrderID]
		if order == nil {
			order = map[string]domain.Line{}
			p.Lines[line.OrderID] = order
		}
		before = order[line.SKU].Status
		order[line.SKU] = line
	}
	if ref := domain.BatchOf(e.Event); ref != "" {
		p.Batches[ref] = p.Batches[ref].After(e.Event)
	}
	product := p.Products[e.SKU].After(e.Event, before)
	product.SKU = e.SKU
	p.Products[e.SKU] = product
}
