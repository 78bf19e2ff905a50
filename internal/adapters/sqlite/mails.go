package sqlite

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"allot/internal/service"
	"allot/internal/views"
)

var (
	addMail = statement{`INSERT INTO mails (id, topic, sku, at, due, sent, recipients, subject, body) VALUES `, `(?, ?, ?, ?, ?, 0, '', '', '')`, ``}
	addText = statement{`INSERT INTO mail_entries (position, mail, text) VALUES `, `(?, ?, ?)`, ``}
	setMail = statement{`UPDATE mails SET subject = column2, body = column3, sent = column4, recipients = column5 FROM (VALUES `, `(?, ?, ?, ?, ?)`, `) WHERE id = column1`}
)

// Note implements service.Mailbox.
func (s *Store) Note(_ context.Context, e service.MailEntry, now time.Time) (m service.Mail, err error) {
	err = s.alone(func() error {
		id, err := s.writer.noteMail(e, now)
		if err != nil {
			return err
		}
		m, err = s.writer.mail(id)
		return err
	})
	if err != nil {
		return m, fmt.Errorf("note event %d for a mail: %w", e.Position, err)
	}
	return m, nil
}

// noteMail returns the id of the mail that tells an event, in which it is from
// now on if it was in none.
func (c *conn) noteMail(e service.MailEntry, now time.Time) (int64, error) {
	for v, err := range c.scan(`SELECT mail FROM mail_entries WHERE position = ?`, e.Position) {
		if err != nil {
			return 0, err
		}
		return v[0].(int64), nil
	}
	id, err := c.unsentMail(e, now)
	if err != nil {
		return 0, err
	}
	_, err = c.write(addText, e.Position, id, e.Text)
	return id, err
}

// unsentMail returns the id of the mail that an event goes in, or of a new one.
func (c *conn) unsentMail(e service.MailEntry, now time.Time) (id int64, _ error) {
	var last time.Time
	for v, err := range c.scan(`SELECT id, sent FROM mails WHERE sku = ? AND topic = ? ORDER BY id DESC LIMIT 1`, e.SKU, e.Topic) {
		if err != nil {
			return 0, err
		}
		if v[1].(int64) == 0 {
			return v[0].(int64), nil
		}
		last = time.UnixMicro(v[1].(int64)).UTC()
	}
	for v, err := range c.scan(`SELECT coalesce(max(id), 0) + 1 FROM mails`) {
		if err != nil {
			return 0, err
		}
		id = v[0].(int64)
	}
	_, err := c.write(addMail, id, e.Topic, e.SKU, now.UnixMicro(), service.MailDue(last, now).UnixMicro())
	return id, err
}

const selectMail = `SELECT id, topic, sku, (SELECT count(*) FROM mail_entries WHERE mail = mails.id), at, due, sent, recipients, subject, body FROM mails `

func (c *conn) mail(id int64) (m service.Mail, _ error) {
	for v, err := range c.scan(selectMail+`WHERE id = ?`, id) {
		if err != nil {
			return m, err
		}
		m.Mail = mailOf(v[0].(int64), v[1].(string), v[2].(string), v[3].(int64), v[4].(int64), v[5].(int64), v[6].(int64), v[7].(string))
		m.Subject, m.Body = v[8].(string), v[9].(string)
	}
	for v, err := range c.scan(`SELECT text FROM mail_entries WHERE mail = ? ORDER BY position LIMIT ?`, id, int64(service.MailTexts)) {
		if err != nil {
			return m, err
		}
		m.Texts = append(m.Texts, v[0].(string))
	}
	return m, nil
}

func mailOf(id int64, topic, sku string, count, at, due, sent int64, recipients string) views.Mail {
	m := views.Mail{ID: id, Topic: topic, SKU: sku, Count: int(count), At: time.UnixMicro(at).UTC(), Due: time.UnixMicro(due).UTC()}
	if sent > 0 {
		m.Sent = time.UnixMicro(sent).UTC()
	}
	m.To = strings.Fields(recipients)
	m.Status = service.MailStatus(m)
	return m
}

// Record implements service.Mailbox.
func (s *Store) Record(_ context.Context, m views.Mail) error {
	var sent int64
	if !m.Sent.IsZero() {
		sent = m.Sent.UnixMicro()
	}
	if err := s.change(setMail, m.ID, m.Subject, m.Body, sent, strings.Join(m.To, "\n")); err != nil {
		return fmt.Errorf("record mail %d: %w", m.ID, err)
	}
	return nil
}

// Mails implements views.Reader.
func (s *Store) Mails(ctx context.Context, page views.Page) (views.List[views.Mail], error) {
	before, err := service.AfterNumber(page)
	if err != nil {
		return views.List[views.Mail]{}, err
	}
	if before == 0 {
		before = math.MaxInt64
	}
	return mailList.page(ctx, s.readers, page, selectMail+`WHERE id < ? ORDER BY id DESC LIMIT ?`, before)
}

// Mail implements views.Reader.
func (s *Store) Mail(ctx context.Context, id int64) (views.Mail, error) {
	m, err := scanMail(s.readers.QueryRowContext(ctx, selectMail+`WHERE id = ?`, id).Scan)
	if err != nil {
		return views.Mail{}, missing(err, "mail", fmt.Sprint(id))
	}
	return m, nil
}

func scanMail(scan func(...any) error) (views.Mail, error) {
	var id, count, at, due, sent int64
	var topic, sku, recipients, subject, body string
	err := scan(&id, &topic, &sku, &count, &at, &due, &sent, &recipients, &subject, &body)
	m := mailOf(id, topic, sku, count, at, due, sent, recipients)
	m.Subject, m.Body = subject, body
	return m, err
}
