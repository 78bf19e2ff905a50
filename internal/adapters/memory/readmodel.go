package memory

import (
	"context"
	"iter"
	"maps"
	"slices"
	"sync"

	"allot/internal/service"
)

// ReadModel is a service.ReadModel: the smallest example of one. The zero
// ReadModel is ready.
type ReadModel struct {
	mu       sync.Mutex
	state    service.ModelState
	products map[string]service.Modelled
}

var _ service.ReadModel = (*ReadModel)(nil)

// State implements service.ReadModel.
func (m *ReadModel) State(context.Context) (service.ModelState, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state, nil
}

// Begin implements service.ReadModel.
func (m *ReadModel) Begin(_ context.Context, insteadOf string, s service.ModelState) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.state.Build != insteadOf {
		return service.ErrMoved
	}
	m.state = s
	return nil
}

// Put implements service.ReadModel.
func (m *ReadModel) Put(_ context.Context, from, to service.ModelState, products []service.Modelled) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.state.Build != from.Build,
		from.Position != to.Position && from.Position != m.state.Position,
		from.Cursor != to.Cursor && (from.Cursor != m.state.Cursor || !m.state.Filling):
		return service.ErrMoved
	}
	if m.products == nil {
		m.products = map[string]service.Modelled{}
	}
	for _, p := range products {
		if has := m.products[p.SKU]; has.Build != from.Build || has.Version < p.Version {
			p.Build = from.Build
			m.products[p.SKU] = p
		}
	}
	if from.Position != to.Position {
		m.state.Mark = to.Mark
	}
	if from.Cursor != to.Cursor {
		m.state.Cursor, m.state.Filled = to.Cursor, to.Filled
	}
	return nil
}

// Finish implements service.ReadModel.
func (m *ReadModel) Finish(_ context.Context, at service.ModelState) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.state.Build != at.Build || m.state.Cursor != at.Cursor || !m.state.Filling {
		return service.ErrMoved
	}
	maps.DeleteFunc(m.products, func(_ string, p service.Modelled) bool { return p.Build != at.Build })
	m.state.Complete, m.state.Filling, m.state.Cursor, m.state.Filled = true, false, "", at.Filled
	return nil
}

// Find implements service.ReadModel.
func (m *ReadModel) Find(_ context.Context, skus []string) (out []service.Modelled, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, sku := range skus {
		if p, ok := m.products[sku]; ok {
			out = append(out, p)
		}
	}
	return out, nil
}

// SKUs implements service.ReadModel.
func (m *ReadModel) SKUs(context.Context) iter.Seq2[string, error] {
	m.mu.Lock()
	skus := slices.Collect(maps.Keys(m.products))
	m.mu.Unlock()
	return func(yield func(string, error) bool) {
		for _, sku := range skus {
			if !yield(sku, nil) {
				return
			}
		}
	}
}

// Save returns what has the model lose all that is done to it from now on, as
// one may that is killed.
func (m *ReadModel) Save() (restore func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	state, products := m.state, maps.Clone(m.products)
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.state, m.products = state, maps.Clone(products)
	}
}
