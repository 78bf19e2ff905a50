package service_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"allot/internal/adapters/memory"
	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

func TestAWhatIfThatIsSavedIsFoundFor90Days(t *testing.T) {
	store := memory.New()
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	bus := service.NewBus(service.NewTransactor(store, 1, func() time.Time { return now }, nil))
	service.Register(bus)
	whatIfs := service.NewWhatIfs(store, func() time.Time { return now }, service.NewWhatIfID)
	commands := []domain.Message{domain.CreateBatch{Origin: domain.Origin{Actor: "ann"}, Ref: "b1", SKU: "LAMP", Qty: 9}}

	saved, foreseen, err := whatIfs.Save(t.Context(), bus, commands, "as it is written")
	if err != nil || saved.Plan != foreseen.Plan() || saved.Actor != "ann" || saved.Changes != "as it is written" {
		t.Fatalf("saved %+v, %v", saved, err)
	}
	now = now.Add(service.WhatIfLife)
	if got, err := whatIfs.Find(t.Context(), saved.ID); err != nil || got != saved {
		t.Errorf("on the last day: %+v, %v", got, err)
	}
	now = now.Add(time.Microsecond)
	if got, err := whatIfs.Find(t.Context(), saved.ID); !errors.Is(err, views.ErrNotFound) {
		t.Errorf("then: %+v, %v", got, err)
	}
}

func TestNoTwoWhatIfsHaveTheSameID(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := service.NewWhatIfID()
		if len(id) != 16 || id != strings.ToLower(id) || seen[id] {
			t.Fatalf("%q", id)
		}
		seen[id] = true
	}
}

func TestWhatIsRefusedOrTooLongIsNotSaved(t *testing.T) {
	store := memory.New()
	bus := service.NewBus(service.NewTransactor(store, 1, time.Now, nil))
	service.Register(bus)
	whatIfs := service.NewWhatIfs(store, time.Now, service.NewWhatIfID)
	close := []domain.Message{domain.CloseBatch{Ref: "nix"}}
	add := []domain.Message{domain.CreateBatch{Ref: "b1", SKU: "LAMP", Qty: 9}}
	if _, _, err := whatIfs.Save(t.Context(), bus, close, "x"); domain.KindOf(err) != domain.NotFound {
		t.Errorf("a refused one: %v", err)
	}
	if _, _, err := whatIfs.Save(t.Context(), bus, add, strings.Repeat("x", service.MaxSavedWhatIf+1)); domain.KindOf(err) != domain.Invalid {
		t.Errorf("one that is too long: %v", err)
	}
	if all, err := store.SavedWhatIfs(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("saved %+v, %v", all, err)
	}
}
