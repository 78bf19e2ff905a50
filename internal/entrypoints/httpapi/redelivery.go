package httpapi

import (
	"net/http"
	"strconv"

	"allot/internal/entrypoints/wire"
	"allot/internal/views"
)

var listSubscriptionsDoc = operation{
	id: "list_subscriptions", summary: "List where events go, and how far each has come",
	detail:  "To people by mail, to Redis and to webhooks: how far the server that answers has come with each, since when it is behind, and why it is held up. Each process knows of itself only.",
	answers: answers{200: listing[wire.Subscription]{}},
}

// listSubscriptions answers GET /v1/subscriptions.
func (a *api) listSubscriptions(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	out := listing[wire.Subscription]{Items: []wire.Subscription{}}
	if a.progress != nil {
		for _, p := range a.progress() {
			out.Items = append(out.Items, wire.Subscription{Name: p.Subscription, Position: p.Position, BehindSince: p.Behind, Trouble: p.Trouble})
		}
	}
	return writeJSON(w, http.StatusOK, out)
}

var listDeliveriesDoc = operation{
	id: "list_deliveries", summary: "List events that were not delivered",
	detail: "Those that are tried again by themselves, those that are parked, and those that are put off on purpose, by subscription and position.",
	query:  []string{"subscription", "limit", "cursor"}, answers: answers{200: listing[views.Failure]{}},
}

// listDeliveries answers GET /v1/deliveries.
func (a *api) listDeliveries(r *http.Request, q query, page views.Page) (views.List[views.Failure], error) {
	if q["subscription"] != "" {
		if _, err := a.again.Find(r.Context(), q["subscription"]); err != nil {
			return views.List[views.Failure]{}, err
		}
	}
	return a.views.Failures(r.Context(), q["subscription"], page)
}

var retryDoc = operation{
	id: "retry_deliveries", summary: "Try what is parked again",
	detail: "All that is parked, or only what is parked of a `subscription`, or of the event at a `position`. What fails once more is parked again. The answer says how many deliveries that are.",
	body:   wire.RetryMembers(), answers: answers{200: wire.Redelivered{}},
}

// retry answers POST /v1/deliveries/retry.
func (a *api) retry(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	wanted, err := decode(w, r, wire.DecodeRetry)
	if err != nil {
		return err
	}
	n, err := a.again.Retry(r.Context(), wanted.Subscription, wanted.Position)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, wire.Redelivered{Events: n})
}

var replayDoc = operation{
	id: "replay_events", summary: "Deliver a range of events again",
	detail: "Has the events from one position to another that a subscription wants delivered to it again. Receivers must cope with repeats: each event has its id. The answer says how many events that are.",
	query:  []string{"dry_run"}, body: wire.ReplayMembers(), answers: answers{200: wire.Redelivered{}},
}

// replay answers POST /v1/deliveries/replay.
func (a *api) replay(w http.ResponseWriter, r *http.Request) error {
	dryRun, err := onlyDryRun(r)
	if err != nil {
		return err
	}
	wanted, err := decode(w, r, wire.DecodeReplay)
	if err != nil {
		return err
	}
	n, err := a.again.Replay(r.Context(), wanted.Subscription, wanted.From, wanted.To, dryRun)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, wire.Redelivered{Events: n, DryRun: dryRun})
}

var listParkedMessagesDoc = operation{
	id: "list_parked_messages", summary: "List messages from Redis that could not be done",
	detail: "With the reason, the one parked first first. To try one again, discard it and send it again: the list keeps it otherwise.",
	query:  []string{"limit", "cursor"}, answers: answers{200: listing[views.ParkedMessage]{}},
}

// listParkedMessages answers GET /v1/parked-messages.
func (a *api) listParkedMessages(r *http.Request, _ query, page views.Page) (views.List[views.ParkedMessage], error) {
	return a.views.ParkedMessages(r.Context(), page)
}

var discardMessageDoc = operation{
	id: "discard_parked_message", summary: "Take a message off the list of those that could not be done",
	detail: "Sent again, it is a new one.", answers: answers{204: nil}, problems: []string{wire.CodeNotFound},
}

// discardMessage answers DELETE /v1/parked-messages/{number}.
func (a *api) discardMessage(w http.ResponseWriter, r *http.Request) error {
	number, err := strconv.ParseInt(r.PathValue("number"), 10, 64)
	if err != nil {
		err = views.ErrNotFound
	} else {
		err = a.again.Discard(r.Context(), number)
	}
	if err != nil {
		return notFound(err, "parked message", r.PathValue("number"), "GET /v1/parked-messages lists them with their numbers")
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
