package postgres

import (
	"context"
	"fmt"
	"iter"

	"github.com/jackc/pgx/v5"

	"allot/internal/access"
	"allot/internal/service"
	"allot/internal/views"
)

// Aside is what a shop has besides its log and what follows from it.
type Aside struct {
	Tokens    []access.Token
	Webhooks  []views.Webhook
	Mails     []views.Mail
	MailTexts iter.Seq2[MailText, error]
	Answers   iter.Seq2[service.KeptAnswer, error]
}

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
	texts := func(t MailText) []any { return []any{t.Position, t.Mail, t.Text} }
	answers := func(k service.KeptAnswer) []any {
		return []any{k.Scope, k.Key, k.Request, k.At, append([]byte{}, k.Answer...)}
	}
	for _, t := range []struct {
		name    string
		columns []string
		rows    pgx.CopyFromSource
	}{
		{"tokens", []string{"name", "hash", "scopes", "created", "expires", "revoked"}, pgx.CopyFromRows(tokens)},
		{"webhooks", []string{"id", "url", "events", "secret", "at"}, pgx.CopyFromRows(webhooks)},
		{"mails", []string{"id", "topic", "sku", "at", "due", "sent", "recipients", "subject", "body", "claimed", "holder"}, pgx.CopyFromRows(mails)},
		{"mail_entries", []string{"position", "mail", "text"}, rowsOf(a.MailTexts, texts)},
		{"answers", []string{"scope", "key", "request", "at", "answer"}, rowsOf(a.Answers, answers)},
	} {
		if _, err := f.tx.CopyFrom(ctx, pgx.Identifier{t.name}, t.columns, t.rows); err != nil {
			return fmt.Errorf("copy %s: %w", t.name, err)
		}
	}
	return f.numberOn(ctx)
}

// numberOn has what comes next numbered higher than what was copied.
func (f *filler) numberOn(ctx context.Context) error {
	for _, table := range []string{"webhooks", "mails"} {
		q := `SELECT setval(pg_get_serial_sequence($1, 'id'), max(id)) FROM ` + table + ` HAVING max(id) IS NOT NULL`
		if _, err := f.tx.Exec(ctx, q, table); err != nil {
			return fmt.Errorf("number %s on: %w", table, err)
		}
	}
	return nil
}

// rowsOf are items as rows, each turned into one by row.
func rowsOf[T any](items iter.Seq2[T, error], row func(T) []any) pgx.CopyFromSource {
	next, _ := iter.Pull2(items) // whoever copies goes on to the end, or to an error of the source
	return pgx.CopyFromFunc(func() ([]any, error) {
		item, err, ok := next()
		if !ok || err != nil {
			return nil, err
		}
		return row(item), nil
	})
}
