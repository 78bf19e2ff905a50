package views

// Ask asks what is available of a SKU, and from where and when a quantity of it
// would be promised.
type Ask struct {
	SKU string
	Qty int    // units in one line; 0: none in particular
	By  string // date when it is needed; empty: as soon as possible

	Location string // count only what is there; empty: everywhere
	AsOf     string // date: what has expired by then doesn't count; empty: nothing in the warehouse has
	Days     int    // tell it day by day, from AsOf on, for so many days; 0: only when something comes
}

// MaxDays is for how many days availability is told at once.
const MaxDays = 366

// Availability is what is available of a SKU, and when.
type Availability struct {
	SKU         string    `json:"sku"`
	Unknown     bool      `json:"unknown,omitempty"` // there is no such product
	Description string    `json:"description,omitempty"`
	OnHand      int       `json:"on_hand"`     // units in the warehouse, whosever they are
	Inbound     int       `json:"inbound"`     // units on their way, whosever they are
	Allocated   int       `json:"allocated"`   // units that lines have
	Available   int       `json:"available"`   // units that new lines may still get, whenever they come
	LargestFit  int       `json:"largest_fit"` // the largest line that one batch can take now
	Location    string    `json:"location,omitempty"`
	SafetyStock int       `json:"safety_stock,omitempty"` // units in the warehouse that are not among those available
	Dates       []Arrival `json:"dates"`                  // in order; the warehouse, if it has anything, first
	Promise     *Promise  `json:"promise,omitempty"`
	Version     int64     `json:"product_version"`
	// Lines that wait for stock.
	BackorderedLines int `json:"backordered_lines,omitempty"`
	// Units that are neither allocated nor available to new lines: in closed
	// batches, expired, or safety stock. OnHand + Inbound - Allocated - Withheld =
	// Available.
	Withheld int   `json:"withheld,omitempty"`
	Days     []Day `json:"by_day,omitempty"` // if it was asked for
	Dated    bool  `json:"-"`                // another day has another answer, though the product stays as it is
}

// Day is how things stand on a day, as they are planned.
type Day struct {
	Date      string `json:"date"`
	Units     int    `json:"units"`             // that come on it, whosever they are
	Supply    int    `json:"supply"`            // units in the warehouse by then, whosever they are, without those overdue
	Overdue   int    `json:"overdue,omitempty"` // units that should have come before the first of the days
	Allocated int    `json:"allocated"`         // units of lines that are promised for that day or before
	Available int    `json:"available"`         // units that may be promised for that day: of all that has come by then
}

// Arrival is what comes on a day.
type Arrival struct {
	Date      string `json:"date,omitempty"` // empty: it is in the warehouse
	Units     int    `json:"units"`          // that come, whosever they are
	Available int    `json:"available"`      // units that may be promised for that day: of all that has come by then
}

// Promise is where a line of the quantity that was asked for would get its
// stock. There is none if no batch can take it.
type Promise struct {
	BatchRef string `json:"batch_ref"`
	Date     string `json:"date,omitempty"` // empty: it is in the warehouse
	Late     bool   `json:"late,omitempty"` // it comes after the day when it is needed
}

// LateLine is a line in trouble.
type LateLine struct {
	Line
	Days int `json:"days"` // by which it is late, or its batch is overdue
}

// BatchHistory is a batch and all that ever happened to it. What happened to its
// lines is in theirs.
type BatchHistory struct {
	Batch  Batch   `json:"batch"`
	Events []Event `json:"events"`
}

// History is a line and all that ever happened to it.
type History struct {
	Line   Line    `json:"line"`
	Events []Event `json:"events"`
}
