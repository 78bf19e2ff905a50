package bootstrap_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"allot/internal/bootstrap"
	"allot/internal/domain"
	"allot/internal/redistest"
	"allot/internal/service"
)

// Two keep one model while Redis is killed again and again, keeping what it had
// or not: in the end it says of every product what the shop says.
func TestAReadModelIsRightWhateverIsKilled(t *testing.T) {
	for name, args := range map[string][]string{"nothing kept": nil, "append-only": {"--appendonly", "yes"}} {
		t.Run(name, func(t *testing.T) {
			server := redistest.Start(t, args...)
			app, err := bootstrap.Open(t.Context(), filepath.Join(t.TempDir(), "allot.db"), "test", bootstrap.Options{})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			var keepers sync.WaitGroup
			for range 2 {
				model := readModel(t, server, app)
				keepers.Go(func() { keep(ctx, model) })
			}
			for range 3 {
				trade(t, app, 200)
				server.Kill()
				trade(t, app, 50)
				server.Restart(t)
			}
			trade(t, app, 50)
			cancel()
			keepers.Wait()

			model := readModel(t, server, app)
			if err := model.CatchUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			d, err := model.Compare(t.Context(), nil)
			if want := (service.ModelDifference{Products: skus}); err != nil || d != want {
				t.Errorf("it differs: %+v, %v", d, err)
			}
			if err := app.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func readModel(t *testing.T, server *redistest.Server, app *bootstrap.App) *bootstrap.ReadModel {
	t.Helper()
	model, err := bootstrap.OpenReadModel(server.URL, app.Store, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = model.Close() }) // Redis may be gone
	return model
}

// keep keeps a model up to date, whatever comes, until ctx ends.
func keep(ctx context.Context, model *bootstrap.ReadModel) {
	for tick := time.NewTicker(time.Millisecond); ctx.Err() == nil; <-tick.C {
		_ = model.CatchUp(ctx) // Redis is killed now and then
	}
}

const skus = 20

// trade has so many things done at random to products.
func trade(t *testing.T, app *bootstrap.App, times int) {
	t.Helper()
	for range times {
		sku, n := fmt.Sprint("SKU-", rand.N(skus)), rand.N(1_000_000)
		commands := []domain.Message{
			domain.CreateBatch{Ref: "of " + sku, SKU: sku, Qty: 1000},
			domain.Allocate{OrderID: fmt.Sprint("o", n), SKU: sku, Qty: 1 + n%9},
			domain.ChangeBatch{Ref: "of " + sku, Qty: domain.To(n % 2000), ETA: domain.To(domain.NewDate(2099, 1, 1+n%28))},
			domain.SetPolicy{SKU: sku, SafetyStock: domain.To(n % 50)},
		}
		for range service.SendEach(t.Context(), app.Bus, func(yield func(domain.Message) bool) {
			if yield(commands[0]) { // so that it is there
				yield(commands[rand.N(len(commands))])
			}
		}) { // some are refused
		}
	}
	for n := range skus { // none may be missing
		if _, err := service.Send(t.Context(), app.Bus, domain.DescribeProduct{SKU: fmt.Sprint("SKU-", n), Description: fmt.Sprint(rand.N(1000))}); err != nil && domain.KindOf(err) != domain.NotFound {
			t.Fatal(err)
		}
	}
}
