package service_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"allot/internal/domain"
	"allot/internal/service"
)

// seqless compares but for numbers: those of what is only previewed mean
// nothing.
var seqless = cmp.Options{
	cmpopts.IgnoreFields(domain.Batch{}, "Seq"), cmpopts.IgnoreFields(domain.BatchCreated{}, "Seq"), cmpopts.IgnoreFields(domain.Allocated{}, "Seq"),
	cmpopts.IgnoreFields(domain.Backordered{}, "Seq"), cmpopts.IgnoreFields(domain.LineCancelled{}, "Seq"), cmpopts.EquateErrors(),
}

// foreseen previews a command, expects nothing to be written, has it done, and
// expects that to be what was foreseen.
func foreseen[R any](t *testing.T, s *watched, bus *service.Bus, cmd domain.Command[R]) {
	t.Helper()
	before, begun := books(t, s), s.begun.Load()
	preview, refusal := service.Preview(t.Context(), bus, cmd)
	equal(t, "the store after the preview", books(t, s), before)
	equal(t, "the number of transactions after the preview", s.begun.Load(), begun)

	effect, err := service.Perform(t.Context(), bus, cmd)
	if diff := cmp.Diff(effect, preview, seqless); diff != "" {
		t.Errorf("%+v had another effect than was foreseen (-effect +preview):\n%s", cmd, diff)
	}
	if fmt.Sprint(err) != fmt.Sprint(refusal) {
		t.Errorf("%+v gave error %v; %v was foreseen", cmd, err, refusal)
	}
}

func TestAPreviewIsWhatIsDoneThen(t *testing.T) {
	s := newStore()
	bus := newBus(s, 10)
	foreseen(t, s, bus, domain.DescribeProduct{SKU: "CHAIR", Description: "A chair"})
	foreseen(t, s, bus, domain.CreateBatch{Ref: "b1", SKU: "CHAIR", Qty: 10})
	foreseen(t, s, bus, domain.CreateBatch{Ref: "b1", SKU: "CHAIR", Qty: 10}) // again
	foreseen(t, s, bus, domain.CreateBatch{Ref: "b1", SKU: "LAMP", Qty: 10})  // refused
	foreseen(t, s, bus, domain.Allocate{OrderID: "o-1", SKU: "CHAIR", Qty: 6})
	foreseen(t, s, bus, domain.Allocate{OrderID: "o-2", SKU: "CHAIR", Qty: 4})
	foreseen(t, s, bus, domain.Allocate{OrderID: "o-3", SKU: "CHAIR", Qty: 4})                                 // waits
	foreseen(t, s, bus, domain.Allocate{OrderID: "o-4", SKU: "CHAIR", Qty: 4, OnShortage: domain.Refuse})      // finds nothing
	foreseen(t, s, bus, domain.CreateBatch{Ref: "b2", SKU: "CHAIR", Qty: 5, ETA: domain.NewDate(2026, 12, 1)}) // serves one
	foreseen(t, s, bus, domain.ChangeBatchQuantity{Ref: "b1", Qty: 7})                                         // displaces one
	foreseen(t, s, bus, domain.CancelLine{OrderID: "o-1", SKU: "CHAIR"})                                       // serves one
	foreseen(t, s, bus, domain.CancelLine{OrderID: "o-9", SKU: "CHAIR"})                                       // refused
	equal(t, "how many lines there are", len(books(t, s)[0].Lines), 3)
}

func TestAPreviewOfManyIsWhatIsDoneThen(t *testing.T) {
	s := newStore()
	bus := newBus(s, 4096)
	do(t, bus, batch("b1", 500))
	var commands []domain.Message
	for i := range 3000 { // several handfuls
		commands = append(commands, order(fmt.Sprint("o-", i%2500), 1+i%2), domain.CancelLine{OrderID: fmt.Sprint("o-", i-3), SKU: "CHAIR"})
		if i%500 == 0 {
			commands = append(commands, batch(fmt.Sprint("more-", i), 100))
		}
	}
	before := books(t, s)
	preview := slices.Collect(service.PreviewEach(t.Context(), bus, slices.Values(commands)))
	equal(t, "the store after the preview", books(t, s), before)
	done := slices.Collect(service.SendEach(t.Context(), bus, slices.Values(commands)))
	for i := range done {
		if diff := cmp.Diff(done[i].Result, preview[i].Result, seqless); diff != "" || fmt.Sprint(done[i].Err) != fmt.Sprint(preview[i].Err) {
			t.Fatalf("command %d %+v: %v, error %v; foreseen was error %v (-done +preview):\n%s", i, commands[i], done[i].Result, done[i].Err, preview[i].Err, diff)
		}
	}
	equal(t, "the number of outcomes", len(preview), len(done))
}

