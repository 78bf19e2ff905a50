package service

import (
	"cmp"
	"math"

	"allot/internal/domain"
	"allot/internal/views"
)

// Arrivals is what a page of arrivals has: batches from one day on and before
// another, after a batch.
type Arrivals struct {
	From, Before domain.Date
	AfterETA     domain.Date
	AfterSeq     int64
}

// ParseArrivals reads what is asked for of arrivals. It refuses days that are
// none, and cursors of other lists.
func ParseArrivals(from, before string, page views.Page) (a Arrivals, _ error) {
	var errs [3]error
	a.Before = math.MaxInt32
	if from != "" {
		a.From, errs[0] = ParseDay("from", from)
	}
	if before != "" {
		a.Before, errs[1] = ParseDay("before", before)
	}
	a.AfterETA, a.AfterSeq, errs[2] = AfterArrival(page)
	return a, cmp.Or(errs[:]...)
}
