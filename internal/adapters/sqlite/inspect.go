package sqlite

import (
	"context"
	"fmt"
	"os"
	"time"
)

// Inspection is what can be said of a database file at a glance.
type Inspection struct {
	Health             // its faults are those that can be found quickly
	Pragmas  []string  // as every connection has them, "journal_mode=wal", read back
	Failing  int       // deliveries that are tried again
	Parked   int       // deliveries that somebody has to look at
	Inbound  int       // messages from outside that are parked
	LastTime time.Time // of the last event; zero if there is none
	Behind   []Behind  // webhooks that have events to come
}

// Behind is a webhook that was not posted all its events yet.
type Behind struct {
	URL    string
	Events int       // that are to come
	Since  time.Time // when the first of them happened
}

// Inspect looks at a database, which may be in use by other processes. What it
// could learn before an error is in the inspection.
func Inspect(ctx context.Context, file string) (i Inspection, err error) {
	i.File, i.Faults = file, []string{}
	info, err := os.Stat(file)
	if err != nil {
		return i, fmt.Errorf("look at the database: %w", err)
	}
	i.Bytes = info.Size()
	db := openReaders(file)
	defer db.Close()
	if i.Schema, i.Known, err = schemaVersions(ctx, db); err != nil { // on a connection whose pragmas were read back
		return i, classify(err)
	}
	for _, p := range pragmas {
		i.Pragmas = append(i.Pragmas, p.name+"="+p.value)
	}
	found, err := query(ctx, db, text, `PRAGMA quick_check(20)`)
	if err != nil {
		return i, fmt.Errorf("check the database: %w", err)
	}
	for _, fault := range found {
		if fault != "ok" {
			i.Faults = append(i.Faults, fault)
		}
	}
	if i.Schema != i.Known || len(i.Faults) > 0 {
		return i, nil // the tables may not be as we know them
	}
	const q = `SELECT (SELECT count(*) FROM failures WHERE attempts > 0 AND parked = 0), (SELECT count(*) FROM failures WHERE parked = 1), (SELECT count(*) FROM parked_messages), (SELECT coalesce(max(at), 0) FROM
		(SELECT at FROM events ORDER BY position DESC LIMIT 1))`
	var last int64
	if err := db.QueryRowContext(ctx, q).Scan(&i.Failing, &i.Parked, &i.Inbound, &last); err != nil {
		return i, fmt.Errorf("read the deliveries: %w", classify(err))
	}
	if last != 0 {
		i.LastTime = time.UnixMicro(last).UTC()
	}
	i.Behind, err = query(ctx, db, behind, selectBehind)
	return i, err
}

const selectBehind = `SELECT w.url, count(*), min(e.at) FROM webhooks w JOIN subscriptions s ON s.name = 'webhook-' || w.id
	JOIN events e ON e.position > s.position AND (w.events = '' OR instr(' ' || w.events || ' ', ' ' || e.name || ' ') > 0)
	GROUP BY w.id ORDER BY w.id`

// behind scans a row of selectBehind.
func behind(scan func(...any) error) (b Behind, err error) {
	var since int64
	err = scan(&b.URL, &b.Events, &since)
	b.Since = time.UnixMicro(since).UTC()
	return b, err
}
