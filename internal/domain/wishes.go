package domain

import "cmp"

// Wishes is what a line asks of the batch that it gets, besides its quantity.
// The zero Wishes takes any.
type Wishes struct {
	Locations     Locations // those it would rather have, the best first
	OnlyLocations Locations // the only ones it takes, the best first; not with Locations
	MinLife       int       // days from the promise to the use-by date, at least; 0 to MaxLife
}

// Wished is Wishes as events tell them. Most lines have none: they are nil.
type Wished struct {
	Locations     []string `json:"locations,omitempty"`
	OnlyLocations []string `json:"only_locations,omitempty"`
	MinLife       int      `json:"min_life_days,omitempty"`
}

// Told is w as events tell it; nil if there is nothing to tell.
func (w *Wishes) Told() *Wished {
	if *w == (Wishes{}) {
		return nil
	}
	return &Wished{w.Locations.Names(), w.OnlyLocations.Names(), w.MinLife}
}

// Wishes is what w tells.
func (w *Wished) Wishes() Wishes {
	if w == nil {
		return Wishes{}
	}
	return Wishes{LocationsOf(w.Locations...), LocationsOf(w.OnlyLocations...), w.MinLife}
}

// MaxLife is the most that a line may ask for, in days.
const MaxLife = 36_500

// allows reports whether a batch may lie at a location.
func (w *Wishes) allows(location string) bool {
	return w.OnlyLocations == "" || w.OnlyLocations.has(location)
}

// nearer orders two locations, the one that is liked better first.
func (w *Wishes) nearer(a, b string) int {
	if a == b {
		return 0
	}
	liked := cmp.Or(w.Locations, w.OnlyLocations)
	return cmp.Compare(liked.rank(a), liked.rank(b))
}

func (w *Wishes) validate() error {
	switch {
	case *w == Wishes{}:
		return nil
	case w.Locations != "" && w.OnlyLocations != "":
		return invalid("only_locations", "send one list: only_locations is in order of preference too", "can't be sent together with locations")
	case w.MinLife < 0 || w.MinLife > MaxLife:
		return invalid("min_life_days", "leave it out if any life will do", "is %d; it must lie between 0 and %d", w.MinLife, MaxLife)
	}
	return firstOf(w.Locations.validate("locations"), w.OnlyLocations.validate("only_locations"))
}
