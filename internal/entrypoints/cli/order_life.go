package cli

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/config"
	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/views"
)

// terms are what may be said of a line that asks for stock.
type terms struct {
	priority              int
	requiredBy, holdUntil string
}

func (t *terms) flags(cmd *cobra.Command) {
	cmd.Flags().IntVar(&t.priority, "priority", domain.UsualPriority, "`NUMBER` from 0 to 9: the higher, the sooner it is served")
	cmd.Flags().StringVar(&t.requiredBy, "required-by", "", "`DATE` on which it is needed, YYYY-MM-DD")
	cmd.Flags().StringVar(&t.holdUntil, "hold-until", "", "only hold it until this `TIME`, such as 2026-12-01T08:00:00Z, unless it is confirmed; a hold never waits for stock")
}

func (t *terms) parse() (p domain.Priority, by domain.Date, until domain.Instant, _ error) {
	by, err := domain.ParseDate(t.requiredBy)
	if err != nil {
		return p, by, until, usage("leave it out if there is no hurry", "--required-by: %v", err)
	}
	if until, err = domain.ParseInstant(t.holdUntil); err != nil {
		return p, by, until, usage("leave it out to order for good", "--hold-until: %v", err)
	}
	return domain.NewPriority(t.priority), by, until, nil
}

func (r *run) orderAllocate() *cobra.Command {
	var terms terms
	var wishes wishes
	var all bool
	cmd := &cobra.Command{
		Use:   "allocate ORDER SKU=QTY...",
		Short: "Ask for stock for all lines of an order at once",
		Long:  "Allocates each line for itself, or with --all either all of them now, or none\n(exit code 4).",
		Example: examples(
			"allot order allocate order-1 SMALL-TABLE=2 RED-CHAIR=8", "what finds no stock waits",
			"allot order allocate order-1 SMALL-TABLE=2 RED-CHAIR=8 --all", "all of it now, or nothing",
		),
		Args: needs("ORDER", "SKU=QTY..."),
		RunE: func(cmd *cobra.Command, args []string) error {
			order := domain.AllocateOrder{Origin: r.origin(), OrderID: args[0]}
			if all {
				order.Mode = domain.AllLines
			}
			priority, by, until, err := terms.parse()
			if err != nil {
				return err
			}
			order.HoldUntil = until
			for _, arg := range args[1:] {
				i := strings.LastIndexByte(arg, '=')
				if i < 0 {
					return usage("write SKU=QTY, for example SMALL-TABLE=2", "%q has no quantity", arg)
				}
				qty, err := quantity(arg[i+1:], 1)
				if err != nil {
					return err
				}
				order.Lines = append(order.Lines, domain.Wanted{SKU: arg[:i], Qty: qty, Priority: priority, RequiredBy: by, Wishes: wishes.parse()})
			}
			return r.allocateOrder(cmd.Context(), order)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "allocate every line now, or keep nothing")
	terms.flags(cmd)
	wishes.flags(cmd)
	return r.writes(cmd)
}

func (r *run) allocateOrder(ctx context.Context, order domain.AllocateOrder) error {
	return perform(ctx, r, order, func(p domain.Placements) error {
		var lines []placed
		var failed []error
		for _, l := range p.Lines {
			if l.Err == nil && l.Status == domain.StatusRefused {
				l.Err = wire.OutOfStock(domain.Allocate{SKU: l.SKU, Qty: l.Qty}, l.Placement)
			}
			if l.Err != nil {
				failed = append(failed, l.Err)
				continue
			}
			lines = append(lines, placed{
				OrderID: p.OrderID, SKU: l.SKU, Qty: l.Qty, Status: l.Status, BatchRef: l.BatchRef, Promise: l.Promise, HeldUntil: l.HeldUntil,
				LargestFit: l.LargestFit, Replayed: l.Replayed, DryRun: r.dryRun,
			})
		}
		if len(lines) == 0 {
			return refusedWhole(failed)
		}
		if err := list(r, placedColumns, these(lines...)); err != nil {
			return err
		}
		if len(failed) > 0 {
			return &failure{wire.ExitPartly, errors.Join(failed...).Error(), "the other lines were accepted"}
		}
		return nil
	})
}

// refusedWhole is the error of an order of which no line was accepted: that of
// its only line, or of the first with what is wrong with the others.
func refusedWhole(failed []error) error {
	f := &failure{wire.ExitCode(failed[0]), errors.Join(failed...).Error(), hintOf(failed[0])}
	if e, ok := errors.AsType[*domain.Error](failed[0]); ok && e.Code == wire.CodeOutOfStock {
		f.hint = "leave out --hold-until to have what finds no stock wait"
	}
	return f
}

// lineChanged has a command about a line done and prints where the line stands;
// shown says which line it is, and what the command says of it.
func (r *run) lineChanged(ctx context.Context, shown standingLine, cmd domain.Command[domain.Placement]) error {
	return perform(ctx, r, cmd, func(p domain.Placement) error {
		shown.Status, shown.BatchRef, shown.Promise, shown.HeldUntil = p.Status, p.BatchRef, p.Promise, p.HeldUntil
		shown.Shipped, shown.Replayed, shown.DryRun = p.Shipped, p.Replayed, r.dryRun
		if err := object(r, shown, func() error { return list(r, shown.columns(), these(shown)) }); err != nil {
			return err
		}
		if p.Replayed {
			r.say("nothing changed: it was so already")
		}
		return nil
	})
}

// standingLine is where a line stands.
type standingLine struct {
	OrderID   string         `json:"order_id"`
	SKU       string         `json:"sku"`
	Qty       int            `json:"qty,omitempty"` // if it was just set
	Status    domain.Status  `json:"status"`
	BatchRef  string         `json:"batch_ref,omitempty"`
	Promise   domain.Date    `json:"promise,omitzero"`
	HeldUntil domain.Instant `json:"held_until,omitzero"`
	Shipped   int            `json:"shipped"`
	Returned  int            `json:"returned,omitempty"` // if it was just said
	Replayed  bool           `json:"replayed,omitempty"`
	DryRun    bool           `json:"dry_run,omitempty"`
}

// columns are those of a table of the line.
func (l standingLine) columns() []column[standingLine] {
	columns := slices.Clone(standingColumns)
	if l.Qty > 0 {
		columns = slices.Insert(columns, 2, column[standingLine]{name: "qty", text: func(l standingLine) string { return strconv.Itoa(l.Qty) }})
	}
	if l.Returned > 0 {
		columns = append(columns, column[standingLine]{name: "returned", text: func(l standingLine) string { return strconv.Itoa(l.Returned) }})
	}
	return columns
}

var standingColumns = []column[standingLine]{
	{name: "order_id", text: func(l standingLine) string { return l.OrderID }},
	{name: "sku", text: func(l standingLine) string { return l.SKU }},
	{name: "status", text: func(l standingLine) string { return string(l.Status) }},
	{name: "batch_ref", text: func(l standingLine) string { return l.BatchRef }, tell: func(l standingLine) string { return dash(l.BatchRef) }},
	{name: "promise", text: func(l standingLine) string { return l.Promise.String() }, tell: func(l standingLine) string { return when(l.BatchRef, l.Promise) }},
	{name: "shipped", text: func(l standingLine) string { return strconv.Itoa(l.Shipped) }},
}

func (r *run) orderShip() *cobra.Command {
	var reason domain.Origin
	var shipped int
	cmd := &cobra.Command{
		Use:   "ship ORDER SKU [--shipped N]",
		Short: "Say that the goods of a line have left",
		Long: "Says how many units of a line have left, counted from the first: saying it twice\n" +
			"ships nothing twice. The rest stays allocated. Only what is in the warehouse can\nbe shipped.",
		Example: examples(
			"allot order ship order-1 SMALL-TABLE", "all of it",
			"allot order ship order-1 SMALL-TABLE --shipped 2", "two by now, in all",
		),
		Args: needs("ORDER", "SKU"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("shipped") && shipped < 1 {
				return usage("leave it out to ship the whole line", "--shipped is %d; it must lie between 1 and %d", shipped, domain.MaxQty)
			}
			return r.lineChanged(cmd.Context(), standingLine{OrderID: args[0], SKU: args[1]}, domain.ShipLine{Origin: r.because(reason), OrderID: args[0], SKU: args[1], Shipped: shipped})
		},
	}
	cmd.Flags().IntVar(&shipped, "shipped", 0, "`UNITS` that have left, in all; without it, the whole line")
	reasons(cmd, &reason)
	return r.writes(cmd)
}

func (r *run) orderReturn() *cobra.Command {
	var reason domain.Origin
	var into string
	cmd := &cobra.Command{
		Use:   "return ORDER SKU UNITS",
		Short: "Take back what was shipped of a line",
		Long: "Says how many units of a line have come back, counted from the first. They go into\n" +
			"the batch that the line has, or the one that --into names, and from there to the\nlines that wait.",
		Example: examples(
			"allot order return order-1 SMALL-TABLE 1 --reason unwanted", "one has come back, in all",
			"allot order return order-1 SMALL-TABLE 2 --into batch-9", "another, which goes elsewhere",
		),
		Args: needs("ORDER", "SKU", "UNITS"),
		RunE: func(cmd *cobra.Command, args []string) error {
			units, err := quantity(args[2], 1)
			if err != nil {
				return err
			}
			return r.lineChanged(cmd.Context(), standingLine{OrderID: args[0], SKU: args[1], Returned: units},
				domain.ReturnLine{Origin: r.because(reason), OrderID: args[0], SKU: args[1], Returned: units, BatchRef: into})
		},
	}
	cmd.Flags().StringVar(&into, "into", "", "`BATCH` that the goods go to; without it, the one of the line")
	reasons(cmd, &reason)
	return r.writes(cmd)
}

func (r *run) orderAmend() *cobra.Command {
	var reason domain.Origin
	var terms terms
	var qty int
	var mayMove, frozen bool
	cmd := &cobra.Command{
		Use:   "amend ORDER SKU [--qty N] [--priority N] [--required-by DATE] [--frozen]",
		Short: "Change the quantity of a line, how much it matters, when it is needed, or freeze it",
		Long: "A smaller quantity frees stock for the lines that wait. A larger one takes it from\n" +
			"the batch of the line; if that has too little, the line loses its place, but only\n" +
			"with --may-move. Without it, it is said what would become of the line.\n\n" +
			"A frozen line stays where it is when its product is re-planned; --frozen=false lets\nit go.",
		Example: examples(
			"allot order amend order-1 SMALL-TABLE --qty 12 --dry-run", "what would happen?",
			"allot order amend order-1 SMALL-TABLE --priority 9 --required-by 2026-12-05", "it is urgent",
		),
		Args: needs("ORDER", "SKU"),
		RunE: func(cmd *cobra.Command, args []string) error {
			priority, by, _, err := terms.parse()
			if err != nil {
				return err
			}
			amend := domain.AmendLine{Origin: r.because(reason), OrderID: args[0], SKU: args[1], Amendment: domain.Amendment{MayMove: mayMove}}
			if cmd.Flags().Changed("qty") {
				amend.Qty = domain.To(qty)
			}
			if cmd.Flags().Changed("priority") {
				amend.Priority = domain.To(priority)
			}
			if cmd.Flags().Changed("frozen") {
				amend.Frozen = domain.To(frozen)
			}
			if cmd.Flags().Changed("required-by") {
				amend.RequiredBy = domain.To(by)
			}
			return byFlag(r.lineChanged(cmd.Context(), standingLine{OrderID: args[0], SKU: args[1], Qty: amend.Qty.To}, amend))
		},
	}
	cmd.Flags().IntVar(&qty, "qty", 0, "`UNITS`, in all")
	cmd.Flags().IntVar(&terms.priority, "priority", domain.UsualPriority, "`NUMBER` from 0 to 9: the higher, the sooner it is served")
	cmd.Flags().StringVar(&terms.requiredBy, "required-by", "", "`DATE` on which it is needed, YYYY-MM-DD; empty: there is no hurry")
	cmd.Flags().BoolVar(&frozen, "frozen", false, "have re-planning leave the line where it is")
	cmd.Flags().BoolVar(&mayMove, "may-move", false, "move to another batch, or wait, if that is what it takes")
	reasons(cmd, &reason)
	return r.writes(cmd)
}

// byFlag says how to let a line move on the command line.
func byFlag(err error) error {
	e, ok := errors.AsType[*domain.Error](err)
	if !ok || e.Code != domain.CodeLineWouldMove {
		return err
	}
	hint := strings.Replace(e.Hint, "say that the line may move", "pass --may-move", 1)
	return &failure{wire.ExitCode(err), e.Message, hint}
}

func (r *run) orderConfirm() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "confirm ORDER SKU",
		Short: "Make an order of a line that is held",
		Long:  "What was allocated with --hold-until stays allocated from now on. Confirming it\nagain changes nothing.",
		Example: examples(
			"allot order confirm order-1 SMALL-TABLE", "it was paid for",
			"allot order confirm order-1 SMALL-TABLE --dry-run", "is it still held?",
		),
		Args: needs("ORDER", "SKU"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.lineChanged(cmd.Context(), standingLine{OrderID: args[0], SKU: args[1]}, domain.ConfirmHold{Origin: r.origin(), OrderID: args[0], SKU: args[1]})
		},
	}
	return r.writes(cmd)
}

