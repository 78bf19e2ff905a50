package yardstick

// Report is what came of many products.
type Report struct {
	Products int    `json:"products"` // with lines that may move
	Lines    int    `json:"lines"`
	Dated    int    `json:"lines_with_required_by"` // of them; their own, or drawn
	Drawn    int    `json:"drawn"`                  // of these
	LeftOut  int    `json:"left_out"`               // lines that are not compared
	Plans    []Plan `json:"plans"`
	Best     Best   `json:"best_possible"`
}

// Add compares the plans for a product, and adds what comes of them.
func (r *Report) Add(c Case) error {
	if len(c.Lines) == 0 {
		return nil
	}
	plans, err := c.plans()
	if err != nil {
		return err
	}
	best := c.best()
	r.Products++
	r.Lines += len(c.Lines)
	for _, l := range c.Lines {
		if l.RequiredBy != 0 {
			r.Dated++
		}
	}
	r.Best.OnTime += best.OnTime
	r.Best.Late += best.Late
	if r.Plans == nil {
		r.Plans = plans
		return nil
	}
	for i, p := range plans {
		sum := &r.Plans[i]
		sum.OnTime += p.OnTime
		sum.WithoutStock += p.WithoutStock
		sum.Late += p.Late
		sum.Moves += p.Moves
	}
	return nil
}
