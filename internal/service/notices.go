package service

import (
	"fmt"

	"allot/internal/domain"
)

// Topics are what people are told about.
var Topics = []Topic{OutOfStockNotices}

// OutOfStockNotices tell the buyers what ran out.
var OutOfStockNotices = Topic{
	Subscription: Subscription{Name: "out-of-stock-notices", Events: []string{domain.OutOfStock{}.EventName()}},
	Subject:      "Out of stock",
	tell: func(event domain.Event) (string, bool) {
		e, ok := event.(domain.OutOfStock)
		return fmt.Sprintf("order %s wanted %s, and no batch could take more than %s.", e.OrderID, counted(e.Qty, "unit"), counted(e.LargestFit, "unit")), ok
	},
}
