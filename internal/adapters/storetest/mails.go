package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"allot/internal/service"
	"allot/internal/views"
)

var mailRules = []rule{
	{"begins a mail with the first event that it is to tell", mailBegins},
	{"gathers events in the mail that isn't sent yet", mailGathers},
	{"has an event told once, however often it is noted", mailTellsOnce},
	{"lets the pause pass between two mails about the same", mailsPause},
	{"keeps topics and products apart", mailsApart},
	{"counts the events that a mail doesn't tell in full", mailCounts},
	{"lists mails, the last first", mailsLastFirst},
	{"knows mails that were sent from those that are only kept", mailsSentOrKept},
}

// noted notes the event at a position, so long after the shop was opened.
func noted(t *testing.T, s Store, position int64, topic, sku string, after time.Duration) service.Mail {
	t.Helper()
	e := service.MailEntry{Position: position, Topic: topic, SKU: sku, Text: fmt.Sprint("event ", position)}
	return must(s.Note(t.Context(), e, opened.Add(after)))(t)
}

// sent records a mail as sent, so long after the shop was opened.
func sent(t *testing.T, s Store, m views.Mail, after time.Duration, to ...string) {
	t.Helper()
	m.Subject, m.Body, m.Sent, m.To = "a subject", "a\nbody", opened.Add(after), to
	if err := s.Record(t.Context(), m); err != nil {
		t.Fatal(err)
	}
}

// events has a log of 30 events, which mails can tell of.
func events(t *testing.T, s Store) {
	t.Helper()
	for i := range 30 {
		do(t, s, batch(fmt.Sprint("b-", i), "CHAIR", 1))
	}
}

func mailBegins(t *testing.T, s Store) {
	events(t, s)
	want := views.Mail{ID: 1, Status: "due", Topic: "shortage", SKU: "CHAIR", Count: 1, At: opened, Due: opened}
	equal(t, "what is noted", noted(t, s, 3, "shortage", "CHAIR", 0), service.Mail{Mail: want, Texts: []string{"event 3"}})
	equal(t, "the mail", must(s.Mail(t.Context(), 1))(t), want)
}

func mailGathers(t *testing.T, s Store) {
	events(t, s)
	noted(t, s, 3, "shortage", "CHAIR", 0)
	got := noted(t, s, 5, "shortage", "CHAIR", time.Hour)
	equal(t, "the second", got, service.Mail{
		Mail:  views.Mail{ID: 1, Status: "due", Topic: "shortage", SKU: "CHAIR", Count: 2, At: opened, Due: opened},
		Texts: []string{"event 3", "event 5"},
	})
}

func mailTellsOnce(t *testing.T, s Store) {
	events(t, s)
	first := noted(t, s, 3, "shortage", "CHAIR", 0)
	equal(t, "the same event again", noted(t, s, 3, "shortage", "CHAIR", time.Hour), first)
	sent(t, s, first.Mail, time.Hour, "buyer@example.com")
	if again := noted(t, s, 3, "shortage", "CHAIR", 2*time.Hour); again.ID != 1 || again.Sent.IsZero() {
		t.Errorf("an event that was told is in %+v", again)
	}
}

func mailsPause(t *testing.T, s Store) {
	events(t, s)
	due := func(position int64, after time.Duration, wantID int64, wantDue time.Duration) views.Mail {
		t.Helper()
		m := noted(t, s, position, "shortage", "CHAIR", after).Mail
		if m.ID != wantID || !m.Due.Equal(opened.Add(wantDue)) {
			t.Errorf("event %d is in mail %d, due after %v; want %d and %v", position, m.ID, m.Due.Sub(opened), wantID, wantDue)
		}
		return m
	}
	const pause = service.MailPause
	sent(t, s, due(1, 0, 1, 0), time.Minute, "buyer@example.com")
	due(2, 2*time.Minute, 2, time.Minute+pause)
	second := due(3, pause, 2, time.Minute+pause)
	sent(t, s, second, time.Minute+pause, "buyer@example.com")
	due(4, time.Minute+2*pause, 3, time.Minute+2*pause)
}

func mailsApart(t *testing.T, s Store) {
	events(t, s)
	sent(t, s, noted(t, s, 1, "shortage", "CHAIR", 0).Mail, 0, "buyer@example.com")
	for position, about := range map[int64][2]string{2: {"shortage", "LAMP"}, 3: {"delay", "CHAIR"}} {
		if m := noted(t, s, position, about[0], about[1], time.Minute); m.ID == 1 || m.Count != 1 || !m.Due.Equal(opened.Add(time.Minute)) {
			t.Errorf("event %d about %s is in %+v", position, about, m)
		}
	}
}

func mailCounts(t *testing.T, s Store) {
	events(t, s)
	var last service.Mail
	for n := range int64(service.MailTexts + 5) {
		last = noted(t, s, n+1, "shortage", "CHAIR", 0)
	}
	if last.Count != service.MailTexts+5 || len(last.Texts) != service.MailTexts || last.Texts[0] != "event 1" {
		t.Errorf("%d are counted and %d told, from %q; want %d, %d, event 1", last.Count, len(last.Texts), last.Texts[0], service.MailTexts+5, service.MailTexts)
	}
}

func mailsLastFirst(t *testing.T, s Store) {
	events(t, s)
	equal(t, "no mails", must(s.Mails(t.Context(), views.Page{}))(t).Items, []views.Mail{})
	for n := range int64(5) {
		noted(t, s, n+1, "shortage", fmt.Sprint("SKU-", n), 0)
	}
	var ids []int64
	for after, more := "", true; more; more = after != "" {
		page := must(s.Mails(t.Context(), views.Page{After: after, Limit: 2}))(t)
		for _, m := range page.Items {
			ids = append(ids, m.ID)
		}
		after = page.Next
	}
	equal(t, "the mails", ids, []int64{5, 4, 3, 2, 1})
	_, err := s.Mails(t.Context(), views.Page{After: "x"})
	refused(t, err, "cursor")
}

func mailsSentOrKept(t *testing.T, s Store) {
	events(t, s)
	sent(t, s, noted(t, s, 1, "shortage", "CHAIR", 0).Mail, time.Minute, "ann@example.com", "bob@example.com")
	sent(t, s, noted(t, s, 2, "shortage", "LAMP", 0).Mail, time.Minute)
	want := views.Mail{
		ID: 1, Status: "sent", Topic: "shortage", SKU: "CHAIR", Count: 1, At: opened, Due: opened, Sent: opened.Add(time.Minute),
		To: []string{"ann@example.com", "bob@example.com"}, Subject: "a subject", Body: "a\nbody",
	}
	equal(t, "the mail that was sent", must(s.Mail(t.Context(), 1))(t), want)
	want.ID, want.Status, want.SKU, want.To = 2, "kept", "LAMP", nil
	equal(t, "the mail that is kept", must(s.Mail(t.Context(), 2))(t), want)
	for _, id := range []int64{-1, 0, 3} {
		if _, err := s.Mail(t.Context(), id); !errors.Is(err, views.ErrNotFound) {
			t.Errorf("mail %d: got error %v", id, err)
		}
	}
}
