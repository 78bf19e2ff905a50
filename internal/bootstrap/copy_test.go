package bootstrap_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allot/internal/access"
	"allot/internal/bootstrap"
	"allot/internal/domain"
	"allot/internal/pgserver"
	"allot/internal/service"
	"allot/internal/views"
)

func TestACopyHasAllThatTheSourceHas(t *testing.T) {
	url, file := postgres(t), filepath.Join(t.TempDir(), "allot.db")
	furnish(t, file)
	report, err := bootstrap.Copy(t.Context(), file, url, bootstrap.Options{}, func(int) {})
	if err != nil || len(report.Faults) > 0 || report.Events == 0 {
		t.Fatalf("copied %+v, %v", report, err)
	}
	source, target := opened(t, file), opened(t, url)
	for what, list := range map[string]func(bootstrap.Store) any{
		"books":      func(s bootstrap.Store) any { return books(t, s) },
		"failures":   func(s bootstrap.Store) any { return failures(t, s) },
		"late lines": func(s bootstrap.Store) any { return late(t, s) },
		"a history":  func(s bootstrap.Store) any { return history(t, s) },
		"tokens":     func(s bootstrap.Store) any { return listed(t, s.Tokens) },
		"webhooks":   func(s bootstrap.Store) any { return listed(t, s.Webhooks) },
		"what-ifs":   func(s bootstrap.Store) any { return listed(t, s.SavedWhatIfs) },
		"parked":     func(s bootstrap.Store) any { return parked(t, s) },
		"mails":      func(s bootstrap.Store) any { return mails(t, s) },
		"what next":  func(s bootstrap.Store) any { return next(t, s) },
	} {
		if diff := cmp.Diff(list(source.Store), list(target.Store)); diff != "" {
			t.Errorf("%s differ (-source +copy):\n%s", what, diff)
		}
	}
	again, err := service.PerformOn(t.Context(), target.Bus, domain.Allocate{OrderID: "once", SKU: "CHAIR", Qty: 1}, once)
	if err != nil || string(again.Kept) != "done" {
		t.Errorf("what was answered once is answered with %q, %v", again.Kept, err)
	}
	for o := range service.SendEach(t.Context(), target.Bus, slices.Values([]domain.Message{received})) {
		if !errors.Is(o.Err, service.ErrReceived) {
			t.Errorf("a message that was received is answered with %v", o.Err)
		}
	}
	placed, err := service.Send(t.Context(), target.Bus, domain.Allocate{OrderID: "later", SKU: "CHAIR", Qty: 1})
	if err != nil || placed.Status != domain.StatusAllocated {
		t.Errorf("the shop doesn't go on there: %+v, %v", placed, err)
	}
	if hook, err := target.Store.AddWebhook(t.Context(), views.Webhook{URL: "https://shop.example", Secret: "s", At: time.Now()}); err != nil || hook.ID != 3 {
		t.Errorf("the next webhook is %d, not 3: the second names a subscription (%v)", hook.ID, err)
	}
	if report, err := service.Verify(t.Context(), target.Store, nil); err != nil || len(report.Faults) > 0 {
		t.Errorf("then: %+v, %v", report, err)
	}
	if _, err := bootstrap.Copy(t.Context(), file, url, bootstrap.Options{}, func(int) {}); err == nil {
		t.Error("a shop was copied over another")
	}
}

func postgres(t *testing.T) string {
	t.Helper()
	server, err := pgserver.New(context.Background())
	if errors.Is(err, pgserver.ErrMissing) && os.Getenv("ALLOT_TEST_REQUIRE") != "all" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Remove(); err != nil {
			t.Error(err)
		}
	})
	return server.URL("postgres")
}

func opened(t *testing.T, db string) *bootstrap.App {
	t.Helper()
	app, err := bootstrap.Open(t.Context(), db, "test", bootstrap.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Close(); err != nil {
			t.Error(err)
		}
	})
	return app
}

