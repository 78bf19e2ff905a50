package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"
	"time"

	"allot/internal/service"
	"allot/internal/views"
)

var (
	selectReceived = statement{`SELECT id FROM inbox WHERE id IN (`, `?`, `)`}
	selectLatest   = statement{`SELECT subject, place FROM inbox_latest WHERE subject IN (`, `?`, `)`}
	insertReceived = statement{`INSERT OR ROLLBACK INTO inbox (id, at) VALUES `, `(?, ?)`, ``}
	upsertLatest   = statement{`INSERT OR ROLLBACK INTO inbox_latest (subject, place) VALUES `, `(?, ?)`,
		` ON CONFLICT DO UPDATE SET place = excluded.place`}
	forgetReceived = statement{`DELETE FROM inbox WHERE id IN (SELECT id FROM inbox WHERE at < `, `? ORDER BY at LIMIT ?`, `)`}

	insertParked = statement{`INSERT OR ROLLBACK INTO parked_messages (id, body, attempts, error, at) VALUES `, `(?, ?, ?, ?, ?)`,
		` ON CONFLICT (id) DO UPDATE SET body = excluded.body, attempts = excluded.attempts, error = excluded.error, at = excluded.at`}
	forgetReceiptOf = statement{`DELETE FROM inbox WHERE id = (SELECT id FROM parked_messages WHERE number = `, `?`, `)`}
	deleteParked    = statement{`DELETE FROM parked_messages WHERE number = `, `?`, ``}
)

// received loads what is known of messages.
func (r *reading) received(receipts []service.Receipt, found *service.Found) error {
	if len(receipts) == 0 {
		return nil
	}
	ids, subjects := make([]string, 0, len(receipts)), make([]string, 0, len(receipts))
	for _, m := range receipts {
		ids = append(ids, m.ID)
		subjects = append(subjects, m.Subjects...)
	}
	err := r.read(selectReceived, r.texts(ids), func(v []driver.Value) { found.Received = append(found.Received, v[0].(string)) })
	if err != nil {
		return err
	}
	found.Latest = make(map[string]string, len(subjects))
	return r.read(selectLatest, r.texts(subjects), func(v []driver.Value) { found.Latest[v[0].(string)] = v[1].(string) })
}

// writeReceipts notes messages, and forgets old ones, faster than new ones
// come.
func (t *tx) writeReceipts(receipts []service.Receipt) error {
	if len(receipts) == 0 {
		return nil
	}
	args := t.args[:0]
	for _, r := range receipts {
		args = append(args, r.ID, r.At.UnixMicro())
	}
	t.args = args
	if _, err := t.write(insertReceived, args...); err != nil {
		return err
	}
	for _, r := range receipts { // in order: one statement may not set a place twice
		for _, subject := range r.Subjects {
			if _, err := t.write(upsertLatest, subject, r.Place); err != nil {
				return err
			}
		}
	}
	old := receipts[0].At.Add(-service.KeepReceipts)
	_, err := t.write(forgetReceived, old.UnixMicro(), int64(2*len(receipts)))
	return err
}

// Park implements service.Store.
func (s *Store) Park(_ context.Context, messages ...views.ParkedMessage) error {
	return s.alone(func() error {
		for _, m := range messages {
			if err := s.park(m); err != nil {
				return fmt.Errorf("park message %s: %w", m.ID, err)
			}
		}
		return nil
	})
}

func (s *Store) park(m views.ParkedMessage) error {
	known := false
	err := s.writer.read(selectReceived, []driver.Value{m.ID}, func([]driver.Value) { known = true })
	if err != nil || known {
		return err
	}
	if _, err := s.writer.write(insertReceived, m.ID, m.At.UnixMicro()); err != nil {
		return err
	}
	_, err = s.writer.write(insertParked, m.ID, m.Body, int64(m.Attempts), m.Error, m.At.UnixMicro())
	return err
}

// Discard implements service.Store.
func (s *Store) Discard(_ context.Context, number int64) error {
	err := s.alone(func() error {
		if _, err := s.writer.write(forgetReceiptOf, number); err != nil {
			return err
		}
		n, err := s.writer.write(deleteParked, number)
		if err == nil && n == 0 {
			return views.ErrNotFound
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("discard message %d: %w", number, err)
	}
	return nil
}

const selectParked = `SELECT number, id, body, attempts, error, at FROM parked_messages WHERE number > ? ORDER BY number LIMIT ?`

var parkedList = listing[views.ParkedMessage]{"parked messages", scanParked, service.CursorAtParked}

// ParkedMessages implements views.Reader.
func (s *Store) ParkedMessages(ctx context.Context, page views.Page) (views.List[views.ParkedMessage], error) {
	after, err := service.AfterNumber(page)
	if err != nil {
		return views.List[views.ParkedMessage]{}, err
	}
	return parkedList.page(ctx, s.readers, page, selectParked, after)
}

func scanParked(scan func(...any) error) (m views.ParkedMessage, err error) {
	var at int64
	err = scan(&m.Number, &m.ID, &m.Body, &m.Attempts, &m.Error, &at)
	m.At = time.UnixMicro(at).UTC()
	return m, err
}
