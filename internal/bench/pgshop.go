package bench

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"allot/internal/bootstrap"
	"allot/internal/entrypoints/importer"
	"allot/internal/pgserver"
)

// pgShop is a program over a database of its own on a PostgreSQL of ours.
type pgShop struct {
	*bootstrap.App
	server *pgserver.Server
	name   string
}

func newPGShop(ctx context.Context, server *pgserver.Server, name string) (*pgShop, error) {
	if err := administer(ctx, server, "CREATE DATABASE "+name); err != nil {
		return nil, err
	}
	app, err := bootstrap.Open(ctx, server.URL(name), "allot bench", bootstrap.Options{})
	return &pgShop{app, server, name}, err
}

// administer has a server run a statement outside of any shop.
func administer(ctx context.Context, server *pgserver.Server, q string, into ...any) error {
	admin, err := pgx.Connect(ctx, server.URL("postgres"))
	if err != nil {
		return err
	}
	defer admin.Close(ctx)
	if len(into) > 0 {
		return admin.QueryRow(ctx, q).Scan(into...)
	}
	_, err = admin.Exec(ctx, q)
	return err
}

// size is the number of bytes on disk.
func (s *pgShop) size(ctx context.Context) (bytes float64, _ error) {
	err := administer(ctx, s.server, fmt.Sprintf("SELECT pg_database_size('%s')::float8", s.name), &bytes)
	return bytes, err
}

// allocate has n lines allocated and returns the CPU that each took, ours and
// the server's, in us.
func (s *pgShop) allocate(ctx context.Context, first, n int, id func(int) string) (float64, error) {
	before, err := s.server.CPU()
	if err != nil {
		return 0, err
	}
	ours, err := allocate(ctx, s.Bus, first, n, id)
	if err != nil {
		return 0, err
	}
	after, err := s.server.CPU()
	return ours + float64((after-before).Microseconds())/float64(n), err
}

// pgGrowth is growth on PostgreSQL. The shops have a server each, so that what
// one of them cleans up is not counted to the other.
func pgGrowth(ctx context.Context, o Options) (_ []Figure, err error) {
	var servers [2]*pgserver.Server
	for i := range servers {
		if servers[i], err = pgserver.New(ctx); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, servers[i].Remove()) }()
	}
	rising := func(i int) string { return fmt.Sprintf("order-%09d", i) }
	old, err := newPGShop(ctx, servers[0], "old")
	if err != nil {
		return nil, err
	}
	defer old.Close()
	if err := stock(ctx, old.Bus, []string{"SKU"}); err != nil {
		return nil, err
	}
	empty, err := old.size(ctx)
	if err != nil {
		return nil, err
	}
	o.Progress(fmt.Sprintf("making %d allocations", o.Existing))
	if _, err := old.allocate(ctx, 0, o.Existing, rising); err != nil {
		return nil, err
	}
	full, err := old.size(ctx)
	if err != nil {
		return nil, err
	}
	with, without, err := comparePG(ctx, o, old, servers[1], rising)
	if err != nil {
		return nil, err
	}
	return []Figure{
		figure("CPU per allocation after none, PostgreSQL's too", "us", without),
		figure(fmt.Sprintf("CPU per allocation after %d, PostgreSQL's too", o.Existing), "us", with),
		figure("ratio", "", ratios(with, without)),
		one("bytes on disk per allocation with its event and position", "B", (full-empty)/float64(o.Existing)),
	}, nil
}

// comparePG has an old shop and new ones on another server allocate in turn.
func comparePG(ctx context.Context, o Options, old *pgShop, server *pgserver.Server, ids func(int) string) (with, without []float64, _ error) {
	for round := range o.Rounds {
		o.Progress(fmt.Sprintf("round %d of %d", round+1, o.Rounds))
		fresh, err := newPGShop(ctx, server, fmt.Sprint("fresh_", round))
		if err != nil {
			return nil, nil, err
		}
		defer fresh.Close()
		if err := stock(ctx, fresh.Bus, []string{"SKU"}); err != nil {
			return nil, nil, err
		}
		first := o.Existing + round*o.Lines
		a, err := fresh.allocate(ctx, first, o.Lines, ids)
		if err != nil {
			return nil, nil, err
		}
		b, err := old.allocate(ctx, first, o.Lines, ids)
		if err != nil {
			return nil, nil, err
		}
		without, with = append(without, a), append(with, b)
	}
	return with, without, nil
}

// pgYear is year on PostgreSQL. It fails unless each line has the same batch as
// on SQLite.
func pgYear(ctx context.Context, o Options) (_ []Figure, err error) {
	if o.Folder == "" {
		return nil, errNoFolder
	}
	server, err := pgserver.New(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.Remove()) }()
	theirs, err := newPGShop(ctx, server, "year")
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	embedded, err := newShop(ctx, o.Dir, bootstrap.Options{})
	if err != nil {
		return nil, err
	}
	defer embedded.remove()
	var figures []Figure
	for _, kind := range []importer.Kind{importer.Batches, importer.Orders} {
		before, err := server.CPU()
		if err != nil {
			return nil, err
		}
		measured, err := importFile(ctx, theirs.Bus, o, kind, "PostgreSQL")
		if err != nil {
			return nil, err
		}
		after, err := server.CPU()
		if err != nil {
			return nil, err
		}
		figures = append(append(figures, measured...), one(fmt.Sprintf("PostgreSQL import of %s: CPU of the server", kind), "s", (after-before).Seconds()))
		if _, err := importFile(ctx, embedded.Bus, o, kind, "SQLite"); err != nil {
			return nil, err
		}
	}
	_, verified, err := verify(ctx, theirs.App)
	if err != nil {
		return nil, err
	}
	same, err := sameAllocations(ctx, theirs.App, embedded.App)
	return append(figures, verified, one("lines with the batch that they have on SQLite", "", float64(same))), err
}

// sameAllocations is the number of allocated lines of two shops. It fails if
// they differ, or come in another order.
func sameAllocations(ctx context.Context, a, b *bootstrap.App) (lines int, _ error) {
	var sums [2][]byte
	for i, app := range []*bootstrap.App{a, b} {
		sum := sha256.New()
		if err := importer.WriteAllocations(sum, app.Store.Allocations(ctx)); err != nil {
			return 0, err
		}
		sums[i] = sum.Sum(nil)
	}
	if !bytes.Equal(sums[0], sums[1]) {
		return 0, errors.New("the allocations differ")
	}
	for _, err := range a.Store.Allocations(ctx) {
		if err != nil {
			return 0, err
		}
		lines++
	}
	return lines, nil
}
