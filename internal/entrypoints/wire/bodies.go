package wire

import (
	"slices"

	"allot/internal/domain"
)

// Body is what may be said of a command in the body of a request whose address
// says what it is about.
type Body[C domain.Message] struct {
	members object[C]
	origin  func(*C) *domain.Origin
}

// The bodies there are. A reason and a note may be given in each.
var (
	NewBatch = body(func(c *domain.CreateBatch) *domain.Origin { return &c.Origin }, slices.Concat([]field[domain.CreateBatch]{
		required(text("ref", func(c *domain.CreateBatch) *string { return &c.Ref })),
		required(text("sku", func(c *domain.CreateBatch) *string { return &c.SKU })),
		required(quantity("qty", func(c *domain.CreateBatch) *int { return &c.Qty })),
		date("eta", func(c *domain.CreateBatch) *domain.Date { return &c.ETA }),
	}, labelFields)...)
	NewLine = body(func(c *domain.Allocate) *domain.Origin { return &c.Origin }, slices.Concat([]field[domain.Allocate]{
		required(text("sku", func(c *domain.Allocate) *string { return &c.SKU })),
		required(quantity("qty", func(c *domain.Allocate) *int { return &c.Qty })),
		text("on_shortage", func(c *domain.Allocate) *domain.Shortage { return &c.OnShortage }),
		priority("priority", func(c *domain.Allocate) *domain.Priority { return &c.Priority }),
		date("required_by", func(c *domain.Allocate) *domain.Date { return &c.RequiredBy }),
		instant("hold_until", func(c *domain.Allocate) *domain.Instant { return &c.HoldUntil }),
	}, wishFields(func(c *domain.Allocate) *domain.Wishes { return &c.Wishes }))...)
	ProductChange = body(func(c *domain.DescribeProduct) *domain.Origin { return &c.Origin },
		required(text("description", func(c *domain.DescribeProduct) *string { return &c.Description })),
	)
)

func body[C domain.Message](origin func(*C) *domain.Origin, fields ...field[C]) *Body[C] {
	return &Body[C]{members: object[C]{fields: explained(origin, fields)}, origin: origin}
}

// Into returns what reads a body into a copy of cmd, which has what the address
// says. No body is as good as an empty object if nothing must be in it. Errors are about how the body is written; the command is not yet
// validated.
func (b *Body[C]) Into(cmd C) func(body []byte, origin domain.Origin) (C, error) {
	return func(body []byte, origin domain.Origin) (C, error) {
		*b.origin(&cmd) = origin
		if len(body) == 0 && !b.members.needsAny() {
			return cmd, nil
		}
		var room [8]pair
		members, err := parse(body, room[:0])
		if err == nil {
			err = b.members.read(members, &cmd)
		}
		return cmd, err
	}
}

// Kind is how a member of a body is written.
type Kind string

// The kinds of members.
const (
	Text      Kind = "text"
	Quantity  Kind = "quantity" // a whole number of units
	CivilDate Kind = "date"     // YYYY-MM-DD
	Moment    Kind = "time"     // RFC 3339
	Texts     Kind = "texts"    // a list
	Rank      Kind = "rank"     // a number from 0 to 9
	Position  Kind = "position" // of an event in the log, from 1
	Flag      Kind = "flag"     // true or false
	Objects   Kind = "objects"  // a list
)

// Member is a member that a body may have.
type Member struct {
	Name     string
	Kind     Kind
	Required bool
	Nullable bool     // null takes away what there was
	Of       []Member // of each of the objects
}

// Members lists what the body may have: nothing else is accepted.
func (b *Body[C]) Members() []Member { return b.members.list() }

func (o *object[T]) list() (out []Member) {
	for _, f := range o.fields {
		out = append(out, Member{f.name, f.kind, f.required, f.nullable, f.of})
	}
	return out
}
