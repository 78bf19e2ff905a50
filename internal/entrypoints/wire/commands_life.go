package wire

import (
	"encoding/json"
	"fmt"
	"slices"

	"allot/internal/domain"
)

// lifeOperations are the commands of what happens after a batch was bought and
// a line was accepted, and those about whole orders.
var lifeOperations = []operation{
	command("change_batch", func(c *domain.ChangeBatch) *domain.Origin { return &c.Origin }, slices.Concat([]field[domain.ChangeBatch]{
		required(text("ref", func(c *domain.ChangeBatch) *string { return &c.Ref })),
		changed("qty", func(c *domain.ChangeBatch) *domain.Change[int] { return &c.Qty }, Quantity, readQuantity, (*writer).number),
		changed("eta", func(c *domain.ChangeBatch) *domain.Change[domain.Date] { return &c.ETA }, CivilDate, readDateOrNone, (*writer).dateOrNone),
	}, relabelFields)...),
	command("receive_batch", func(c *domain.ReceiveBatch) *domain.Origin { return &c.Origin },
		required(text("ref", func(c *domain.ReceiveBatch) *string { return &c.Ref })),
		changed("qty", func(c *domain.ReceiveBatch) *domain.Change[int] { return &c.Qty }, Quantity, readQuantity, (*writer).number),
	),
	command("close_batch", func(c *domain.CloseBatch) *domain.Origin { return &c.Origin },
		required(text("ref", func(c *domain.CloseBatch) *string { return &c.Ref })),
	),
	command("reopen_batch", func(c *domain.ReopenBatch) *domain.Origin { return &c.Origin },
		required(text("ref", func(c *domain.ReopenBatch) *string { return &c.Ref })),
	),
	command("allocate_order", func(c *domain.AllocateOrder) *domain.Origin { return &c.Origin },
		required(text("order_id", func(c *domain.AllocateOrder) *string { return &c.OrderID })),
		required(list("lines", func(c *domain.AllocateOrder) *[]domain.Wanted { return &c.Lines }, wanted)),
		text("mode", func(c *domain.AllocateOrder) *domain.OrderMode { return &c.Mode }),
		text("on_shortage", func(c *domain.AllocateOrder) *domain.Shortage { return &c.OnShortage }),
		instant("hold_until", func(c *domain.AllocateOrder) *domain.Instant { return &c.HoldUntil }),
	),
	command("ship", func(c *domain.ShipLine) *domain.Origin { return &c.Origin },
		required(text("order_id", func(c *domain.ShipLine) *string { return &c.OrderID })),
		required(text("sku", func(c *domain.ShipLine) *string { return &c.SKU })),
		someUnits("shipped", func(c *domain.ShipLine) *int { return &c.Shipped }),
	),
	command("return", func(c *domain.ReturnLine) *domain.Origin { return &c.Origin },
		required(text("order_id", func(c *domain.ReturnLine) *string { return &c.OrderID })),
		required(text("sku", func(c *domain.ReturnLine) *string { return &c.SKU })),
		required(quantity("returned", func(c *domain.ReturnLine) *int { return &c.Returned })),
		text("batch_ref", func(c *domain.ReturnLine) *string { return &c.BatchRef }),
	),
	command("amend", func(c *domain.AmendLine) *domain.Origin { return &c.Origin },
		required(text("order_id", func(c *domain.AmendLine) *string { return &c.OrderID })),
		required(text("sku", func(c *domain.AmendLine) *string { return &c.SKU })),
		changed("qty", func(c *domain.AmendLine) *domain.Change[int] { return &c.Qty }, Quantity, readQuantity, (*writer).number),
		changed("priority", func(c *domain.AmendLine) *domain.Change[domain.Priority] { return &c.Priority }, Rank, readPriority, (*writer).priority),
		changed("required_by", func(c *domain.AmendLine) *domain.Change[domain.Date] { return &c.RequiredBy }, CivilDate, readDateOrNone, (*writer).dateOrNone),
		changed("frozen", func(c *domain.AmendLine) *domain.Change[bool] { return &c.Frozen }, Flag, readFlag, (*writer).yesOrNo),
		flag("may_move", func(c *domain.AmendLine) *bool { return &c.MayMove }),
	),
	command("confirm_hold", func(c *domain.ConfirmHold) *domain.Origin { return &c.Origin },
		required(text("order_id", func(c *domain.ConfirmHold) *string { return &c.OrderID })),
		required(text("sku", func(c *domain.ConfirmHold) *string { return &c.SKU })),
	),
	command("release_hold", func(c *domain.ReleaseHold) *domain.Origin { return &c.Origin },
		required(text("order_id", func(c *domain.ReleaseHold) *string { return &c.OrderID })),
		required(text("sku", func(c *domain.ReleaseHold) *string { return &c.SKU })),
	),
}

// wanted is a line of an order on the wire.
var wanted = object[domain.Wanted]{fields: slices.Concat([]field[domain.Wanted]{
	required(text("sku", func(w *domain.Wanted) *string { return &w.SKU })),
	required(quantity("qty", func(w *domain.Wanted) *int { return &w.Qty })),
	priority("priority", func(w *domain.Wanted) *domain.Priority { return &w.Priority }),
	date("required_by", func(w *domain.Wanted) *domain.Date { return &w.RequiredBy }),
}, wishFields(func(w *domain.Wanted) *domain.Wishes { return &w.Wishes }))}

