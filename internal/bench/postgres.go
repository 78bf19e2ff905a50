package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"allot/internal/bootstrap"
	"allot/internal/domain"
	"allot/internal/pgserver"
	"allot/internal/service"
)

// postgres has clients of one replica and of three allocate on a PostgreSQL of
// its own, on one SKU and on 1,000, in turn with what a transaction for each
// request does that locks the product with SELECT ... FOR UPDATE.
func postgres(ctx context.Context, o Options) (_ []Figure, err error) {
	server, err := pgserver.New(ctx, "max_connections=250")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.Remove()) }()
	rates := map[string][]float64{}
	for round := range o.Rounds {
		for _, c := range contests {
			name := fmt.Sprintf("shop_%d_%d_%d", round, c.skus, c.replicas)
			o.Progress(fmt.Sprintf("round %d of %d: %s", round+1, o.Rounds, c))
			ours, theirs, err := c.hold(ctx, server, name, o)
			if err != nil {
				return nil, err
			}
			rates[c.String()] = append(rates[c.String()], ours)
			rates["FOR UPDATE, "+c.String()] = append(rates["FOR UPDATE, "+c.String()], theirs)
		}
	}
	return compared(rates), nil
}

// contest is how many SKUs are allocated by how many replicas.
type contest struct{ skus, replicas int }

var contests = []contest{{1, 1}, {1, 3}, {1000, 1}, {1000, 3}}

func (c contest) String() string { return fmt.Sprintf("%d SKUs, %d replicas", c.skus, c.replicas) }

// compared are the figures of all contests.
func compared(rates map[string][]float64) (out []Figure) {
	for _, c := range contests {
		ours, theirs := rates[c.String()], rates["FOR UPDATE, "+c.String()]
		out = append(out, figure("allocations, "+c.String(), "/s", ours), figure("FOR UPDATE, "+c.String(), "/s", theirs),
			figure("allocations / FOR UPDATE, "+c.String(), "", ratios(ours, theirs)))
	}
	hot, many := rates[contests[0].String()], rates[contests[2].String()]
	return append(out, figure("three replicas / one, 1 SKU", "", ratios(rates[contests[1].String()], hot)), figure("1 SKU / 1000 SKUs, 1 replica", "", ratios(hot, many)))
}

// hold returns the rates of both sides.
func (c contest) hold(ctx context.Context, server *pgserver.Server, name string, o Options) (ours, theirs float64, _ error) {
	admin, err := pgx.Connect(ctx, server.URL("postgres"))
	if err != nil {
		return 0, 0, err
	}
	defer admin.Close(ctx)
	for _, db := range []string{name, name + "_locks"} {
		if _, err := admin.Exec(ctx, "CREATE DATABASE "+db); err != nil {
			return 0, 0, err
		}
	}
	if ours, err = c.grouped(ctx, server.URL(name), o); err != nil {
		return 0, 0, err
	}
	theirs, err = c.oneByOne(ctx, server.URL(name+"_locks"), o)
	return ours, theirs, err
}

func (c contest) grouped(ctx context.Context, url string, o Options) (float64, error) {
	var apps []*bootstrap.App
	defer func() {
		for _, app := range apps {
			app.Close()
		}
	}()
	for range c.replicas {
		app, err := bootstrap.Open(ctx, url, "allot bench", bootstrap.Options{})
		if err != nil {
			return 0, err
		}
		apps = append(apps, app)
	}
	for outcome := range service.SendAll(ctx, apps[0].Bus, func(yield func(domain.CreateBatch) bool) {
		for i := range c.skus {
			if !yield(domain.CreateBatch{Ref: fmt.Sprint("batch-", i), SKU: fmt.Sprint("SKU-", i), Qty: 1 << 30}) {
				return
			}
		}
	}) {
		if outcome.Err != nil {
			return 0, outcome.Err
		}
	}
	return c.rate(o, func(replica int, call int64) error {
		cmd := domain.Allocate{OrderID: fmt.Sprintf("order-%012d", call), SKU: c.sku(call), Qty: 1}
		_, err := service.Send(ctx, apps[replica].Bus, cmd)
		return err
	})
}

// sku spreads calls over the SKUs.
func (c contest) sku(call int64) string { return fmt.Sprint("SKU-", call*7919%int64(c.skus)) }

// rate has all clients call fn for a round and returns how often it was done a
// second.
func (c contest) rate(o Options, fn func(replica int, call int64) error) (float64, error) {
	var begun, done atomic.Int64
	var all sync.WaitGroup
	errs := make([]error, c.replicas*o.Clients)
	start := time.Now()
	for client := range errs {
		all.Go(func() {
			for errs[client] == nil && time.Since(start) < o.Round {
				if errs[client] = fn(client%c.replicas, begun.Add(1)); errs[client] == nil {
					done.Add(1)
				}
			}
		})
	}
	all.Wait()
	return float64(done.Load()) / time.Since(start).Seconds(), errors.Join(errs...)
}

// The least that must be done for a request: lock, note, publish, count.
var (
	lockingTables = `CREATE TABLE product (sku text PRIMARY KEY, version bigint NOT NULL, available bigint NOT NULL CHECK (available >= 0));
		CREATE TABLE allocation (order_id text, sku text, qty integer, PRIMARY KEY (order_id, sku));
		CREATE TABLE outbox (id bigserial PRIMARY KEY, body text);
		INSERT INTO product SELECT 'SKU-' || i, 0, 1 << 30 FROM generate_series(0, SKUS - 1) i`
	lockingSteps = []string{
		`SELECT available FROM product WHERE sku = $1 AND $2 <> '' FOR UPDATE`,
		`INSERT INTO allocation VALUES ($2, $1, 1)`,
		`INSERT INTO outbox (body) VALUES ('{"order_id":"' || $2::text || '","sku":"' || $1::text || '","qty":1}')`,
		`UPDATE product SET version = version + 1, available = available - 1 WHERE sku = $1 AND $2 <> ''`,
	}
)

func (c contest) oneByOne(ctx context.Context, url string, o Options) (float64, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return 0, err
	}
	config.MaxConns = int32(min(o.Clients, 200/c.replicas))
	var pools []*pgxpool.Pool
	defer func() {
		for _, pool := range pools {
			pool.Close()
		}
	}()
	for range c.replicas {
		pool, err := pgxpool.NewWithConfig(ctx, config)
		if err != nil {
			return 0, err
		}
		pools = append(pools, pool)
	}
	tables := strings.Replace(lockingTables, "SKUS", fmt.Sprint(c.skus), 1)
	if _, err := pools[0].Exec(ctx, tables, pgx.QueryExecModeSimpleProtocol); err != nil {
		return 0, err
	}
	return c.rate(o, func(replica int, call int64) error {
		return pgx.BeginFunc(ctx, pools[replica], func(tx pgx.Tx) error {
			for _, step := range lockingSteps {
				if _, err := tx.Exec(ctx, step, c.sku(call), fmt.Sprintf("order-%012d", call)); err != nil {
					return err
				}
			}
			return nil
		})
	})
}
