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
	Receipts  iter.Seq2[service.Receipt, error] // with no more than an id and a time
	Latest    map[string]string                 // the places of the last messages, by subject
	Parked    []views.ParkedMessage
}

// MailText is what a mail tells of an event.
type MailText struct {
	Position int64 // of the event
	Mail     int64 // its id
	Text     string
}

func (f *filler) aside(ctx context.Context, a Aside) error {
	var tokens, webhooks, mails, latest, parked [][]any
	for _, t := range a.Tokens {
		tokens = append(tokens, []any{t.Name, t.Hash[:], t.Scopes, t.Created, orNull(t.Expires), orNull(t.Revoked)})
	}
	for _, w := range a.Webhooks {
		webhooks = append(webhooks, []any{w.ID, w.URL, append([]string{}, w.Events...), w.Secret, w.At})
	}
	for _, m := range a.Mails {
		mails = append(mails, []any{m.ID, m.Topic, m.SKU, m.At, m.Due, orNull(m.Sent), append([]string{}, m.To...), m.Subject, m.Body, m.At, ""})
	}
	for subject, place := range a.Latest {
		latest = append(latest, []any{subject, place})
	}
	for _, m := range a.Parked {
		parked = append(parked, []any{m.Number, m.At, m.Attempts, m.ID, storable(m.Body), storable(m.Error)})
	}
	texts := func(t MailText) []any { return []any{t.Position, t.Mail, t.Text} }
	answers := func(k service.KeptAnswer) []any {
		return []any{k.Scope, k.Key, k.Request, k.At, append([]byte{}, k.Answer...)}
	}
	receipts := func(r service.Receipt) []any { return []any{r.ID, r.At} }
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
		{"inbox", []string{"id", "at"}, rowsOf(a.Receipts, receipts)},
		{"inbox_latest", []string{"subject", "place"}, pgx.CopyFromRows(latest)},
		{"parked_messages", []string{"number", "at", "attempts", "id", "body", "error"}, pgx.CopyFromRows(parked)},
	} {
		if _, err := f.tx.CopyFrom(ctx, pgx.Identifier{t.name}, t.columns, t.rows); err != nil {
			return fmt.Errorf("copy %s: %w", t.name, err)
		}
	}
	return f.numberOn(ctx)
}

// numberOn has what comes next numbered higher than what was copied.
func (f *filler) numberOn(ctx context.Context) error {
	for _, t := range []struct{ table, column string }{{"webhooks", "id"}, {"mails", "id"}, {"parked_messages", "number"}} {
		q := fmt.Sprintf(`SELECT setval(pg_get_serial_sequence('%[1]s', '%[2]s'), max(%[2]s)) FROM %[1]s HAVING max(%[2]s) IS NOT NULL`, t.table, t.column)
		if _, err := f.tx.Exec(ctx, q); err != nil {
			return fmt.Errorf("number %s on: %w", t.table, err)
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
