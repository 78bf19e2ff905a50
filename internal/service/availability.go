package service

import (
	"fmt"
	"slices"

	"allot/internal/domain"
	"allot/internal/views"
)

// Stock is what of a product there is to promise: its batches of which not all
// was shipped, in the order of their ETA and age, and what follows from them.
type Stock struct {
	product    *domain.Product
	known      domain.Snapshot
	perishable bool               // what is available depends on the day
	all        views.Availability // everywhere, if nothing expires; without a promise
}

// NewStock returns the stock of a product at rest, whose batches are in the
// order of their ETA and age.
func NewStock(p domain.Snapshot) *Stock {
	s := &Stock{product: domain.Restore(p), known: p}
	s.perishable = slices.ContainsFunc(p.Batches, func(b domain.Batch) bool { return b.UseBy != 0 })
	s.all = s.tell(s.product, domain.Line{})
	return s
}

// tell is what is available for lines like one.
func (s *Stock) tell(p *domain.Product, line domain.Line) views.Availability {
	all := views.Availability{
		SKU: s.known.SKU, Description: s.known.Description, Version: s.known.Version, Unknown: s.known.Version == 0, Dates: []views.Arrival{},
		LargestFit: p.LargestFit(line), SafetyStock: s.known.SafetyStock, BackorderedLines: s.known.Backorders,
	}
	spare := p.Spare(line)
	for i := range s.known.Batches {
		b := &s.known.Batches[i]
		if line.OnlyLocations != "" && line.OnlyLocations != domain.Locations(b.Location) {
			continue
		}
		room, units := p.RoomFor(line, b), b.Purchased-b.Shipped
		if b.ETA == 0 {
			room = min(room, spare)
			spare -= room
			all.OnHand += units
		} else {
			all.Inbound += units
		}
		all.Allocated += b.Allocated
		all.Available += room
		if last := len(all.Dates) - 1; last < 0 || all.Dates[last].Date != b.ETA.String() {
			all.Dates = append(all.Dates, views.Arrival{Date: b.ETA.String()})
		}
		today := &all.Dates[len(all.Dates)-1]
		today.Units += units
		today.Available = all.Available
	}
	all.Withheld = all.OnHand + all.Inbound - all.Allocated - all.Available
	return all
}

// days tells an answer day by day.
func (s *Stock) days(all views.Availability, location string, first domain.Date, n int) []views.Day {
	days := make([]views.Day, n)
	var sum views.Day
	batches, dates := s.known.Batches, all.Dates
	for i := range days {
		sum.Date, sum.Units = first.AddDays(i).String(), 0
		for ; len(batches) > 0 && batches[0].ETA.String() <= sum.Date; batches = batches[1:] {
			if b := &batches[0]; location == "" || location == b.Location {
				addTo(&sum, b, first)
			}
		}
		for ; len(dates) > 0 && dates[0].Date <= sum.Date; dates = dates[1:] {
			sum.Available = dates[0].Available
		}
		days[i] = sum
	}
	return days
}

// addTo adds a batch to the day on which it comes, or to the first of all if it
// should have come before, or has.
func addTo(day *views.Day, b *domain.Batch, first domain.Date) {
	units := b.Purchased - b.Shipped
	switch {
	case b.ETA == 0:
		day.Supply += units
	case b.ETA < first:
		day.Overdue += units
	default:
		day.Units += units
		day.Supply += units
	}
	day.Allocated += b.Allocated
}

// Version is that of the product.
func (s *Stock) Version() int64 { return s.all.Version }

// Answer answers a question, which CheckAsks found to make sense. What it
// returns must not be changed.
func (s *Stock) Answer(ask views.Ask) views.Availability {
	line := domain.Line{OrderLine: domain.OrderLine{SKU: ask.SKU, Qty: ask.Qty}, Wishes: domain.Wishes{OnlyLocations: domain.Locations(ask.Location)}}
	out, product := s.all, s.product
	today, _ := domain.ParseDate(ask.AsOf)
	if s.perishable {
		product = s.product.Draft()
		product.AsOf(today)
	}
	if s.perishable || ask.Location != "" {
		out = s.tell(product, line)
		out.Location = ask.Location
	}
	out.Dated = s.perishable || ask.Days > 0
	if ask.Days > 0 {
		out.Days = s.days(out, ask.Location, today, ask.Days)
	}
	if ask.Qty <= 0 {
		return out
	}
	line.RequiredBy, _ = domain.ParseDate(ask.By)
	if b, ok := product.Choose(line); ok {
		date := b.ETA.String()
		out.Promise = &views.Promise{BatchRef: b.Ref, Date: date, Late: ask.By != "" && date > ask.By}
	}
	return out
}

// CheckAsks refuses questions that make no sense.
func CheckAsks(asks []views.Ask) error {
	for _, ask := range asks {
		if ask.Qty < 0 || ask.Qty > domain.MaxQty {
			return &domain.Error{Kind: domain.Invalid, Code: domain.CodeValidationFailed, Field: "qty",
				Message: fmt.Sprintf("qty is %d; it must lie between 0 and %d", ask.Qty, domain.MaxQty), Hint: "leave it out for none in particular"}
		}
		if _, err := ParseDay("by", ask.By); err != nil {
			return err
		}
		if _, err := ParseDay("as_of", ask.AsOf); err != nil {
			return err
		}
		if ask.Days < 0 || ask.Days > views.MaxDays || ask.Days > 0 && ask.AsOf == "" {
			return &domain.Error{Kind: domain.Invalid, Code: domain.CodeValidationFailed, Field: "days",
				Message: fmt.Sprintf("days is %d; it must lie between 0 and %d, and a first day be given", ask.Days, views.MaxDays), Hint: "leave it out to be told when something comes"}
		}
		if err := domain.CheckLocation(ask.Location); err != nil {
			return err
		}
	}
	return nil
}

// ParseDay reads a date that a reader gave in a field.
func ParseDay(field, s string) (domain.Date, error) {
	d, err := domain.ParseDate(s)
	if err != nil {
		return 0, &domain.Error{Kind: domain.Invalid, Code: domain.CodeValidationFailed, Field: field, Message: field + ": " + err.Error(), Hint: "write YYYY-MM-DD"}
	}
	return d, nil
}

// ViewLate is l as a line in trouble on a day: late if it is not needed before
// it comes, or at risk if its batch should have come.
func ViewLate(l domain.Line, asOf domain.Date, atRisk bool) views.LateLine {
	v := views.LateLine{Line: ViewLine(l)}
	switch {
	case atRisk:
		v.Days = asOf.Sub(l.Promise)
	case l.Status == domain.StatusBackordered:
		v.Days = asOf.Sub(l.RequiredBy)
	default:
		v.Days = l.Promise.Sub(l.RequiredBy)
	}
	return v
}

// IsLate reports whether a line comes too late, or on a day still waits for
// what was needed before.
func IsLate(l domain.Line, asOf domain.Date) bool {
	switch l.Status {
	case domain.StatusAllocated, domain.StatusHeld:
		return l.RequiredBy != 0 && l.Promise > l.RequiredBy
	case domain.StatusBackordered:
		return l.RequiredBy != 0 && l.RequiredBy < asOf
	}
	return false
}

// IsAtRisk reports whether the batch of a line should have come before a day.
func IsAtRisk(l domain.Line, asOf domain.Date) bool {
	return (l.Status == domain.StatusAllocated || l.Status == domain.StatusHeld) && l.Promise != 0 && l.Promise < asOf
}
