package memory

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"allot/internal/service"
	"allot/internal/views"
)

// AddWebhook implements service.WebhookStore.
func (s *Store) AddWebhook(_ context.Context, w views.Webhook) (views.Webhook, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.world.lastWebhook++
	w.ID = s.world.lastWebhook
	s.world.webhooks[w.ID] = w
	s.world.positions[service.WebhookName(w.ID)] = int64(len(s.world.log))
	return w, nil
}

// RemoveWebhook implements service.WebhookStore.
func (s *Store) RemoveWebhook(_ context.Context, id int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.world.webhooks[id]; !ok {
		return fmt.Errorf("webhook %d: %w", id, views.ErrNotFound)
	}
	delete(s.world.webhooks, id)
	delete(s.world.positions, service.WebhookName(id))
	maps.DeleteFunc(s.world.failures, func(f failed, _ service.Failure) bool { return f.subscription == service.WebhookName(id) })
	return nil
}

// Webhooks implements service.WebhookStore.
func (s *Store) Webhooks(context.Context) (out []views.Webhook, _ error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, id := range slices.Sorted(maps.Keys(s.world.webhooks)) {
		out = append(out, s.world.webhooks[id])
	}
	return out, nil
}
