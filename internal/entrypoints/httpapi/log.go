package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"allot/internal/service"
	"allot/internal/views"
)

var listEventsDoc = operation{
	id: "list_events", summary: "Read the event log from its start",
	detail: "`after` is the position after which to begin. `types` and `sku` choose among the events; then a page looks at no more than 20,000 of them, " +
		"so it may be short, or empty, and still have a `next`.",
	query: []string{"limit", "cursor", "after", "types", "sku"}, answers: answers{200: listing[fact]{}},
}

// fact is an entry of the event log, with what it says.
type fact struct {
	views.Event
	Data map[string]json.RawMessage `json:"data"`
}

func (a *api) listEvents(r *http.Request, q query, page views.Page) (out views.List[fact], _ error) {
	if after, given := q["after"]; given {
		position, err := strconv.ParseInt(after, 10, 64)
		if err != nil || position < 0 || page.After != "" {
			return out, badParameter("after", "send the position of the last event that you had, or 0 for all, and no cursor", "after is %q", after)
		}
		page.After = service.CursorAtNumber(position)
		delete(q, "after") // the cursor of the next page says where it begins
	}
	types, err := a.typesIn(q)
	if err != nil {
		return out, err
	}
	chosen := func(e views.Event) bool { return isChosen(e, types, q["sku"]) }
	events, err := choose(page, chosen, func(p views.Page) (views.List[views.Event], error) { return a.views.Events(r.Context(), p) })
	if err != nil {
		return out, err
	}
	items, err := factsOf(events.Items)
	return views.List[fact]{Items: items, Next: events.Next}, err
}

// typesIn is which types of events are asked for; none: all. What is no type is
// refused, if it is known which there are.
func (a *api) typesIn(q query) (types []string, _ error) {
	if q["types"] != "" {
		types = strings.Split(q["types"], ",")
	}
	if a.types == nil {
		return types, nil
	}
	return types, service.CheckTypes("types", types, a.types)
}

func isChosen(e views.Event, types []string, sku string) bool {
	return (len(types) == 0 || slices.Contains(types, e.Type)) && (sku == "" || e.SKU == sku)
}

// choose returns a page of the events that are chosen, of views.MaxLook at
// most.
func choose(page views.Page, chosen func(views.Event) bool, get func(views.Page) (views.List[views.Event], error)) (out views.List[views.Event], _ error) {
	look := page
	for looked := 0; looked < views.MaxLook; looked += look.Size() {
		found, err := get(look)
		if err != nil {
			return out, err
		}
		for i, e := range found.Items {
			if !chosen(e) {
				continue
			}
			if out.Items = append(out.Items, e); len(out.Items) == page.Size() {
				if i < len(found.Items)-1 || found.Next != "" {
					out.Next = service.CursorAtNumber(e.Position)
				}
				return out, nil
			}
		}
		if out.Next = found.Next; out.Next == "" {
			return out, nil
		}
		look = views.Page{After: found.Next, Limit: views.MaxPage}
	}
	return out, nil
}

func factsOf(events []views.Event) ([]fact, error) {
	out := make([]fact, len(events))
	for i, e := range events {
		out[i].Event = e
		if err := json.Unmarshal(e.Data, &out[i].Data); err != nil {
			return nil, fmt.Errorf("read event %d: %w", e.Position, err)
		}
	}
	return out, nil
}
