package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"allot/internal/access"
	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
	"allot/internal/views"
)

// proposal is a form with what was filled in, and what that would do.
type proposal struct {
	form
	Values   url.Values
	Problem  *wire.Problem // why it can't be done
	Known    bool          // what follows is
	Outcome  string        // what would become of what the command is about
	Cautions []string      // what may be a slip in it
	Moves    []move
	Sum      sum
	Plan     string // stands for just that: what is done has the same, or nothing is done
	Severe   bool   // it takes a tick to do this
	Unticked bool   // and there was none
	Stale    bool   // it would do something else than was shown: somebody was faster
	Back     string // the page that it is about
}

// Value is what was filled into a field.
func (p proposal) Value(name string) string { return p.Values.Get(name) }

// propose shows a form, and what it would do once it is filled in.
func (s *site) propose(r *http.Request) (page, error) {
	f, err := formOf(r.PathValue("op"))
	if err != nil {
		return page{}, err
	}
	p := proposal{form: f, Values: r.URL.Query(), Back: f.page(r.URL.Query())}
	if err := s.prefill(r.Context(), &p); err != nil {
		return page{}, err
	}
	if f.given(p.Values) {
		s.foresee(r.Context(), &p)
	}
	return p.page(), nil
}

func (p proposal) page() page {
	out := page{Template: "do", Title: p.Title, Nav: "batches", Body: p}
	if p.Problem != nil {
		out.Status = p.Problem.Status
	}
	return out
}

// prefill puts what is so now into the fields of what is to be changed. It fails
// if there is no such batch, line or product.
func (s *site) prefill(ctx context.Context, p *proposal) error {
	switch {
	case p.about("ref"):
		return s.prefillBatch(ctx, p)
	case p.about("order_id"):
		return s.prefillLine(ctx, p)
	case p.about("sku"):
		return s.prefillProduct(ctx, p)
	}
	return nil
}

func (s *site) prefillProduct(ctx context.Context, p *proposal) error {
	product, err := s.views.Product(ctx, p.Value("sku"))
	if err == nil && p.Op == "set_policy" && !p.Values.Has("policy") {
		p.Values.Set("policy", cmp.Or(product.Policy, domain.Earliest))
		p.Values.Set("safety_stock", fmt.Sprint(product.SafetyStock))
	}
	if err == nil && p.Op == "describe_product" {
		p.prefill("description", product.Description)
	}
	return err
}

// prefill puts a value into a field, unless the visitor has put one there, or
// nothing.
func (p *proposal) prefill(name, value string) {
	if !p.Values.Has(name) {
		p.Values.Set(name, value)
	}
}

// about reports whether a form is about what a field names.
func (f form) about(name string) bool {
	return slices.ContainsFunc(f.Fields, func(field field) bool { return field.Named && field.Name == name })
}

func (s *site) prefillBatch(ctx context.Context, p *proposal) error {
	b, err := s.views.Batch(ctx, p.Value("ref"))
	if err != nil {
		return err
	}
	p.prefill("qty", fmt.Sprint(b.Qty))
	p.prefill("eta", b.ETA)
	p.prefill("location", b.Location)
	p.prefill("use_by", b.UseBy)
	return nil
}

func (s *site) prefillLine(ctx context.Context, p *proposal) error {
	orderID, sku := p.Value("order_id"), p.Value("sku")
	order, err := s.views.Order(ctx, orderID)
	if err != nil {
		return err
	}
	for _, line := range order.Lines {
		if !strings.EqualFold(line.SKU, sku) {
			continue
		}
		p.Values.Set("sku", line.SKU)
		if p.Op == "amend" {
			priority := domain.UsualPriority
			if line.Priority != nil {
				priority = *line.Priority
			}
			p.prefill("qty", fmt.Sprint(line.Qty))
			p.prefill("priority", fmt.Sprint(priority))
			p.prefill("required_by", line.RequiredBy)
			p.prefill("frozen", fmt.Sprint(line.Frozen))
		}
		return nil
	}
	return fmt.Errorf("order %q has no line of %q: %w", orderID, sku, views.ErrNotFound)
}

// foresee finds out what a proposal would do.
func (s *site) foresee(ctx context.Context, p *proposal) {
	cmd, err := p.command(p.Values, domain.Origin{})
	if err != nil {
		p.refused(err)
		return
	}
	if c, scope := access.CallerOf(ctx), access.ScopeOf(cmd); !c.May(scope) {
		p.refused(access.MayNot(c, scope))
		return
	}
	effect, err := service.PreviewAny(ctx, s.bus, cmd)
	if err != nil {
		p.refused(err)
		return
	}
	p.Known, p.Outcome, p.Plan = true, outcome(effect.Result), effect.Plan()
	if len(effect.Events) > 0 {
		p.Cautions = s.cautions(ctx, *p)
	}
	p.Moves = s.movesOf(ctx, effect.Events)
	p.Sum = sumOf(p.Moves)
	p.Severe = p.Sum.Lost > 0 || len(p.Moves) > manyMoves
}

// manyMoves is how many lines may move without a tick.
const manyMoves = 50

func (p *proposal) refused(err error) {
	problem := wire.ProblemOf(err)
	p.Problem = &problem
}

// stocked is what a batch would be like.
func stocked(b domain.Batch) string {
	says := "The batch would have " + counted(b.Purchased, "unit", "units")
	if b.Location != "" {
		says += " at " + b.Location
	}
	if b.UseBy != 0 {
		says += ", good until " + b.UseBy.String()
	}
	return fmt.Sprintf("%s, %d allocated, %d available.", says, b.Allocated, b.Available())
}

