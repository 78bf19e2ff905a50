package bench_test

import (
	"testing"

	"allot/internal/bench"
)

func TestAYearHappensAgainInOrder(t *testing.T) {
	report, err := bench.Run(t.Context(), "year", bench.Options{Dir: t.TempDir(), Folder: eventfulFolder(t)})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range report.Figures {
		got[f.Name] = f.Median
	}
	for name, want := range map[string]float64{
		"lines":                              5,
		"slips":                              1,
		"lines cancelled":                    1, // o1 gives its stock to o2
		"lines amended down":                 1,
		"cancellations without a line":       1,
		"commands refused":                   1, // a SKU without any batch
		"lines promised later than at first": 1, // o4, by the slip
		"lines moved":                        0,
		"lines backordered":                  2, // o2, until o1 is cancelled, and o5
		"of them, filled again":              1,
	} {
		if got["replay: "+name] != want {
			t.Errorf("%s: %v, want %v", name, got["replay: "+name], want)
		}
	}
}

// eventfulFolder has a year in which something happens between the orders.
func eventfulFolder(t *testing.T) string {
	t.Helper()
	return files(t, map[string]string{
		"batches":             "reference,sku,qty,eta\nb1,LAMP,5,\nb2,RUG,9,2011-01-20\n",
		"batch-announcements": "announced_at,reference\n2010-12-01T00:00:00,b1\n2010-12-03T00:00:00,b2\n",
		"eta-changes":         "changed_at,reference,old_eta,new_eta\n2010-12-05T00:00:00,b2,2011-01-20,2011-01-25\n",
		"orders": "orderid,sku,qty,placed_at\no1,LAMP,2,2010-12-02T10:00:00\no1,LAMP,3,2010-12-02T10:00:00\no2,LAMP,4,2010-12-02T11:00:00\n" +
			"o4,RUG,6,2010-12-04T12:00:00\no3,POST,1,2010-12-06T12:00:00\no3,LAMP,1,2010-12-06T12:00:00\no5,RUG,6,2010-12-06T13:00:00\n",
		"cancellation-matches": "cancellation,sku,qty,placed_at,orderid,match\nC1,LAMP,-5,2010-12-02T11:30:00,o1,whole-line\n" +
			"C2,RUG,-2,2010-12-07T11:30:00,o4,part-of-line\nC3,D,-1,2010-12-07T11:40:00,,unmatched\n",
	})
}
