// Package sample is a small shop to try things with: one day of real orders,
// and stock for most of them.
//
// Its first day, the day of the orders, is 2010-12-01 in the source. Whoever
// loads the sample says which day that is to be, and all dates, of orders and
// of shipments, move by the same number of whole days. Nothing else is changed.
//
// In file order, it comes to 2,000 rows, 1,911 lines, 1,875 of them allocated,
// 31 backordered and 5 refused because nothing is known of their SKU.
//
// The package knows nothing of how the files are imported.
package sample

import (
	_ "embed" // the files
	"io"
	"strings"

	"allot/internal/domain"
)

// FirstDay is the first day of the sample in its source.
const FirstDay domain.Date = 2010_12_01

var (
	//go:embed sample-orders.csv
	orders string
	//go:embed sample-batches.csv
	batches string
	//go:embed ATTRIBUTION.txt
	attribution string
)

// Attribution says, for people, where the sample is from, under which licence
// and what was changed. Show it wherever the sample is shown.
func Attribution() string { return attribution }

// Orders returns the orders as CSV with the columns orderid, sku, qty and
// placed_at, as if they were made today.
func Orders(today domain.Date) io.Reader { return shifted(orders, today.Sub(FirstDay)) }

// Batches returns the stock as CSV with the columns reference, sku, qty and
// eta, as if it was what there is, and what is to come, today.
func Batches(today domain.Date) io.Reader { return shifted(batches, today.Sub(FirstDay)) }

// shifted moves the dates in the last column of a file, which has no quotes.
func shifted(file string, days int) io.Reader {
	var out strings.Builder
	out.Grow(len(file))
	for row := range strings.Lines(file) {
		last := strings.LastIndexByte(row, ',') + 1
		out.WriteString(row[:last])
		out.WriteString(shift(row[last:], days))
	}
	return strings.NewReader(out.String())
}

// shift moves the date that a text begins with, if it begins with one.
func shift(text string, days int) string {
	const length = len("2010-12-01")
	if len(text) < length {
		return text
	}
	date, err := domain.ParseDate(text[:length])
	if err != nil { // the name of the column
		return text
	}
	return date.AddDays(days).String() + text[length:]
}
