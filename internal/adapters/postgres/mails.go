package postgres

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"allot/internal/service"
	"allot/internal/views"
)

// mailClaim is how long a mail is left to the process that noted something in
// it last, counted from then: longer than it takes to send one.
const mailClaim = time.Minute

// errMailLost says that another process sees to a mail by now.
var errMailLost = errors.New("another process has taken over this mail")

const (
	// One at a time notes events of a topic and a SKU, so that one mail is begun.
	lockMails = `SELECT pg_advisory_xact_lock(hashtextextended($1::text || ' ' || $2::text, 0))`

	// With when it is free again, if another process may be sending it.
	lockMail     = `SELECT id, sent, CASE WHEN holder <> $1 AND claimed > clock_timestamp() THEN claimed END FROM mails `
	lockTold     = lockMail + `WHERE id = (SELECT mail FROM mail_entries WHERE position = $2) FOR UPDATE`
	lockLastMail = lockMail + `WHERE sku = $2 AND topic = $3 ORDER BY id DESC LIMIT 1 FOR UPDATE`

	insertMail = `INSERT INTO mails (topic, sku, at, due, holder, claimed) VALUES ($1, $2, $3, $4, $5, clock_timestamp() + $6) RETURNING id`
	claimMail  = `UPDATE mails SET holder = $2, claimed = clock_timestamp() + $3 WHERE id = $1`
	insertText = `INSERT INTO mail_entries (position, mail, text) VALUES ($1, $2, $3)`
	updateMail = `UPDATE mails SET subject = $3, body = $4, sent = $5, recipients = $6 WHERE id = $1 AND holder = $2`

	selectMail = `SELECT id, topic, sku, (SELECT count(*) FROM mail_entries WHERE mail = mails.id), at, due, sent, recipients, subject, body FROM mails `
	selectText = `SELECT text FROM mail_entries WHERE mail = $1 ORDER BY position LIMIT $2`
)

// Note implements service.Mailbox. If another process may be sending the mail
// it returns a service.NotYetError: what is noted in it now might not be told.
func (s *Store) Note(ctx context.Context, e service.MailEntry, now time.Time) (m service.Mail, _ error) {
	err := pgx.BeginTxFunc(ctx, s.writes, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		n := noting{tx, s.holder, e, now}
		id, err := n.note(ctx)
		if err != nil {
			return err
		}
		m, err = n.mail(ctx, id)
		return err
	})
	if err != nil {
		return service.Mail{}, s.shed(classify(fmt.Errorf("note event %d for a mail: %w", e.Position, err)))
	}
	return m, nil
}

// noting is an event that is being noted.
type noting struct {
	pgx.Tx
	holder string
	service.MailEntry
	now time.Time
}

// note returns the id of the mail that tells the event, in which it is from now
// on if it was in none.
func (n noting) note(ctx context.Context) (int64, error) {
	if _, err := n.Exec(ctx, lockMails, n.Topic, n.SKU); err != nil {
		return 0, err
	}
	told, err := n.lock(ctx, lockTold, n.Position)
	if err != nil {
		return 0, err
	}
	if told.id > 0 {
		return told.id, n.claim(ctx, told)
	}
	id, err := n.unsent(ctx)
	if err != nil {
		return 0, err
	}
	_, err = n.Exec(ctx, insertText, n.Position, id, n.Text)
	return id, err
}

// lockedMail is a mail that nobody else changes; none if it has no id.
type lockedMail struct {
	id   int64
	sent time.Time
}

// lock locks the mail that a query finds.
func (n noting) lock(ctx context.Context, q string, args ...any) (m lockedMail, _ error) {
	var sent, free *time.Time
	err := n.QueryRow(ctx, q, append([]any{n.holder}, args...)...).Scan(&m.id, &sent, &free)
	if errors.Is(err, pgx.ErrNoRows) {
		return m, nil
	}
	if err == nil && sent == nil && free != nil {
		err = &service.NotYetError{Until: free.UTC(), Why: "another process may be sending the mail about " + n.SKU}
	}
	m.sent = orZero(sent)
	return m, err
}

// claim makes a mail ours for a while, unless it is sent.
func (n noting) claim(ctx context.Context, m lockedMail) error {
	if !m.sent.IsZero() {
		return nil
	}
	_, err := n.Exec(ctx, claimMail, m.id, n.holder, mailClaim)
	return err
}

// unsent returns the id of the mail that the event goes in, or of a new one.
func (n noting) unsent(ctx context.Context) (id int64, _ error) {
	last, err := n.lock(ctx, lockLastMail, n.SKU, n.Topic)
	if err != nil {
		return 0, err
	}
	if last.id > 0 && last.sent.IsZero() {
		return last.id, n.claim(ctx, last)
	}
	err = n.QueryRow(ctx, insertMail, n.Topic, n.SKU, n.now, service.MailDue(last.sent, n.now), n.holder, mailClaim).Scan(&id)
	return id, err
}

// mail reads a mail with what it tells.
func (n noting) mail(ctx context.Context, id int64) (m service.Mail, err error) {
	if m.Mail, err = one(ctx, n, scanMail, selectMail+`WHERE id = $1`, id); err != nil {
		return m, err
	}
	m.Texts, err = query(ctx, n, func(scan func(...any) error) (text string, err error) {
		err = scan(&text)
		return text, err
	}, selectText, id, service.MailTexts)
	return m, err
}

// Record implements service.Mailbox. It fails if another process sees to the
// mail by now.
func (s *Store) Record(ctx context.Context, m views.Mail) error {
	to := append([]string{}, m.To...)
	done, err := s.writes.Exec(ctx, updateMail, m.ID, s.holder, m.Subject, m.Body, orNull(m.Sent), to)
	if err == nil && done.RowsAffected() == 0 {
		err = errMailLost
	}
	if err != nil {
		return s.shed(classify(fmt.Errorf("record mail %d: %w", m.ID, err)))
	}
	return nil
}

var mailList = listing[views.Mail]{"mails", scanMail, func(m views.Mail) string { return service.CursorAtNumber(m.ID) }}

// Mails implements views.Reader.
func (s *Store) Mails(ctx context.Context, page views.Page) (views.List[views.Mail], error) {
	before, err := service.AfterNumber(page)
	if err != nil {
		return views.List[views.Mail]{}, err
	}
	if before == 0 {
		before = math.MaxInt64
	}
	return mailList.page(ctx, s.reads, page, selectMail+`WHERE id < $1 ORDER BY id DESC LIMIT $2`, before)
}

// Mail implements views.Reader.
func (s *Store) Mail(ctx context.Context, id int64) (views.Mail, error) {
	m, err := one(ctx, s.reads, scanMail, selectMail+`WHERE id = $1`, id)
	return m, missing(err, "mail", fmt.Sprint(id))
}

// scanMail scans a row of selectMail.
func scanMail(scan func(...any) error) (m views.Mail, err error) {
	var sent *time.Time
	err = scan(&m.ID, &m.Topic, &m.SKU, &m.Count, &m.At, &m.Due, &sent, &m.To, &m.Subject, &m.Body)
	m.At, m.Due, m.Sent = m.At.UTC(), m.Due.UTC(), orZero(sent)
	m.Status = service.MailStatus(m)
	return m, err
}
