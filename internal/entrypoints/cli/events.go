package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/service"
	"allot/internal/views"
)

func (r *run) events() *cobra.Command {
	return parent(&cobra.Command{
		Use:   "events",
		Short: "Look at the event log, and have events delivered again",
		Example: examples(
			"allot events list --sku SMALL-TABLE", "what happened to a product",
			"allot events tail", "what happens from now on",
			"allot events parked", "what could not be delivered",
		),
	}, r.eventsList(), r.eventsShow(), r.eventsTail(), r.eventsSubscriptions(), r.eventsParked(), r.eventsRetry(), r.eventsReplay(), r.eventsDiscard())
}

// logged is an event of the log, as allot export events has it.
type logged struct {
	views.Event
	Data json.RawMessage `json:"data"`
}

var loggedColumns = []column[logged]{
	{name: "position", text: func(e logged) string { return strconv.FormatInt(e.Position, 10) }},
	{name: "at", text: func(e logged) string { return e.At.Format(time.RFC3339) }},
	{name: "type", text: func(e logged) string { return e.Type }},
	{name: "sku", text: func(e logged) string { return e.SKU }},
	{name: "command", text: func(e logged) string { return e.Command }},
	{name: "actor", text: func(e logged) string { return e.Actor }, tell: func(e logged) string { return dash(e.Actor) }},
	{name: "data", text: func(e logged) string { return string(e.Data) }},
}

func (r *run) eventsList() *cobra.Command {
	var sku string
	var types []string
	var after int64
	var limit int
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List events, in the order in which they happened",
		Example: examples(
			"allot events list --after 120", "what happened after event 120",
			"allot events list --type out_of_stock --sku LAMP", "when a product ran out",
		),
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if after < 0 {
				return usage("give the position of an event", "--after is %d; it must be at least 0", after)
			}
			if err := service.CheckTypes("type", types, bootstrap.EventTypes()); err != nil {
				return err
			}
			return r.look(cmd.Context(), func(s bootstrap.Store) error {
				chosen := func(e views.Event) bool {
					return (sku == "" || e.SKU == sku) && (len(types) == 0 || slices.Contains(types, e.Type))
				}
				return list(r, loggedColumns, eventsAfter(after, limit, chosen, func(p views.Page) (views.List[views.Event], error) {
					return s.Events(cmd.Context(), p)
				}))
			})
		},
	}
	cmd.Flags().StringVar(&sku, "sku", "", "only events of the product `SKU`")
	cmd.Flags().StringSliceVar(&types, "type", nil, "only events of a `TYPE`, such as allocated; may be repeated")
	cmd.Flags().Int64Var(&after, "after", 0, "only events after the `POSITION`")
	limited(cmd, &limit)
	return cmd
}

// eventsAfter yields the events after a position that are chosen, the first
// ones if limit is not 0.
func eventsAfter(position int64, limit int, chosen func(views.Event) bool, get func(views.Page) (views.List[views.Event], error)) iter.Seq2[logged, error] {
	all := pages(0, func(p views.Page) (views.List[views.Event], error) {
		if p.After == "" {
			p.After = service.CursorAtNumber(position)
		}
		return get(p)
	})
	return func(yield func(logged, error) bool) {
		n := 0
		for e, err := range all {
			if err == nil && !chosen(e) {
				continue
			}
			if n++; limit > 0 && n > limit || !yield(logged{e, e.Data}, err) {
				return
			}
		}
	}
}

// shownEvent is an event, and where it could not be delivered.
type shownEvent struct {
	logged
	Undelivered []views.Failure `json:"undelivered"`
}

func (r *run) eventsShow() *cobra.Command {
	return &cobra.Command{
		Use:   "show POSITION",
		Short: "Show an event, what it came of, and where it could not be delivered",
		Example: examples(
			"allot events show 120", "the event at position 120",
			"allot events show 120 --output json", "for programs",
		),
		Args: needs("POSITION"),
		RunE: func(cmd *cobra.Command, args []string) error {
			position, err := positionOf("POSITION", args[0])
			if err != nil {
				return err
			}
			return r.look(cmd.Context(), func(s bootstrap.Store) error {
				found, err := s.Events(cmd.Context(), views.Page{After: service.CursorAtNumber(position - 1), Limit: 1})
				if err != nil {
					return err
				}
				if len(found.Items) == 0 || found.Items[0].Position != position {
					return notFound("allot events list lists the events with their positions", "there is no event %d", position)
				}
				e := shownEvent{logged{found.Items[0], found.Items[0].Data}, []views.Failure{}}
				for f, err := range pages(0, func(p views.Page) (views.List[views.Failure], error) { return s.Failures(cmd.Context(), "", p) }) {
					if err != nil {
						return err
					}
					if f.Position == position {
						e.Undelivered = append(e.Undelivered, f)
					}
				}
				return r.showEvent(e)
			})
		},
	}
}

func positionOf(name, text string) (int64, error) {
	position, err := strconv.ParseInt(text, 10, 64)
	if err != nil || position < 1 {
		return 0, usage("allot events list lists the events with their positions", "%s is %q; it must be the position of an event", name, text)
	}
	return position, nil
}

func (r *run) showEvent(e shownEvent) error {
	return object(r, e, func() error {
		r.tell("Event    %d, %s", e.Position, e.Type)
		r.tell("At       %s", e.At.Format(time.RFC3339))
		r.tell("Product  %s, version %d", e.SKU, e.Version)
		r.tell("Command  %s", e.Command)
		for _, part := range []struct{ name, value string }{
			{"Actor", e.Actor}, {"Reason", e.Reason}, {"Note", e.Note}, {"Request", e.Correlation}, {"Cause", e.Cause}, {"Trace", e.Trace},
		} {
			if part.value != "" {
				r.tell("%-8s %s", part.name, part.value)
			}
		}
		for _, f := range e.Undelivered {
			r.tell("Not yet  %s: %s after %d attempts: %s", f.Subscription, nextAttempt(f), f.Attempts, f.Error)
		}
		_, err := fmt.Fprintf(r.Out, "%s\n", e.Data)
		return err
	})
}

func (r *run) eventsTail() *cobra.Command {
	var wanted feed
	cmd := &cobra.Command{
		Use:   "tail",
		Short: "Print the events of a running server as they happen, until Ctrl-C",
		Long: "Begins with what happens next, or after the event that --after names. If the server\n" +
			"is started again, it goes on after the last event that was printed.",
		Example: examples(
			"allot events tail --type out_of_stock", "what runs out",
			`allot events tail --output ndjson | jq .data`, "for programs",
		),
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.follow(cmd.Context(), wanted, oneByOne(r, loggedColumns, func(e logged) error {
				_, err := fmt.Fprintf(r.Out, "%d\t%s\t%s\t%s\t%s\n", e.Position, e.At.Format(time.RFC3339), e.Type, e.SKU, e.Data)
				return err
			}))
		},
	}
	wanted.flags(cmd)
	return r.takes(cmd, "server", "token-file")
}

// ended reports whether a feed ended by itself: its server stopped.
func ended(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }
