package storetest

import (
	"fmt"
	"testing"

	"allot/internal/domain"
)

// groupsSeeThemselves has groups of commands that are about what others of the
// group have done and nobody has written yet. Alone they do the same.
func groupsSeeThemselves(t *testing.T, open opener) {
	for _, c := range []struct {
		says   string
		before []domain.Message
		group  []domain.Message
		want   map[string]string
	}{
		{
			"a line not yet written is displaced",
			[]domain.Message{batch("b1", "CHAIR", 5), batch("b2", "CHAIR", 5, december)},
			[]domain.Message{order("o-1", "CHAIR", 4), change("b1", 3)},
			map[string]string{"o-1 CHAIR": "b2"},
		},
		{
			"of lines written and not yet written the latest is displaced first",
			[]domain.Message{batch("b1", "CHAIR", 9), order("o-1", "CHAIR", 3)},
			[]domain.Message{order("o-2", "CHAIR", 3), order("o-3", "CHAIR", 3), change("b1", 5)},
			map[string]string{"o-1 CHAIR": "b1", "o-2 CHAIR": "backordered", "o-3 CHAIR": "backordered"},
		},
		{
			"a line that moved in the group is no more where it is written to be",
			[]domain.Message{batch("b1", "CHAIR", 4), order("o-1", "CHAIR", 4), batch("b2", "CHAIR", 4, december)},
			[]domain.Message{change("b1", 0), change("b1", 9), order("o-2", "CHAIR", 9), change("b1", 8), change("b2", 3)},
			map[string]string{"o-1 CHAIR": "b1", "o-2 CHAIR": "backordered"},
		},
		{
			"a line that never reached the disk is cancelled",
			[]domain.Message{batch("b1", "CHAIR", 4)},
			[]domain.Message{order("o-1", "CHAIR", 4), cancel("o-1", "CHAIR"), order("o-2", "CHAIR", 4)},
			map[string]string{"o-1 CHAIR": "cancelled", "o-2 CHAIR": "b1"},
		},
		{
			"a line is accepted, moved and cancelled",
			[]domain.Message{batch("b1", "CHAIR", 4), batch("b2", "CHAIR", 4, december)},
			[]domain.Message{order("o-1", "CHAIR", 4), change("b1", 3), cancel("o-1", "CHAIR"), order("o-2", "CHAIR", 4)},
			map[string]string{"o-1 CHAIR": "cancelled", "o-2 CHAIR": "b2"},
		},
		{
			"a line that began to wait in the group is served in it, after older ones",
			[]domain.Message{batch("b1", "CHAIR", 0), order("o-1", "CHAIR", 2)},
			[]domain.Message{order("o-2", "CHAIR", 2), change("b1", 3), order("o-3", "CHAIR", 2), batch("b2", "CHAIR", 2)},
			map[string]string{"o-1 CHAIR": "b1", "o-2 CHAIR": "b2", "o-3 CHAIR": "backordered"},
		},
		{
			"a line that was served in the group is not served again",
			[]domain.Message{batch("b1", "CHAIR", 0), order("o-1", "CHAIR", 2), order("o-2", "CHAIR", 2)},
			[]domain.Message{change("b1", 2), change("b1", 4)},
			map[string]string{"o-1 CHAIR": "b1", "o-2 CHAIR": "b1"},
		},
		{
			"a batch that was used up before the group is freed in it",
			[]domain.Message{batch("b1", "CHAIR", 2), order("o-1", "CHAIR", 2), order("o-2", "CHAIR", 1)},
			[]domain.Message{order("o-3", "CHAIR", 1), cancel("o-1", "CHAIR"), change("b1", 3), order("o-4", "CHAIR", 1)},
			map[string]string{"o-1 CHAIR": "cancelled", "o-2 CHAIR": "b1", "o-3 CHAIR": "b1", "o-4 CHAIR": "b1"},
		},
		{
			"a product that is new in the group is known in it",
			nil,
			[]domain.Message{
				domain.DescribeProduct{SKU: "CHAIR", Description: "A chair"}, order("o-1", "CHAIR", 2), batch("b1", "CHAIR", 2),
				batch("b2", "LAMP", 2), order("o-1", "LAMP", 1), batch("b2", "LAMP", 2), change("b2", 0),
			},
			map[string]string{"o-1 CHAIR": "b1", "o-1 LAMP": "backordered"},
		},
	} {
		for _, group := range []int{1, len(c.group)} {
			t.Run(fmt.Sprintf("of %d: %s", group, c.says), func(t *testing.T) {
				with(t, open, func(s Store) {
					do(t, s, c.before...)
					for i, o := range sendAll(t, newBus(s, group), c.group...) {
						if o.Err != nil {
							t.Errorf("%+v: %v", c.group[i], o.Err)
						}
					}
					equal(t, "where lines are", standing(t, s), c.want)
				})
			})
		}
	}
}
