package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"allot/internal/adapters/postgres"
	"allot/internal/domain"
	"allot/internal/pgserver"
	"allot/internal/service"
)

const clientsEach = 64

// BenchmarkAllocate has 64 clients per replica allocate one unit each, of one
// SKU or of many; beside it, what a transaction with SELECT ... FOR UPDATE for
// each request does on the same server.
func BenchmarkAllocate(b *testing.B) {
	if errors.Is(server.err, pgserver.ErrMissing) {
		b.Skip(server.err)
	}
	for _, skus := range []int{1, 1000} {
		for _, n := range []int{1, 3} {
			b.Run(fmt.Sprintf("skus=%d/replicas=%d/allot", skus, n), func(b *testing.B) { allocateGrouped(b, skus, n) })
			b.Run(fmt.Sprintf("skus=%d/replicas=%d/for-update", skus, n), func(b *testing.B) { allocateNaively(b, skus, n) })
		}
	}
}

// benchDatabase is a database of its own for one run.
func benchDatabase(b *testing.B) string {
	b.Helper()
	admin, err := pgx.Connect(b.Context(), server.URL("postgres"))
	if err != nil {
		b.Fatal(err)
	}
	defer admin.Close(context.Background())
	databases.Lock()
	databases.n++
	name := fmt.Sprint("bench_", databases.n)
	databases.Unlock()
	if _, err := admin.Exec(b.Context(), "CREATE DATABASE "+name); err != nil {
		b.Fatal(err)
	}
	return server.URL(name)
}

// everyClient shares out b.N calls of fn to the clients of n replicas, and
// reports how many were done a second.
func everyClient(b *testing.B, n int, fn func(replica int, call int64) error) {
	var next atomic.Int64
	var all sync.WaitGroup
	b.ResetTimer()
	for c := range n * clientsEach {
		all.Go(func() {
			for {
				call := next.Add(1)
				if call > int64(b.N) {
					return
				}
				if err := fn(c%n, call); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "allocations/s")
}

func allocateGrouped(b *testing.B, skus, n int) {
	url := benchDatabase(b)
	var buses []*service.Bus
	for range n {
		s, err := postgres.Open(b.Context(), url, postgres.Options{})
		if err != nil {
			b.Fatal(err)
		}
		defer s.Close()
		bus := service.NewBus(service.NewTransactor(s, 4096, clock, nil))
		service.Register(bus)
		buses = append(buses, bus)
	}
	for i := range skus {
		cmd := domain.CreateBatch{Ref: fmt.Sprint("batch-", i), SKU: fmt.Sprint("SKU-", i), Qty: 1 << 30}
		if _, err := service.Send(b.Context(), buses[0], cmd); err != nil {
			b.Fatal(err)
		}
	}
	everyClient(b, n, func(replica int, call int64) error {
		cmd := domain.Allocate{OrderID: fmt.Sprintf("order-%012d", call), SKU: fmt.Sprint("SKU-", call*7919%int64(skus)), Qty: 1}
		_, err := service.Send(context.Background(), buses[replica], cmd)
		return err
	})
}

// allocateNaively does for each request what must be done at the least.
func allocateNaively(b *testing.B, skus, n int) {
	url := benchDatabase(b)
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		b.Fatal(err)
	}
	config.MaxConns = int32(min(clientsEach, 90))
	var pools []*pgxpool.Pool
	for range n {
		pool, err := pgxpool.NewWithConfig(b.Context(), config)
		if err != nil {
			b.Fatal(err)
		}
		defer pool.Close()
		pools = append(pools, pool)
	}
	_, err = pools[0].Exec(b.Context(), fmt.Sprintf(`
		CREATE TABLE product (sku text PRIMARY KEY, version bigint NOT NULL, available bigint NOT NULL CHECK (available >= 0));
		CREATE TABLE allocation (order_id text, sku text, qty integer, PRIMARY KEY (order_id, sku));
		CREATE TABLE outbox (id bigserial PRIMARY KEY, body text);
		INSERT INTO product SELECT 'SKU-' || i, 0, 1 << 30 FROM generate_series(0, %d) i`, skus-1), pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		b.Fatal(err)
	}
	everyClient(b, n, func(replica int, call int64) error {
		ctx, sku := context.Background(), fmt.Sprint("SKU-", call*7919%int64(skus))
		return pgx.BeginFunc(ctx, pools[replica], func(tx pgx.Tx) error {
			var version, available int64
			if err := tx.QueryRow(ctx, `SELECT version, available FROM product WHERE sku = $1 FOR UPDATE`, sku).Scan(&version, &available); err != nil {
				return err
			}
			for _, step := range []struct {
				sql  string
				args []any
			}{
				{`INSERT INTO allocation VALUES ($1, $2, 1)`, []any{fmt.Sprintf("order-%012d", call), sku}},
				{`INSERT INTO outbox (body) VALUES ($1)`, []any{fmt.Sprintf(`{"order_id":"order-%012d","sku":%q,"qty":1}`, call, sku)}},
				{`UPDATE product SET version = version + 1, available = available - 1 WHERE sku = $1`, []any{sku}},
			} {
				if _, err := tx.Exec(ctx, step.sql, step.args...); err != nil {
					return err
				}
			}
			return nil
		})
	})
}