func (r *run) orderRelease() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "release ORDER SKU",
		Short: "Give up a line that is held",
		Long:  "What was allocated with --hold-until goes to the lines that wait. The line may be\nasked for again.",
		Example: examples(
			"allot order release order-1 SMALL-TABLE", "the cart was emptied",
			"allot order release order-1 SMALL-TABLE --dry-run", "is it still held?",
		),
		Args: needs("ORDER", "SKU"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.lineChanged(cmd.Context(), standingLine{OrderID: args[0], SKU: args[1]}, domain.ReleaseHold{Origin: r.origin(), OrderID: args[0], SKU: args[1]})
		},
	}
	return r.writes(cmd)
}

var historyColumns = []column[views.Event]{
	{name: "position", text: func(e views.Event) string { return strconv.FormatInt(e.Position, 10) }},
	{name: "at", text: func(e views.Event) string { return e.At.Format("2006-01-02T15:04:05Z07:00") }},
	{name: "type", text: func(e views.Event) string { return e.Type }},
	{name: "command", text: func(e views.Event) string { return e.Command }},
	{name: "actor", text: func(e views.Event) string { return e.Actor }, tell: func(e views.Event) string { return dash(e.Actor) }},
	{name: "reason", text: func(e views.Event) string { return e.Reason }, tell: func(e views.Event) string { return dash(e.Reason) }},
	{name: "data", text: func(e views.Event) string { return string(e.Data) }},
}

func (r *run) orderHistory() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "history ORDER SKU",
		Short: "Show all that ever happened to a line",
		Example: examples(
			"allot order history order-1 SMALL-TABLE", "from the first promise on",
			"allot order history order-1 SMALL-TABLE -o json", "with the reason for where it stands",
		),
		Args: needs("ORDER", "SKU"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.look(cmd.Context(), func(s bootstrap.Store) error {
				history, err := s.History(cmd.Context(), args[0], args[1])
				if err != nil {
					return missing(err, "allot order show "+args[0]+" shows its lines")
				}
				if r.config.Output == config.OutputJSON {
					return object(r, history, nil)
				}
				return list(r, historyColumns, these(history.Events...))
			})
		},
	}
	return cmd
}
