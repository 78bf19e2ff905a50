package sample_test

import (
	"encoding/csv"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"allot/internal/domain"
	"allot/internal/sample"
)

func read(t *testing.T, in io.Reader) (header []string, rows [][]string) {
	t.Helper()
	all, err := csv.NewReader(in).ReadAll() // refuses rows with more or fewer values than the header
	if err != nil {
		t.Fatal(err)
	}
	return all[0], all[1:]
}

func TestSampleHasTheRowsOfItsSource(t *testing.T) {
	for _, tt := range []struct {
		name   string
		open   func(domain.Date) io.Reader
		header []string
		rows   int
		first  []string
	}{
		{"orders", sample.Orders, []string{"orderid", "sku", "qty", "placed_at"}, 2000, []string{"536365", "85123A", "6", "2010-12-01T08:26:00"}},
		{"batches", sample.Batches, []string{"reference", "sku", "qty", "eta"}, 1202, []string{"OPEN-00001", "10002", "96", ""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			header, rows := read(t, tt.open(sample.FirstDay))
			if diff := cmp.Diff(tt.header, header); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
			if len(rows) != tt.rows {
				t.Errorf("%d rows, want %d", len(rows), tt.rows)
			}
			if diff := cmp.Diff(tt.first, rows[0]); diff != "" {
				t.Errorf("first row (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAllDatesMoveByTheSameNumberOfDays(t *testing.T) {
	today := domain.NewDate(2028, 2, 27) // two days before a leap day
	for name, open := range map[string]func(domain.Date) io.Reader{"orders": sample.Orders, "batches": sample.Batches} {
		_, before := read(t, open(sample.FirstDay))
		_, after := read(t, open(today))
		if len(before) != len(after) {
			t.Fatalf("%s: %d rows became %d", name, len(before), len(after))
		}
		for i := range before {
			if diff := cmp.Diff(moved(t, before[i], today.Sub(sample.FirstDay)), after[i]); diff != "" {
				t.Fatalf("%s, row %d (-want +got):\n%s", name, i+1, diff)
			}
		}
	}
}

// moved is a row whose date, in the last column, is so many days later.
func moved(t *testing.T, row []string, days int) []string {
	t.Helper()
	when := row[3]
	if when == "" {
		return row
	}
	day, clock, _ := strings.Cut(when, "T")
	date, err := domain.ParseDate(day)
	if err != nil {
		t.Fatal(err)
	}
	when = date.AddDays(days).String()
	if clock != "" {
		when += "T" + clock
	}
	return []string{row[0], row[1], row[2], when}
}

func TestOrdersAreOfTodayAndShipmentsAreYetToCome(t *testing.T) {
	today := domain.NewDate(2026, 12, 31)
	_, orders := read(t, sample.Orders(today))
	for _, row := range orders {
		if !strings.HasPrefix(row[3], "2026-12-31T") {
			t.Fatalf("order %s is of %s, want %s", row[0], row[3], today)
		}
	}
	_, batches := read(t, sample.Batches(today))
	earliest := ""
	for _, row := range batches {
		if eta := row[3]; eta != "" && (earliest == "" || eta < earliest) {
			earliest = eta
		}
	}
	if earliest != "2027-01-02" {
		t.Errorf("the first shipment comes on %q, want 2027-01-02, two days after the orders", earliest)
	}
}

func TestAttributionNamesSourceAndLicence(t *testing.T) {
	for _, want := range []string{"Chen, D. (2015), Online Retail", "10.24432/C5BW33", "CC BY 4.0", "Changes:", "derived"} {
		if !strings.Contains(sample.Attribution(), want) {
			t.Errorf("the attribution doesn't say %q", want)
		}
	}
}