// outcome says what would become of what a command is about.
func outcome(result any) string {
	switch r := result.(type) {
	case domain.Placement:
		return placed(r)
	case domain.Batched:
		if r.Replayed {
			return "It is so already: nothing would change."
		}
		return stocked(r.Batch)
	case domain.Replanned:
		return fmt.Sprintf("%s would be placed afresh, the most urgent first.", counted(r.Lines, "line", "lines"))
	case domain.PolicyAnswer:
		return ruled(r)
	case domain.Described:
		if r.Replayed {
			return "It is so already: nothing would change."
		}
		return "The description would be saved."
	}
	return ""
}

func ruled(r domain.PolicyAnswer) string {
	if r.Replayed {
		return "It is so already: nothing would change."
	}
	return fmt.Sprintf("New lines would be placed by the policy %s, with %s kept back. Lines that have their batch keep it.", r.Policy, counted(r.SafetyStock, "unit", "units"))
}

func placed(p domain.Placement) string {
	if p.Replayed {
		return "It is so already: nothing would change."
	}
	fits := fmt.Sprintf("The largest line that fits now has %s.", counted(p.LargestFit, "unit", "units"))
	where := p.BatchRef + ", in the warehouse."
	if p.Promise != 0 {
		where = p.BatchRef + ", which comes on " + p.Promise.String() + "."
	}
	switch p.Status {
	case domain.StatusAllocated:
		return "The line would be allocated to " + where
	case domain.StatusHeld:
		return "The line would be held in " + where
	case domain.StatusShipped:
		return "The line would be shipped, in full."
	case domain.StatusBackordered:
		return "No batch can take it: the line would be backordered. " + fits
	case domain.StatusRefused:
		return "No batch can take it: the line would be refused. " + fits
	case domain.StatusExpired:
		return "The hold would end."
	}
	return "The line would be cancelled, for good."
}

// move is what becomes of one line.
type move struct {
	OrderID, SKU   string
	Qty            int
	From, To       string // batches; "": it has none
	FromETA, ToETA string
	Cancelled      bool
	Ended          string // how, if otherwise
}

// moves are the lines that a command moves, in the order in which it does.
type moves struct {
	all   []move
	place map[[2]string]int
}

func (m *moves) of(orderID, sku string, qty int) *move {
	key := [2]string{orderID, sku}
	i, known := m.place[key]
	if !known {
		i = len(m.all)
		m.place[key] = i
		m.all = append(m.all, move{OrderID: orderID, SKU: sku, Qty: qty})
	}
	return &m.all[i]
}

// movesOf follows the lines through the events of a command.
func (s *site) movesOf(ctx context.Context, events []service.Envelope) []move {
	m := moves{place: map[[2]string]int{}}
	etas := map[string]string{}
	for _, e := range events {
		switch e := e.Event.(type) {
		case domain.Deallocated:
			if _, known := etas[e.BatchRef]; !known {
				etas[e.BatchRef] = s.etaOf(ctx, e.BatchRef)
			}
			line := m.of(e.OrderID, e.SKU, e.Qty)
			line.From, line.FromETA = e.BatchRef, etas[e.BatchRef]
		case domain.Allocated:
			line := m.of(e.OrderID, e.SKU, e.Qty)
			line.To, line.ToETA = e.BatchRef, e.Promise.String()
		case domain.PromiseChanged:
			line := m.of(e.OrderID, e.SKU, e.Qty)
			line.From, line.FromETA, line.To, line.ToETA = e.BatchRef, e.Previous.String(), e.BatchRef, e.Promise.String()
		case domain.Backordered:
			m.of(e.OrderID, e.SKU, e.Qty).To = ""
		case domain.LineCancelled:
			m.of(e.OrderID, e.SKU, e.Qty).Cancelled = true
		}
	}
	return m.all
}

// effect is what a move means to its order, as a chip.
func (m move) effect() chip {
	switch {
	case m.Cancelled:
		return chip{"–", "Cancelled", "neutral"}
	case m.Ended != "":
		return chip{"–", m.Ended, "neutral"}
	case m.To == "" && m.From == "":
		return chip{"○", "Backordered", "wait"}
	case m.To == "":
		return chip{"○", "Without stock", "bad"}
	case m.From == "":
		return chip{"✓", "Gets stock", "ok"}
	case m.ToETA == m.FromETA:
		return chip{"=", "Same day", "neutral"}
	case m.later() > 0:
		return chip{"▲", counted(m.later(), "day later", "days later"), "warn"}
	case m.later() < 0:
		return chip{"▼", counted(-m.later(), "day earlier", "days earlier"), "ok"}
	case m.ToETA > m.FromETA:
		return chip{"▲", "Later", "warn"}
	default:
		return chip{"▼", "Earlier", "ok"}
	}
}

// later is by how many days the stock comes later; 0 if one of them is here.
func (m move) later() int {
	from, err := domain.ParseDate(m.FromETA)
	to, err2 := domain.ParseDate(m.ToETA)
	if cmp.Or(err, err2) != nil || from == 0 || to == 0 {
		return 0
	}
	return to.Sub(from)
}

// sum counts what becomes of lines.
type sum struct{ Later, Earlier, Lost, Filled, Backordered, Units int }

func sumOf(moves []move) (s sum) {
	for _, m := range moves {
		s.Units += m.Qty
		switch {
		case m.Cancelled, m.Ended != "":
		case m.To == "" && m.From == "":
			s.Backordered++ // it never had any
		case m.To == "":
			s.Lost++
		case m.From == "":
			s.Filled++
		case m.ToETA > m.FromETA:
			s.Later++
		case m.ToETA < m.FromETA:
			s.Earlier++
		}
	}
	return s
}
