package memory

import (
	"context"
	"encoding/json"
	"strings"

	"allot/internal/adapters/eventjson"
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
		if e.SKU != out.Batch.SKU || !strings.HasPrefix(e.Event.EventName(), "batch_") {
			continue
		}
		v, err := eventjson.View(e)
		if err != nil {
			return out, err
		}
		var about struct {
			Ref string `json:"ref"`
		}
		if err := json.Unmarshal(v.Data, &about); err != nil {
			return out, err
		}
		if about.Ref == ref {
			out.Events = append(out.Events, v)
		}
	}
	return out, nil
}
