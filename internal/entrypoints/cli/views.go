package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
)

func (r *run) views() *cobra.Command {
	return parent(&cobra.Command{
		Use:   "views",
		Short: "Look after what is kept in Redis for readers",
		Long: "A server with --redis-availability keeps in Redis what is available of each product, for\n" +
			"readers that are too many for the API. It is put right by itself; what it can't put\n" +
			"right by itself, and what somebody else wrote there, allot views rebuild does.",
		Example: examples(
			"allot views show", "up to where it reflects the log",
			"allot views show LAMP CHAIR", "what readers see of products",
			"allot views rebuild --dry-run", "whether it is right",
		),
	}, r.viewsShow(), r.viewsRebuild())
}

// withReadModel has fn look at the read model in Redis, and at the shop.
func (r *run) withReadModel(ctx context.Context, fn func(*bootstrap.ReadModel) error) error {
	if r.config.RedisURL == "" {
		return usage("name a server with --redis-url or ALLOT_REDIS_URL", "%s is about what is in Redis, and no Redis is set", r.command)
	}
	return r.look(ctx, func(s bootstrap.Store) error {
		model, err := bootstrap.OpenReadModel(r.config.RedisURL, s, r.options().Now)
		if err != nil {
			return usage("write for example redis://127.0.0.1:6379/0", "%s can't be used: %v", r.sourceOf("redis-url"), err)
		}
		return errors.Join(r.troubleIn(fn(model)), model.Close())
	})
}

// troubleIn says of an error what it means for the Redis that a setting names, if
// it is Redis that has to be looked after.
func (r *run) troubleIn(err error) error {
	if _, told := errors.AsType[*failure](err); told || err == nil {
		return err
	}
	if trouble, ok := bootstrap.RedisTroubleOf(r.config.RedisURL, err); ok {
		return &failure{wire.ExitUnavailable, "Redis" + strings.TrimPrefix(trouble.What, "it"), strings.ReplaceAll(trouble.Next, "--redis-url", r.sourceOf("redis-url"))}
	}
	return err
}

// modelStanding is where the read model is.
type modelStanding struct {
	Status   string    `json:"status"` // none, filling, complete or foreign
	Position int64     `json:"position"`
	At       time.Time `json:"at,omitzero"`      // of the event there
	Behind   *int64    `json:"behind,omitempty"` // events; nil if nobody can tell, because it is of another log
	AsOf     string    `json:"as_of,omitempty"`
	Filled   int       `json:"filled"` // products that the last filling put so far
}

func modelStandingOf(s service.ModelStanding) modelStanding {
	status := "complete"
	switch {
	case s.Build == "":
		status = "none"
	case s.Foreign:
		status = "foreign"
	case !s.Complete:
		status = "filling"
	}
	told := modelStanding{Status: status, Position: s.Position, At: s.At, AsOf: s.AsOf, Filled: s.Filled}
	if !s.Foreign {
		told.Behind = &s.Behind
	}
	return told
}

// adviceOnForeign is what to do about a read model of another log.
const adviceOnForeign = "allot views rebuild makes it one of this shop; give each shop a Redis database of its own"

// behind is how many events a read model lacks; empty if nobody can tell.
func (s modelStanding) behind() string {
	if s.Behind == nil {
		return ""
	}
	return strconv.FormatInt(*s.Behind, 10)
}

var modelStandingColumns = []column[modelStanding]{
	{name: "status", text: func(s modelStanding) string { return s.Status }},
	{name: "position", text: func(s modelStanding) string { return strconv.FormatInt(s.Position, 10) }},
	{name: "behind", text: modelStanding.behind, tell: func(s modelStanding) string { return dash(s.behind()) }},
	{name: "as_of", text: func(s modelStanding) string { return s.AsOf }, tell: func(s modelStanding) string { return dash(s.AsOf) }},
	{name: "filled", text: func(s modelStanding) string { return strconv.Itoa(s.Filled) }},
}

var modelledColumns = []column[service.Modelled]{
	{name: "sku", text: func(m service.Modelled) string { return m.SKU }},
	{name: "on_hand", text: func(m service.Modelled) string { return strconv.Itoa(m.OnHand) }},
	{name: "inbound", text: func(m service.Modelled) string { return strconv.Itoa(m.Inbound) }},
	{name: "allocated", text: func(m service.Modelled) string { return strconv.Itoa(m.Allocated) }},
	{name: "withheld", text: func(m service.Modelled) string { return strconv.Itoa(m.Withheld) }},
	{name: "available", text: func(m service.Modelled) string { return strconv.Itoa(m.Available) }},
	{name: "largest_fit", text: func(m service.Modelled) string { return strconv.Itoa(m.LargestFit) }},
	{name: "backordered_lines", text: func(m service.Modelled) string { return strconv.Itoa(m.BackorderedLines) }},
	{name: "product_version", text: func(m service.Modelled) string { return strconv.FormatInt(m.Version, 10) }},
	{name: "position", text: func(m service.Modelled) string { return strconv.FormatInt(m.Position, 10) }},
	{name: "as_of", text: func(m service.Modelled) string { return m.AsOf }},
}

func (r *run) viewsShow() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show [SKU...]",
		Short: "Say up to where what is in Redis reflects the log, or what it has of products",
		Long: "Says up to which position of the log what is in Redis reflects, and how many events it\n" +
			"is behind; with SKUs, what readers see of those products.",
		Example: examples(
			"allot views show", "up to where it is right",
			"allot views show LAMP --output json", "what readers see of a product, with its dates",
		),
		Args: needs("[SKU...]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.withReadModel(cmd.Context(), func(m *bootstrap.ReadModel) error {
				s, err := m.Standing(cmd.Context())
				if err != nil {
					return err
				}
				if len(args) > 0 && s.Foreign {
					return &failure{wire.ExitConflict, fmt.Sprintf("what is in Redis is not of this shop: it reflects event %d of another log", s.Position), adviceOnForeign}
				}
				if len(args) > 0 {
					return r.showModelled(cmd.Context(), m, args)
				}
				if s.Build == "" {
					r.say("hint: nothing is kept in Redis yet: allot serve --redis-availability does, or allot views rebuild, once")
				}
				told := modelStandingOf(s)
				return object(r, told, func() error { return list(r, modelStandingColumns, these(told)) })
			})
		},
	}
	return r.takes(cmd, "redis-url", "timezone")
}

// showModelled shows products in the order in which they were asked for, those
// that are there also if others are not.
func (r *run) showModelled(ctx context.Context, m *bootstrap.ReadModel, skus []string) error {
	found, err := m.Find(ctx, skus)
	if err != nil {
		return err
	}
	has := map[string]bool{}
	for _, p := range found {
		has[p.SKU] = true
	}
	if len(found) > 0 {
		err = list(r, modelledColumns, these(found...))
	}
	for _, sku := range skus {
		if !has[sku] {
			err = errors.Join(err, notFound("allot views show says whether it is up to date, and allot product show what there is", "there is no product %q in Redis", sku))
			break
		}
	}
	return err
}
