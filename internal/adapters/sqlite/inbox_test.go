package sqlite

import (
	"context"
	"fmt"
	"testing"
	"time"

	"allot/internal/service"
)

// A message comes again only within days, and the table must not grow for ever.
func TestMessagesAreForgottenWhenTheyAreOld(t *testing.T) {
	s := opened(t, temporary(t))
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	write := func(n int, at time.Time) {
		t.Helper()
		err := s.InTx(t.Context(), func(ctx context.Context, tx service.Tx) error {
			return tx.Write(ctx, service.Changes{Receipts: []service.Receipt{{ID: fmt.Sprint("m-", n), At: at}}})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for n := range 10 {
		write(n, now)
	}
	for n := range 5 {
		write(100+n, now.Add(service.KeepReceipts+time.Second))
	}
	var left int
	if err := s.readers.QueryRow(`SELECT count(*) FROM inbox`).Scan(&left); err != nil || left != 5 {
		t.Errorf("%d messages are known, %v; want the last 5", left, err)
	}
}
