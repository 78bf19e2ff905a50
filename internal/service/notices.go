package service

import (
	"context"
	"fmt"

	"allot/internal/domain"
)

// OutOfStockNotices is the subscription that tells the buyers what ran out.
var OutOfStockNotices = Subscription{Name: "out-of-stock-notices", Events: []string{domain.OutOfStock{}.EventName()}}

// SendOutOfStockNotice returns what delivers OutOfStockNotices through n.
func SendOutOfStockNotice(n Notifier) Deliverer {
	return func(ctx context.Context, env Envelope) error {
		e, ok := env.Event.(domain.OutOfStock)
		if !ok {
			return fmt.Errorf("a notice of %s was asked for", env.Event.EventName())
		}
		return n.Notify(ctx, Notice{
			Key:     fmt.Sprintf("out-of-stock-%d", env.Position),
			Subject: "Out of stock: " + e.SKU,
			Body: fmt.Sprintf("Order %s wanted %d units of %s. The largest line that one batch could take is %d units.",
				e.OrderID, e.Qty, e.SKU, e.LargestFit),
		})
	}
}
