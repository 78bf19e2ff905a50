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

// Receipts yields the ids of all messages that were received, and when.
func (s *Store) Receipts(ctx context.Context) iter.Seq2[service.Receipt, error] {
	return stream(ctx, s.readers, func(scan func(...any) error) (r service.Receipt, err error) {
		var at int64
		err = scan(&r.ID, &at)
		r.At = time.UnixMicro(at).UTC()
		return r, err
	}, `SELECT id, at FROM inbox`)
}

// Latest returns the place of the last message about each subject.
func (s *Store) Latest(ctx context.Context) (map[string]string, error) {
	out := map[string]string{}
	_, err := query(ctx, s.readers, func(scan func(...any) error) (none struct{}, err error) {
		var subject, place string
		err = scan(&subject, &place)
		out[subject] = place
		return none, err
	}, `SELECT subject, place FROM inbox_latest`)
	if err != nil {
		return nil, fmt.Errorf("read the last messages: %w", err)
	}
	return out, nil
}
