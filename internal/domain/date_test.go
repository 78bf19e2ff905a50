package domain_test

import (
	"encoding/json"
	"testing"
	"time"

	"allot/internal/domain"
)

func TestADateIsReadAsItIsWritten(t *testing.T) {
	for text, want := range map[string]domain.Date{
		"":                                 0,
		"2026-12-01":                       december,
		"2024-02-29":                       domain.NewDate(2024, time.February, 29),
		"1900-01-01":                       domain.NewDate(1900, time.January, 1),
		"2999-12-31":                       domain.NewDate(2999, time.December, 31),
		"2026-12-01T08:00:00Z":             december,
		"2026-12-01T08:00:00":              december,
		"2026-12-01T08:00":                 december,
		"2026-12-01 08:00:00":              december,
		"2026-12-01T08:00Z":                december,
		"2026-12-01T08:00:00.123456":       december,
		"2026-12-01T00:30:00+14:00":        december, // in UTC it is November yet
		"2026-12-01T23:30:00-12:00":        december, // in UTC it is the second already
		"2026-12-01T23:59:59.999999-08:00": december,
	} {
		got, err := domain.ParseDate(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if got != want {
			t.Errorf("%q is read as %q, not %q", text, got, want)
		}
	}
}

func TestWhatIsNoDateIsRefused(t *testing.T) {
	const (
		noDate     = " is not a date: write YYYY-MM-DD, for example 2026-12-01"
		outOfRange = " is out of range: dates lie between 1900-01-01 and 2999-12-31"
	)
	for text, want := range map[string]string{
		"tomorrow":                noDate,
		"null":                    noDate,
		"20261201":                noDate,
		"2026-12":                 noDate,
		"2026-1-1":                noDate,
		"01/12/2026":              noDate,
		"26-12-01":                noDate,
		"2026-13-01":              noDate,
		"2026-00-01":              noDate,
		"2026-12-00":              noDate,
		"2026-02-30":              noDate,
		"2025-02-29":              noDate,
		"1900-02-29":              noDate,
		" 2026-12-01":             noDate,
		"2026-12-01 ":             noDate,
		"2026-12-01T":             noDate,
		"2026-12-01Tea":           noDate,
		"2026-12-01 or later":     noDate,
		"2026-12-01T25:00:00Z":    noDate,
		"2026-12-01T08:00:00 CET": noDate,
		"2026-12-01x08:00:00Z":    noDate,
		"-026-12-01":              noDate,
		"2026-12-0١":              noDate,
		"0000-00-00":              noDate,
		"0001-01-01":              outOfRange,
		"1899-12-31":              outOfRange,
		"3000-01-01":              outOfRange,
		"9999-12-31T23:59:59Z":    outOfRange,
	} {
		got, err := domain.ParseDate(text)
		if err == nil {
			t.Errorf("%q is read as %q", text, got)
			continue
		}
		if want := `"` + text + `"` + want; err.Error() != want {
			t.Errorf("%q is refused with %q, not %q", text, err, want)
		}
	}
}

func TestADateIsWrittenAsItIsRead(t *testing.T) {
	for d, want := range map[domain.Date]string{
		inWarehouse:                             "",
		december:                                "2026-12-01",
		domain.NewDate(1900, time.January, 1):   "1900-01-01",
		domain.NewDate(2999, time.December, 31): "2999-12-31",
		domain.NewDate(2024, time.February, 29): "2024-02-29",
	} {
		expect(t, d.String(), want)
		expect(t, parse(t, want), d)
	}
}

func TestDatesCompareAsDaysDo(t *testing.T) {
	days := []domain.Date{
		inWarehouse, domain.NewDate(1900, time.January, 1), domain.NewDate(2025, time.December, 31),
		domain.NewDate(2026, time.January, 1), domain.NewDate(2026, time.January, 31), domain.NewDate(2026, time.February, 1),
		domain.NewDate(2999, time.December, 31),
	}
	for i := range days[1:] {
		if days[i] >= days[i+1] {
			t.Errorf("%q is not before %q", days[i], days[i+1])
		}
	}
}

func TestDaysAreCountedByTheCalendar(t *testing.T) {
	for _, tc := range []struct {
		from string
		days int
		to   string
	}{
		{"2026-12-01", 0, "2026-12-01"},
		{"2026-12-31", 1, "2027-01-01"},
		{"2024-02-28", 2, "2024-03-01"},
		{"2025-02-28", 1, "2025-03-01"},
		{"2026-03-28", 2, "2026-03-30"}, // clocks change meanwhile, in Europe
		{"2026-03-01", -1, "2026-02-28"},
		{"2026-12-01", 365, "2027-12-01"},
		{"1900-01-01", 401_766, "2999-12-31"},
	} {
		from, to := parse(t, tc.from), parse(t, tc.to)
		if got := from.AddDays(tc.days); got != to {
			t.Errorf("%d days after %s it is %s, not %s", tc.days, from, got, to)
		}
		if got := to.Sub(from); got != tc.days {
			t.Errorf("from %s to %s it is %d days, not %d", from, to, got, tc.days)
		}
	}
}

func TestADateOnTheWire(t *testing.T) {
	type message struct {
		ETA domain.Date `json:"eta,omitzero"`
	}
	for wire, want := range map[string]message{
		`{}`:                   {},
		`{"eta":"2026-10-01"}`: {october},
		`{"eta":"1900-01-01"}`: {domain.NewDate(1900, time.January, 1)},
	} {
		var got message
		if err := json.Unmarshal([]byte(wire), &got); err != nil {
			t.Fatal(err)
		}
		expect(t, got, want)

		back, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		expect(t, string(back), wire)
	}
	if err := json.Unmarshal([]byte(`{"eta":"soon"}`), new(message)); err == nil {
		t.Fatal("soon is no date")
	}
}

func parse(t *testing.T, text string) domain.Date {
	t.Helper()
	d, err := domain.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
