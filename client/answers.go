package client

import (
	"context"
	"iter"
	"net/url"
	"strconv"
)

// Availability is what is available of a product, and when.
type Availability struct {
	SKU         string    `json:"sku"`
	Unknown     bool      `json:"unknown"` // there is no such product
	Description string    `json:"description"`
	OnHand      int       `json:"on_hand"`      // units in the warehouse, whosever they are
	Inbound     int       `json:"inbound"`      // units on their way, whosever they are
	Allocated   int       `json:"allocated"`    // units that lines have
	Location    string    `json:"location"`     // if only what is there counts
	SafetyStock int       `json:"safety_stock"` // units in the warehouse that are not among those available
	Available   int       `json:"available"`    // units that new lines may still get, whenever they come
	LargestFit  int       `json:"largest_fit"`  // the largest line that one batch can take now
	Dates       []Arrival `json:"dates"`        // in order; the warehouse, if it has anything, first
	Promise     *Promise  `json:"promise"`      // of the quantity that was asked for; nil: no batch can take it
	Version     int64     `json:"product_version"`
	Withheld    int       `json:"withheld"` // units neither allocated nor available: in closed batches, expired, or safety stock
	Days        []Day     `json:"by_day"`   // if they were asked for

	BackorderedLines int `json:"backordered_lines"` // lines that wait for stock
}

// Day is how things stand on a day, as they are planned.
type Day struct {
	Date      string `json:"date"`
	Units     int    `json:"units"`     // that come on it, whosever they are
	Supply    int    `json:"supply"`    // units in the warehouse by then, without those overdue
	Overdue   int    `json:"overdue"`   // units that should have come before today
	Allocated int    `json:"allocated"` // units of lines that are promised for that day or before
	Available int    `json:"available"` // units that may be promised for that day
}

// Arrival is what comes on a day.
type Arrival struct {
	Date      string `json:"date"`      // empty: it is in the warehouse
	Units     int    `json:"units"`     // that come, whosever they are
	Available int    `json:"available"` // units that may be promised for that day: of all that has come by then
}

// Promise is where a line would get its stock.
type Promise struct {
	BatchRef string `json:"batch_ref"`
	Date     string `json:"date"` // empty: it is in the warehouse
	Late     bool   `json:"late"` // it comes after the day when it is needed
}

// Ask asks where and when a line would get its stock. The zero Ask asks for none
// in particular.
type Ask struct {
	Qty int    // units
	By  string // date when it is needed

	Location string // count only what is there
	Days     int    // tell it day by day, of one product, for so many days from today on
}

func (a Ask) values() url.Values {
	qty := ""
	if a.Qty != 0 {
		qty = strconv.Itoa(a.Qty)
	}
	days := ""
	if a.Days != 0 {
		days = strconv.Itoa(a.Days)
	}
	return values("qty", qty, "by", a.By, "location", a.Location, "days", days)
}

// Available returns what is available of a product, and when; or "not_found".
func (c *Client) Available(ctx context.Context, sku string, ask Ask) (out Availability, _ error) {
	return out, c.get(ctx, productPath(sku)+"/availability", ask.values(), &out)
}

// AvailableOf returns what is available of up to 500 products, in the order of
// skus.
func (c *Client) AvailableOf(ctx context.Context, skus []string, ask Ask) ([]Availability, error) {
	query := ask.values()
	query["sku"] = skus
	var found struct{ Items []Availability }
	err := c.get(ctx, "/v1/availability", query, &found)
	return found.Items, err
}

// LateLine is a line in trouble.
type LateLine struct {
	Line
	Days int `json:"days"` // by which it is late, or its batch is overdue
}

// Late yields the lines that are promised for a day after the one on which they
// are needed, or still wait on a day after it, oldest first. asOf is the day that
// counts as today; empty: today.
func (c *Client) Late(ctx context.Context, asOf string) iter.Seq2[LateLine, error] {
	return pages[LateLine](ctx, c, "/v1/late", values("as_of", asOf))
}

// AtRisk yields the lines whose batch should have come before a day, oldest
// first; empty: today.
func (c *Client) AtRisk(ctx context.Context, asOf string) iter.Seq2[LateLine, error] {
	return pages[LateLine](ctx, c, "/v1/at-risk", values("as_of", asOf))
}