// furnish has lines of every kind, a subscription that is halfway, and an event
// that could not be delivered to it.
func furnish(t *testing.T, file string) {
	t.Helper()
	app, err := bootstrap.Open(t.Context(), file, "test", bootstrap.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer app.Close()
	commands := []domain.Message{domain.DescribeProduct{SKU: "CHAIR", Description: "Ein Stuhl"}}
	for i := range 40 {
		sku := []string{"CHAIR", "LAMP", "TABLE"}[i%3]
		commands = append(commands,
			domain.CreateBatch{Ref: fmt.Sprint("b", i), SKU: sku, Qty: i, ETA: []domain.Date{0, 20261201}[i%2]},
			domain.Allocate{Origin: domain.Origin{Actor: "ann", Note: "gift"}, OrderID: fmt.Sprint("o", i), SKU: sku, Qty: 1 + i/2})
	}
	commands = append(commands, received, domain.CancelLine{OrderID: "o7", SKU: "LAMP"}, domain.ChangeBatchQuantity{Ref: "b39", Qty: 30},
		domain.Allocate{OrderID: "held", SKU: "TABLE", Qty: 1, HoldUntil: domain.InstantOf(time.Now().Add(time.Hour)), RequiredBy: 20261101, Priority: domain.NewPriority(9)},
		domain.ChangeBatch{Ref: "b5", ETA: domain.To(domain.NewDate(2027, 1, 5))}, domain.CloseBatch{Ref: "b38"},
		domain.ReceiveBatch{Ref: "b3"}, domain.ShipLine{OrderID: "o0", SKU: "CHAIR"}, domain.AmendLine{OrderID: "o3", SKU: "CHAIR", Amendment: domain.Amendment{Qty: domain.To(1)}})
	for o := range service.SendEach(t.Context(), app.Bus, slices.Values(commands)) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
	}
	furnishAside(t, app)
	_, err = app.Store.Deliver(t.Context(), service.Subscription{Name: "mail"}, 20, func(ctx context.Context, events []service.Envelope) (int, error) {
		at := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
		err := app.Store.Postpone(ctx, service.Failure{Subscription: "mail", Event: events[3], Attempts: 2, Error: "busy: \x00", Next: at})
		return len(events), err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// once are terms under which a request is answered once.
var once = service.Terms{Once: &service.Once{
	AnswerID: service.AnswerID{Scope: "ann POST /v1/orders", Key: "k-1"}, Request: "r-1",
	Answer: func(any, []service.Envelope, error) []byte { return []byte("done") },
}}

// furnishAside has a token, a webhook, mails, a message that is parked, and an
// answer.
func furnishAside(t *testing.T, app *bootstrap.App) {
	t.Helper()
	at := time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)
	mail, err := app.Store.Note(t.Context(), service.MailEntry{Position: 2, Topic: "shortage", SKU: "CHAIR", Text: "There is none."}, at)
	if err == nil {
		mail.Subject, mail.Sent, mail.To = "Short of CHAIR", at, []string{"buyer@example.com"}
		err = app.Store.Record(t.Context(), mail.Mail)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := app.Store.Park(t.Context(), views.ParkedMessage{ID: "m-2", Body: "{", Attempts: 5, Error: "no JSON", At: at}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := app.Tokens.Issue(t.Context(), access.Token{Name: "shop", Scopes: []access.Scope{access.Read}}); err != nil {
		t.Fatal(err)
	}
	thought := service.SavedWhatIf{ID: "a", At: at, Actor: "ann", Plan: "p", Changes: "{}\n"}
	if err := app.Store.SaveWhatIf(t.Context(), thought, at); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second is removed again
		hook, err := app.Store.AddWebhook(t.Context(), views.Webhook{URL: "https://shop.example", Secret: "s", At: at})
		if err == nil && hook.ID == 2 {
			err = app.Store.RemoveWebhook(t.Context(), hook.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := service.PerformOn(t.Context(), app.Bus, domain.Allocate{OrderID: "once", SKU: "CHAIR", Qty: 1}, once); err != nil {
		t.Fatal(err)
	}
}

// received is a command that came of a message.
var received = service.Incoming{
	Message: domain.ChangeBatch{Ref: "b39", Qty: domain.To(31)},
	Receipt: service.Receipt{ID: "m-1", Subjects: []string{"quantity of batch b39"}, Place: "1"},
}

func parked(t *testing.T, s bootstrap.Store) views.List[views.ParkedMessage] {
	t.Helper()
	list, err := s.ParkedMessages(t.Context(), views.Page{})
	if err != nil || len(list.Items) == 0 {
		t.Fatalf("%d messages are parked, %v", len(list.Items), err)
	}
	return list
}

func listed[T any](t *testing.T, list func(context.Context) ([]T, error)) []T {
	t.Helper()
	items, err := list(t.Context())
	if err != nil || len(items) == 0 {
		t.Fatalf("%d are listed, %v", len(items), err)
	}
	return items
}

func mails(t *testing.T, s bootstrap.Store) views.List[views.Mail] {
	t.Helper()
	list, err := s.Mails(t.Context(), views.Page{})
	if err != nil || len(list.Items) == 0 {
		t.Fatalf("%d mails, %v", len(list.Items), err)
	}
	return list
}

func late(t *testing.T, s bootstrap.Store) views.List[views.LateLine] {
	t.Helper()
	list, err := s.Late(t.Context(), "2027-02-01", views.Page{})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func history(t *testing.T, s bootstrap.Store) views.History {
	t.Helper()
	h, err := s.History(t.Context(), "o3", "CHAIR")
	if err != nil || len(h.Events) < 2 {
		t.Fatalf("%+v, %v", h, err)
	}
	return h
}

func books(t *testing.T, s bootstrap.Store) (all []service.Book) {
	t.Helper()
	for b, err := range s.Books(t.Context(), func(fault string) { t.Error(fault) }) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b)
	}
	return all
}

func failures(t *testing.T, s bootstrap.Store) views.List[views.Failure] {
	t.Helper()
	list, err := s.Failures(t.Context(), "", views.Page{})
	if err != nil || len(list.Items) != 1 {
		t.Fatalf("%d failures, %v", len(list.Items), err)
	}
	list.Items[0].Error = strings.ReplaceAll(list.Items[0].Error, "\x00", "\uFFFD") // which PostgreSQL has instead
	return list
}

// next is what a subscription is delivered next.
func next(t *testing.T, s bootstrap.Store) (next service.Envelope) {
	t.Helper()
	_, err := s.Deliver(t.Context(), service.Subscription{Name: "mail"}, 1, func(_ context.Context, events []service.Envelope) (int, error) {
		next = events[0]
		return 0, nil
	})
	if err != nil || next.Position != 21 {
		t.Fatalf("event %d is next, want 21 (%v)", next.Position, err)
	}
	return next
}
