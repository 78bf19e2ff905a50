package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"allot/internal/service"
	"allot/internal/views"
)

const (
	selectReceived = `SELECT id FROM inbox WHERE id = ANY($1)`
	selectLatest   = `SELECT subject, place FROM inbox_latest WHERE subject = ANY($1)`

	insertReceived = `INSERT INTO inbox (id, at) SELECT * FROM unnest($1::text[], $2::timestamptz[])`

	// A later place was not there when we looked: somebody else was faster.
	upsertLatest = `WITH set AS (INSERT INTO inbox_latest AS l (subject, place) SELECT * FROM unnest($1::text[], $2::text[])
			ON CONFLICT (subject) DO UPDATE SET place = excluded.place WHERE l.place < excluded.place
			RETURNING 1)
		SELECT all_written((SELECT count(*) FROM set), cardinality($1))`

	// Those that somebody else forgets are left to them.
	forgetReceived = `DELETE FROM inbox WHERE id = ANY(ARRAY(
		SELECT id FROM inbox WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED))`

	// Messages that were received before are left as they are.
	insertParked = `WITH m AS (SELECT DISTINCT ON (id COLLATE "C") *
			FROM unnest($1::text[], $2::text[], $3::integer[], $4::text[], $5::timestamptz[]) WITH ORDINALITY AS m (id, body, attempts, error, at, n)
			ORDER BY id COLLATE "C", n),
		fresh AS (INSERT INTO inbox (id, at) SELECT id, at FROM m ORDER BY id COLLATE "C" ON CONFLICT (id) DO NOTHING RETURNING id)
		INSERT INTO parked_messages (id, body, attempts, error, at)
		SELECT id, body, attempts, error, at FROM m WHERE id IN (SELECT id FROM fresh) ORDER BY n
		ON CONFLICT (id) DO UPDATE SET body = excluded.body, attempts = excluded.attempts, error = excluded.error, at = excluded.at`

	discardParked = `WITH d AS (DELETE FROM parked_messages WHERE number = $1 RETURNING id), r AS (DELETE FROM inbox USING d WHERE inbox.id = d.id)
		SELECT count(*) FROM d`

	selectParked = `SELECT number, id, body, attempts, error, at FROM parked_messages WHERE number > $1 ORDER BY number LIMIT $2`
)

// queueReceipts has a batch find what is known of messages.
func queueReceipts(b *pgx.Batch, receipts []service.Receipt, found *service.Found) {
	if len(receipts) == 0 {
		return
	}
	ids, subjects := messageKeys(receipts)
	b.Queue(selectReceived, ids).Query(each(func(scan func(...any) error) (id string, err error) {
		err = scan(&id)
		return id, err
	}, &found.Received))
	found.Latest = make(map[string]string, len(subjects))
	b.Queue(selectLatest, subjects).Query(func(rows pgx.Rows) error {
		var subject, place string
		_, err := pgx.ForEachRow(rows, []any{&subject, &place}, func() error {
			found.Latest[subject] = place
			return nil
		})
		return err
	})
}

// messageKeys are the ids and the subjects of messages.
func messageKeys(receipts []service.Receipt) (ids, subjects []string) {
	for _, r := range receipts {
		ids, subjects = append(ids, r.ID), append(subjects, r.Subjects...)
	}
	return ids, subjects
}

// writeReceipts notes messages, in an order that all go by, and forgets old
// ones, faster than new ones come: last, because whoever holds them must not
// wait for anybody.
func writeReceipts(out *pgx.Batch, receipts []service.Receipt) {
	if len(receipts) == 0 {
		return
	}
	var ids []string
	var ats []time.Time
	latest := map[string]string{}
	byID := slices.SortedFunc(slices.Values(receipts), func(a, b service.Receipt) int { return strings.Compare(a.ID, b.ID) })
	for _, r := range byID {
		ids, ats = append(ids, r.ID), append(ats, r.At)
		for _, subject := range r.Subjects {
			latest[subject] = max(latest[subject], r.Place)
		}
	}
	out.Queue(insertReceived, ids, ats)
	if len(latest) > 0 {
		subjects := slices.Sorted(maps.Keys(latest))
		var places []string
		for _, subject := range subjects {
			places = append(places, latest[subject])
		}
		out.Queue(upsertLatest, subjects, places)
	}
	out.Queue(forgetReceived, receipts[0].At.Add(-service.KeepReceipts), 2*len(receipts))
}

// Park implements service.Store.
func (s *Store) Park(ctx context.Context, messages ...views.ParkedMessage) error {
	var (
		ids, bodies, errs []string
		attempts          []int
		ats               []time.Time
	)
	for _, m := range messages {
		ids, bodies, errs = append(ids, m.ID), append(bodies, storable(m.Body)), append(errs, storable(m.Error))
		attempts, ats = append(attempts, m.Attempts), append(ats, m.At)
	}
	if _, err := s.writes.Exec(ctx, insertParked, ids, bodies, attempts, errs, ats); err != nil {
		return s.shed(classify(fmt.Errorf("park messages: %w", err)))
	}
	return nil
}

// Discard implements service.Store.
func (s *Store) Discard(ctx context.Context, number int64) error {
	var n int
	err := s.writes.QueryRow(ctx, discardParked, number).Scan(&n)
	if err == nil && n == 0 {
		err = views.ErrNotFound
	}
	if err != nil {
		return s.shed(classify(fmt.Errorf("discard message %d: %w", number, err)))
	}
	return nil
}

// storable is a text that somebody else wrote, but for what a column can't
// have.
func storable(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

var parkedList = listing[views.ParkedMessage]{"parked messages", scanParked, service.CursorAtParked}

// ParkedMessages implements views.Reader.
func (s *Store) ParkedMessages(ctx context.Context, page views.Page) (views.List[views.ParkedMessage], error) {
	after, err := service.AfterNumber(page)
	if err != nil {
		return views.List[views.ParkedMessage]{}, err
	}
	return parkedList.page(ctx, s.reads, page, selectParked, after)
}

// scanParked scans a row of selectParked.
func scanParked(scan func(...any) error) (m views.ParkedMessage, err error) {
	err = scan(&m.Number, &m.ID, &m.Body, &m.Attempts, &m.Error, &m.At)
	m.At = m.At.UTC()
	return m, err
}