// What is loaded for a later command is older than what was imagined before.
func TestAPreviewKnowsWhereItHasMovedLines(t *testing.T) {
	bus := newBus(newStore(), 10)
	do(t, bus, batch("b1", 5), order("o-1", 5), batch("b2", 5))
	commands := []domain.Message{domain.ChangeBatchQuantity{Ref: "b1", Qty: 1}, order("o-1", 5), order("o-2", 1)}
	var at []string
	for o := range service.PreviewEach(t.Context(), bus, slices.Values(commands)) {
		if p, ok := o.Result.(domain.Placement); ok {
			at = append(at, p.BatchRef)
		}
	}
	equal(t, "where the lines would be", at, []string{"b2", "b1"})
}

func TestAPreviewWaitsForNoWriter(t *testing.T) {
	s := newStore()
	bus := newBus(s, 10)
	do(t, bus, batch("b1", 1))
	g := shut(s)
	var senders sync.WaitGroup
	g.begin(t, &senders, bus, domain.DescribeProduct{SKU: "CHAIR", Description: "A chair"})
	preview, err := service.Preview(t.Context(), bus, domain.Allocate{OrderID: "o-1", SKU: "CHAIR", Qty: 1})
	if err != nil || preview.Result.BatchRef != "b1" || preview.Events[0].Version != 2 {
		t.Errorf("got %+v, %v", preview, err)
	}
	close(g.open)
	senders.Wait()
}

func TestAPreviewSurvivesAPanic(t *testing.T) {
	s := newStore()
	bus := newBus(s, 10)
	service.OnCommand(bus, func(context.Context, *service.UnitOfWork, custom) (string, error) { panic("out of luck") }, aboutNothing)
	outcomes := slices.Collect(service.PreviewEach(t.Context(), bus, slices.Values([]domain.Message{
		batch("b1", 5), custom{domain.DescribeProduct{SKU: "CHAIR"}}, order("o-1", 5),
	})))
	if outcomes[0].Err != nil || outcomes[1].Err == nil || outcomes[1].Result != nil || outcomes[2].Err != nil {
		t.Errorf("got %+v", outcomes)
	}
	equal(t, "the log", names(t, s), nil)
}

// cursed is a store whose snapshots fail when they have been used.
type cursed struct{ *watched }

var errSnapshot = errors.New("the snapshot was lost")

func (c cursed) View(ctx context.Context, fn func(context.Context, service.Reader) error) error {
	return errors.Join(c.watched.View(ctx, fn), errSnapshot)
}

func TestASnapshotThatFailsIsTheLastOutcome(t *testing.T) {
	bus := newBus(cursed{newStore()}, 10)
	commands := []domain.Message{batch("b1", 5), order("o-1", 5)}
	outcomes := slices.Collect(service.PreviewEach(t.Context(), bus, slices.Values(commands)))
	if len(outcomes) != 3 || !errors.Is(outcomes[2].Err, errSnapshot) {
		t.Errorf("got %+v", outcomes)
	}
	for o := range service.PreviewEach(t.Context(), bus, slices.Values(commands)) {
		if o.Err != nil {
			t.Error(o.Err)
		}
		break // and hear nothing more
	}
	if _, err := service.Preview(t.Context(), bus, domain.CreateBatch{Ref: "b1", SKU: "CHAIR", Qty: 5}); !errors.Is(err, errSnapshot) {
		t.Errorf("got error %v", err)
	}
}
