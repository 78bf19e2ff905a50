package postgres_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"allot/internal/adapters/postgres"
	"allot/internal/service"
)

func shortage(position int64) service.MailEntry {
	return service.MailEntry{Position: position, Topic: "shortage", SKU: "CHAIR", Text: "it ran out"}
}

// pair is a database opened twice, as two replicas have it.
func pair(t *testing.T) (url string, a, b *postgres.Store) {
	t.Helper()
	url = database(t)
	a, b = opened(t, url), opened(t, url)
	t.Cleanup(func() {
		if err := errors.Join(a.Close(), b.Close()); err != nil {
			t.Error(err)
		}
	})
	return url, a, b
}

func note(t *testing.T, s *postgres.Store, position int64) service.Mail {
	t.Helper()
	m, err := s.Note(t.Context(), shortage(position), opening)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAMailIsSeenToByOneReplica(t *testing.T) {
	_, a, b := pair(t)
	m := note(t, a, 1).Mail
	for position := range int64(2) {
		_, err := b.Note(t.Context(), shortage(1+position), opening)
		if later, ok := errors.AsType[*service.NotYetError](err); !ok || time.Until(later.Until) < 30*time.Second {
			t.Errorf("another replica noted event %d meanwhile, error %v", 1+position, err)
		}
	}
	m.Sent = opening
	if err := a.Record(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if got := note(t, b, 1); got.ID != m.ID || got.Sent.IsZero() {
		t.Errorf("what was told is in %+v", got)
	}
	if got := note(t, b, 2); got.ID == m.ID || got.Count != 1 {
		t.Errorf("what was not told is in %+v", got)
	}
}

// The first replica hung before it sent the mail. If it goes on, whatever it
// records leaves out what the second one has noted.
func TestAMailOfAReplicaThatHangsIsTakenOver(t *testing.T) {
	url, hung, other := pair(t)
	m := note(t, hung, 1).Mail
	ask(t, url, `UPDATE mails SET claimed = clock_timestamp()`)
	if got := note(t, other, 2); got.ID != m.ID || got.Count != 2 {
		t.Errorf("the next event is in %+v", got)
	}
	m.Sent = opening
	if err := hung.Record(t.Context(), m); err == nil {
		t.Error("who has lost a mail recorded it as sent")
	}
	if got := note(t, other, 1); !got.Sent.IsZero() {
		t.Errorf("then it is %+v", got)
	}
}

func TestEventsThatAreNotedAtOnceAreToldInOneMail(t *testing.T) {
	_, s, _ := pair(t)
	var all sync.WaitGroup
	for i := range int64(8) {
		all.Go(func() {
			if _, err := s.Note(t.Context(), shortage(1+i), opening); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if m := note(t, s, 1); m.Count != 8 || len(m.Texts) != 8 {
		t.Errorf("the mail is %+v", m)
	}
}
