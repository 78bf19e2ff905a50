package memory

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"allot/internal/service"
	"allot/internal/views"
)

// Note implements service.Mailbox.
func (s *Store) Note(_ context.Context, e service.MailEntry, now time.Time) (service.Mail, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := &s.world
	id, known := w.noted[e.Position]
	if !known {
		id = w.unsentMail(e, now)
		w.noted[e.Position] = id
	}
	m := w.mails[id-1]
	if !known {
		m.Count++
		if len(m.Texts) < service.MailTexts {
			m.Texts = append(m.Texts, e.Text)
		}
	}
	out := *m
	out.Texts = slices.Clone(m.Texts)
	return out, nil
}

// unsentMail is the mail that an event goes in, or a new one.
func (w *world) unsentMail(e service.MailEntry, now time.Time) int64 {
	var last time.Time
	for _, m := range slices.Backward(w.mails) {
		if m.Topic != e.Topic || m.SKU != e.SKU {
			continue
		}
		if m.Sent.IsZero() {
			return m.ID
		}
		last = m.Sent
		break
	}
	id := int64(len(w.mails)) + 1
	m := views.Mail{ID: id, Topic: e.Topic, SKU: e.SKU, At: now, Due: service.MailDue(last, now)}
	m.Status = service.MailStatus(m)
	w.mails = append(w.mails, &service.Mail{Mail: m})
	return id
}

// Record implements service.Mailbox.
func (s *Store) Record(_ context.Context, m views.Mail) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := s.world.mails[m.ID-1]
	kept.Subject, kept.Body, kept.Sent, kept.To = m.Subject, m.Body, m.Sent, slices.Clone(m.To)
	kept.Status = service.MailStatus(kept.Mail)
	return nil
}

// Mails implements views.Reader.
func (s *Store) Mails(_ context.Context, page views.Page) (views.List[views.Mail], error) {
	before, err := service.AfterNumber(page)
	if err != nil {
		return views.List[views.Mail]{}, err
	}
	if before == 0 {
		before = math.MaxInt64
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []views.Mail
	for _, m := range slices.Backward(s.world.mails) {
		if m.ID < before {
			out = append(out, m.Mail)
		}
	}
	return views.NewList(out, page.Size(), func(m views.Mail) string { return service.CursorAtNumber(m.ID) }), nil
}

// Mail implements views.Reader.
func (s *Store) Mail(_ context.Context, id int64) (views.Mail, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if id < 1 || id > int64(len(s.world.mails)) {
		return views.Mail{}, fmt.Errorf("mail %d: %w", id, views.ErrNotFound)
	}
	return s.world.mails[id-1].Mail, nil
}
