package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"allot/internal/service"
	"allot/internal/views"
)

const insertWebhook = `INSERT INTO webhooks (url, events, secret, at) VALUES (?, ?, ?, ?) RETURNING id`

var (
	forgetWebhook      = statement{`DELETE FROM webhooks WHERE id IN (`, `?`, `)`}
	forgetSubscription = statement{`DELETE FROM subscriptions WHERE name IN (`, `?`, `)`}
	forgetFailures     = statement{`DELETE FROM failures WHERE subscription IN (`, `?`, `)`}
)

// AddWebhook implements service.WebhookStore.
func (s *Store) AddWebhook(_ context.Context, w views.Webhook) (views.Webhook, error) {
	err := s.alone(func() error {
		for v, err := range s.writer.scan(insertWebhook, w.URL, strings.Join(w.Events, " "), w.Secret, w.At.UnixMicro()) {
			if err != nil {
				return err
			}
			w.ID = v[0].(int64)
		}
		_, err := s.writer.write(moveOn, service.WebhookName(w.ID), s.log.position)
		return err
	})
	if err != nil {
		return w, fmt.Errorf("add a webhook: %w", err)
	}
	return w, nil
}

// RemoveWebhook implements service.WebhookStore.
func (s *Store) RemoveWebhook(_ context.Context, id int64) error {
	err := s.alone(func() error {
		if n, err := s.writer.write(forgetWebhook, id); err != nil || n == 0 {
			return cmp.Or(err, views.ErrNotFound)
		}
		for _, st := range []statement{forgetSubscription, forgetFailures} {
			if _, err := s.writer.write(st, service.WebhookName(id)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("remove webhook %d: %w", id, err)
	}
	s.delivery.forget(service.WebhookName(id))
	return nil
}

// alone runs fn in a transaction of its own.
func (s *Store) alone(fn func() error) error {
	if s.writer == nil {
		return errReadOnly
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return classify(s.inTx(fn))
}

// Webhooks implements service.WebhookStore.
func (s *Store) Webhooks(ctx context.Context) ([]views.Webhook, error) {
	hooks, err := query(ctx, s.readers, func(scan func(...any) error) (w views.Webhook, err error) {
		var events string
		var at int64
		err = scan(&w.ID, &w.URL, &events, &w.Secret, &at)
		w.Events, w.At = strings.Fields(events), time.UnixMicro(at).UTC()
		return w, err
	}, `SELECT id, url, events, secret, at FROM webhooks ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("list webhooks: %w", err)
	}
	return hooks, nil
}
