package httpapi

import (
	"net/http"

	"allot/internal/entrypoints/wire"
	"allot/internal/views"
)

var addWebhookDoc = operation{
	id: "add_webhook", summary: "Have events posted to a URL", detail: "The answer is the only one that has the secret. See [Webhooks](../how-to/webhooks.md).",
	body: wire.WebhookMembers(), answers: answers{201: views.Webhook{}},
}

// addWebhook answers POST /v1/webhooks, with the webhook and its secret.
func (a *api) addWebhook(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	hook, err := decode(w, r, wire.DecodeWebhook)
	if err != nil {
		return err
	}
	if hook, err = a.webhooks.Add(r.Context(), hook); err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, hook)
}

var listWebhooksDoc = operation{
	id: "list_webhooks", summary: "List webhooks, without their secrets", answers: answers{200: listing[views.Webhook]{}},
}

// listWebhooks answers GET /v1/webhooks.
func (a *api) listWebhooks(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	hooks, err := a.webhooks.List(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, listing[views.Webhook]{Items: append([]views.Webhook{}, hooks...)})
}

var removeWebhookDoc = operation{
	id: "remove_webhook", summary: "Post no more events to a URL", answers: answers{204: nil}, problems: []string{wire.CodeNotFound},
}

// removeWebhook answers DELETE /v1/webhooks/{id}.
func (a *api) removeWebhook(w http.ResponseWriter, r *http.Request) error {
	err := views.ErrNotFound
	if id, ok := idIn(r); ok {
		err = a.webhooks.Remove(r.Context(), id)
	}
	if err != nil {
		return notFound(err, "webhook", r.PathValue("id"), "GET /v1/webhooks lists the webhooks with their ids")
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
