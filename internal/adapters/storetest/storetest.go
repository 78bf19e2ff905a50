// Package storetest says what it means to be a store: one suite that every
// store passes, the one in memory included.
//
// It knows the ports, and the handlers that work through them. It knows no
// store, so that a test of one compiles no other.
package storetest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"allot/internal/access"
	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

// Store is what a database has to be: both sides of CQRS, and open to audit.
type Store interface {
	service.Store
	service.Audited
	service.Mailbox
	service.WebhookStore
	service.WhatIfStore
	views.Reader
	access.Tokens
	Close() error
}

// opener opens an empty store.
type opener func(t *testing.T) Store

// rule is something that holds for every store.
type rule struct {
	says  string
	check func(t *testing.T, s Store)
}

// Run holds a store to the ports of the service layer. open returns an empty
// store, which Run closes. Views and Soak say the rest.
func Run(t *testing.T, open func(t *testing.T) Store) {
	for _, part := range []struct {
		of    string
		rules []rule
	}{
		{"a transaction", transactionRules},
		{"a reader", readerRules},
		{"a subscription", subscriptionRules},
		{"a mailbox", mailRules},
		{"a store of webhooks", webhookRules},
		{"a command", commandRules},
		{"a store", lifeRules},
		{"a store of policies", policyRules},
		{"a message", inboxRules},
		{"commands at the same time", concurrencyRules},
		{"re-planning", replanRules},
		{"a token", tokenRules},
		{"a what-if that is saved", whatIfRules},
	} {
		t.Run(part.of, func(t *testing.T) {
			for _, r := range part.rules {
				t.Run(r.says, func(t *testing.T) { with(t, open, func(s Store) { r.check(t, s) }) })
			}
		})
	}
	t.Run("a group", func(t *testing.T) { groupsSeeThemselves(t, open) })
	t.Run("a failure", func(t *testing.T) { failures(t, open) })
}

// with runs fn on an empty store, expects nothing to be wrong with its books
// afterwards, and closes it.
func with(t *testing.T, open opener, fn func(Store)) {
	t.Helper()
	s := open(t)
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	fn(s)
	if !t.Failed() {
		verified(t, s)
	}
}

// clock says when everything happens.
func clock() time.Time { return opened }

// newBus returns a bus over a store, with at most so many commands in one
// transaction.
func newBus(s service.Store, group int) *service.Bus {
	bus := service.NewBus(service.NewTransactor(s, group, clock, nil))
	service.Register(bus)
	return bus
}

// sendAll hands commands over all at once, so that as many as may share a
// transaction do, and returns what became of each.
func sendAll(t rapid.TB, bus *service.Bus, commands ...domain.Message) []service.Outcome[any] {
	t.Helper()
	outcomes := slices.Collect(service.SendEach(context.Background(), bus, slices.Values(commands)))
	if len(outcomes) != len(commands) {
		t.Fatalf("%d outcomes of %d commands", len(outcomes), len(commands))
	}
	return outcomes
}

// do has commands done, in one transaction, of which none may fail.
func do(t rapid.TB, s service.Store, commands ...domain.Message) {
	t.Helper()
	for i, o := range sendAll(t, newBus(s, max(len(commands), 1)), commands...) {
		if o.Err != nil {
			t.Fatalf("%+v: %v", commands[i], o.Err)
		}
	}
}

// Commands, for short.

func batch(ref, sku string, qty int, eta ...domain.Date) domain.Message {
	return domain.CreateBatch{Ref: ref, SKU: sku, Qty: qty, ETA: append(eta, 0)[0]}
}

func order(id, sku string, qty int) domain.Message {
	return domain.Allocate{OrderID: id, SKU: sku, Qty: qty}
}

func change(ref string, qty int) domain.Message {
	return domain.ChangeBatchQuantity{Ref: ref, Qty: qty}
}

func cancel(id, sku string) domain.Message {
	return domain.CancelLine{OrderID: id, SKU: sku}
}

// equal compares what was got with what should be.
func equal[T any](t rapid.TB, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateErrors()); diff != "" {
		t.Errorf("%s is not as it should be (-want +got):\n%s", what, diff)
	}
}

// verified fails the test if anything is wrong with the books of a store.
func verified(t rapid.TB, s service.Audited) {
	t.Helper()
	report, err := service.Verify(context.Background(), s, nil)
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
	for _, fault := range report.Faults {
		t.Errorf("verify: %s", fault)
	}
}
