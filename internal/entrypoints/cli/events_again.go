package cli

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"strconv"

	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
	"allot/internal/views"
)

func (r *run) eventsRetry() *cobra.Command {
	var subscription string
	var position int64
	var all bool
	cmd := &cobra.Command{
		Use:   "retry",
		Short: "Try to deliver parked events again",
		Long:  "What fails once more is parked again. A running server delivers; without one, the next that is started does.",
		Example: examples(
			"allot events retry --subscription webhook-1", "all that is parked of it",
			"allot events retry --subscription webhook-1 --position 120", "one event",
			"allot events retry --all", "all that is parked",
		),
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case all == (subscription != ""):
				return usage("write --subscription NAME, or --all", "what is to be tried again is not said")
			case position < 0:
				return usage("allot events parked lists them", "--position is %d; it must be the position of an event", position)
			}
			return r.throughRedelivery(cmd.Context(), func(to redelivery) error {
				n, err := to.Retry(cmd.Context(), subscription, position)
				if err != nil {
					return err
				}
				if n == 0 && position > 0 {
					r.say("hint: event %d is not parked, or not there; allot events replay delivers again what was delivered", position)
				}
				return r.tellRedelivered(wire.Redelivered{Events: n})
			})
		},
	}
	cmd.Flags().StringVar(&subscription, "subscription", "", "only those to `NAME`")
	cmd.Flags().Int64Var(&position, "position", 0, "only the event at the `POSITION`")
	cmd.Flags().BoolVar(&all, "all", false, "those of all subscriptions")
	return r.takes(cmd, "server", "token-file")
}

func (r *run) eventsReplay() *cobra.Command {
	var wanted wire.Replay
	cmd := &cobra.Command{
		Use:   "replay",
		Short: "Deliver a range of events to a subscription again",
		Long: "Delivers those that the subscription wants, each with its id: receivers must cope with\n" +
			"repeats. With --dry-run it says how many they are.",
		Example: examples(
			"allot events replay --subscription webhook-1 --from 100 --to 200 --dry-run", "how many that would be",
			"allot events replay --subscription webhook-1 --from 100 --to 200", "have them delivered",
		),
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if wanted.Subscription == "" {
				return usage("write --subscription NAME, such as webhook-1", "--subscription is missing")
			}
			for _, name := range []string{"from", "to"} {
				if !cmd.Flags().Changed(name) {
					return usage("allot events list lists the events with their positions", "--%s is missing", name)
				}
			}
			return r.throughRedelivery(cmd.Context(), func(to redelivery) error {
				n, err := to.Replay(cmd.Context(), wanted.Subscription, wanted.From, wanted.To, r.dryRun)
				if err != nil {
					return err
				}
				return r.tellRedelivered(wire.Redelivered{Events: n, DryRun: r.dryRun})
			})
		},
	}
	cmd.Flags().StringVar(&wanted.Subscription, "subscription", "", "deliver to `NAME`")
	cmd.Flags().Int64Var(&wanted.From, "from", 0, "`POSITION` of the first event")
	cmd.Flags().Int64Var(&wanted.To, "to", 0, "`POSITION` of the last event")
	return r.writes(cmd)
}

func (r *run) eventsDiscard() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "discard NUMBER",
		Short: "Take a message that could not be done off the list",
		Long:  "Forgets a message from outside that is parked. Sent again, it is a new one.",
		Example: examples(
			"allot events parked --inbound", "which there are, with their numbers",
			"allot events discard 3", "the one that it shows as 3",
		),
		Args: needs("NUMBER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			const where = "allot events parked --inbound lists the messages with their numbers"
			number, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return usage(where, "NUMBER is %q, which is no number", args[0])
			}
			return r.throughRedelivery(cmd.Context(), func(to redelivery) error {
				err := to.Discard(cmd.Context(), number)
				if errors.Is(err, views.ErrNotFound) || domain.KindOf(err) == domain.NotFound {
					return notFound(where, "no message of the number %d is parked", number)
				}
				if err == nil {
					r.say("message %d is discarded", number)
				}
				return err
			})
		},
	}
	return r.takes(cmd, "server", "token-file")
}

func (r *run) tellRedelivered(d wire.Redelivered) error {
	return object(r, d, func() error {
		switch {
		case d.DryRun:
			r.tell("%s would be delivered again", count(d.Events, "event", "events"))
			r.say("dry run: nothing was written")
		default:
			r.tell("%s will be delivered again", count(d.Events, "event", "events"))
		}
		return nil
	})
}

// redelivery is where events are delivered again: from the database, which this
// process has opened, or from a server that has it.
type redelivery interface {
	Retry(ctx context.Context, subscription string, position int64) (int, error)
	Replay(ctx context.Context, subscription string, from, to int64, dryRun bool) (int, error)
	Discard(ctx context.Context, number int64) error
}

var _ redelivery = (*service.Redelivery)(nil)

// throughRedelivery has fn deliver again, as open has commands done.
func (r *run) throughRedelivery(ctx context.Context, fn func(redelivery) error) error {
	here := func(app *bootstrap.App) error { return fn(service.NewRedelivery(app.Store, r.Now)) }
	switch {
	case r.config.Server != "":
	case bootstrap.Missing(r.config.Database()):
		return r.orNoDatabase(fs.ErrNotExist)
	case r.dryRun:
		app, err := bootstrap.OpenReadOnly(ctx, r.config.Database(), r.options())
		if err != nil {
			return r.orNoDatabase(err)
		}
		return errors.Join(here(app), app.Close())
	}
	return r.hereOrThere(ctx, here, func(s remote) error { return fn(remoteRedelivery{s}) })
}

// remoteRedelivery is that of a server.
type remoteRedelivery struct{ remote }

// Retry implements redelivery.
func (s remoteRedelivery) Retry(ctx context.Context, subscription string, position int64) (int, error) {
	var done wire.Redelivered
	err := s.call(ctx, http.MethodPost, "/v1/deliveries/retry", struct {
		Subscription string `json:"subscription,omitempty"`
		Position     int64  `json:"position,omitempty"`
	}{subscription, position}, &done)
	return done.Events, err
}

// Replay implements redelivery.
func (s remoteRedelivery) Replay(ctx context.Context, subscription string, from, to int64, dryRun bool) (int, error) {
	path := "/v1/deliveries/replay"
	if dryRun {
		path += "?dry_run=true"
	}
	var done wire.Redelivered
	err := s.call(ctx, http.MethodPost, path, struct {
		Subscription string `json:"subscription"`
		From         int64  `json:"from"`
		To           int64  `json:"to"`
	}{subscription, from, to}, &done)
	return done.Events, err
}

// Discard implements redelivery.
func (s remoteRedelivery) Discard(ctx context.Context, number int64) error {
	return s.call(ctx, http.MethodDelete, "/v1/parked-messages/"+strconv.FormatInt(number, 10), nil, nil)
}
