package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"allot/internal/config"
	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

// plan is what a change of a batch does to lines.
type plan struct {
	DryRun   bool        `json:"dry_run,omitempty"`
	Batch    views.Batch `json:"batch"`
	Previous int         `json:"previous_qty"`
	Digest   string      `json:"plan,omitempty"` // of what it would do
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
func (r *run) plan(ctx context.Context, cmd domain.Command[domain.Batched]) (*plan, error) {
	if r.config.Server != "" {
		return r.planAt(ctx, cmd)
	}
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
	if !p.replayed {
		p.Digest = effect.Plan()
	}
	was := batch.ETA
	for _, e := range effect.Events {
		switch e := e.Event.(type) {
		case domain.BatchETAChanged:
			was = e.Previous
		case domain.BatchReceived:
			was = e.Previous
		}
		p.follow(e.Event, was)
	}
	for _, m := range p.Moves {
		p.count(m)
	}
	return p, nil
}

// planAt has the server that was named find it out. If somebody changes the
// batch between the questions, the digest stands for the first answer.
func (r *run) planAt(ctx context.Context, cmd domain.Command[domain.Batched]) (*plan, error) {
	foreseen, err := r.foresee(ctx, []domain.Message{cmd})
	if err != nil {
		return nil, inFirst(err)
	}
	c, err := r.toServer()
	if err != nil {
		return nil, err
	}
	defer c.http.CloseIdleConnections()
	c.dryRun = true
	then, err := do(ctx, &door{send: c.send}, cmd)
	if err != nil {
		return nil, err
	}
	var was views.Batch
	if err := (remote{c, r.origin().Actor}).call(ctx, http.MethodGet, "/v1/batches/"+url.PathEscape(then.Batch.Ref), nil, &was); err != nil {
		return nil, err
	}
	p := &plan{DryRun: r.dryRun, Batch: service.ViewBatch(then.Batch), Previous: was.Qty, Digest: foreseen.Plan, Moves: []move{}, replayed: then.Replayed}
	for _, m := range foreseen.Moves {
		p.Moves = append(p.Moves, move(m.Move))
		p.count(move(m.Move))
	}
	return p, nil
}

// follow enters what an event says about where a line was or is; was is when
// the batch that is changed was to come before.
func (p *plan) follow(e domain.Event, was domain.Date) {
	switch e := e.(type) {
	case domain.BatchQuantityChanged:
		p.Previous = e.Previous
	case domain.Deallocated:
		p.move(e.OrderID, e.SKU, e.Qty).From = e.BatchRef
		p.move(e.OrderID, e.SKU, e.Qty).FromETA = was
	case domain.PromiseChanged:
		m := p.move(e.OrderID, e.SKU, e.Qty)
		m.From, m.FromETA, m.To, m.ToETA = e.BatchRef, e.Previous, e.BatchRef, e.Promise
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
		r.tell("%s  %s  %d -> %s, %s%s", p.Batch.Ref, p.Batch.SKU, p.Previous, count(p.Batch.Qty, "unit", "units"), comes(p.Batch.ETA), labelled(p.Batch))
		if len(p.Moves) == 0 && r.config.Output == config.OutputTable {
			return nil
		}
		return list(r, moveColumns, these(p.Moves...))
	})
}
