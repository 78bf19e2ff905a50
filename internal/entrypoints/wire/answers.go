package wire

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"allot/internal/domain"
	"allot/internal/service"
)

// Summary is the last line of the answer to many commands: what became of the
// lines that had one.
type Summary struct {
	Lines  int  `json:"lines"`
	OK     int  `json:"ok"`
	Failed int  `json:"failed"`
	DryRun bool `json:"dry_run,omitempty"` // nothing was done
}

// AppendSummary appends a summary as a line, with its end.
func AppendSummary(buf []byte, s Summary) []byte {
	w := writer{buf: append(buf, `{"summary":{`...)}
	w.number("lines", s.Lines)
	w.number("ok", s.OK)
	w.number("failed", s.Failed)
	w.flag("dry_run", s.DryRun)
	return append(w.buf, '}', '}', '\n')
}

// AppendAnswer appends the answer to the command on a line, which 1 is the
// first of, with its end. It returns the HTTP status that the command would
// have got by itself: 400 and above if it was refused.
//
// cmd is not looked at if the outcome is an error.
func AppendAnswer(buf []byte, line int, cmd domain.Message, o service.Outcome[any]) ([]byte, int) {
	w := writer{buf: buf}
	w.open()
	w.number("line", line)
	status := w.outcome(cmd, o)
	w.close()
	return append(w.buf, '\n'), status
}

func (w *writer) outcome(cmd domain.Message, o service.Outcome[any]) int {
	if o.Err != nil {
		return w.problem(ProblemOf(o.Err))
	}
	switch r := o.Result.(type) {
	case domain.Placement:
		return w.placement(cmd, r)
	case domain.Placements:
		return w.placements(r)
	case domain.Batched:
		_, created := cmd.(domain.CreateBatch)
		status := w.status(created && !r.Replayed)
		w.batched(r)
		return status
	case domain.Replanned:
		return w.replanned(r)
	case domain.PolicyAnswer:
		status := w.status(false)
		w.text("sku", r.SKU)
		w.text("policy", r.Policy)
		w.number("safety_stock", r.SafetyStock)
		w.flag("replayed", r.Replayed)
		return status
	case domain.Described:
		status := w.status(false)
		w.text("sku", r.SKU)
		w.text("description", r.Description)
		w.flag("replayed", r.Replayed)
		return status
	}
	return w.problem(ProblemOf(fmt.Errorf("answer %s with a %T", cmd.CommandName(), o.Result)))
}

// status writes the status of what succeeded.
func (w *writer) status(created bool) int {
	status := 200
	if created {
		status = 201
	}
	w.number("http_status", status)
	return status
}

func (w *writer) problem(p Problem) int {
	w.number("http_status", p.Status)
	w.text("code", p.Code)
	w.text("field", p.Field)
	w.text("detail", p.Detail)
	w.text("hint", p.Hint)
	return p.Status
}

func (w *writer) placement(cmd domain.Message, p domain.Placement) int {
	allocate, isNew := cmd.(domain.Allocate)
	var status int
	if p.Status == domain.StatusRefused {
		status = w.problem(ProblemOf(OutOfStock(allocate, p)))
	} else {
		status = w.status(isNew && !p.Replayed)
	}
	if isNew {
		w.text("order_id", allocate.OrderID)
		w.text("sku", allocate.SKU)
		w.number("qty", allocate.Qty)
	} else if orderID, sku, ok := lineOf(cmd); ok {
		w.text("order_id", orderID)
		w.text("sku", sku)
	}
	w.placed(p)
	return status
}

// lineOf names the line that a command is about.
func lineOf(cmd domain.Message) (orderID, sku string, ok bool) {
	switch c := cmd.(type) {
	case domain.Allocate:
		return c.OrderID, c.SKU, true
	case domain.CancelLine:
		return c.OrderID, c.SKU, true
	case domain.ShipLine:
		return c.OrderID, c.SKU, true
	case domain.ReturnLine:
		return c.OrderID, c.SKU, true
	case domain.AmendLine:
		return c.OrderID, c.SKU, true
	case domain.ConfirmHold:
		return c.OrderID, c.SKU, true
	case domain.ReleaseHold:
		return c.OrderID, c.SKU, true
	}
	return "", "", false
}

