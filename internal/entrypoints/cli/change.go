package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"allot/internal/config"
	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

func (r *run) batchChange() *cobra.Command {
	var reason domain.Origin
	qty, given := -1, -1
	cmd := &cobra.Command{
		Use:   "change REF --qty N",
		Short: "Correct how much of a batch there is",
		Long: "Sets how many units of a batch were bought, in all. If there are fewer than it\n" +
			"has allocated, the lines that were accepted last lose their place: they move to\n" +
			"other batches, or wait. What changes is shown before anything does.\n\n" +
			"If more than 50 lines change, or one is left without stock, their number has to\nbe typed, or given with --confirm.",
		Example: examples(
			"allot batch change batch-1 --qty 10 --reason damaged", "see what moves, then decide",
			"allot batch change batch-1 --qty 10 --dry-run -o json", "the same for a program",
		),
		Args: needs("REF"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !cmd.Flags().Changed("qty") {
				return usage("write: "+r.command+" REF --qty N", "--qty is missing")
			}
			return r.change(cmd.Context(), domain.ChangeBatchQuantity{Origin: r.because(reason), Ref: args[0], Qty: qty}, given)
		},
	}
	cmd.Flags().IntVar(&qty, "qty", -1, "units bought, in all")
	cmd.Flags().IntVar(&given, "confirm", -1, "number of lines that change, as --dry-run said")
	reasons(cmd, &reason)
	return r.asks(r.writes(cmd))
}

// change shows what a change would do, asks, and does it.
func (r *run) change(ctx context.Context, cmd domain.ChangeBatchQuantity, given int) error {
	if r.config.Server != "" {
		return r.changeUnseen(ctx, cmd)
	}
	p, err := r.plan(ctx, cmd)
	if err != nil {
		return err
	}
	if r.dryRun {
		if err := r.show(p); err != nil {
			return err
		}
		r.say("dry run: nothing was written")
		return nil
	}
	if r.config.Output == config.OutputTable { // other forms have one document: what was done
		if err := r.show(p); err != nil {
			return err
		}
	}
	if p.replayed {
		r.say("nothing changed: it was so already")
		return nil
	}
	if err := r.agreeTo(ctx, p, given); err != nil {
		return err
	}
	return r.through(ctx, func(d *door) error {
		done, err := do(ctx, d, cmd)
		if err != nil || r.config.Output == config.OutputTable {
			return err
		}
		p.Batch = service.ViewBatch(done.Batch)
		return r.show(p)
	})
}

// changeUnseen changes a batch of a server that can't say what would move.
func (r *run) changeUnseen(ctx context.Context, cmd domain.ChangeBatchQuantity) error {
	if !r.yes && !r.dryRun {
		return usage("pass --yes to change it unseen, or run it where the data directory is, without --server",
			"what would move can't be shown: a server that was named can't be asked for it")
	}
	return r.changeBatch(ctx, cmd)
}

// plan is what a change of a batch does to lines.
type plan struct {
	DryRun   bool        `json:"dry_run,omitempty"`
	Batch    views.Batch `json:"batch"`
	Previous int         `json:"previous_qty"`
	Moves    []move      `json:"moves"`
	Later    int         `json:"later"` // lines
	Earlier  int         `json:"earlier"`
	Lost     int         `json:"without_stock"`
	Filled   int         `json:"filled"` // backorders that get stock
	replayed bool
	places   map[string]int // order id -> where in Moves; all are of one SKU
}

// move is what becomes of one line.
type move struct {
	OrderID string      `json:"order_id"`
	SKU     string      `json:"sku"`
	Qty     int         `json:"qty"`
	From    string      `json:"from,omitempty"` // batch; empty: it was backordered
	FromETA domain.Date `json:"from_eta,omitzero"`
	To      string      `json:"to,omitempty"` // batch; empty: it is backordered
	ToETA   domain.Date `json:"to_eta,omitzero"`
}

// plan finds out what a change would do.
func (r *run) plan(ctx context.Context, cmd domain.ChangeBatchQuantity) (*plan, error) {
	app, err := r.preview(ctx)
	if err != nil {
		return nil, err
	}
	effect, err := service.Preview(ctx, app.Bus, cmd)
	if err = errors.Join(err, app.Close()); err != nil {
		return nil, err
	}
	batch := effect.Result.Batch
	p := &plan{DryRun: r.dryRun, Batch: service.ViewBatch(batch), Previous: batch.Purchased, Moves: []move{}, replayed: effect.Result.Replayed, places: map[string]int{}}
	for _, e := range effect.Events {
		p.follow(e.Event, batch)
	}
	for _, m := range p.Moves {
		p.count(m)
	}
	return p, nil
}

