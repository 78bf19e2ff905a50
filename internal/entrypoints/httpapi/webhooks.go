package httpapi

import (
	"net/http"

	"allot/internal/entrypoints/wire"
	"allot/internal/views"
)

var addWebhookDoc = operation{
	id: "add_webhook", summary: "Have events posted to a URL", detail: "The answer is the only one that has the secret. See [Webhooks](../how-to/webhooks.md).",
	query: []string{"dry_run"}, body: wire.WebhookMembers(), answers: answers{201: views.Webhook{}},
}

// addWebhook answers POST /v1/webhooks, with the webhook and its secret.
func (a *api) addWebhook(w http.ResponseWriter, r *http.Request) error {
	dryRun, err := onlyDryRun(r)
	if err != nil {
		return err
	}
	hook, err := decode(w, r, wire.DecodeWebhook)
	if err != nil {
		return err
	}
	if dryRun {
		hook, err = a.webhooks.Preview(hook)
	} else {
		hook, err = a.webhooks.Add(r.Context(), hook)
	}
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, hook)
}

// onlyDryRun is whether nothing is to be done, if that is all a request says.
func onlyDryRun(r *http.Request) (bool, error) {
	q, err := parameters(r, "dry_run")
	if err != nil {
		return false, err
	}
	return q.dryRun()
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
	id: "remove_webhook", summary: "Post no more events to a URL", query: []string{"dry_run"}, answers: answers{204: nil}, problems: []string{wire.CodeNotFound},
}

// removeWebhook answers DELETE /v1/webhooks/{id}.
func (a *api) removeWebhook(w http.ResponseWriter, r *http.Request) error {
	dryRun, err := onlyDryRun(r)
	if err != nil {
		return err
	}
	switch id, ok := idIn(r); {
	case !ok:
		err = views.ErrNotFound
	case dryRun:
		_, err = a.webhooks.Find(r.Context(), id)
	default:
		err = a.webhooks.Remove(r.Context(), id)
	}
	if err != nil {
		return notFound(err, "webhook", r.PathValue("id"), "GET /v1/webhooks lists the webhooks with their ids")
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
