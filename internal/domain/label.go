package domain

// Label is what is to change about where a batch lies, or will arrive, and how
// long it keeps.
type Label struct {
	Location Change[string] // empty: no particular one
	UseBy    Change[Date]   // the last day on which it is good; none: it keeps
}

// RelabelBatch changes the location or the use-by date of a batch. It keeps its
// lines; those who wait may want it now. The same again changes nothing.
func (p *Product) RelabelBatch(ref string, to Label) (Batched, error) {
	found := p.find(ref)
	if found == nil {
		return Batched{}, UnknownBatch(ref)
	}
	was := *found
	b := was
	b.Location, b.UseBy = to.Location.of(was.Location), to.UseBy.of(was.UseBy)
	if b == was {
		return Batched{Batch: b, Replayed: true}, nil
	}
	p.edit(b)
	p.outOfStock = false
	p.record(BatchRelabelled{
		Ref: b.Ref, SKU: p.sku, Location: b.Location, UseBy: b.UseBy, PreviousLocation: was.Location, PreviousUseBy: was.UseBy,
	})
	p.offer(Relabelled, b.Ref)
	return Batched{Batch: b}, nil
}

// Given reports whether there is anything to change.
func (l Label) Given() bool { return l.Location.Given || l.UseBy.Given }

func (l Label) validate() error { return checkLabel(l.Location.To, 0, l.UseBy.To) }

// checkLabel refuses a location that is no name, and stock that would have
// expired when it comes.
func checkLabel(location string, eta, useBy Date) error {
	if useBy != 0 && useBy < eta {
		return invalid("use_by", "correct one of the two dates", "is %s, before the batch comes on %s", useBy, eta)
	}
	return CheckLocation(location)
}

// CheckLocation refuses what can't be the name of a location. The empty text is
// none in particular.
func CheckLocation(name string) error {
	if name == "" {
		return nil
	}
	return checkIdentifier("location", name)
}
