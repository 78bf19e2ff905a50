package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allot/internal/domain"
	"allot/internal/service"
)

func newBus(s *Store, group int) *service.Bus {
	bus := service.NewBus(service.NewTransactor(s, group, time.Now, nil))
	service.Register(bus)
	return bus
}

// send hands commands over all at once and returns the errors.
func send(t *testing.T, bus *service.Bus, commands ...domain.Message) (errs []error) {
	t.Helper()
	for o := range service.SendEach(t.Context(), bus, slices.Values(commands)) {
		errs = append(errs, o.Err)
	}
	return errs
}

func mustSend(t *testing.T, bus *service.Bus, commands ...domain.Message) {
	t.Helper()
	if err := errors.Join(send(t, bus, commands...)...); err != nil {
		t.Fatal(err)
	}
}

// rowsOf counts the rows of each table, as others see them.
func rowsOf(t *testing.T, s *Store) map[string]int {
	t.Helper()
	rows := map[string]int{}
	for _, table := range []string{"products", "batches", "stock", "lines", "origins", "events"} {
		var n int
		if err := s.readers.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		rows[table] = n
	}
	return rows
}

func verified(t *testing.T, s *Store) {
	t.Helper()
	report, err := service.Verify(t.Context(), s, nil)
	if err != nil || len(report.Faults) > 0 {
		t.Errorf("verify: %v, %v", report.Faults, err)
	}
}

// founding is the change that makes a product with a batch and a line of it.
func founding(sku string, seq int64) service.Changes {
	b := domain.Batch{Seq: seq, Ref: "batch of " + sku, SKU: sku, Purchased: 10, Allocated: 4, FirstQty: 10}
	line := domain.OrderLine{OrderID: "order-" + sku, SKU: sku, Qty: 4}
	return service.Changes{
		Products: []service.ProductChange{{To: domain.Snapshot{SKU: sku, Version: 2}}},
		Added:    []domain.Batch{b},
		Lines:    []service.LineChange{{Line: domain.Line{OrderLine: line, Seq: seq, Status: domain.StatusAllocated, BatchRef: b.Ref}, New: true, Event: 1}},
		Events: []service.Envelope{
			{SKU: sku, Version: 1, Command: "create_batch", Event: domain.BatchCreated{Ref: b.Ref, SKU: sku, Qty: 10, Seq: seq}},
			{SKU: sku, Version: 2, Command: "allocate", Event: domain.Allocated{OrderID: line.OrderID, SKU: sku, Qty: 4, BatchRef: b.Ref, Seq: seq}},
		},
	}
}

