package web

import (
	"strconv"
	"strings"

	"allot/internal/domain"
	"allot/internal/views"
)

// chip is a state: a sign, a word and a colour, so that no one of them is
// needed.
type chip struct{ Sign, Word, Class string }

// Line is how a line stands, as a chip.
func (c calendar) Line(l views.Line) chip {
	switch domain.Status(l.Status) {
	case domain.StatusAllocated:
		return c.promised(l)
	case domain.StatusBackordered:
		return chip{"○", "Backordered", "wait"}
	case domain.StatusHeld:
		return chip{"◷", "Held", "wait"}
	case domain.StatusShipped:
		return chip{"✓", "Shipped", "ok"}
	case domain.StatusExpired:
		return chip{"–", "Hold ended", "neutral"}
	}
	return chip{"–", "Cancelled", "neutral"}
}

// promised is how a line stands that has stock.
func (c calendar) promised(l views.Line) chip {
	late := 0
	if required, err := domain.ParseDate(l.RequiredBy); err == nil && required != 0 && l.Promise > l.RequiredBy {
		promise, _ := domain.ParseDate(l.Promise) // it is one of ours
		late = promise.Sub(required)
	}
	switch {
	case late > 0:
		return chip{"▲", "Late " + counted(late, "day", "days"), "bad"}
	case l.Promise == "":
		return chip{"✓", "In the warehouse", "ok"}
	case c.Overdue(l.Promise):
		return chip{"!", "At risk", "warn"}
	}
	return chip{"→", "Promised", "neutral"}
}

// ruleOf is a policy in words; "" if there is none of that name.
func ruleOf(name string) string {
	if policy, known := domain.PolicyNamed(name); known {
		return policy.Explanation
	}
	return ""
}

// number is n with thin spaces between thousands, from 10,000 on.
func number(n int) string {
	text := strconv.Itoa(n)
	digits := strings.TrimPrefix(text, "-")
	if len(digits) < 5 {
		return text
	}
	var out strings.Builder
	out.WriteString(text[:len(text)-len(digits)])
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			out.WriteRune('\u2009')
		}
		out.WriteRune(d)
	}
	return out.String()
}

// upto is a number that was counted only so far: exact, or "10 000+".
func upto(n int) string {
	if n > views.MostCounted {
		return number(views.MostCounted) + "+"
	}
	return number(n)
}

// counted is a number of things.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(n) + " " + many
}

// share is how much of a whole a part is, in per cent.
func share(part, whole int) int {
	if whole <= 0 {
		return 0
	}
	return int(int64(part) * 100 / int64(whole))
}

// causes say why a line was placed, or placed again.
var causes = map[domain.Cause]string{
	domain.Ordered: "when it was ordered", domain.BatchArrived: "because a batch was added", domain.BatchEnlarged: "because a batch got larger",
	domain.BatchShrunk: "because a batch got smaller", domain.Cancelled: "because stock of a cancelled line became free",
	domain.Reopened: "because a batch was reopened", domain.Rescheduled: "because a batch got another date", domain.Received: "because a batch arrived",
	domain.Amended: "because a line was amended", domain.Returned: "because goods came back", domain.HoldReleased: "because a hold was released",
	domain.Replan:      "because the product was re-planned",
	domain.HoldExpired: "because a hold ended", domain.Relabelled: "because a batch got another location or use-by date",
	domain.PolicyChanged: "because less stock was kept back",
}

// Cause is why a line was placed, in words.
func (page) Cause(why *views.Why) string {
	if said, known := causes[domain.Cause(why.Cause)]; known {
		return said
	}
	return "because of " + strings.ReplaceAll(why.Cause, "_", " ")
}

// WhyNot is why a line of so many units didn't get a batch, in words.
func (page) WhyNot(b views.PassedOver, qty int) string {
	switch domain.Reason(b.Reason) {
	case domain.TooLittle:
		return number(qty) + " needed, and a line is never split"
	case domain.OtherLocation:
		return "it lies where the line doesn't want its stock from"
	case domain.Expired:
		return "it is not good any more when the line could have it"
	case domain.ShortLife:
		return "it doesn't keep for as long as the line asks"
	case domain.TooLate:
		return "it comes after the line is needed, and another one does not"
	case domain.KeptForSafety:
		return "so much of it is kept back as safety stock"
	case domain.BeingFilled:
		return "goes to those first who waited before"
	}
	return strings.ReplaceAll(b.Reason, "_", " ")
}

// Types are the types of the events that change what pages show, with spaces
// between them.
func (page) Types() string {
	var out []string
	for _, e := range facts {
		out = append(out, e.EventName())
	}
	return strings.Join(out, " ")
}

// facts has one event of each of those types.
var facts = []domain.Event{
	domain.ProductDescribed{},
	domain.BatchCreated{},
	domain.BatchQuantityChanged{},
	domain.Allocated{},
	domain.Deallocated{},
	domain.Backordered{},
	domain.LineCancelled{},
	domain.OutOfStock{},
	domain.BatchETAChanged{},
	domain.BatchReceived{},
	domain.BatchClosed{},
	domain.BatchReopened{},
	domain.BatchRelabelled{},
	domain.PolicySet{},
	domain.PromiseChanged{},
	domain.LineShipped{},
	domain.LineReturned{},
	domain.LineAmended{},
	domain.LineTermsChanged{},
	domain.HoldExtended{},
	domain.HoldConfirmed{},
	domain.HoldEnded{},
	domain.FillingBegan{},
	domain.FillingEnded{},
}
