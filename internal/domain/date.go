package domain

import (
	"fmt"
	"time"
)

// Date is a civil date, without time or zone, as year*10000 + month*100 + day;
// the zero Date is no date at all. Dates compare with the ordinary operators:
// a missing ETA, which means "in the warehouse", is earlier than any date.
type Date int32

// The dates that are accepted (semantics: a shipment outside of them is a typing error).
const (
	firstYear = 1900
	lastYear  = 2999
)

// NewDate returns the given day, which must exist.
func NewDate(year int, month time.Month, day int) Date {
	return Date(year*10000 + int(month)*100 + day)
}

// ParseDate reads "2026-12-01". Of an ISO 8601 time, such as
// "2026-12-01T08:00:00Z", it takes the date as it is written: no zone is
// converted. The empty string is no date.
func ParseDate(s string) (Date, error) {
	if s == "" {
		return 0, nil
	}
	for _, layout := range layouts {
		t, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		if t.Year() < firstYear || t.Year() > lastYear {
			return 0, fmt.Errorf("%q is out of range: dates lie between %d-01-01 and %d-12-31", s, firstYear, lastYear)
		}
		return NewDate(t.Date()), nil
	}
	return 0, fmt.Errorf("%q is not a date: write YYYY-MM-DD, for example 2026-12-01", s)
}

// layouts are the ways to write a date, the usual one first. Seconds may have
// a fraction.
var layouts = []string{
	time.DateOnly,
	"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04",
	"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05", "2006-01-02 15:04Z07:00", "2006-01-02 15:04",
}

// String is the date as YYYY-MM-DD, or "" if there is none.
func (d Date) String() string {
	if d == 0 {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d/10000, d/100%100, d%100)
}

// AddDays returns the date n days later.
func (d Date) AddDays(n int) Date { return NewDate(d.time().AddDate(0, 0, n).Date()) }

// Sub returns the number of days from other to d.
func (d Date) Sub(other Date) int {
	const day = 24 * 60 * 60 // a time.Duration ends after 292 years
	return int((d.time().Unix() - other.time().Unix()) / day)
}

func (d Date) time() time.Time {
	return time.Date(int(d/10000), time.Month(d/100%100), int(d%100), 0, 0, 0, 0, time.UTC)
}

// MarshalText implements encoding.TextMarshaler.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Date) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDate(string(text))
	return err
}
