package bootstrap

import (
	"allot/internal/adapters/eventjson"
	"allot/internal/adapters/webhook"
	"allot/internal/service"
)

func webhooks(store Store, o Options) *service.Webhooks {
	client := webhook.New(webhook.Options{AllowPrivate: o.WebhooksAnywhere, Now: o.Now})
	return service.NewWebhooks(service.WebhookOptions{
		Store: store, Prepare: client.Prepare, To: client.To, Events: eventjson.Names(), Log: o.Log, Now: o.Now,
	})
}