// placed writes where a line stands.
func (w *writer) placed(p domain.Placement) {
	w.text("status", string(p.Status))
	w.text("batch_ref", p.BatchRef)
	w.text("promise", p.Promise.String())
	w.text("held_until", p.HeldUntil.String())
	if p.Shipped > 0 {
		w.number("shipped", p.Shipped)
	}
	w.why(p.Why)
	if p.LargestFit > 0 {
		w.number("largest_fit", p.LargestFit)
	}
	w.flag("replayed", p.Replayed)
}

// anyNew reports whether a line of an order was not there before.
func anyNew(r domain.Placements) bool {
	return slices.ContainsFunc(r.Lines, func(l domain.OrderedLine) bool {
		return l.Err == nil && !l.Replayed && l.Status != domain.StatusRefused
	})
}

// placements writes what became of the lines of an order. A line that nothing
// was done about has a code.
func (w *writer) placements(r domain.Placements) int {
	status := w.status(anyNew(r))
	w.text("order_id", r.OrderID)
	w.name("lines")
	w.buf = append(w.buf, '[')
	for i, l := range r.Lines {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		w.open()
		w.text("sku", l.SKU)
		w.number("qty", l.Qty)
		if l.Err != nil {
			w.problem(ProblemOf(l.Err))
		} else {
			w.placed(l.Placement)
		}
		w.close()
	}
	w.buf = append(w.buf, ']')
	return status
}

// OutOfStock is the refusal of a line that was not to wait for stock, as an
// error, for those who have to say it in a status or an exit code.
func OutOfStock(cmd domain.Allocate, p domain.Placement) error {
	units := "units"
	if cmd.Qty == 1 {
		units = "unit"
	}
	e := &domain.Error{Kind: domain.Conflict, Code: CodeOutOfStock, Field: "qty",
		Message: fmt.Sprintf("no batch of %q can take %d %s", cmd.SKU, cmd.Qty, units),
		Hint:    fmt.Sprintf("leave on_shortage out, or say %q, to have the line wait", domain.KeepBackorder)}
	if p.LargestFit > 0 {
		e.Message += fmt.Sprintf("; one could take %d", p.LargestFit)
	}
	return e
}

// why writes a reason as encoding/json would: see domain.Why.
func (w *writer) why(why domain.Why) {
	if why.Rule == "" {
		return
	}
	w.name("why")
	w.open()
	w.text("rule", why.Rule)
	w.text("cause", string(why.Cause))
	w.text("by", why.By)
	for i, b := range why.PassedOver {
		if i == 0 {
			w.name("passed_over")
			w.buf = append(w.buf, '[')
		} else {
			w.buf = append(w.buf, ',')
		}
		w.open()
		w.text("batch_ref", b.BatchRef)
		w.number("available", b.Available)
		w.text("eta", b.ETA.String())
		w.text("reason", string(b.Reason))
		w.close()
	}
	if len(why.PassedOver) > 0 {
		w.buf = append(w.buf, ']')
	}
	if why.More > 0 {
		w.number("more", why.More)
	}
	w.close()
}

func (w *writer) batched(r domain.Batched) {
	w.text("ref", r.Batch.Ref)
	w.text("sku", r.Batch.SKU)
	w.number("qty", r.Batch.Purchased)
	w.text("eta", r.Batch.ETA.String())
	w.text("location", r.Batch.Location)
	w.text("use_by", r.Batch.UseBy.String())
	w.number("allocated", r.Batch.Allocated)
	w.number("available", r.Batch.Available())
	if r.Batch.Shipped > 0 {
		w.number("shipped", r.Batch.Shipped)
	}
	w.flag("closed", r.Batch.Closed)
	w.flag("replayed", r.Replayed)
}

