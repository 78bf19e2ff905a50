package domain

import (
	"fmt"
	"time"
)

// Instant is a moment, in microseconds since 1970, UTC; the zero Instant is
// none. Instants compare with the ordinary operators.
//
// The domain has no clock: commands that need the time carry it.
type Instant int64

// InstantOf is t to the microsecond.
func InstantOf(t time.Time) Instant {
	if t.IsZero() {
		return 0
	}
	return Instant(t.UnixMicro())
}

// ParseInstant reads an RFC 3339 time, such as "2026-12-01T08:00:00Z". The
// empty string is none.
func ParseInstant(s string) (Instant, error) {
	if s == "" {
		return 0, nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return 0, fmt.Errorf("%q is not a time: write it with its zone, for example 2026-12-01T08:00:00Z", s)
	}
	if t.Year() < firstYear || t.Year() > lastYear {
		return 0, fmt.Errorf("%q is out of range: times lie between the years %d and %d", s, firstYear, lastYear)
	}
	return InstantOf(t), nil
}

// Time is the instant as a time in UTC; the zero time if there is none.
func (i Instant) Time() time.Time {
	if i == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(i)).UTC()
}

// String is the instant in RFC 3339, or "" if there is none.
func (i Instant) String() string {
	if i == 0 {
		return ""
	}
	return i.Time().Format(time.RFC3339Nano)
}

// MarshalText implements encoding.TextMarshaler.
func (i Instant) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (i *Instant) UnmarshalText(text []byte) (err error) {
	*i, err = ParseInstant(string(text))
	return err
}