// follow enters what an event says about where a line was or is.
func (p *plan) follow(e domain.Event, changed domain.Batch) {
	switch e := e.(type) {
	case domain.BatchQuantityChanged:
		p.Previous = e.Previous
	case domain.Deallocated:
		p.move(e.OrderID, e.SKU, e.Qty).From = e.BatchRef
		p.move(e.OrderID, e.SKU, e.Qty).FromETA = changed.ETA
	case domain.Allocated:
		m := p.move(e.OrderID, e.SKU, e.Qty)
		m.To, m.ToETA = e.BatchRef, e.Promise
	case domain.Backordered:
		p.move(e.OrderID, e.SKU, e.Qty).To = ""
	}
}

// move is the line's move, valid until the next one is added.
func (p *plan) move(orderID, sku string, qty int) *move {
	i, known := p.places[orderID]
	if !known {
		i = len(p.Moves)
		p.places[orderID] = i
		p.Moves = append(p.Moves, move{OrderID: orderID, SKU: sku, Qty: qty})
	}
	return &p.Moves[i]
}

func (p *plan) count(m move) {
	switch {
	case m.To == "":
		p.Lost++
	case m.From == "":
		p.Filled++
	case m.ToETA > m.FromETA:
		p.Later++
	case m.ToETA < m.FromETA:
		p.Earlier++
	}
}

// manyLines is how many lines may change without somebody saying how many.
const manyLines = 50

func (r *run) agreeTo(ctx context.Context, p *plan, given int) error {
	if len(p.Moves) > manyLines || p.Lost > 0 {
		return r.confirmNumber(ctx, p.sum(), len(p.Moves), given)
	}
	return r.confirm(ctx, p.sum()+" Apply?")
}

// sum is the plan in a sentence.
func (p *plan) sum() string {
	if len(p.Moves) == 0 {
		return "No line moves."
	}
	text := fmt.Sprintf("%s: %d later, %d earlier, %d without stock", count(len(p.Moves), "line changes", "lines change"), p.Later, p.Earlier, p.Lost)
	if p.Filled > 0 {
		text += ", " + count(p.Filled, "backorder filled", "backorders filled")
	}
	return text + "."
}

// count is a number of things in words.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

var moveColumns = []column[move]{
	{name: "order_id", text: func(m move) string { return m.OrderID }},
	{name: "qty", text: func(m move) string { return strconv.Itoa(m.Qty) }},
	{name: "from", text: func(m move) string { return m.From }, tell: func(m move) string { return dash(m.From) }},
	{name: "from_eta", text: func(m move) string { return m.FromETA.String() }, tell: func(m move) string { return when(m.From, m.FromETA) }},
	{name: "to", text: func(m move) string { return m.To }, tell: func(m move) string { return dash(m.To) }},
	{name: "to_eta", text: func(m move) string { return m.ToETA.String() }, tell: func(m move) string { return when(m.To, m.ToETA) }},
	{name: "effect", text: move.effect},
}

func when(batch string, eta domain.Date) string {
	if batch == "" {
		return "-"
	}
	return comes(eta.String())
}

// effect is what the move means to the order.
func (m move) effect() string {
	switch {
	case m.To == "":
		return "without stock"
	case m.From == "":
		return "filled"
	case m.ToETA == m.FromETA:
		return "same day"
	case m.FromETA == 0:
		return "later"
	case m.ToETA == 0:
		return "earlier"
	case m.ToETA > m.FromETA:
		return count(m.ToETA.Sub(m.FromETA), "day later", "days later")
	default:
		return count(m.FromETA.Sub(m.ToETA), "day earlier", "days earlier")
	}
}

func (r *run) show(p *plan) error {
	return object(r, p, func() error {
		r.tell("%s  %s  %d -> %d units, %s", p.Batch.Ref, p.Batch.SKU, p.Previous, p.Batch.Qty, comes(p.Batch.ETA))
		if len(p.Moves) == 0 && r.config.Output == config.OutputTable {
			return nil
		}
		return list(r, moveColumns, these(p.Moves...))
	})
}