func TestTheDatabaseRefusesWhatMustNeverBe(t *testing.T) {
	for _, c := range []struct {
		what  string
		spoil func(*service.Changes)
		says  string
	}{
		{"nothing wrong", func(*service.Changes) {}, ""},
		{"more allocated than purchased", func(c *service.Changes) { c.Added[0].Allocated = 11 }, "CHECK constraint failed: shipped >= 0 AND allocated + shipped <= purchased"},
		{"less than nothing allocated", func(c *service.Changes) { c.Added[0].Allocated = -1 }, "CHECK constraint failed: 0 <= allocated AND allocated <= purchased"},
		{"two batches of a reference", func(c *service.Changes) { c.Added[0].Ref, c.Lines[0].BatchRef = "batch of LAMP", "batch of LAMP" }, "UNIQUE constraint failed: batches.ref"},
		{"two lines of an order and SKU", func(c *service.Changes) { c.Lines[0].OrderID, c.Lines[0].SKU = "order-LAMP", "LAMP" }, "UNIQUE constraint failed: lines.order_id, lines.sku"},
		{"a line of nothing", func(c *service.Changes) { c.Lines[0].Qty = 0 }, "CHECK constraint failed: qty > 0"},
		{"a line in no state", func(c *service.Changes) { c.Lines[0].Status = "lost" }, "CHECK constraint failed: status IN"},
		{"an allocated line without batch", func(c *service.Changes) { c.Lines[0].BatchRef = "" }, "CHECK constraint failed: (status IN ('allocated', 'held', 'shipped')) = (batch IS NOT NULL)"},
		{"a line that waits and has a batch", func(c *service.Changes) { c.Lines[0].Status = domain.StatusBackordered }, "CHECK constraint failed: (status IN ('allocated', 'held', 'shipped')) = (batch IS NOT NULL)"},
		{"fewer than no lines that wait", func(c *service.Changes) { c.Products[0].To.Backorders = -1 }, "CHECK constraint failed: backorders >= 0"},
		{"a batch of no product, which shows at COMMIT", func(c *service.Changes) { c.Products = nil }, "COMMIT: constraint failed: FOREIGN KEY constraint failed"},
	} {
		t.Run(c.what, func(t *testing.T) {
			s := opened(t, temporary(t))
			write := func(changes service.Changes) error {
				return s.InTx(t.Context(), func(ctx context.Context, tx service.Tx) error { return tx.Write(ctx, changes) })
			}
			if err := write(founding("LAMP", 1)); err != nil {
				t.Fatal(err)
			}
			before := rowsOf(t, s)
			changes := founding("CHAIR", 2)
			c.spoil(&changes)
			err := write(changes)
			if c.says == "" {
				if err != nil {
					t.Errorf("it was refused: %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.says) || errors.Is(err, service.ErrStorage) {
				t.Errorf("got error %v, want %q", err, c.says)
			}
			if diff := cmp.Diff(before, rowsOf(t, s)); diff != "" {
				t.Errorf("part of it was kept (-before +after):\n%s", diff)
			}
			if err := write(founding("CHAIR", 2)); err != nil {
				t.Errorf("the next transaction: %v", err)
			}
			verified(t, s)
		})
	}
}

func TestNothingIsWrittenOnceAStatementHasFailed(t *testing.T) {
	s := opened(t, temporary(t))
	before := rowsOf(t, s)
	spoiled := founding("CHAIR", 1)
	spoiled.Added[0].Allocated = 11
	err := s.InTx(t.Context(), func(ctx context.Context, tx service.Tx) error {
		if err := tx.Write(ctx, spoiled); err == nil {
			t.Error("a batch was oversold")
		}
		if err := tx.Write(ctx, founding("LAMP", 2)); err == nil {
			t.Error("it could go on after a failure")
		}
		if found, err := tx.Load(ctx, service.Want{Products: []service.Known{{SKU: "LAMP"}}}); err != nil || len(found.Products) > 0 {
			t.Errorf("it finds %+v, %v", found, err)
		}
		return nil
	})
	if err == nil {
		t.Error("the transaction was committed")
	}
	if diff := cmp.Diff(before, rowsOf(t, s)); diff != "" {
		t.Errorf("part of it was kept (-before +after):\n%s", diff)
	}
}

// Triggers fail a statement in the middle of a transaction, in every way that
// SQLite has for it: with and without the transaction.
func TestAStatementThatFailsIsItsCommandsAlone(t *testing.T) {
	const size = 6
	for _, way := range []string{"ABORT", "FAIL", "ROLLBACK"} {
		for at := range size {
			t.Run(fmt.Sprint(way, " at ", at), func(t *testing.T) {
				file := temporary(t)
				if err := opened(t, file).Close(); err != nil {
					t.Fatal(err)
				}
				alter(t, file, `CREATE TRIGGER refuse BEFORE INSERT ON lines WHEN new.order_id = 'offender' BEGIN SELECT RAISE(`+way+`, 'no'); END`)
				s := opened(t, file)
				bus := newBus(s, size)
				mustSend(t, bus, domain.CreateBatch{Ref: "b1", SKU: "CHAIR", Qty: size})

				var commands []domain.Message
				for i := range size {
					commands = append(commands, domain.Allocate{OrderID: fmt.Sprint("order-", i), SKU: "CHAIR", Qty: 1})
				}
				commands[at] = domain.Allocate{OrderID: "offender", SKU: "CHAIR", Qty: 1}
				for i, err := range send(t, bus, commands...) {
					if (err != nil) != (i == at) {
						t.Errorf("command %d: %v", i, err)
					}
				}
				if got, want := rowsOf(t, s)["lines"], size-1; got != want {
					t.Errorf("there are %d lines, want %d", got, want)
				}
				verified(t, s)
			})
		}
	}
}

func TestAFullDiskStopsWritersUntilThereIsRoom(t *testing.T) {
	s := opened(t, temporary(t))
	bus := newBus(s, 500)
	mustSend(t, bus, domain.CreateBatch{Ref: "b1", SKU: "CHAIR", Qty: 100_000})
	limit := func(pages int) {
		t.Helper()
		if err := s.writer.exec(fmt.Sprint("PRAGMA max_page_count = ", pages)); err != nil {
			t.Fatal(err)
		}
	}
	var commands []domain.Message
	for i := range 500 {
		commands = append(commands, domain.Allocate{OrderID: fmt.Sprint("order-", i), SKU: "CHAIR", Qty: 1})
	}
	before := rowsOf(t, s)
	limit(1) // which is as few as there are
	for i, err := range send(t, bus, commands...) {
		if e, ok := errors.AsType[*domain.Error](err); !ok || e.Kind != domain.Unavailable || e.Code != service.CodeStorageFull {
			t.Fatalf("command %d: %v, want it to be unavailable", i, err)
		}
	}
	if diff := cmp.Diff(before, rowsOf(t, s)); diff != "" { // which can be read
		t.Errorf("part of it was kept (-before +after):\n%s", diff)
	}
	limit(1 << 20)
	if err := s.Writable(t.Context()); err != nil {
		t.Errorf("it is not writable: %v", err)
	}
	mustSend(t, bus, commands...)
	if n := rowsOf(t, s)["lines"]; n != len(commands) {
		t.Errorf("there are %d lines, want %d", n, len(commands))
	}
	verified(t, s)
}
