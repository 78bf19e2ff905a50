package service

import (
	"fmt"

	"allot/internal/domain"
)

// Topics are what people are told about.
var Topics = []Topic{OutOfStockNotices, LatePromiseNotices}

// OutOfStockNotices tell the buyers what ran out.
var OutOfStockNotices = Topic{
	Subscription: Subscription{Name: "out-of-stock-notices", Events: []string{domain.OutOfStock{}.EventName()}},
	Subject:      "Out of stock",
	tell: func(event domain.Event) (string, bool) {
		e, ok := event.(domain.OutOfStock)
		return fmt.Sprintf("order %s wanted %s, and no batch could take more than %s.", e.OrderID, counted(e.Qty, "unit"), counted(e.LargestFit, "unit")), ok
	},
}

// LatePromiseNotices tell which orders come later than was promised.
var LatePromiseNotices = Topic{
	Subscription: Subscription{Name: "late-promise-notices", Events: []string{domain.PromiseChanged{}.EventName(), domain.Deallocated{}.EventName()}},
	Subject:      "Promised later",
	tell: func(event domain.Event) (string, bool) {
		switch e := event.(type) {
		case domain.PromiseChanged:
			if e.Promise <= e.Previous {
				return "", true
			}
			return comesLater(e.OrderID, e.Qty, e.Previous, e.Promise, e.BatchRef, e.Cause), true
		case domain.Deallocated:
			if !e.Moved.Later() {
				return "", true
			}
			return comesLater(e.OrderID, e.Qty, e.Moved.Previous, e.Moved.Promise, e.Moved.BatchRef, e.Reason), true
		}
		return "", false
	},
}

// comesLater says that a line comes later than was promised, with a batch or,
// if there is none, nobody knows when.
func comesLater(order string, qty int, promised, comes domain.Date, batch string, cause domain.Cause) string {
	was := "for delivery from the warehouse"
	if promised != 0 {
		was = "for " + promised.String()
	}
	now := "wait for stock"
	if batch != "" {
		now = fmt.Sprintf("come on %s with batch %s", comes, batch)
	}
	return fmt.Sprintf("%s of order %s, promised %s, %s (%s).", counted(qty, "unit"), order, was, now, cause)
}
