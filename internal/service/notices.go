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
	Subscription: Subscription{Name: "late-promise-notices", Events: []string{domain.PromiseChanged{}.EventName()}},
	Subject:      "Promised later",
	tell: func(event domain.Event) (string, bool) {
		e, ok := event.(domain.PromiseChanged)
		if !ok || e.Promise <= e.Previous {
			return "", ok
		}
		was := "for delivery from the warehouse"
		if e.Previous != 0 {
			was = "for " + e.Previous.String()
		}
		return fmt.Sprintf("%s of order %s, promised %s, come on %s with batch %s (%s).", counted(e.Qty, "unit"), e.OrderID, was, e.Promise, e.BatchRef, e.Cause), true
	},
}
