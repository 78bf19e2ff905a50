package service

import (
	"context"
	"errors"
	"iter"

	"allot/internal/views"
)

// ReadModel is what is available of each product, kept outside of the database
// for readers that are too many for it (ch. 12). It alone knows what it
// reflects: of what it acknowledged it may lose the last, or all, and others may
// write to it at the same time.
type ReadModel interface {
	// State returns what the model reflects; zero if it was never begun, or lost
	// all.
	State(ctx context.Context) (ModelState, error)

	// Begin begins a build, in place of another; "" if there must be none. What
	// the model has stays until it is put again, or until Finish. It returns
	// ErrMoved if the model is of yet another build.
	Begin(ctx context.Context, insteadOf string, s ModelState) error

	// Put keeps products, and moves the model on from one state to another of
	// the same build. It returns ErrMoved if the model is of another build, or
	// has another position or cursor than from, if that is what changes. A
	// product that it has of this build, and not of an older version, is left as
	// it is. If it fails, some may have been kept.
	Put(ctx context.Context, from, to ModelState, products []Modelled) error

	// Finish forgets the products that were not put in the build, and ends its
	// filling: the model is complete, and at.Filled stays. It returns ErrMoved if
	// the model is of another build, has another cursor, or is filled already.
	Finish(ctx context.Context, at ModelState) error

	// Find returns those of some products that the model has, in any order.
	Find(ctx context.Context, skus []string) ([]Modelled, error)

	// SKUs yields those of all products that the model has, in any order; one
	// may come twice.
	SKUs(ctx context.Context) iter.Seq2[string, error]
}

// ModelState is what a read model reflects.
type ModelState struct {
	Build    string // names the build that puts its products; those of older ones are replaced
	AsOf     string // date: what has expired by then is not available
	Complete bool   // every product is in it
	Mark            // the last event that it reflects, in each product that it has

	Filling bool   // with all products, in the order of views.Reader's list
	Cursor  string // of the next page, while it is filled
	Filled  int    // products that were filled in, so far
}

// Modelled is what a read model has of a product.
type Modelled struct {
	views.Availability
	AsOf     string `json:"as_of"`
	Position int64  `json:"position"` // all of the log up to there is in it, and maybe more
	Build    string `json:"-"`        // that put it; no matter for Put
}

// ErrForeignModel says that a read model reflects an event that the log doesn't
// have: the database was restored from a backup, or is another one.
var ErrForeignModel = errors.New("the read model is not of this log; nothing is written to it until it is rebuilt")
