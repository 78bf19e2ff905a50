package postgres_test

import (
	"context"
	"testing"

	"allot/internal/adapters/postgres"
	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

// A replica hears only later that a webhook is gone. Until then it must not
// begin with its subscription anew.
func TestAWebhookThatIsGoneGetsNothingFromAnyReplica(t *testing.T) {
	_, delivers, removes := pair(t)
	send(t, newBus(removes, 1), domain.CreateBatch{Ref: "b1", SKU: "CHAIR", Qty: 9})
	hook, err := removes.AddWebhook(t.Context(), views.Webhook{URL: "https://a.example", At: opening})
	if err != nil {
		t.Fatal(err)
	}
	deliver := func(s *postgres.Store) int {
		t.Helper()
		takeAll := func(_ context.Context, events []service.Envelope) (int, error) { return len(events), nil }
		n, err := s.Deliver(t.Context(), service.WebhookSubscription(hook), 9, takeAll)
		if err != nil {
			t.Error(err)
		}
		return n
	}
	send(t, newBus(removes, 1), domain.CreateBatch{Ref: "b2", SKU: "CHAIR", Qty: 9})
	if n := deliver(delivers); n != 1 {
		t.Errorf("%d events were delivered, not the one since it was added", n)
	}
	if err := removes.RemoveWebhook(t.Context(), hook.ID); err != nil {
		t.Fatal(err)
	}
	send(t, newBus(removes, 1), domain.CreateBatch{Ref: "b3", SKU: "CHAIR", Qty: 9})
	delivers.RenewNow()
	for who, s := range map[string]*postgres.Store{"who delivered to it": delivers, "who removed it": removes} {
		if n := deliver(s); n != 0 {
			t.Errorf("%s delivered %d events to a webhook that is gone", who, n)
		}
	}
}
