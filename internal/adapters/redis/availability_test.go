package redis_test

import (
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"allot/internal/adapters/readmodeltest"
	"allot/internal/adapters/redis"
	"allot/internal/redistest"
	"allot/internal/service"
	"allot/internal/views"
)

// shown is the read model of a server, to be looked at and broken.
type shown struct {
	*redis.Availability
	redis *goredis.Client
}

func TestReadModel(t *testing.T) {
	server := redistest.Start(t)
	readmodeltest.Run(t, func(t *testing.T) readmodeltest.Model {
		c := open(t, server)
		must(c.FlushAll(t.Context()).Result())(t)
		return shown{redis.NewAvailability(c), c}
	})
}

// Save implements readmodeltest.Model: it leaves the server as it was when it
// saved last.
func (s shown) Save(t *testing.T) (restore func()) {
	t.Helper()
	ctx := t.Context()
	saved := map[string]string{}
	for _, key := range must(s.redis.Keys(ctx, "*").Result())(t) {
		saved[key] = must(s.redis.Dump(ctx, key).Result())(t)
	}
	return func() {
		must(s.redis.FlushAll(ctx).Result())(t)
		for key, value := range saved {
			must(s.redis.Restore(ctx, key, 0, value).Result())(t)
		}
	}
}

func TestAProductIsAHashWhoseFieldsCanBeReadOneByOne(t *testing.T) {
	c := open(t, redistest.Start(t))
	model := redis.NewAvailability(c)
	at := service.ModelState{Build: "b1", AsOf: "2026-11-02", Filling: true}
	if err := model.Begin(t.Context(), "", at); err != nil {
		t.Fatal(err)
	}
	lamp := service.Modelled{AsOf: at.AsOf, Position: 7, Availability: views.Availability{
		SKU: "LAMP", OnHand: 3, Inbound: 5, Allocated: 1, Available: 7, LargestFit: 5, Version: 12, BackorderedLines: 2,
		Dates: []views.Arrival{{Units: 3, Available: 2}, {Date: "2026-12-01", Units: 5, Available: 7}},
	}}
	if err := model.Put(t.Context(), at, at, []service.Modelled{lamp}); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"on_hand": "3", "inbound": "5", "allocated": "1", "available": "7", "largest_fit": "5", "withheld": "0", "safety_stock": "0", "backordered_lines": "2",
		"dates": `[{"units":3,"available":2},{"date":"2026-12-01","units":5,"available":7}]`, "description": "",
		"product_version": "12", "position": "7", "as_of": "2026-11-02", "build": "b1",
	}
	got := must(c.HGetAll(t.Context(), "allot:availability:LAMP").Result())(t)
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %q, want %q", name, got[name], value)
		}
	}
	if len(got) != len(want) {
		t.Errorf("it has %v", got)
	}
}

func TestWhatIsNoProductIsReplacedByOne(t *testing.T) {
	c := open(t, redistest.Start(t))
	must(c.Set(t.Context(), "allot:availability:LAMP", "somebody was here", 0).Result())(t)
	must(c.Set(t.Context(), "allot:availability:RUG", "and here", 0).Result())(t)
	model := redis.NewAvailability(c)
	at := service.ModelState{Build: "b1", AsOf: "2026-11-02", Filling: true}
	if err := model.Begin(t.Context(), "", at); err != nil {
		t.Fatal(err)
	}
	if err := model.Put(t.Context(), at, at, []service.Modelled{{Availability: views.Availability{SKU: "LAMP", Version: 1}}}); err != nil {
		t.Fatal(err)
	}
	if err := model.Finish(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	if got := must(c.HGet(t.Context(), "allot:availability:LAMP", "product_version").Result())(t); got != "1" {
		t.Errorf("the version is %s", got)
	}
	if keys := must(c.Keys(t.Context(), "allot:availability*").Result())(t); len(keys) != 2 {
		t.Errorf("there are %v", keys)
	}
}

func TestAStateOfOthersIsLeftAlone(t *testing.T) {
	c := open(t, redistest.Start(t))
	must(c.HSet(t.Context(), redis.AvailabilityState, "colour", "red").Result())(t)
	if s, err := redis.NewAvailability(c).State(t.Context()); err == nil {
		t.Errorf("it reflects %+v", s)
	}
}
