package postgres

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"allot/internal/service"
)

func TestErrorsOfTheServerSayWhetherAnotherCommandWouldMeetThem(t *testing.T) {
	all := []error{service.ErrStale, service.ErrStorage, service.ErrStorageFull, service.ErrStorageReadOnly}
	for _, c := range []struct {
		what, code string
		want       []error
	}{
		{"serialization failure", "40001", all[:1]},
		{"deadlock", "40P01", all[:1]},
		{"lock timeout", "55P03", all[:1]},
		{"a row that is there meanwhile", "23505", all[:1]},
		{"shutdown", "57P01", all[1:2]},
		{"too many connections", "53300", all[1:2]},
		{"not the primary any more", "25006", all[1:2]},
		{"disk full", "53100", all[1:3]},
		{"I/O error", "58030", []error{service.ErrStorage, service.ErrStorageReadOnly}},
		{"a value out of range", "22003", nil},
	} {
		got := classify(fmt.Errorf("write: %w", &pgconn.PgError{Code: c.code}))
		for _, err := range all {
			if want := slices.Contains(c.want, err); errors.Is(got, err) != want {
				t.Errorf("%s: it is %v: %t, want %t", c.what, err, !want, want)
			}
		}
	}
}
