package web

import (
	"encoding/json"
	"fmt"
	"regexp"
	"time"

	"allot/internal/domain"
	"allot/internal/views"
)

// piece is a part of a sentence about an event: a reference has an address.
type piece struct{ Text, To string }

// fact is what the data of events have that sentences need.
type fact struct {
	Order       string `json:"order_id"`
	Batch       string `json:"batch_ref"`
	Ref         string `json:"ref"`
	From        string `json:"moved_from"`
	Qty         int    `json:"qty"`
	WasQty      int    `json:"previous_qty"`
	ETA         string `json:"eta"`
	WasETA      string `json:"previous_eta"`
	Promise     string `json:"promise"`
	WasPromise  string `json:"previous_promise"`
	Location    string `json:"location"`
	UseBy       string `json:"use_by"`
	HeldUntil   string `json:"held_until"`
	RequiredBy  string `json:"required_by"`
	Priority    int    `json:"priority"`
	Frozen      bool   `json:"frozen"`
	Left        int    `json:"left"`
	LargestFit  int    `json:"largest_fit"`
	Policy      string `json:"policy"`
	SafetyStock int    `json:"safety_stock"`
	Description string `json:"description"`
	Why         struct {
		Cause domain.Cause `json:"cause"`
	} `json:"why"`
	Moved struct {
		Batch string `json:"batch_ref"`
	} `json:"moved"`
}

// Told is what happened, in words; nothing of what has none yet.
func (c calendar) Told(e views.Event) []piece {
	var f fact
	if err := json.Unmarshal(e.Data, &f); err != nil {
		return nil
	}
	return f.linked(c.happened(e.Type, f))
}

// happened is what happened, with names of references in braces.
func (c calendar) happened(kind string, f fact) string {
	units := counted(f.Qty, "unit", "units")
	switch kind {
	case "product_described":
		return fmt.Sprintf("It is called %q.", f.Description)
	case "batch_created":
		return fmt.Sprintf("{ref} has %s, %s%s.", units, c.comes(f.ETA), c.label(f))
	case "batch_quantity_changed":
		return fmt.Sprintf("{ref} has %s; it had %d.", units, f.WasQty)
	case "batch_eta_changed":
		return fmt.Sprintf("{ref} %s; it was to be there %s.", c.comes(f.ETA), c.on(f.WasETA))
	case "batch_received":
		return fmt.Sprintf("{ref} has arrived, with %s.", units)
	case "batch_closed":
		return "{ref} is closed: it takes no more lines."
	case "batch_reopened":
		return "{ref} takes lines again."
	case "batch_relabelled":
		return fmt.Sprintf("{ref} is now %s%s.", or(f.Location == "", "at no particular location", "at "+f.Location), c.goodUntil(f))
	case "policy_set":
		return fmt.Sprintf("Lines are placed by the policy %s%s.", f.Policy, or(f.SafetyStock == 0, "", fmt.Sprintf(", with %s kept back", counted(f.SafetyStock, "unit", "units"))))
	case "filling_began":
		return "Backorders are being filled, the oldest first."
	case "filling_ended":
		return "Backorders are filled, as far as the stock goes."
	}
	return c.ofLine(kind, f, units)
}

// ofLine is what happened to a line.
func (c calendar) ofLine(kind string, f fact, units string) string {
	switch kind {
	case "allocated":
		return fmt.Sprintf("{order} gets %s of {batch}%s, %s%s%s.", units, or(f.From == "", "", " instead of {from}"), c.comes(f.Promise), c.until(f), because(f.Why.Cause))
	case "deallocated":
		return fmt.Sprintf("{order} gives up %s of {batch}%s.", units, or(f.Moved.Batch == "", "", " for {moved}"))
	case "backordered":
		return fmt.Sprintf("{order} is backordered with %s%s.", units, because(f.Why.Cause))
	case "out_of_stock":
		return fmt.Sprintf("{order} wanted %s; the largest line that fitted had %d.", units, f.LargestFit)
	case "line_cancelled":
		return fmt.Sprintf("{order} is cancelled, with %s.", units)
	case "promise_changed":
		return fmt.Sprintf("{order} is promised %s; it was promised %s.", c.on(f.Promise), c.on(f.WasPromise))
	case "line_shipped":
		return fmt.Sprintf("%s of {order} left with {batch}; %d are still to go.", units, f.Left)
	case "line_returned":
		return fmt.Sprintf("%s of {order} came back, into {batch}.", units)
	case "line_amended":
		return fmt.Sprintf("{order} wants %s; it wanted %d.", units, f.WasQty)
	case "line_terms_changed":
		return fmt.Sprintf("{order} has priority %d, is needed %s%s.", f.Priority, or(f.RequiredBy == "", "as soon as possible", "by "+c.Day(f.RequiredBy)), or(f.Frozen, " and is frozen", ""))
	case "hold_extended":
		return fmt.Sprintf("{order} is held%s.", c.until(f))
	case "hold_confirmed":
		return fmt.Sprintf("{order} is an order now, with %s of {batch}.", units)
	case "hold_ended":
		return fmt.Sprintf("The hold of {order} has ended; %s are free again.", units)
	}
	return ""
}

// comes says when something that is to arrive on a day does; an empty day is
// in the past.
func (c calendar) comes(day string) string {
	return or(day == "", "in the warehouse", "comes "+c.Day(day))
}

// on is a day, or that it is over.
func (c calendar) on(day string) string { return or(day == "", "at once", c.Day(day)) }

func (c calendar) label(f fact) string {
	return or(f.Location == "", "", ", at "+f.Location) + c.goodUntil(f)
}

func (c calendar) goodUntil(f fact) string {
	return or(f.UseBy == "", "", ", good until "+c.Day(f.UseBy))
}

// until says how long a line is held; nothing of one that is no hold.
func (c calendar) until(f fact) string {
	at, err := time.Parse(time.RFC3339, f.HeldUntil)
	return or(err != nil, "", " until "+at.In(c.zone).Format("2 Jan 2006 15:04"))
}

// because is why a line was placed, if not because it was ordered.
func because(why domain.Cause) string {
	return or(why == domain.Ordered || causes[why] == "", "", ", "+causes[why])
}

func or(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

var names = regexp.MustCompile(`\{\w+\}`)

// linked puts the references into a sentence.
func (f fact) linked(sentence string) (out []piece) {
	address := map[string]piece{
		"{order}": {f.Order, "/orders/" + escape(f.Order)}, "{batch}": {f.Batch, "/batches/" + escape(f.Batch)}, "{ref}": {f.Ref, "/batches/" + escape(f.Ref)},
		"{from}": {f.From, "/batches/" + escape(f.From)}, "{moved}": {f.Moved.Batch, "/batches/" + escape(f.Moved.Batch)},
	}
	for sentence != "" {
		at := names.FindStringIndex(sentence)
		if at == nil {
			return append(out, piece{Text: sentence})
		}
		if p, known := address[sentence[at[0]:at[1]]]; known && p.Text != "" {
			out = append(out, piece{Text: sentence[:at[0]]}, p)
		} else { // it is part of what somebody wrote
			out = append(out, piece{Text: sentence[:at[1]]})
		}
		sentence = sentence[at[1]:]
	}
	return out
}
