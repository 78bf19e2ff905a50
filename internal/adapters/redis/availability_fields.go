package redis

import (
	"encoding/json"
	"strconv"

	"allot/internal/service"
)

// What a product is in the read model: the fields of its hash. Their names are
// those of the API, and for ever.

// numbersOf are the fields that are whole numbers.
func numbersOf(m *service.Modelled) (names []string, values []*int) {
	return []string{"on_hand", "inbound", "allocated", "available", "largest_fit", "withheld", "safety_stock", "backordered_lines"},
		[]*int{&m.OnHand, &m.Inbound, &m.Allocated, &m.Available, &m.LargestFit, &m.Withheld, &m.SafetyStock, &m.BackorderedLines}
}

// writeProduct returns all fields but the build, with their values, the version
// first. What is empty is written too: it is a field less to ask for in doubt.
func writeProduct(m *service.Modelled) ([]any, error) {
	dates, err := json.Marshal(m.Dates)
	if err != nil {
		return nil, err
	}
	out := []any{"product_version", m.Version, "description", m.Description, "dates", dates, fieldAsOf, m.AsOf, fieldPosition, m.Position}
	names, values := numbersOf(m)
	for i, name := range names {
		out = append(out, name, *values[i])
	}
	return out, nil
}

func readProduct(sku string, fields map[string]string) (m service.Modelled, err error) {
	m.SKU, m.Description, m.AsOf, m.Build = sku, fields["description"], fields[fieldAsOf], fields[fieldBuild]
	if m.Version, err = strconv.ParseInt(fields["product_version"], 10, 64); err != nil {
		return m, err
	}
	if m.Position, err = strconv.ParseInt(fields[fieldPosition], 10, 64); err != nil {
		return m, err
	}
	names, values := numbersOf(&m)
	for i, name := range names {
		if *values[i], err = strconv.Atoi(fields[name]); err != nil {
			return m, err
		}
	}
	return m, json.Unmarshal([]byte(fields["dates"]), &m.Dates)
}
