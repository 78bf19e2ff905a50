package storetest

import (
	"errors"
	"testing"
	"time"

	"allot/internal/service"
	"allot/internal/views"
)

// thought is a what-if that was saved so long after the shop opened.
func thought(id string, after time.Duration) service.SavedWhatIf {
	return service.SavedWhatIf{ID: id, At: opened.Add(after), Actor: "ann", Plan: "p-" + id, Changes: `{"op":"close_batch","ref":"` + id + `"}` + "\n"}
}

var whatIfRules = []rule{
	{"is kept as it is", func(t *testing.T, s Store) {
		want := thought("a", time.Microsecond)
		saveWhatIfs(t, s, opened, want, thought("b", 0))
		got, err := s.SavedWhatIf(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "the what-if", got, want)
	}},
	{"is listed by age", func(t *testing.T, s Store) {
		late, early := thought("a", time.Hour), thought("b", 0)
		saveWhatIfs(t, s, opened, late, early)
		equal(t, "the list", whatIfsOf(t, s), []service.SavedWhatIf{early, late})
	}},
	{"is found by its id alone", func(t *testing.T, s Store) {
		saveWhatIfs(t, s, opened, thought("a", 0))
		for _, id := range []string{"", "A", "b", "a "} {
			if _, err := s.SavedWhatIf(t.Context(), id); !errors.Is(err, views.ErrNotFound) {
				t.Errorf("%q: got %v, want ErrNotFound", id, err)
			}
		}
	}},
	{"is forgotten when its time is up and another is saved", func(t *testing.T, s Store) {
		old, due, kept := thought("a", 0), thought("b", time.Hour), thought("c", 2*time.Hour)
		saveWhatIfs(t, s, opened, old, due)
		saveWhatIfs(t, s, due.At, kept)
		equal(t, "the list", whatIfsOf(t, s), []service.SavedWhatIf{due, kept})
	}},
	{"is no part of the log, and keeps nobody from working", func(t *testing.T, s Store) {
		do(t, s, batch("b1", "LAMP", 10))
		was := books(t, s)
		saveWhatIfs(t, s, opened, thought("a", 0))
		equal(t, "the books", books(t, s), was)
		do(t, s, order("o1", "LAMP", 3))
	}},
}

func saveWhatIfs(t *testing.T, s service.WhatIfStore, forget time.Time, all ...service.SavedWhatIf) {
	t.Helper()
	for _, w := range all {
		if err := s.SaveWhatIf(t.Context(), w, forget); err != nil {
			t.Fatal(err)
		}
	}
}

func whatIfsOf(t *testing.T, s service.WhatIfStore) []service.SavedWhatIf {
	t.Helper()
	all, err := s.SavedWhatIfs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}
