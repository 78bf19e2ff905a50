package wire

import (
	"encoding/json"

	"allot/internal/domain"
	"allot/internal/views"
)

var webhook = object[views.Webhook]{fields: []field[views.Webhook]{
	required(text("url", func(w *views.Webhook) *string { return &w.URL })),
	{name: "events", kind: Texts, read: readEvents},
	text("secret", func(w *views.Webhook) *string { return &w.Secret }),
}}

func readEvents(to *views.Webhook, value []byte) error {
	if err := json.Unmarshal(value, &to.Events); err != nil {
		return invalid("events", `send a list of types: ["out_of_stock"]`, "is %s", shorten(value))
	}
	return nil
}

// WebhookMembers lists what the request for a webhook may have.
func WebhookMembers() []Member { return webhook.list() }

// DecodeWebhook reads a webhook to add: {"url", "events", "secret"}, of which
// the last two may be left out.
func DecodeWebhook(body []byte, _ domain.Origin) (w views.Webhook, _ error) {
	var room [8]pair
	members, err := parse(body, room[:0])
	if err != nil {
		return w, err
	}
	return w, webhook.read(members, &w)
}
