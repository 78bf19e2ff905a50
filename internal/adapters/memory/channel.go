package memory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"allot/internal/domain"
	"allot/internal/service"
)

// Channel tells allocations to one who listens: the smallest example of a
// service.InOrder.
type Channel struct {
	mu    sync.Mutex
	gone  bool
	heard []domain.Allocated
}

// Tell is a service.InOrder.
func (c *Channel) Tell(_ context.Context, events []service.Envelope) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		return 0, errors.New("nobody is there")
	}
	for i, e := range events {
		allocated, ok := e.Event.(domain.Allocated)
		if !ok {
			return i, fmt.Errorf("%s was to be told", e.Event.EventName())
		}
		c.heard = append(c.heard, allocated)
	}
	return len(events), nil
}

// Leave has the one who listens go away, or come back.
func (c *Channel) Leave(gone bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone = gone
}

// Heard returns what was heard.
func (c *Channel) Heard() []domain.Allocated {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.heard)
}
