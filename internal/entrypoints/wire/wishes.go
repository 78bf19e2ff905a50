package wire

import (
	"encoding/json"
	"slices"
	"strings"

	"allot/internal/domain"
)

// What lines ask of their batch, where batches lie and how long they keep, and
// by which rule lines are placed.

// ProductRule is the body of what sets how the lines of a product are placed.
var ProductRule = body(func(c *domain.SetPolicy) *domain.Origin { return &c.Origin }, policyFields...)

var policyFields = []field[domain.SetPolicy]{
	changed("policy", func(c *domain.SetPolicy) *domain.Change[string] { return &c.Policy }, Text, readText[string], (*writer).always),
	changed("safety_stock", func(c *domain.SetPolicy) *domain.Change[int] { return &c.SafetyStock }, Quantity, readQuantity, (*writer).number),
}

var setPolicy = command("set_policy", func(c *domain.SetPolicy) *domain.Origin { return &c.Origin },
	slices.Concat([]field[domain.SetPolicy]{required(text("sku", func(c *domain.SetPolicy) *string { return &c.SKU }))}, policyFields)...)

// labelFields are what may be said of a new batch besides.
var labelFields = []field[domain.CreateBatch]{
	text("location", func(c *domain.CreateBatch) *string { return &c.Location }),
	date("use_by", func(c *domain.CreateBatch) *domain.Date { return &c.UseBy }),
}

// relabelFields are the same of a batch that there is; null takes it away.
var relabelFields = []field[domain.ChangeBatch]{
	nullable(changed("location", func(c *domain.ChangeBatch) *domain.Change[string] { return &c.Location }, Text, readTextOrNone, (*writer).always)),
	nullable(changed("use_by", func(c *domain.ChangeBatch) *domain.Change[domain.Date] { return &c.UseBy }, CivilDate, readDateOrNone, (*writer).dateOrNone)),
}

// wishFields are the fields of what a line asks of its batch.
func wishFields[T any](at func(*T) *domain.Wishes) []field[T] {
	return []field[T]{
		locations("locations", func(c *T) *domain.Locations { return &at(c).Locations }),
		locations("only_locations", func(c *T) *domain.Locations { return &at(c).OnlyLocations }),
		someUnits("min_life_days", func(c *T) *int { return &at(c).MinLife }),
	}
}

// locations is a field for a list of locations. None is left out.
func locations[T any](name string, at func(*T) *domain.Locations) field[T] {
	return field[T]{
		name: name,
		kind: Texts,
		read: func(to *T, value []byte) (err error) { *at(to), err = readLocations(name, value); return err },
		write: func(from *T, to *writer) {
			for i, location := range at(from).Names() {
				if i == 0 {
					to.name(name)
					to.buf = append(to.buf, '[')
				} else {
					to.buf = append(to.buf, ',')
				}
				to.buf = appendText(to.buf, location)
			}
			if *at(from) != "" {
				to.buf = append(to.buf, ']')
			}
		},
	}
}

func readLocations(name string, value []byte) (domain.Locations, error) {
	var names []string
	if err := json.Unmarshal(value, &names); err != nil {
		return "", invalid(name, `send a list of texts: ["north"]`, "is %s", shorten(value))
	}
	if len(names) == 0 {
		return "", invalid(name, "leave it out if any location will do", "is empty")
	}
	for _, n := range names {
		if n == "" || strings.ContainsRune(n, 0) {
			return "", invalid(name, "send the names of locations", "has %q, which is no name", n)
		}
	}
	return domain.LocationsOf(names...), nil
}

func readTextOrNone(name string, value []byte) (string, error) {
	if string(value) == "null" {
		return "", nil
	}
	return readText[string](name, value)
}

// always writes a text, also if it is empty.
func (w *writer) always(name, s string) {
	w.name(name)
	w.buf = appendText(w.buf, s)
}

// Ruled is the answer to a command about how the lines of a product are placed.
type Ruled struct {
	SKU         string `json:"sku"`
	Policy      string `json:"policy"`
	SafetyStock int    `json:"safety_stock"`
	Replayed    bool   `json:"replayed,omitempty"`
	Consequences
}
