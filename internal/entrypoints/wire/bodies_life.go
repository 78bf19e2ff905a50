package wire

import (
	"slices"

	"allot/internal/domain"
)

// The bodies of what happens after a batch was bought and a line was accepted,
// and of whole orders.
var (
	BatchChange = body(func(c *domain.ChangeBatch) *domain.Origin { return &c.Origin }, slices.Concat([]field[domain.ChangeBatch]{
		changed("qty", func(c *domain.ChangeBatch) *domain.Change[int] { return &c.Qty }, Quantity, readQuantity, (*writer).number),
		nullable(changed("eta", func(c *domain.ChangeBatch) *domain.Change[domain.Date] { return &c.ETA }, CivilDate, readDateOrNone, (*writer).dateOrNone)),
	}, relabelFields)...)
	Receipt = body(func(c *domain.ReceiveBatch) *domain.Origin { return &c.Origin },
		changed("qty", func(c *domain.ReceiveBatch) *domain.Change[int] { return &c.Qty }, Quantity, readQuantity, (*writer).number),
	)
	Closing   = body(func(c *domain.CloseBatch) *domain.Origin { return &c.Origin })
	Reopening = body(func(c *domain.ReopenBatch) *domain.Origin { return &c.Origin })

	NewOrder = body(func(c *domain.AllocateOrder) *domain.Origin { return &c.Origin },
		required(text("order_id", func(c *domain.AllocateOrder) *string { return &c.OrderID })),
		required(list("lines", func(c *domain.AllocateOrder) *[]domain.Wanted { return &c.Lines }, wanted)),
		text("mode", func(c *domain.AllocateOrder) *domain.OrderMode { return &c.Mode }),
		text("on_shortage", func(c *domain.AllocateOrder) *domain.Shortage { return &c.OnShortage }),
		instant("hold_until", func(c *domain.AllocateOrder) *domain.Instant { return &c.HoldUntil }),
	)
	Amendment = body(func(c *domain.AmendLine) *domain.Origin { return &c.Origin },
		changed("qty", func(c *domain.AmendLine) *domain.Change[int] { return &c.Qty }, Quantity, readQuantity, (*writer).number),
		changed("priority", func(c *domain.AmendLine) *domain.Change[domain.Priority] { return &c.Priority }, Rank, readPriority, (*writer).priority),
		nullable(changed("required_by", func(c *domain.AmendLine) *domain.Change[domain.Date] { return &c.RequiredBy }, CivilDate, readDateOrNone, (*writer).dateOrNone)),
		changed("frozen", func(c *domain.AmendLine) *domain.Change[bool] { return &c.Frozen }, Flag, readFlag, (*writer).yesOrNo),
		flag("may_move", func(c *domain.AmendLine) *bool { return &c.MayMove }),
	)
	Shipment = body(func(c *domain.ShipLine) *domain.Origin { return &c.Origin },
		someUnits("shipped", func(c *domain.ShipLine) *int { return &c.Shipped }),
	)
	Return = body(func(c *domain.ReturnLine) *domain.Origin { return &c.Origin },
		required(quantity("returned", func(c *domain.ReturnLine) *int { return &c.Returned })),
		text("batch_ref", func(c *domain.ReturnLine) *string { return &c.BatchRef }),
	)
	Confirmation = body(func(c *domain.ConfirmHold) *domain.Origin { return &c.Origin })
	Release      = body(func(c *domain.ReleaseHold) *domain.Origin { return &c.Origin })
)
