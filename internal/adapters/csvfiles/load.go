package csvfiles

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"strconv"

	"allot/internal/csvrows"
	"allot/internal/domain"
	"allot/internal/service"
)

// loading is what the files come to: events that give the state they tell of.
type loading struct {
	*Store
	stock  map[string]domain.Batch
	events []service.Envelope
	ages   map[service.Sequence]int64
	lives  map[string]int64 // versions, by SKU
}

func (s *Store) table(name string, columns ...csvrows.Column) *table {
	half := filepath.Join(s.folder, "."+name+".tmp")
	_ = os.Remove(half) // a program was killed that was writing it; if it can't be removed, writing it fails
	return &table{path: filepath.Join(s.folder, name), half: half, columns: columns, comma: ',', at: map[string]*row{}}
}

// load reads the files and fills the inner store with what they tell.
func (s *Store) load(ctx context.Context, skipBatches bool) (skipped []BadRow, _ error) {
	order, sku, qty := csvrows.Required("order_id", "orderid", "order_id"), csvrows.Required("sku"), csvrows.Required("qty")
	s.batches = s.table(Batches, csvrows.Required("ref", "ref", "reference"), sku, qty, csvrows.Required("eta"), csvrows.Optional("location"), csvrows.Optional("use_by"))
	s.allocations = s.table(Allocations, order, sku, qty, csvrows.Required("batchref", "batchref", "batch_ref"))
	s.backorders = s.table(Backorders, order, sku, qty, csvrows.Optional("priority"), csvrows.Optional("required_by"), csvrows.Optional("location"))
	s.backorders.byAge = true

	l := &loading{Store: s, stock: map[string]domain.Batch{}, ages: map[service.Sequence]int64{}, lives: map[string]int64{}}
	var bad []BadRow
	for _, file := range []struct {
		name string
		*table
		take func(record) error
	}{
		{Batches, s.batches, l.batch}, {Allocations, s.allocations, l.allocation}, {Backorders, s.backorders, l.backorder},
	} {
		found, err := file.read(file.name, file.take)
		if err != nil {
			return nil, err
		}
		if file.name == Batches && skipBatches {
			skipped, found = found, nil
		}
		bad = append(bad, found...)
		file.end(true)
	}
	if len(bad) > 0 {
		return nil, &BadRows{bad}
	}
	s.Unknown = s.batches.unknown
	return skipped, s.Inner.InTx(ctx, l.write)
}

func (l *loading) batch(r record) (err error) {
	cmd := domain.CreateBatch{Ref: r.value("ref"), SKU: r.value("sku")}
	if cmd.Qty, err = qty(r.value("qty")); err != nil {
		return err
	}
	if cmd.ETA, err = domain.ParseDate(r.value("eta")); err != nil {
		return refuse("eta", "%v", err)
	}
	cmd.Location = r.value("location")
	if cmd.UseBy, err = domain.ParseDate(r.value("use_by")); err != nil {
		return refuse("use_by", "%v", err)
	}
	if err := cmd.Validate(); err != nil {
		return err
	}
	if _, twice := l.stock[cmd.Ref]; twice {
		return refuse("ref", "there is a batch of this reference in an earlier line")
	}
	e := domain.BatchCreated{Ref: cmd.Ref, SKU: cmd.SKU, Qty: cmd.Qty, ETA: cmd.ETA, Location: cmd.Location, UseBy: cmd.UseBy, Seq: l.next(service.BatchSeq)}
	l.enter(cmd.SKU, e)
	l.stock[cmd.Ref] = domain.Batch{}.After(e)
	l.putBatch(l.stock[cmd.Ref])
	return nil
}

// line reads what allocations and backorders have in common.
func (l *loading) line(r record) (cmd domain.Allocate, err error) {
	cmd = domain.Allocate{OrderID: r.value("order_id"), SKU: r.value("sku")}
	if cmd.Qty, err = qty(r.value("qty")); err != nil {
		return cmd, err
	}
	return cmd, cmd.Validate()
}

func (l *loading) allocation(r record) error {
	cmd, err := l.line(r)
	if err != nil {
		return err
	}
	ref := r.value("batchref")
	b, known := l.stock[ref]
	switch {
	case l.allocations.at[keyOf(cmd.OrderID, cmd.SKU)] != nil:
		return refuse("order_id", "the order has a line of this SKU in an earlier line")
	case !known:
		return refuse("batchref", "there is no such batch in %s", Batches)
	case b.SKU != cmd.SKU:
		return refuse("batchref", "that batch is of SKU %q", b.SKU)
	case b.Available() < cmd.Qty:
		return refuse("qty", "batch %s has %d units, and the lines before take all but %d", ref, b.Purchased, b.Available())
	}
	e := domain.Allocated{OrderID: cmd.OrderID, SKU: cmd.SKU, Qty: cmd.Qty, BatchRef: ref, Promise: b.ETA,
		Seq: l.next(service.LineSeq), Why: domain.Why{Rule: domain.Earliest, Cause: domain.Ordered}}
	l.enter(cmd.SKU, e)
	l.stock[ref] = b.After(e)
	l.putLine(domain.Line{}.After(e))
	return nil
}

func (l *loading) backorder(r record) (err error) {
	cmd, err := l.line(r)
	if err != nil {
		return err
	}
	if number, err := strconv.Atoi(cmp.Or(r.value("priority"), strconv.Itoa(domain.UsualPriority))); err == nil {
		cmd.Priority = domain.NewPriority(number)
	} else {
		return refuse("priority", "must be a digit, or empty for the usual one, which is %d", domain.UsualPriority)
	}
	if cmd.RequiredBy, err = domain.ParseDate(r.value("required_by")); err != nil {
		return refuse("required_by", "%v", err)
	}
	cmd.Locations = domain.LocationsOf(r.value("location"))
	if err := cmd.Validate(); err != nil {
		return err
	}
	key := keyOf(cmd.OrderID, cmd.SKU)
	if l.allocations.at[key] != nil {
		return nil // it was given stock, and something came in between before this file was written
	}
	if l.backorders.at[key] != nil {
		return refuse("order_id", "the order has a line of this SKU in an earlier line")
	}
	e := domain.Backordered{OrderID: cmd.OrderID, SKU: cmd.SKU, Qty: cmd.Qty, Seq: l.next(service.LineSeq), Priority: cmd.Priority,
		RequiredBy: cmd.RequiredBy, Wished: cmd.Wishes.Told(), Why: domain.Why{Rule: domain.Earliest, Cause: domain.Ordered}}
	l.enter(cmd.SKU, e)
	l.putLine(domain.Line{}.After(e))
	return nil
}

func (l *loading) next(s service.Sequence) int64 {
	l.ages[s]++
	return l.ages[s]
}

func (l *loading) enter(sku string, e domain.Event) {
	l.lives[sku]++
	l.events = append(l.events, service.Envelope{At: l.batches.seen.modified.UTC(), SKU: sku, Version: l.lives[sku], Command: "load", Event: e})
}

// write hands the events to the inner store. The numbers in them are the first
// that it gives out.
func (l *loading) write(ctx context.Context, tx service.Tx) error {
	if len(l.events) == 0 {
		return nil
	}
	for s, n := range l.ages {
		if _, err := tx.Reserve(ctx, s, int(n)); err != nil {
			return err
		}
	}
	return tx.Write(ctx, service.Changes{Events: l.events})
}
