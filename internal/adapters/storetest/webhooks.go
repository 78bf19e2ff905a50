package storetest

import (
	"errors"
	"testing"

	"allot/internal/service"
	"allot/internal/views"
)

var webhookRules = []rule{
	{"keeps webhooks as they are", keepsWebhooks},
	{"has a webhook see what happens from then on", webhooksSeeWhatComes},
	{"forgets a webhook with all that is about it", forgetsWebhooks},
}

// hook adds a webhook.
func hook(t *testing.T, s Store, url string, events ...string) views.Webhook {
	t.Helper()
	return must(s.AddWebhook(t.Context(), views.Webhook{URL: url, Events: events, Secret: "whsec_" + url, At: opened}))(t)
}

func keepsWebhooks(t *testing.T, s Store) {
	equal(t, "none", must(s.Webhooks(t.Context()))(t), nil)
	hook(t, s, "https://a.example", "allocated", "out_of_stock")
	hook(t, s, "https://b.example")
	equal(t, "two", must(s.Webhooks(t.Context()))(t), []views.Webhook{
		{ID: 1, URL: "https://a.example", Events: []string{"allocated", "out_of_stock"}, Secret: "whsec_https://a.example", At: opened},
		{ID: 2, URL: "https://b.example", Secret: "whsec_https://b.example", At: opened},
	})
}

func webhooksSeeWhatComes(t *testing.T, s Store) {
	do(t, s, batch("b1", "CHAIR", 9), order("o-1", "CHAIR", 1))
	sub := service.WebhookSubscription(hook(t, s, "https://a.example", "allocated"))
	equal(t, "what was before", positions(delivered(t, s, sub, 9)), nil)
	do(t, s, order("o-2", "CHAIR", 1), cancel("o-2", "CHAIR"), order("o-3", "CHAIR", 1))
	equal(t, "what comes", positions(delivered(t, s, sub, 9)), []int64{3, 6})
}

func forgetsWebhooks(t *testing.T, s Store) {
	do(t, s, batch("b1", "CHAIR", 9))
	a, b := hook(t, s, "https://a.example"), hook(t, s, "https://b.example")
	do(t, s, order("o-1", "CHAIR", 1))
	for _, w := range []views.Webhook{a, b} {
		e := delivered(t, s, service.WebhookSubscription(w), 9)[0]
		postpone(t, s, service.Failure{Subscription: service.WebhookName(w.ID), Event: e, Attempts: 1, Error: "500", Next: opened})
	}
	if err := s.RemoveWebhook(t.Context(), b.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveWebhook(t.Context(), b.ID); !errors.Is(err, views.ErrNotFound) {
		t.Errorf("what is gone is removed with error %v", err)
	}
	equal(t, "what is left", must(s.Webhooks(t.Context()))(t), []views.Webhook{a})
	equal(t, "what is due to it", due(t, s, service.WebhookName(a.ID), opened, 9), []int64{2})
	equal(t, "what is due to the other", due(t, s, service.WebhookName(b.ID), opened, 9), nil)
	if again := hook(t, s, "https://c.example"); again.ID <= b.ID {
		t.Errorf("a new one has id %d, which was given before", again.ID)
	}
}
