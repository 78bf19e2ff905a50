// Package csvfiles keeps a shop in the three CSV files that the book's appendix
// has: batches.csv, allocations.csv, and backorders.csv for lines that wait.
// They are its tables: read when it is opened, and replaced, each as a whole and
// atomically, by every transaction that changes them.
//
// Files hold less than a database does: no event log, no descriptions, no
// policies, no lines that were cancelled, no holds, no tokens, no messages from
// outside; of what a line asks for only one location, while it waits. Those last
// as long as the store is open. So that the rest needn't be written twice, it
// works on top of a store that keeps nothing, which it fills from the files.
package csvfiles

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/gofrs/flock"

	"allot/internal/access"
	"allot/internal/csvrows"
	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

// Inner is a store that keeps nothing, and whose state follows from its events.
type Inner interface {
	service.Store
	service.Audited
	service.Mailbox
	service.WebhookStore
	service.WhatIfStore
	views.Reader
	access.Tokens
	Close() error
}

// Store is an Inner whose batches and lines are in files. Transactions that fail
// leave the files as they are.
type Store struct {
	Inner
	Unknown                          []csvrows.Unknown // columns of batches.csv that mean nothing to us
	folder                           string
	lock                             *flock.Flock
	batches, allocations, backorders *table
}

var _ service.Store = (*Store)(nil)

// The files, in the order in which they are replaced. A line that is given
// stock is in allocations before it leaves backorders, so that a crash in
// between loses none; a line that is in both has stock.
const (
	Batches     = "batches.csv"
	Allocations = "allocations.csv"
	Backorders  = "backorders.csv"
)

// Open opens the files in a folder, on top of an empty store. Files that aren't
// there are empty. Nobody else may open them meanwhile.
//
// Rows that can't be used are a *BadRows, and nothing is opened; with
// skipBatches, those of batches.csv are left out and returned instead. In the
// other two, which are ours, nothing is ever left out: it would be lost when
// they are written.
func Open(ctx context.Context, folder string, inner Inner, skipBatches bool) (*Store, []BadRow, error) {
	s := &Store{Inner: inner, folder: folder, lock: flock.New(folder, flock.SetFlag(os.O_RDONLY))}
	if free, err := s.lock.TryLock(); err != nil {
		return nil, nil, fmt.Errorf("lock %s: %w", folder, err)
	} else if !free {
		return nil, nil, &domain.Error{Kind: domain.Unavailable, Code: service.CodeUnavailable,
			Message: fmt.Sprintf("another program works on the files in %s", folder), Hint: "wait until it is done"}
	}
	skipped, err := s.load(ctx, skipBatches)
	if err != nil {
		return nil, nil, errors.Join(err, s.lock.Unlock())
	}
	return s, skipped, nil
}

// Close lets others open the files.
func (s *Store) Close() error { return errors.Join(s.Inner.Close(), s.lock.Unlock()) }

// Complete writes those of allocations.csv and backorders.csv that aren't there.
func (s *Store) Complete() error {
	for _, t := range []*table{s.allocations, s.backorders} {
		t.changed = t.changed || !t.seen.there
	}
	return s.save()
}

// InTx implements service.Store.
func (s *Store) InTx(ctx context.Context, fn func(context.Context, service.Tx) error) error {
	return s.Inner.InTx(ctx, func(ctx context.Context, inner service.Tx) error {
		t := &tx{Tx: inner, store: s}
		written := false
		defer func() {
			for _, table := range s.tables() {
				table.end(written)
			}
		}()
		err := fn(ctx, t)
		if err == nil {
			err = t.failed
		}
		if err == nil {
			err = s.save()
		}
		written = err == nil
		return err
	})
}

func (s *Store) tables() []*table { return []*table{s.batches, s.allocations, s.backorders} }

// tx is a transaction that notes what the files have to say.
type tx struct {
	service.Tx
	store  *Store
	failed error
}

// Write implements service.Tx.
func (t *tx) Write(ctx context.Context, c service.Changes) error {
	if err := t.Tx.Write(ctx, c); err != nil {
		t.failed = err
		return err
	}
	for _, b := range c.Added {
		t.store.putBatch(b)
	}
	for _, b := range c.Changed {
		t.store.putBatch(b)
	}
	for _, line := range c.Lines {
		t.store.putLine(line.Line)
	}
	return nil
}

func (s *Store) putBatch(b domain.Batch) {
	s.batches.put(b.Ref, b.Seq, "", b.Ref, b.SKU, strconv.Itoa(b.Purchased), b.ETA.String(), b.Location, b.UseBy.String())
}

// putLine puts a line into the file where it belongs, and out of the other. One
// that has moved is the last in its file.
func (s *Store) putLine(l domain.Line) {
	key, qty := keyOf(l.OrderID, l.SKU), strconv.Itoa(l.Qty)
	switch {
	case l.BatchRef != "":
		s.backorders.remove(key)
		s.allocations.put(key, l.Seq, l.BatchRef, l.OrderID, l.SKU, qty, l.BatchRef)
	case l.Status == domain.StatusBackordered:
		s.allocations.remove(key)
		s.backorders.put(key, l.Seq, "", l.OrderID, l.SKU, qty, priorityText(l.Priority), l.RequiredBy.String(), bestOf(l.Wishes.Locations))
	default:
		s.allocations.remove(key)
		s.backorders.remove(key)
	}
}

// keyOf is what there is one line of.
func keyOf(orderID, sku string) string { return orderID + "\x00" + sku }

// bestOf is the location that a line would like best: the file has room for one.
func bestOf(l domain.Locations) string {
	if names := l.Names(); len(names) > 0 {
		return names[0]
	}
	return ""
}

func priorityText(p domain.Priority) string {
	if p == 0 {
		return ""
	}
	return strconv.Itoa(p.Number())
}

// save replaces the files that have changed. All of them are on the disk under
// other names before the first one is.
func (s *Store) save() error {
	var changed []*table
	defer func() {
		for _, t := range changed {
			_ = os.Remove(t.half) // there is none any more if all went well
		}
	}()
	for _, t := range s.tables() {
		if !t.changed {
			continue
		}
		changed = append(changed, t)
		if err := t.write(); err != nil {
			return fmt.Errorf("write %s: %w: %w", t.path, service.ErrStorage, err)
		}
	}
	for _, t := range changed {
		if err := t.replace(); err != nil {
			return fmt.Errorf("write %s: %w: %w", t.path, service.ErrStorage, err)
		}
	}
	if len(changed) == 0 {
		return nil
	}
	return syncFolder(s.folder)
}

// syncFolder has the disk keep the names of files.
func syncFolder(name string) error {
	dir, err := os.Open(filepath.Clean(name))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
