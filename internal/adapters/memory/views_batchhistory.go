package memory

import (
	"context"
	"strings"

	"allot/internal/adapters/eventjson"
	"allot/internal/domain"
	"allot/internal/views"
)

// BatchHistory implements views.Reader.
func (s *Store) BatchHistory(ctx context.Context, ref string) (out views.BatchHistory, err error) {
	if out.Batch, err = s.Batch(ctx, ref); err != nil {
		return out, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, e := range s.world.log {
		if domain.BatchOf(e.Event) != ref || !strings.HasPrefix(e.Event.EventName(), "batch_") {
			continue
		}
		v, err := eventjson.View(e)
		if err != nil {
			return out, err
		}
		out.Events = append(out.Events, v)
	}
	return out, nil
}
