package service

import (
	"context"
	"fmt"
	"strings"
	"time"

	"allot/internal/domain"
	"allot/internal/views"
)

// MailPause is how long nobody gets another mail on the same topic about the
// same SKU. What happens meanwhile is told in one mail at its end.
const MailPause = 15 * time.Minute

// MailTexts is how many of its events a mail tells in full. The others are
// counted.
const MailTexts = 20

// MailEntry is an event that is to be told in a mail.
type MailEntry struct {
	Position int64 // of the event
	Topic    string
	SKU      string
	Text     string // a sentence
}

// Mail is a mail with what it tells.
type Mail struct {
	views.Mail
	Texts []string // of its events, in the order of the log; at most MailTexts
}

// Mailbox keeps mails, sent or not.
type Mailbox interface {
	// Note has an event told in the mail of its topic and SKU that isn't sent
	// yet. If there is none it begins one, which is due now, or MailPause after
	// the last one was sent. An event that was noted before is in the mail that
	// it was noted in. It returns that mail.
	Note(ctx context.Context, e MailEntry, now time.Time) (Mail, error)

	// Record keeps the subject and the body of a mail, and when and to whom it
	// was sent.
	Record(ctx context.Context, m views.Mail) error
}

// MailStatus is where a mail stands: "due", "sent", or "kept" if there is
// nobody to send it to.
func MailStatus(m views.Mail) string {
	switch {
	case m.Sent.IsZero():
		return "due"
	case len(m.To) == 0:
		return "kept"
	default:
		return "sent"
	}
}

// MailDue is when a mail may be sent that is begun now, after one that was sent
// at last, which may be zero.
func MailDue(last, now time.Time) time.Time {
	if end := last.Add(MailPause); !last.IsZero() && end.After(now) {
		return end
	}
	return now
}

// MailStore is what mails are written from, and kept in.
type MailStore interface {
	Mailbox
	views.Reader
}

// SendNotices returns what delivers the events of a topic: it has them told by
// mail. An event counts as delivered when the mail is sent that tells it.
func SendNotices(t Topic, store MailStore, n Notifier, now func() time.Time) Deliverer {
	return func(ctx context.Context, env Envelope) error {
		text, ok := t.tell(env.Event)
		if !ok {
			return fmt.Errorf("a notice of %s was asked for", env.Event.EventName())
		}
		if text == "" {
			return nil
		}
		text = fmt.Sprintf("%s: %s", env.At.UTC().Format("2 January 2006, 15:04 UTC"), text)
		m, err := store.Note(ctx, MailEntry{env.Position, t.Name, env.SKU, text}, micros(now()))
		if err != nil || !m.Sent.IsZero() {
			return err
		}
		if err := t.write(ctx, &m, store); err != nil {
			return err
		}
		if err := store.Record(ctx, m.Mail); err != nil {
			return err
		}
		if m.Due.After(now()) {
			return &NotYetError{Until: m.Due, Why: "it is told in the next mail about " + m.SKU}
		}
		return post(ctx, m.Mail, store, n, now)
	}
}

func micros(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// post sends a mail. If we die before that is recorded, it is sent again with
// the same key.
func post(ctx context.Context, m views.Mail, store Mailbox, n Notifier, now func() time.Time) error {
	key := fmt.Sprintf("%s-%d-%d", m.Topic, m.ID, m.At.UnixMicro())
	to, err := n.Notify(ctx, Notice{Key: key, Subject: m.Subject, Body: m.Body})
	if err != nil {
		return err
	}
	m.To, m.Sent = to, micros(now())
	return store.Record(context.WithoutCancel(ctx), m)
}

// write writes the subject and the body of a mail, from how things stand now.
func (t Topic) write(ctx context.Context, m *Mail, reader views.Reader) error {
	p, err := reader.Product(ctx, m.SKU)
	if err != nil {
		return fmt.Errorf("write a mail about %s: %w", m.SKU, err)
	}
	m.Subject = t.Subject + ": " + m.SKU
	if m.Count > 1 {
		m.Subject += fmt.Sprintf(" (%d times)", m.Count)
	}
	var body strings.Builder
	fmt.Fprintf(&body, "%s: %s\n\n", t.Subject, strings.TrimSpace(p.SKU+"  "+p.Description))
	for _, text := range m.Texts {
		fmt.Fprintln(&body, text)
	}
	if more := m.Count - len(m.Texts); more > 0 {
		fmt.Fprintf(&body, "And %d more.\n", more)
	}
	writeStock(&body, p)
	fmt.Fprintf(&body, "\nWhat else there is to tell of this within %.0f minutes comes in one mail.\n", MailPause.Minutes())
	m.Body = body.String()
	return nil
}

// mostInbound is how many batches a mail lists.
const mostInbound = 20

// writeStock writes what there is of a product, and what comes and when.
func writeStock(body *strings.Builder, p views.Product) {
	fmt.Fprintf(body, "\nOn hand %d + inbound %d - allocated %d = available %d.\n", p.OnHand, p.Inbound, p.Allocated, p.Available)
	if p.BackorderedLines > 0 {
		fmt.Fprintf(body, "Backordered: %s in %s.\n", counted(p.Backordered, "unit"), counted(p.BackorderedLines, "line"))
	}
	n := 0
	for _, b := range p.Batches {
		if b.ETA == "" {
			continue
		}
		if n++; n == 1 {
			fmt.Fprint(body, "\nInbound:\n")
		}
		if n <= mostInbound {
			fmt.Fprintf(body, "  %s  %s: %s, of which %d available\n", b.ETA, b.Ref, counted(b.Qty, "unit"), b.Available)
		}
	}
	switch {
	case n == 0:
		fmt.Fprint(body, "\nNothing is inbound.\n")
	case n > mostInbound:
		fmt.Fprintf(body, "  and %d more\n", n-mostInbound)
	}
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Topic is something that people are told about, product by product.
type Topic struct {
	Subscription        // to the events that it is about
	Subject      string // goes before the SKU

	tell func(domain.Event) (text string, ok bool) // a sentence about one of the events; none if it is nothing to tell
}
