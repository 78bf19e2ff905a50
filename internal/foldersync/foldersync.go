// Package foldersync makes one folder equal to another (ch. 3): a pure function
// that compares two snapshots and says what to do, plan.go, and a thin shell
// around it that reads and does it, the other files.
//
//	snapshot.go  what a tree looks like
//	plan.go      the functional core
//	tree.go      a folder on the disk, which nothing leaves
//	scan.go      from a folder to a snapshot
//	state.go     what was hashed before
//	apply.go     from steps to a folder
//
// It never writes to the source, follows no link and opens nothing but files.
// It knows nothing of stock, nor of who asks.
package foldersync

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Options are what may be said about a sync.
type Options struct {
	Delete   bool   // delete what the source doesn't have
	DryRun   bool   // plan, and change nothing
	Distrust bool   // read every file, also one that looks unchanged
	State    string // file that remembers hashes from one run to the next; "": none

	// Progress is told now and then how far it is, never twice at once. It
	// must return soon. nil: nobody wants to know.
	Progress func(Progress)
}

// Progress is how far a sync is.
type Progress struct {
	Doing string // "compare" or "copy"
	Files int    // that were read or copied
	Bytes int64  // of them
	Total int64  // bytes there are to read or copy
}

// Result is what a sync did, or would do.
type Result struct {
	Steps   []Step   // that were taken; in a dry run, all that would be
	Skipped []string // paths of the source that are links, pipes, devices, or named as ours are
}

// Sync makes the folder dest equal to the folder source, as Plan says. dest is
// created if it isn't there, but not the folder that it is in.
//
// It stops at the first error, with the result until then: also if something
// that it was going to copy or replace is not as it was when it was compared.
// Doing the same again goes on from there.
func Sync(ctx context.Context, source, dest string, o Options) (Result, error) {
	p, err := open(source, dest, o)
	if err != nil {
		return Result{}, err
	}
	defer p.close()
	if err := p.scan(ctx); err != nil {
		return Result{}, err
	}
	steps := Plan(p.source.seen, p.dest.seen, o.Delete)
	result := Result{Steps: steps, Skipped: p.source.skipped()}
	if o.DryRun {
		return result, nil
	}
	p.learned = p.learned || len(steps) > 0
	done, err := p.apply(ctx, steps)
	result.Steps = done
	return result, errors.Join(err, p.remember())
}

// pair is a source and a destination.
type pair struct {
	source, dest *tree
	o            Options
	began        time.Time
	learned      bool // something that the state file doesn't say
}

// open opens both folders, and takes the destination for itself.
func open(source, dest string, o Options) (p *pair, err error) {
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	p = &pair{o: o, began: time.Now()}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	if p.source, err = openTree(source); err != nil {
		return p, fmt.Errorf("open the source: %w", err)
	}
	if err = checkApart(source, dest); err != nil {
		return p, err
	}
	if p.dest, err = p.openDest(dest); err != nil {
		return p, fmt.Errorf("open the destination: %w", err)
	}
	return p, nil
}

func (p *pair) openDest(dest string) (*tree, error) {
	if p.o.DryRun {
		return openIfThere(dest)
	}
	return openOwn(dest)
}

func (p *pair) close() {
	for _, t := range []*tree{p.source, p.dest} {
		if t != nil {
			t.close()
		}
	}
}
