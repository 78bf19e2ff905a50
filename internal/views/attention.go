package views

// Attention is how much needs attention, as of a day. Each number is exact up to
// MostCounted; one that is larger is MostCounted + 1.
type Attention struct {
	Late    int // lines, as Late lists them
	AtRisk  int // lines, as AtRisk lists them
	Overdue int // batches that should have come before the day
}

// MostCounted is how far is counted where counting costs.
const MostCounted = 10_000
