package sqlite

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"allot/internal/domain"
	"allot/internal/service"
)

// A database of before there were holds, shipments and slips is brought up to
// date with all that is in it: the log gives the tables as ever.
func TestAnOlderDatabaseIsBroughtUpToDate(t *testing.T) {
	file := temporary(t)
	db := sql.OpenDB(connector{file: file})
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.UpTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	// Two lines of a batch of three units in the warehouse, which then had one:
	// order-2 moved to december, and order-3 was left without.
	for _, q := range []string{
		`INSERT INTO products VALUES ('CHAIR', '', 10, 9, 1, 1)`,
		`INSERT INTO batches VALUES (1, 'b1', 'CHAIR', 0, 3, 0, 0), (2, 'b2', 'CHAIR', 20261201, 1, 20261201, 0)`,
		`INSERT INTO stock VALUES (1, 1, 1), (2, 1, 1)`,
		`INSERT INTO lines VALUES (1, 'order-1', 'CHAIR', 1, 'allocated', 1, 3), (2, 'order-2', 'CHAIR', 1, 'allocated', 2, 8), (3, 'order-3', 'CHAIR', 1, 'backordered', NULL, 11)`,
		`INSERT INTO origins VALUES (1, 'allocate', '', '', '', '', '')`,
		`INSERT INTO events (position, at, sku, version, name, origin, body) VALUES
			(1, 0, 'CHAIR', 1, 'batch_created', 1, '{"ref":"b1","sku":"CHAIR","qty":3,"seq":1}'),
			(2, 0, 'CHAIR', 2, 'batch_created', 1, '{"ref":"b2","sku":"CHAIR","qty":1,"eta":"2026-12-01","seq":2}'),
			(3, 0, 'CHAIR', 3, 'allocated', 1, '{"order_id":"order-1","sku":"CHAIR","qty":1,"batch_ref":"b1","seq":1,"why":{"rule":"earliest","cause":"ordered"}}'),
			(4, 0, 'CHAIR', 4, 'allocated', 1, '{"order_id":"order-2","sku":"CHAIR","qty":1,"batch_ref":"b1","seq":2,"why":{"rule":"earliest","cause":"ordered"}}'),
			(5, 0, 'CHAIR', 5, 'allocated', 1, '{"order_id":"order-3","sku":"CHAIR","qty":1,"batch_ref":"b1","seq":3,"why":{"rule":"earliest","cause":"ordered"}}'),
			(6, 0, 'CHAIR', 6, 'batch_quantity_changed', 1, '{"ref":"b1","sku":"CHAIR","qty":1,"previous_qty":3}'),
			(7, 0, 'CHAIR', 7, 'deallocated', 1, '{"order_id":"order-2","sku":"CHAIR","qty":1,"batch_ref":"b1","reason":"batch_shrunk"}'),
			(8, 0, 'CHAIR', 8, 'allocated', 1, '{"order_id":"order-2","sku":"CHAIR","qty":1,"batch_ref":"b2","promise":"2026-12-01","moved_from":"b1","seq":2,"why":{"rule":"earliest","cause":"batch_shrunk","by":"b1"}}'),
			(9, 0, 'CHAIR', 9, 'deallocated', 1, '{"order_id":"order-3","sku":"CHAIR","qty":1,"batch_ref":"b1","reason":"batch_shrunk"}'),
			(10, 0, 'CHAIR', 10, 'out_of_stock', 1, '{"sku":"CHAIR","order_id":"order-3","qty":1,"largest_fit":0}'),
			(11, 0, 'CHAIR', 11, 'backordered', 1, '{"order_id":"order-3","sku":"CHAIR","qty":1,"seq":3,"why":{"rule":"earliest","cause":"batch_shrunk","by":"b1"}}')`,
		`UPDATE products SET version = 11, previous = 10`,
	} {
		if _, err := db.ExecContext(t.Context(), q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	s := opened(t, file)
	report, err := service.Verify(t.Context(), s, nil)
	if err != nil || len(report.Faults) > 0 || report.Lines != 3 {
		t.Errorf("verify found %+v, %v", report, err)
	}
	order, err := s.Order(t.Context(), "order-2")
	if err != nil || !order.Lines[0].PromiseChanged || order.Lines[0].FirstPromise != "" || order.Lines[0].Promise != "2026-12-01" {
		t.Errorf("the line that moved is %+v, %v", order, err)
	}
}

// digest is a digest of all tables of a store.
func digest(t *testing.T, s *Store) string {
	t.Helper()
	tables, err := query(t.Context(), s.readers, text, `SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`)
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.New()
	for _, table := range tables {
		rows, err := s.readers.QueryContext(t.Context(), `SELECT * FROM "`+table+`"`)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			row := make([]any, len(columns))
			at := make([]any, len(columns))
			for i := range row {
				at[i] = &row[i]
			}
			if err := rows.Scan(at...); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(h, table, row)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

func TestAPreviewWritesNothing(t *testing.T) {
	s := opened(t, temporary(t))
	bus := service.NewBus(service.NewTransactor(s, 10, time.Now, nil))
	service.Register(bus)
	december := domain.NewDate(2026, 12, 1)
	line := func(id string, qty int) domain.Allocate { return domain.Allocate{OrderID: id, SKU: "CHAIR", Qty: qty} }
	hold := line("held", 1)
	hold.HoldUntil = domain.InstantOf(time.Now().Add(time.Hour))
	for o := range service.SendEach(t.Context(), bus, slices.Values([]domain.Message{
		domain.CreateBatch{Ref: "b1", SKU: "CHAIR", Qty: 9}, domain.CreateBatch{Ref: "b2", SKU: "CHAIR", Qty: 5, ETA: december},
		line("o-1", 4), line("o-2", 4), hold, line("o-3", 5), line("waits", 3), domain.ShipLine{OrderID: "o-1", SKU: "CHAIR", Shipped: 2},
	})) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
	}
	before := digest(t, s)
	commands := []domain.Message{
		domain.ChangeBatch{Ref: "b1", Qty: domain.To(5)}, domain.ChangeBatch{Ref: "b2", ETA: domain.To(december.AddDays(9))}, domain.ReceiveBatch{Ref: "b2", Qty: domain.To(4)},
		domain.CloseBatch{Ref: "b1"}, domain.ReopenBatch{Ref: "b1"}, domain.CreateBatch{Ref: "b3", SKU: "LAMP", Qty: 1}, line("o-4", 1),
		domain.AllocateOrder{OrderID: "o-5", Lines: []domain.Wanted{{SKU: "CHAIR", Qty: 1}}}, domain.CancelLine{OrderID: "o-2", SKU: "CHAIR"},
		domain.ShipLine{OrderID: "o-1", SKU: "CHAIR"}, domain.ReturnLine{OrderID: "o-1", SKU: "CHAIR", Returned: 1},
		domain.AmendLine{OrderID: "o-3", SKU: "CHAIR", Amendment: domain.Amendment{Qty: domain.To(1), Priority: domain.To(domain.NewPriority(9))}},
		domain.ConfirmHold{OrderID: "held", SKU: "CHAIR"}, domain.CancelLine{OrderID: "held", SKU: "CHAIR"},
	}
	i := 0
	for o := range service.PreviewEach(t.Context(), bus, slices.Values(commands)) {
		if o.Err != nil {
			t.Errorf("%+v: %v", commands[i], o.Err)
		}
		i++
	}
	if after := digest(t, s); after != before {
		t.Error("the tables are not as they were")
	}
	if _, err := service.Send(t.Context(), bus, line("o-4", 1)); err != nil || digest(t, s) == before {
		t.Errorf("the digest doesn't see a line: %v", err)
	}
}

func TestAHoldThatEndedWhileNobodyLookedEndsAtTheNextStart(t *testing.T) {
	file, now := temporary(t), time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	start := func() (*Store, *service.Bus, *service.HoldClock) {
		s := opened(t, file)
		clock := func() time.Time { return now }
		bus := service.NewBus(service.NewTransactor(s, 10, clock, nil))
		service.Register(bus)
		return s, bus, service.NewHoldClock(bus, slog.New(slog.DiscardHandler), clock)
	}
	s, bus, clock := start()
	for o := range service.SendEach(t.Context(), bus, slices.Values([]domain.Message{
		domain.CreateBatch{Ref: "b1", SKU: "CHAIR", Qty: 2},
		domain.Allocate{OrderID: "cart", SKU: "CHAIR", Qty: 2, HoldUntil: domain.InstantOf(now.Add(time.Minute))},
		domain.Allocate{OrderID: "waits", SKU: "CHAIR", Qty: 1},
	})) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
	}
	if n, err := clock.Expire(t.Context()); n != 0 || err != nil {
		t.Errorf("before its time, %d holds ended, %v", n, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	now = now.Add(time.Hour)
	s, _, clock = start()
	if n, err := clock.Expire(t.Context()); n != 1 || err != nil {
		t.Errorf("%d holds ended, %v", n, err)
	}
	for id, want := range map[string]string{"cart": "expired", "waits": "allocated"} {
		if order, err := s.Order(t.Context(), id); err != nil || order.Lines[0].Status != want {
			t.Errorf("%s is %+v, %v", id, order, err)
		}
	}
}
