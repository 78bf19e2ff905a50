package wire

import (
	"fmt"
	"slices"
	"strings"

	"allot/internal/domain"
	"allot/internal/nearest"
)

// operation is a command on the wire.
type operation struct {
	op      string
	members []Member
	decode  func(members []pair, origin domain.Origin) (domain.Message, error)
	encode  func(cmd domain.Message, to *writer) bool // false if it is another command
}

// operations are the commands there are. A reason and a note may be given with
// each.
var operations = slices.Concat([]operation{
	command("add_batch", func(c *domain.CreateBatch) *domain.Origin { return &c.Origin }, slices.Concat([]field[domain.CreateBatch]{
		required(text("ref", func(c *domain.CreateBatch) *string { return &c.Ref })),
		required(text("sku", func(c *domain.CreateBatch) *string { return &c.SKU })),
		required(quantity("qty", func(c *domain.CreateBatch) *int { return &c.Qty })),
		date("eta", func(c *domain.CreateBatch) *domain.Date { return &c.ETA }),
	}, labelFields)...),
	command("allocate", func(c *domain.Allocate) *domain.Origin { return &c.Origin }, slices.Concat([]field[domain.Allocate]{
		required(text("order_id", func(c *domain.Allocate) *string { return &c.OrderID })),
		required(text("sku", func(c *domain.Allocate) *string { return &c.SKU })),
		required(quantity("qty", func(c *domain.Allocate) *int { return &c.Qty })),
		text("on_shortage", func(c *domain.Allocate) *domain.Shortage { return &c.OnShortage }),
		priority("priority", func(c *domain.Allocate) *domain.Priority { return &c.Priority }),
		date("required_by", func(c *domain.Allocate) *domain.Date { return &c.RequiredBy }),
		instant("hold_until", func(c *domain.Allocate) *domain.Instant { return &c.HoldUntil }),
	}, wishFields(func(c *domain.Allocate) *domain.Wishes { return &c.Wishes }))...),
	command("change_batch_quantity", func(c *domain.ChangeBatchQuantity) *domain.Origin { return &c.Origin },
		required(text("ref", func(c *domain.ChangeBatchQuantity) *string { return &c.Ref })),
		required(quantity("qty", func(c *domain.ChangeBatchQuantity) *int { return &c.Qty })),
	),
	command("cancel", func(c *domain.CancelLine) *domain.Origin { return &c.Origin },
		required(text("order_id", func(c *domain.CancelLine) *string { return &c.OrderID })),
		required(text("sku", func(c *domain.CancelLine) *string { return &c.SKU })),
	),
	command("describe_product", func(c *domain.DescribeProduct) *domain.Origin { return &c.Origin },
		required(text("sku", func(c *domain.DescribeProduct) *string { return &c.SKU })),
		text("description", func(c *domain.DescribeProduct) *string { return &c.Description }),
	),
}, lifeOperations, []operation{setPolicy, replan})

// command is the operation that a type of command is on the wire.
func command[C domain.Message](op string, origin func(*C) *domain.Origin, fields ...field[C]) operation {
	members := object[C]{fields: explained(origin, fields)}
	return operation{
		op: op, members: members.list(),
		decode: func(m []pair, from domain.Origin) (domain.Message, error) {
			var cmd C
			*origin(&cmd) = from
			if err := members.read(m, &cmd); err != nil {
				return nil, err
			}
			return cmd, nil
		},
		encode: func(cmd domain.Message, to *writer) bool {
			c, ok := cmd.(C)
			if ok {
				to.text("op", op)
				members.write(&c, to)
			}
			return ok
		},
	}
}

// explained are fields, with a reason and a note.
func explained[C any](origin func(*C) *domain.Origin, fields []field[C]) []field[C] {
	return append(fields,
		text("reason", func(c *C) *string { return &origin(c).Reason }),
		text("note", func(c *C) *string { return &origin(c).Note }))
}

// DecodeCommand reads a command: {"op": "allocate", "order_id": ...}. A reason
// and a note in it replace those of origin; the rest of origin stays. Errors are
// about how the command is written; it is not yet validated.
func DecodeCommand(line []byte, origin domain.Origin) (domain.Message, error) {
	var room [8]pair
	members, err := parse(line, room[:0])
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(members, func(m pair) bool { return string(m.name) == "op" })
	if i < 0 || string(members[i].value) == "null" {
		return nil, invalid("op", "send it: it says what to do, in lower case; "+oneOf(), "is missing")
	}
	op, err := readText[string]("op", members[i].value)
	if err != nil {
		return nil, err
	}
	for _, o := range operations {
		if o.op == op {
			return o.decode(slices.Delete(members, i, i+1), origin)
		}
	}
	return nil, unknownOp(op)
}

func unknownOp(op string) error {
	var names []string
	for _, o := range operations {
		names = append(names, o.op)
	}
	hint := oneOf()
	if near := nearest.To(op, names); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return invalid("op", hint, "is %q, which is no command", op)
}

func oneOf() string {
	var names []string
	for _, o := range operations {
		names = append(names, o.op)
	}
	return "one of " + strings.Join(names, ", ")
}

// Operation is a command as one may write it.
type Operation struct {
	Op      string
	Members []Member
}

// Operations lists the commands there are.
func Operations() (out []Operation) {
	for _, o := range operations {
		out = append(out, Operation{o.op, o.members})
	}
	return out
}

// EncodeCommand is the inverse of DecodeCommand, without the line end. Of the
// origin it writes the reason and the note: who sends a command, and with what
// else it belongs together, is not for the command to say.
//
// Text that is no Unicode is passed on as it is, and refused by DecodeCommand.
func EncodeCommand(cmd domain.Message) ([]byte, error) {
	var w writer
	w.open()
	for _, o := range operations {
		if o.encode(cmd, &w) {
			w.close()
			return w.buf, nil
		}
	}
	return nil, fmt.Errorf("encode a command: %T has no name on the wire", cmd)
}
