package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"allot/internal/service"
	"allot/internal/views"
)

const (
	insertWebhook  = `INSERT INTO webhooks (url, events, secret, at) VALUES ($1, $2, $3, $4) RETURNING id`
	deleteWebhook  = `DELETE FROM webhooks WHERE id = $1`
	selectWebhooks = `SELECT id, url, events, secret, at FROM webhooks ORDER BY id`

	beginSubscription = `INSERT INTO subscriptions (name, position, term, expires, holder) VALUES ($1, $2, 0, '-infinity', '')`
	forgetFailures    = `DELETE FROM failures WHERE subscription = $1`

	// The row stays, as nobody's for ever: a process that hasn't heard of it yet
	// would claim the name anew, and deliver all there ever was.
	endSubscription = `INSERT INTO subscriptions (name, position, term, expires, holder) VALUES ($1, 0, 0, 'infinity', '')
		ON CONFLICT (name) DO UPDATE SET term = subscriptions.term + 1, expires = excluded.expires, holder = excluded.holder`
)

// AddWebhook implements service.WebhookStore.
func (s *Store) AddWebhook(ctx context.Context, w views.Webhook) (views.Webhook, error) {
	end, err := s.sequence(ctx)
	if err != nil {
		return w, fmt.Errorf("add a webhook: %w", err)
	}
	events := append([]string{}, w.Events...)
	err = pgx.BeginFunc(ctx, s.writes, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, insertWebhook, w.URL, events, w.Secret, w.At).Scan(&w.ID); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, beginSubscription, service.WebhookName(w.ID), end)
		return err
	})
	if err != nil {
		return w, s.shed(classify(fmt.Errorf("add a webhook: %w", err)))
	}
	return w, nil
}

// RemoveWebhook implements service.WebhookStore. Other processes that deliver
// to it are stopped when they next renew their lease.
func (s *Store) RemoveWebhook(ctx context.Context, id int64) error {
	name := service.WebhookName(id)
	err := pgx.BeginFunc(ctx, s.writes, func(tx pgx.Tx) error {
		done, err := tx.Exec(ctx, deleteWebhook, id)
		if err != nil {
			return err
		}
		if done.RowsAffected() == 0 {
			return views.ErrNotFound
		}
		if _, err := tx.Exec(ctx, endSubscription, name); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, forgetFailures, name)
		return err
	})
	if err != nil {
		return s.shed(classify(fmt.Errorf("remove webhook %d: %w", id, err)))
	}
	s.leases.of(name).lose()
	return nil
}

// Webhooks implements service.WebhookStore.
func (s *Store) Webhooks(ctx context.Context) ([]views.Webhook, error) {
	hooks, err := query(ctx, s.reads, func(scan func(...any) error) (w views.Webhook, err error) {
		err = scan(&w.ID, &w.URL, &w.Events, &w.Secret, &w.At)
		w.At = w.At.UTC()
		return w, err
	}, selectWebhooks)
	if err != nil {
		return nil, fmt.Errorf("list webhooks: %w", err)
	}
	return hooks, nil
}
