package sqlite

import (
	"context"
	"fmt"
	"iter"
	"time"

	"allot/internal/service"
)

// Positions returns how far each subscription is: the position of the last
// event that it was done with, by name.
func (s *Store) Positions(ctx context.Context) (map[string]int64, error) {
	type place struct {
		name     string
		position int64
	}
	found, err := query(ctx, s.readers, func(scan func(...any) error) (p place, err error) {
		err = scan(&p.name, &p.position)
		return p, err
	}, `SELECT name, position FROM subscriptions`)
	if err != nil {
		return nil, fmt.Errorf("read the positions of subscriptions: %w", err)
	}
	out := make(map[string]int64, len(found))
	for _, p := range found {
		out[p.name] = p.position
	}
	return out, nil
}

// LastWebhook is the highest id that a webhook ever had, 0 if there was none.
func (s *Store) LastWebhook(ctx context.Context) (id int64, _ error) {
	const q = `SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'webhooks'`
	if err := s.readers.QueryRowContext(ctx, q).Scan(&id); err != nil {
		return 0, classify(fmt.Errorf("read the number of webhooks: %w", err))
	}
	return id, nil
}

// MailText is what a mail tells of an event.
type MailText struct {
	Position int64 // of the event
	Mail     int64 // its id
	Text     string
}

// MailTexts yields what all mails tell.
func (s *Store) MailTexts(ctx context.Context) iter.Seq2[MailText, error] {
	return stream(ctx, s.readers, func(scan func(...any) error) (t MailText, err error) {
		err = scan(&t.Position, &t.Mail, &t.Text)
		return t, err
	}, `SELECT position, mail, text FROM mail_entries ORDER BY position`)
}

// Answers yields all answers that were kept.
func (s *Store) Answers(ctx context.Context) iter.Seq2[service.KeptAnswer, error] {
	return stream(ctx, s.readers, func(scan func(...any) error) (a service.KeptAnswer, err error) {
		var at int64
		err = scan(&a.Scope, &a.Key, &a.Request, &at, &a.Answer)
		a.At = time.UnixMicro(at).UTC()
		return a, err
	}, `SELECT scope, key, request, at, answer FROM answers`)
}

// Received is a message from outside that was received.
type Received struct {
	ID string
	At time.Time
}

// Inbox yields the messages from outside that were received in the last days.
func (s *Store) Inbox(ctx context.Context) iter.Seq2[Received, error] {
	return stream(ctx, s.readers, func(scan func(...any) error) (r Received, err error) {
		var at int64
		err = scan(&r.ID, &at)
		r.At = time.UnixMicro(at).UTC()
		return r, err
	}, `SELECT id, at FROM inbox`)
}

// Latest is the place of the last message about a subject.
type Latest struct{ Subject, Place string }

// LatestMessages yields the last message about each subject.
func (s *Store) LatestMessages(ctx context.Context) iter.Seq2[Latest, error] {
	return stream(ctx, s.readers, func(scan func(...any) error) (l Latest, err error) {
		err = scan(&l.Subject, &l.Place)
		return l, err
	}, `SELECT subject, place FROM inbox_latest`)
}