// answer is a line of an answer as clients read it: a newer server may say
// more.
type answer struct {
	Line       int            `json:"line"`
	HTTPStatus int            `json:"http_status"`
	Code       string         `json:"code"`
	Field      string         `json:"field"`
	Detail     string         `json:"detail"`
	Hint       string         `json:"hint"`
	SKU        string         `json:"sku"`
	Status     domain.Status  `json:"status"`
	BatchRef   string         `json:"batch_ref"`
	Promise    domain.Date    `json:"promise"`
	Why        domain.Why     `json:"why"`
	LargestFit int            `json:"largest_fit"`
	HeldUntil  domain.Instant `json:"held_until"`
	Shipped    int            `json:"shipped"`
	Closed     bool           `json:"closed"`
	OrderID    string         `json:"order_id"`
	Lines      []answer       `json:"lines"`
	Ref        string         `json:"ref"`
	Qty        int            `json:"qty"`
	ETA        domain.Date    `json:"eta"`
	Allocated  int            `json:"allocated"`
	Location   string         `json:"location"`
	UseBy      domain.Date    `json:"use_by"`

	Policy      string `json:"policy"`
	SafetyStock int    `json:"safety_stock"`

	Description string `json:"description"`
	Planned     int    `json:"planned"`
	Moved       int    `json:"moved"`
	Replayed    bool   `json:"replayed"`

	Summary *Summary `json:"summary"`
}

// DecodeAnswer reads what AppendAnswer wrote about a command: the line that it
// was on and its outcome. A batch has no more in it than its answer says. The
// error says that it is no such answer.
func DecodeAnswer(text []byte, cmd domain.Message) (line int, _ service.Outcome[any], _ error) {
	var a answer
	if err := json.Unmarshal(text, &a); err != nil {
		return 0, service.Outcome[any]{}, fmt.Errorf("read the answer to %s: %w", cmd.CommandName(), err)
	}
	if a.HTTPStatus == 0 {
		return 0, service.Outcome[any]{}, fmt.Errorf("read the answer to %s: %s has no http_status", cmd.CommandName(), shorten(text))
	}
	if a.HTTPStatus >= 400 && a.Status != domain.StatusRefused {
		p := Problem{Status: a.HTTPStatus, Code: a.Code, Field: a.Field, Detail: a.Detail, Hint: a.Hint}
		return a.Line, service.Outcome[any]{Err: p.Err()}, nil
	}
	return a.Line, service.Outcome[any]{Result: a.result(cmd)}, nil
}

func (a answer) result(cmd domain.Message) any {
	switch cmd.(type) {
	case domain.CreateBatch, domain.ChangeBatchQuantity, domain.ChangeBatch, domain.ReceiveBatch, domain.CloseBatch, domain.ReopenBatch:
		return domain.Batched{
			Batch:    domain.Batch{Ref: a.Ref, SKU: a.SKU, Purchased: a.Qty, Allocated: a.Allocated, Shipped: a.Shipped, Closed: a.Closed, ETA: a.ETA, Location: a.Location, UseBy: a.UseBy},
			Replayed: a.Replayed,
		}
	case domain.AllocateOrder:
		return a.placements()
	case domain.SetPolicy:
		return domain.PolicyAnswer{SKU: a.SKU, Policy: a.Policy, SafetyStock: a.SafetyStock, Replayed: a.Replayed}
	case domain.ReplanProduct:
		return domain.Replanned{SKU: a.SKU, Lines: a.Planned, Moved: a.Moved}
	case domain.DescribeProduct:
		return domain.Described{SKU: a.SKU, Description: a.Description, Replayed: a.Replayed}
	}
	return a.placement()
}

func (a answer) placement() domain.Placement {
	return domain.Placement{
		Status: a.Status, BatchRef: a.BatchRef, Promise: a.Promise, HeldUntil: a.HeldUntil, Shipped: a.Shipped,
		Why: a.Why, LargestFit: a.LargestFit, Replayed: a.Replayed,
	}
}

func (a answer) placements() domain.Placements {
	out := domain.Placements{OrderID: a.OrderID}
	for _, l := range a.Lines {
		line := domain.OrderedLine{Wanted: domain.Wanted{SKU: l.SKU, Qty: l.Qty}, Placement: l.placement()}
		if l.HTTPStatus >= 400 {
			line.Err = Problem{Status: l.HTTPStatus, Code: l.Code, Field: l.Field, Detail: l.Detail, Hint: l.Hint}.Err()
		}
		out.Lines = append(out.Lines, line)
	}
	return out
}

// DecodeSummary reads what AppendSummary wrote.
func DecodeSummary(text []byte) (Summary, error) {
	var a answer
	err := json.Unmarshal(text, &a)
	if err == nil && a.Summary == nil {
		err = errors.New("there is none")
	}
	if err != nil {
		return Summary{}, fmt.Errorf("read the summary in %s: %w", cmp.Or(shorten(text), "nothing"), err)
	}
	return *a.Summary, nil
}
