package bootstrap

import (
	"context"
	"time"

	"allot/internal/adapters/webhook"
	"allot/internal/views"
)

// Forwarder posts events of a server that runs elsewhere to one URL, as a
// webhook there would.
type Forwarder struct {
	Secret string // that requests are signed with
	client *webhook.Client
	to     views.Webhook
}

// NewForwarder returns a Forwarder to a URL, which may be a private one. An empty
// secret stands for a new one.
func NewForwarder(url, secret string, now func() time.Time) (*Forwarder, error) {
	client := webhook.New(webhook.Options{AllowPrivate: true, Now: now})
	to, err := client.Prepare(views.Webhook{URL: url, Secret: secret})
	if err != nil {
		return nil, err
	}
	return &Forwarder{Secret: to.Secret, client: client, to: to}, nil
}

// Forward posts an event once. Any answer but 2xx is an error.
func (f *Forwarder) Forward(ctx context.Context, e views.Event) error {
	return f.client.Post(ctx, f.to, e)
}

// Close gives connections up that nobody uses.
func (f *Forwarder) Close() { f.client.Close() }
