package storetest

import (
	"testing"

	"github.com/anishathalye/porcupine"
)

func TestAHistoryThatCanNotHaveHappenedIsFound(t *testing.T) {
	sold := func(at int64, order, batch string) porcupine.Operation {
		return porcupine.Operation{Input: asked{do: "allocate", name: order, qty: 1}, Output: heard{batch: batch}, Call: at, Return: at + 1}
	}
	add := porcupine.Operation{Input: asked{do: "add", name: "b1", qty: 1}, Output: heard{}, Call: 0, Return: 1}
	for says, h := range map[string]struct {
		history []porcupine.Operation
		want    bool
	}{
		"one unit is sold once":                {[]porcupine.Operation{add, sold(2, "o-1", "b1"), sold(4, "o-2", "")}, true},
		"one unit is sold twice":               {[]porcupine.Operation{add, sold(2, "o-1", "b1"), sold(4, "o-2", "b1")}, false},
		"stock is sold before it is there":     {[]porcupine.Operation{sold(0, "o-1", "b1"), {Input: add.Input, Output: heard{}, Call: 2, Return: 3}}, false},
		"stock that is there is not found":     {[]porcupine.Operation{add, sold(2, "o-1", "")}, false},
		"a line that is asked for again moves": {[]porcupine.Operation{add, sold(2, "o-1", "b1"), sold(4, "o-1", "b2")}, false},
	} {
		if got := porcupine.CheckOperations(serial(), h.history); got != h.want {
			t.Errorf("%s: possible is %v", says, got)
		}
	}
}