// changed is a field that may be given, and is left as it is otherwise.
func changed[T any, V comparable](name string, at func(*T) *domain.Change[V], kind Kind, read func(string, []byte) (V, error), write func(*writer, string, V)) field[T] {
	return field[T]{
		name: name,
		kind: kind,
		read: func(to *T, value []byte) error {
			v, err := read(name, value)
			*at(to) = domain.To(v)
			return err
		},
		write: func(from *T, to *writer) {
			if c := at(from); c.Given {
				write(to, name, c.To)
			}
		},
	}
}

// someUnits is a field for a number of units, at least one. None is left out.
func someUnits[T any](name string, at func(*T) *int) field[T] {
	f := quantity(name, at)
	f.read = func(to *T, value []byte) (err error) {
		if *at(to), err = readQuantity(name, value); err == nil && *at(to) < 1 {
			return invalid(name, "send a number in that range, or leave it out", "is %d; it must lie between 1 and %d", *at(to), domain.MaxQty)
		}
		return err
	}
	f.write = func(from *T, to *writer) {
		if n := *at(from); n != 0 {
			to.number(name, n)
		}
	}
	return f
}

// priority is a field for a priority. The usual one is left out.
func priority[T any](name string, at func(*T) *domain.Priority) field[T] {
	return field[T]{
		name: name,
		kind: Rank,
		read: func(to *T, value []byte) (err error) { *at(to), err = readPriority(name, value); return err },
		write: func(from *T, to *writer) {
			if p := *at(from); p != 0 {
				to.priority(name, p)
			}
		},
	}
}

// instant is a field for a time. None is left out.
func instant[T any](name string, at func(*T) *domain.Instant) field[T] {
	return field[T]{
		name: name,
		kind: Moment,
		read: func(to *T, value []byte) error {
			s, err := readText[string](name, value)
			if err != nil {
				return err
			}
			if *at(to), err = domain.ParseInstant(s); err != nil {
				return invalid(name, "send a time, or leave it out", "%v", err)
			}
			return nil
		},
		write: func(from *T, to *writer) { to.text(name, at(from).String()) },
	}
}

// flag is a field for yes or no. No is left out.
func flag[T any](name string, at func(*T) *bool) field[T] {
	return field[T]{
		name:  name,
		kind:  Flag,
		read:  func(to *T, value []byte) (err error) { *at(to), err = readFlag(name, value); return err },
		write: func(from *T, to *writer) { to.flag(name, *at(from)) },
	}
}

func readFlag(name string, value []byte) (bool, error) {
	switch string(value) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, invalid(name, "send true or false, without quotes", "is %s", shorten(value))
}

// list is a field for some objects.
func list[T, V any](name string, at func(*T) *[]V, of object[V]) field[T] {
	return field[T]{
		name: name,
		kind: Objects,
		of:   of.list(),
		read: func(to *T, value []byte) error {
			var items []json.RawMessage
			if err := json.Unmarshal(value, &items); err != nil {
				return invalid(name, "send a list of objects", "is %s", shorten(value))
			}
			*at(to) = make([]V, len(items))
			for i, item := range items {
				if err := of.readItem(item, &(*at(to))[i]); err != nil {
					return inItem(fmt.Sprintf("%s/%d", name, i), err)
				}
			}
			return nil
		},
		write: func(from *T, to *writer) {
			to.name(name)
			to.buf = append(to.buf, '[')
			for i := range *at(from) {
				if i > 0 {
					to.buf = append(to.buf, ',')
				}
				to.open()
				of.write(&(*at(from))[i], to)
				to.close()
			}
			to.buf = append(to.buf, ']')
		},
	}
}

func (o *object[T]) readItem(item []byte, to *T) error {
	var room [8]pair
	members, err := parse(item, room[:0])
	if err != nil {
		return err
	}
	return o.read(members, to)
}

// inItem says of an error in which item of a list it is.
func inItem(path string, err error) error {
	e, ok := err.(*domain.Error)
	if !ok {
		return err
	}
	at := *e
	if at.Field = path; e.Field != "" {
		at.Field += "/" + e.Field
	}
	at.Message = path + ": " + e.Message
	return &at
}

func readPriority(name string, value []byte) (domain.Priority, error) {
	n, err := readQuantity(name, value)
	return domain.NewPriority(n), err
}

// nullable has null mean something: what is none.
func nullable[T any](f field[T]) field[T] {
	f.nullable = true
	return f
}

// readDateOrNone reads a date, or the empty text or null, which take the date
// away.
func readDateOrNone(name string, value []byte) (domain.Date, error) {
	if string(value) == `""` || string(value) == "null" {
		return 0, nil
	}
	return readDate(name, value)
}

func (w *writer) priority(name string, p domain.Priority) { w.number(name, p.Number()) }

func (w *writer) dateOrNone(name string, d domain.Date) {
	w.name(name)
	w.buf = appendText(w.buf, d.String())
}
