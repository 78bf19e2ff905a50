package memory

import (
	"context"
	"slices"
	"sync"

	"allot/internal/service"
	"allot/internal/views"
)

// Journal is a service.Journal: the smallest example of one.
type Journal struct {
	mu     sync.Mutex
	events []views.Event
}

var _ service.Journal = (*Journal)(nil)

// Last implements service.Journal.
func (j *Journal) Last(context.Context) (service.Mark, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last(), nil
}

func (j *Journal) last() service.Mark {
	if len(j.events) == 0 {
		return service.Mark{}
	}
	e := j.events[len(j.events)-1]
	return service.Mark{Position: e.Position, At: e.At}
}

// Append implements service.Journal.
func (j *Journal) Append(_ context.Context, after int64, events []views.Event) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.last().Position != after {
		return service.ErrMoved
	}
	j.events = append(j.events, events...)
	return nil
}

// Lose forgets the last n events, as a broker may that was killed.
func (j *Journal) Lose(n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.events = j.events[:max(len(j.events)-n, 0)]
}

// Events returns what is in the journal.
func (j *Journal) Events() []views.Event {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.events)
}
