package httpapi_test

import (
	"context"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"allot/internal/domain"
	"allot/internal/entrypoints/httpapi"
	"allot/internal/service"
	"allot/internal/views"
)

// openHooked is a shop with webhooks, which nothing is posted to.
func openHooked(t *testing.T) *shop {
	t.Helper()
	s := open(t)
	hooks := service.NewWebhooks(service.WebhookOptions{
		Store: s.store, Events: []string{"allocated", "out_of_stock"}, Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC) },
		Prepare: func(w views.Webhook) (views.Webhook, error) {
			if w.URL == "nowhere" {
				return w, &domain.Error{Kind: domain.Invalid, Code: domain.CodeValidationFailed, Field: "url", Message: "url is no URL", Hint: "send one"}
			}
			w.Secret = "whsec_x"
			return w, nil
		},
		To: func(views.Webhook) service.Deliverer { return nil },
	})
	ctx, cancel := context.WithCancel(t.Context())
	s.listen(ctx, cancel, httpapi.New(s.bus, s.store, httpapi.Options{Webhooks: hooks}), httpapi.ServeOptions{})
	return s
}

func TestWebhooksAreAddedListedAndRemoved(t *testing.T) {
	s := openHooked(t)
	s.expect(s.get("/v1/webhooks"), 200, plain, `{"items":[]}`+"\n")
	s.expect(s.post("/v1/webhooks", `{"url":"https://shop.example","events":["out_of_stock"]}`), 201, plain,
		`{"id":1,"url":"https://shop.example","events":["out_of_stock"],"at":"2026-12-01T09:00:00Z","secret":"whsec_x"}`+"\n")
	s.expect(s.get("/v1/webhooks"), 200, plain, `{"items":[{"id":1,"url":"https://shop.example","events":["out_of_stock"],"at":"2026-12-01T09:00:00Z"}]}`+"\n")
	s.expect(s.ask(http.MethodDelete, "/v1/webhooks/1", ""), 204, "", "")
	expectProblem(t, s.ask(http.MethodDelete, "/v1/webhooks/1", ""), 404, "not_found", "")
	s.expect(s.get("/v1/webhooks"), 200, plain, `{"items":[]}`+"\n")
}

func TestADryRunAddsAndRemovesNoWebhook(t *testing.T) {
	s := openHooked(t)
	s.expect(s.post("/v1/webhooks?dry_run=true", `{"url":"https://shop.example","events":["out_of_stock"]}`), 201, plain,
		`{"id":0,"url":"https://shop.example","events":["out_of_stock"],"at":"2026-12-01T09:00:00Z"}`+"\n")
	s.expect(s.get("/v1/webhooks"), 200, plain, `{"items":[]}`+"\n")
	expectProblem(t, s.post("/v1/webhooks?dry_run=true", `{"url":"nowhere"}`), 422, "validation_failed", "url")
	expectProblem(t, s.ask(http.MethodDelete, "/v1/webhooks/1?dry_run=true", ""), 404, "not_found", "")
	s.post("/v1/webhooks", `{"url":"https://shop.example"}`)
	s.expect(s.ask(http.MethodDelete, "/v1/webhooks/1?dry_run=true", ""), 204, "", "")
	s.expect(s.get("/v1/webhooks"), 200, plain, `{"items":[{"id":1,"url":"https://shop.example","at":"2026-12-01T09:00:00Z"}]}`+"\n")
	expectProblem(t, s.ask(http.MethodDelete, "/v1/webhooks/1?dry_run=yes", ""), 422, "validation_failed", "dry_run")
}

func TestWebhooksThatCanNotBeAreRefused(t *testing.T) {
	s := openHooked(t)
	for body, field := range map[string]string{
		`{}`:                "url",
		`{"url":"nowhere"}`: "url",
		`{"url":"https://shop.example","events":["sold"]}`: "events",
		`{"url":"https://shop.example","events":"all"}`:    "events",
		`{"url":"https://shop.example","event":[]}`:        "event",
	} {
		expectProblem(t, s.post("/v1/webhooks", body), 422, "validation_failed", field)
	}
	expectProblem(t, s.ask(http.MethodDelete, "/v1/webhooks/x", ""), 404, "not_found", "")
	expectProblem(t, s.post("/v1/webhooks?dryrun=true", `{"url":"https://shop.example"}`), 422, "validation_failed", "dryrun")
}
