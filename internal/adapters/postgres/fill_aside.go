package postgres

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"

	"allot/internal/access"
	"allot/internal/service"
	"allot/internal/views"
)

// Aside is what a shop has besides its log and what follows from it.
type Aside struct {
	Tokens    []access.Token
	Webhooks  []views.Webhook
	WhatIfs   []service.SavedWhatIf
	Mails     []views.Mail
	MailTexts iter.Seq2[MailText, error]
	Answers   iter.Seq2[service.KeptAnswer, error]
	Inbox     iter.Seq2[Received, error]
	Latest    iter.Seq2[Latest, error]
	Parked    []views.ParkedMessage

	LastWebhook int64 // the highest id that one ever had; 0: none
}

type (
	// Received is a message from outside that was received.
	Received struct {
		ID string
		At time.Time
	}

	// Latest is the place of the last message about a subject.
	Latest struct{ Subject, Place string }
)

// MailText is what a mail tells of an event.
type MailText struct {
	Position int64 // of the event
	Mail     int64 // its id
	Text     string
}

func (f *filler) aside(ctx context.Context, a Aside) error {
	var tokens, webhooks, mails [][]any
	for _, t := range a.Tokens {
		tokens = append(tokens, []any{t.Name, t.Hash[:], t.Scopes, t.Created, orNull(t.Expires), orNull(t.Revoked)})
	}
	for _, w := range a.Webhooks {
		webhooks = append(webhooks, []any{w.ID, w.URL, append([]string{}, w.Events...), w.Secret, w.At})
	}
	for _, m := range a.Mails {
		mails = append(mails, []any{m.ID, m.Topic, m.SKU, m.At, m.Due, orNull(m.Sent), append([]string{}, m.To...), m.Subject, m.Body, m.At, ""})
	}
	var parked, whatIfs [][]any
	for _, w := range a.WhatIfs {
		whatIfs = append(whatIfs, []any{w.ID, w.At, w.Actor, w.Plan, w.Changes})
	}
	for _, m := range a.Parked {
		parked = append(parked, []any{m.Number, m.At, m.Attempts, m.ID, storable(m.Body), storable(m.Error)})
	}
	received := func(r Received) []any { return []any{r.At, r.ID} }
	latest := func(l Latest) []any { return []any{l.Subject, l.Place} }
	texts := func(t MailText) []any { return []any{t.Position, t.Mail, t.Text} }
	answers := func(k service.KeptAnswer) []any {
		return []any{k.Scope, k.Key, k.Request, k.At, append([]byte{}, k.Answer...)}
	}
	for _, t := range []struct {
		name    string
		columns []string
		rows    iter.Seq2[[]any, error]
	}{
		{"tokens", []string{"name", "hash", "scopes", "created", "expires", "revoked"}, these(tokens)},
		{"webhooks", []string{"id", "url", "events", "secret", "at"}, these(webhooks)},
		{"what_ifs", []string{"id", "at", "actor", "plan", "changes"}, these(whatIfs)},
		{"mails", []string{"id", "topic", "sku", "at", "due", "sent", "recipients", "subject", "body", "claimed", "holder"}, these(mails)},
		{"mail_entries", []string{"position", "mail", "text"}, rowsOf(a.MailTexts, texts)},
		{"inbox", []string{"at", "id"}, rowsOf(a.Inbox, received)},
		{"inbox_latest", []string{"subject", "place"}, rowsOf(a.Latest, latest)},
		{"parked_messages", []string{"number", "at", "attempts", "id", "body", "error"}, these(parked)},
		{"answers", []string{"scope", "key", "request", "at", "answer"}, rowsOf(a.Answers, answers)},
	} {
		if err := f.copy(ctx, t.name, t.columns, t.rows); err != nil {
			return err
		}
	}
	return f.numberOn(ctx, a.LastWebhook)
}

func (f *filler) copy(ctx context.Context, table string, columns []string, rows iter.Seq2[[]any, error]) error {
	next, stop := iter.Pull2(rows)
	defer stop()
	source := pgx.CopyFromFunc(func() ([]any, error) {
		row, err, _ := next() // no row is the end
		return row, err
	})
	if _, err := f.tx.CopyFrom(ctx, pgx.Identifier{table}, columns, source); err != nil {
		return fmt.Errorf("copy %s: %w", table, err)
	}
	return nil
}

// numberOn has what comes next numbered higher than what was copied. The id of
// a webhook that was removed is not used again: it names a subscription.
func (f *filler) numberOn(ctx context.Context, lastWebhook int64) error {
	for table, column := range map[string]string{"mails": "id", "parked_messages": "number"} {
		q := `SELECT setval(pg_get_serial_sequence($1, $2), max(` + column + `)) FROM ` + table + ` HAVING max(` + column + `) IS NOT NULL`
		if _, err := f.tx.Exec(ctx, q, table, column); err != nil {
			return fmt.Errorf("number %s on: %w", table, err)
		}
	}
	if lastWebhook == 0 {
		return nil
	}
	if _, err := f.tx.Exec(ctx, `SELECT setval(pg_get_serial_sequence('webhooks', 'id'), $1)`, lastWebhook); err != nil {
		return fmt.Errorf("number webhooks on: %w", err)
	}
	return nil
}

// rowsOf are items as rows, each turned into one by row.
func rowsOf[T any](items iter.Seq2[T, error], row func(T) []any) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for item, err := range items {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(row(item), nil) {
				return
			}
		}
	}
}

// these are rows that are there already.
func these(rows [][]any) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}
