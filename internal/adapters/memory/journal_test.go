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

func TestChannel(t *testing.T) {
	journaltest.RunChannel(t, func(*testing.T) journaltest.Channel { return channel{&memory.Channel{}} })
}

type channel struct{ *memory.Channel }

func (c channel) Break(*testing.T) { c.Leave(true) }
func (c channel) Mend(*testing.T)  { c.Leave(false) }

func (c channel) Heard(*testing.T, int) (orders []string) {
	for _, a := range c.Channel.Heard() {
		orders = append(orders, a.OrderID)
	}
	return orders
}
