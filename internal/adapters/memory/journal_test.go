package memory_test

import (
	"testing"

	"allot/internal/adapters/journaltest"
	"allot/internal/adapters/memory"
	"allot/internal/views"
)

func TestJournal(t *testing.T) {
	journaltest.Run(t, func(*testing.T) journaltest.Journal { return journal{&memory.Journal{}} })
}

type journal struct{ *memory.Journal }

func (j journal) Lose(_ *testing.T, n int)        { j.Journal.Lose(n) }
func (j journal) Events(*testing.T) []views.Event { return j.Journal.Events() }
