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
	selectReceived   = `SELECT id FROM inbox WHERE id = ANY($1)`
	selectLatest     = `SELECT subject, place FROM inbox_latest WHERE subject = ANY($1)`
	mustBeUnreceived = `SELECT all_written((SELECT count(*) FROM inbox WHERE id = ANY($1)), 0)`

	// Of one that is there meanwhile, somebody else was faster.
	insertReceived = `INSERT INTO inbox (id, at) SELECT * FROM unnest($1::text[], $2::timestamptz[])`

	// One that isn't older is there only if somebody else was faster.
	upsertLatest = `WITH kept AS (INSERT INTO inbox_latest AS l (subject, place) SELECT * FROM unnest($1::text[], $2::text[])
			ON CONFLICT (subject) DO UPDATE SET place = excluded.place WHERE l.place < excluded.place RETURNING 1)
		SELECT all_written((SELECT count(*) FROM kept), cardinality($1))`

	// Those that somebody else forgets are left to them.
	forgetReceived = `DELETE FROM inbox WHERE ctid = ANY(ARRAY(
		SELECT ctid FROM inbox WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED))`

	insertParked = `WITH fresh AS (INSERT INTO inbox (id, at) VALUES ($1, $2::timestamptz) ON CONFLICT (id) DO NOTHING RETURNING id)
		INSERT INTO parked_messages (id, at, body, attempts, error) SELECT id, $2::timestamptz, $3, $4, $5 FROM fresh`
	selectParked = `SELECT number, id, body, attempts, error, at FROM parked_messages WHERE number > $1 ORDER BY number LIMIT $2`
)

// messages is what is known of messages from outside.
type messages struct {
	received []string
	latest   map[string]string
}

// queueReceipts has a batch find what is known of messages.
func queueReceipts(b *pgx.Batch, receipts []service.Receipt, found *messages) {
	if len(receipts) == 0 {
		return
	}
	ids, subjects := messageKeys(receipts)
	b.Queue(selectReceived, ids).Query(each(text, &found.received))
	if len(subjects) == 0 {
		return
	}
	found.latest = make(map[string]string, len(subjects))
	b.Queue(selectLatest, subjects).Query(func(rows pgx.Rows) error {
		var subject, place string
		_, err := pgx.ForEachRow(rows, []any{&subject, &place}, func() error {
			found.latest[subject] = place
			return nil
		})
		return err
	})
}

// messageKeys are the ids and the subjects of messages.
func messageKeys(receipts []service.Receipt) (ids, subjects []string) {
	for _, r := range receipts {
		ids = append(ids, r.ID)
		subjects = append(subjects, r.Subjects...)
	}
	return ids, subjects
}

// writeReceipts notes messages, in an order that all go by, and forgets old
// ones, faster than new ones come.
func writeReceipts(out *pgx.Batch, receipts []service.Receipt) {
	if len(receipts) == 0 {
		return
	}
	at, places := make(map[string]time.Time, len(receipts)), map[string]string{}
	for _, r := range receipts {
		at[r.ID] = r.At
		for _, subject := range r.Subjects {
			places[subject] = r.Place
		}
	}
	ids, times := columns(at)
	out.Queue(insertReceived, ids, times)
	if len(places) > 0 {
		subjects, last := columns(places)
		out.Queue(upsertLatest, subjects, last)
	}
	out.Queue(forgetReceived, receipts[0].At.Add(-service.KeepReceipts), 2*len(receipts))
}

// columns are the entries of a map, by key.
func columns[V any](m map[string]V) (keys []string, values []V) {
	keys = slices.Sorted(maps.Keys(m))
	for _, key := range keys {
		values = append(values, m[key])
	}
	return keys, values
}

// Park implements service.Store.
func (s *Store) Park(ctx context.Context, parked ...views.ParkedMessage) error {
	err := pgx.BeginFunc(ctx, s.writes, func(tx pgx.Tx) error {
		for _, m := range parked {
			if _, err := tx.Exec(ctx, insertParked, m.ID, m.At, storable(m.Body), m.Attempts, storable(m.Error)); err != nil {
				return fmt.Errorf("park message %s: %w", m.ID, err)
			}
		}
		return nil
	})
	return s.shed(classify(err))
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

func scanParked(scan func(...any) error) (m views.ParkedMessage, err error) {
	err = scan(&m.Number, &m.ID, &m.Body, &m.Attempts, &m.Error, &m.At)
	m.At = m.At.UTC()
	return m, err
}
