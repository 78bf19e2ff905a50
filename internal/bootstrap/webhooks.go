package bootstrap

import (
	"allot/internal/adapters/eventjson"
	"allot/internal/adapters/webhook"
	"allot/internal/service"
)

// EventTypes are the names of all types of events, sorted.
func EventTypes() []string { return eventjson.Names() }

// webhooks returns what posts events to URLs, and what gives its connections up.
func webhooks(store Store, o Options) (_ *service.Webhooks, closer func() error) {
	client := webhook.New(webhook.Options{AllowPrivate: o.WebhooksAnywhere, Now: o.Now})
	hooks := service.NewWebhooks(service.WebhookOptions{
		Store: store, Prepare: client.Prepare, To: client.To, Events: eventjson.Names(), Log: o.Log, Now: o.Now,
	})
	return hooks, func() error { client.Close(); return nil }
}
