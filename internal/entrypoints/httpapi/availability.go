package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
	"allot/internal/views"
)

// MaxSKUs is how many products one question may be about.
const MaxSKUs = views.MaxPage

var availabilityDoc = operation{
	id: "product_availability", summary: "Ask what is available of a product, and when",
	detail: "`dates` has what comes and what may be promised by each day. With a `qty`, `promise` is the batch and the day from which a line of it would get its stock now; " +
		"there is none if no batch can take it. What has expired is not available, nor is the safety stock. With `days`, `by_day` has a row for each of the next days, today first: what a chart is drawn from.",
	query: []string{"qty", "by", "location", "days"}, tagged: true, answers: answers{200: views.Availability{}}, problems: []string{wire.CodeNotFound},
}

func (a *api) availability(w http.ResponseWriter, r *http.Request) error {
	q, err := parameters(r, "qty", "by", "location", "days")
	if err != nil {
		return err
	}
	ask, err := a.askOf(q)
	if err != nil {
		return err
	}
	if days, given := q["days"]; given {
		if ask.Days, err = strconv.Atoi(days); err != nil || ask.Days < 1 || ask.Days > views.MaxDays {
			return badParameter("days", "leave it out to be told when something comes", "days is %q; it must be a whole number from 1 to %d", days, views.MaxDays)
		}
	}
	ask.SKU = r.PathValue("sku")
	found, err := a.views.Availability(r.Context(), []views.Ask{ask})
	if err != nil {
		return err
	}
	if found[0].Unknown {
		return noProduct(ask.SKU)
	}
	told := reply{status: http.StatusOK, version: found[0].Version, body: found[0]}
	if found[0].Dated {
		return told.send(w)
	}
	return told.answer(w, r)
}

var availabilitiesDoc = operation{
	id: "list_availability", summary: "Ask what is available of many products, and when",
	detail: "`sku` may come up to 500 times; the answers are in the same order. A product that isn't known is `unknown`.",
	query:  []string{"sku", "qty", "by", "location"}, many: []string{"sku"}, answers: answers{200: listing[views.Availability]{}},
}

func (a *api) availabilities(w http.ResponseWriter, r *http.Request) error {
	skus, q, err := repeated(r, "sku", "qty", "by", "location")
	if err != nil {
		return err
	}
	ask, err := a.askOf(q)
	if err != nil {
		return err
	}
	if len(skus) == 0 || len(skus) > MaxSKUs {
		return badParameter("sku", "send each SKU as a parameter: sku=CHAIR&sku=RUG", "there are %d parameters sku; there must be 1 to %d", len(skus), MaxSKUs)
	}
	asks := make([]views.Ask, len(skus))
	for i, sku := range skus {
		asks[i] = ask
		asks[i].SKU = sku
	}
	found, err := a.views.Availability(r.Context(), asks)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, listing[views.Availability]{Items: found})
}

// repeated reads a query in which one parameter may come many times.
func repeated(r *http.Request, many string, names ...string) ([]string, query, error) {
	given, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, nil, badParameter("query", "encode it as a URL wants it", "the query can't be read: %v", err)
	}
	values := given[many]
	delete(given, many)
	q, err := queryOf(given, names, many)
	return values, q, err
}

// askOf reads what is asked about a product.
func (a *api) askOf(q query) (ask views.Ask, err error) {
	if qty, given := q["qty"]; given && qty != "" {
		if ask.Qty, err = strconv.Atoi(qty); err != nil || ask.Qty < 1 || ask.Qty > domain.MaxQty {
			return ask, badParameter("qty", "leave it out for none in particular", "qty is %q; it must be a whole number from 1 to %d", qty, domain.MaxQty)
		}
	}
	ask.By, ask.Location, ask.AsOf = q["by"], q["location"], a.today().String()
	return ask, service.CheckAsks([]views.Ask{ask})
}

// versionOf is the version of a product; 0 if there is none.
func (a *api) versionOf(ctx context.Context, sku string) (int64, error) {
	found, err := a.views.Availability(ctx, []views.Ask{{SKU: sku}})
	if err != nil {
		return 0, fmt.Errorf("look up the version of a product: %w", err)
	}
	return found[0].Version, nil
}

var lateDoc = operation{
	id: "list_late", summary: "List the lines that come too late, the oldest first",
	detail: "They are promised for a day after the one on which they are needed, or still wait on a day after it; stock in the warehouse is never late, since it can leave today. `days` is by how many.",
	query:  []string{"as_of", "limit", "cursor"}, answers: answers{200: dated{}},
}

var atRiskDoc = operation{
	id: "list_at_risk", summary: "List the lines whose batch should have come by now, the oldest first",
	detail: "`days` is by how many the batch is overdue.",
	query:  []string{"as_of", "limit", "cursor"}, answers: answers{200: dated{}},
}

// dated is a page of a list that depends on what day it is.
type dated struct {
	AsOf string `json:"as_of"`
	listing[views.LateLine]
}

func (a *api) late(w http.ResponseWriter, r *http.Request) error {
	return a.troubled(w, r, a.views.Late)
}

func (a *api) atRisk(w http.ResponseWriter, r *http.Request) error {
	return a.troubled(w, r, a.views.AtRisk)
}

func (a *api) troubled(w http.ResponseWriter, r *http.Request, ask func(context.Context, string, views.Page) (views.List[views.LateLine], error)) error {
	q, err := parameters(r, "as_of", "limit", "cursor")
	if err != nil {
		return err
	}
	page, err := q.page()
	if err != nil {
		return err
	}
	asOf, given := q["as_of"]
	if !given {
		asOf = a.today().String()
	} else if day, err := service.ParseDay("as_of", asOf); err != nil || day == 0 {
		return badParameter("as_of", "leave it out for today", "as_of is %q; it must be a date, YYYY-MM-DD", asOf)
	}
	found, err := ask(r.Context(), asOf, page)
	if err != nil {
		return err
	}
	if found.Next != "" { // the pages of a list are of one day
		q = withDay(q, asOf)
	}
	return writeJSON(w, http.StatusOK, dated{asOf, listing[views.LateLine]{found.Items, nextPage(r.URL, q, found.Next)}})
}

func withDay(q query, asOf string) query {
	out := query{"as_of": asOf}
	if limit, ok := q["limit"]; ok {
		out["limit"] = limit
	}
	return out
}

// todayInUTC says what day it is in UTC.
func todayInUTC() domain.Date { return domain.NewDate(time.Now().UTC().Date()) }
