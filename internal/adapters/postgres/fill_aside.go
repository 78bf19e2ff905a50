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
	Mails     []views.Mail
	MailTexts iter.Seq2[MailText, error]
	Answers   iter.Seq2[service.KeptAnswer, error]
	Inbox     iter.Seq2[Received, error]
	Latest    iter.Seq2[Latest, error]
	Parked    []views.ParkedMessage
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
	var parked [][]any
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
		rows    pgx.CopyFromSource
	}{
		{"tokens", []string{"name", "hash", "scopes", "created", "expires", "revoked"}, pgx.CopyFromRows(tokens)},
		{"webhooks", []string{"id", "url", "events", "secret", "at"}, pgx.CopyFromRows(webhooks)},
		{"mails", []string{"id", "topic", "sku", "at", "due", "sent", "recipients", "subject", "body", "claimed", "holder"}, pgx.CopyFromRows(mails)},
		{"mail_entries", []string{"position", "mail", "text"}, rowsOf(a.MailTexts, texts)},
		{"inbox", []string{"at", "id"}, rowsOf(a.Inbox, received)},
		{"inbox_latest", []string{"subject", "place"}, rowsOf(a.Latest, latest)},
		{"parked_messages", []string{"number", "at", "attempts", "id", "body", "error"}, pgx.CopyFromRows(parked)},
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
	for table, column := range map[string]string{"webhooks": "id", "mails": "id", "parked_messages": "number"} {
		q := `SELECT setval(pg_get_serial_sequence($1, $2), max(` + column + `)) FROM ` + table + ` HAVING max(` + column + `) IS NOT NULL`
		if _, err := f.tx.Exec(ctx, q, table, column); err != nil {
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
