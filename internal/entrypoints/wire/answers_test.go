package wire_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
)

func TestAnAnswerIsOneLineThatSaysAll(t *testing.T) {
	allocate := domain.Allocate{OrderID: "o1", SKU: "RUG", Qty: 10}
	why := domain.Why{Rule: domain.Earliest, Cause: domain.Ordered, PassedOver: []domain.PassedOver{{BatchRef: "b0", Available: 9}, {BatchRef: "b1", Available: 1, ETA: december}}, More: 3}
	batch := domain.Batch{Seq: 7, Ref: "b1", SKU: "RUG", Purchased: 50, Allocated: 8, ETA: december, FirstQty: 60}
	for _, tt := range []struct {
		cmd    domain.Message
		result any
		status int
		want   string
	}{
		{
			allocate, domain.Placement{Status: domain.StatusAllocated, BatchRef: "b2", Promise: december, Why: why}, 201,
			`"order_id":"o1","sku":"RUG","qty":10,"status":"allocated","batch_ref":"b2","promise":"2026-12-01",` +
				`"why":{"rule":"earliest","cause":"ordered","passed_over":[{"batch_ref":"b0","available":9},{"batch_ref":"b1","available":1,"eta":"2026-12-01"}],"more":3}`,
		},
		{
			allocate, domain.Placement{Status: domain.StatusAllocated, BatchRef: "b2", Replayed: true}, 200,
			`"order_id":"o1","sku":"RUG","qty":10,"status":"allocated","batch_ref":"b2","replayed":true`,
		},
		{
			allocate, domain.Placement{Status: domain.StatusBackordered, Why: domain.Why{Rule: domain.Earliest, Cause: domain.Ordered}, LargestFit: 9}, 201,
			`"order_id":"o1","sku":"RUG","qty":10,"status":"backordered","why":{"rule":"earliest","cause":"ordered"},"largest_fit":9`,
		},
		{
			allocate, domain.Placement{Status: domain.StatusRefused, LargestFit: 9}, 409,
			`"code":"out_of_stock","field":"qty","detail":"no batch of \"RUG\" can take 10 units; one could take 9",` +
				`"hint":"leave on_shortage out, or say \"backorder\", to have the line wait",` +
				`"order_id":"o1","sku":"RUG","qty":10,"status":"refused","largest_fit":9`,
		},
		{
			domain.CancelLine{OrderID: "o1", SKU: "RUG"}, domain.Placement{Status: domain.StatusCancelled}, 200,
			`"order_id":"o1","sku":"RUG","status":"cancelled"`,
		},
		{
			domain.CreateBatch{}, domain.Batched{Batch: batch}, 201,
			`"ref":"b1","sku":"RUG","qty":50,"eta":"2026-12-01","allocated":8,"available":42`,
		},
		{
			allocate, domain.Placement{Status: domain.StatusBackordered, Why: domain.Why{
				Rule: domain.FirstExpired, Cause: domain.Ordered, PassedOver: []domain.PassedOver{{BatchRef: "b0", Available: 9, Reason: domain.Expired}},
			}}, 201,
			`"order_id":"o1","sku":"RUG","qty":10,"status":"backordered",` +
				`"why":{"rule":"first_expired","cause":"ordered","passed_over":[{"batch_ref":"b0","available":9,"reason":"expired"}]}`,
		},
		{
			domain.CreateBatch{}, domain.Batched{Batch: domain.Batch{Ref: "b1", SKU: "RUG", Location: "north", UseBy: december}}, 201,
			`"ref":"b1","sku":"RUG","qty":0,"location":"north","use_by":"2026-12-01","allocated":0,"available":0`,
		},
		{
			domain.SetPolicy{}, domain.PolicyAnswer{SKU: "RUG", Policy: domain.Earliest, SafetyStock: 3, Replayed: true}, 200,
			`"sku":"RUG","policy":"earliest","safety_stock":3,"replayed":true`,
		},
		{
			domain.CreateBatch{}, domain.Batched{Batch: domain.Batch{Ref: "b1", SKU: "RUG"}, Replayed: true}, 200,
			`"ref":"b1","sku":"RUG","qty":0,"allocated":0,"available":0,"replayed":true`,
		},
		{
			domain.ChangeBatchQuantity{}, domain.Batched{Batch: batch}, 200,
			`"ref":"b1","sku":"RUG","qty":50,"eta":"2026-12-01","allocated":8,"available":42`,
		},
		{
			domain.DescribeProduct{}, domain.Described{SKU: "RUG", Description: "Tapis très cher"}, 200,
			`"sku":"RUG","description":"Tapis très cher"`,
		},
	} {
		got, status := wire.AppendAnswer([]byte("before\n"), 3, tt.cmd, service.Outcome[any]{Result: tt.result})
		if status != tt.status {
			t.Errorf("%s: status %d, want %d", got, status, tt.status)
		}
		body := strings.TrimPrefix(string(got), "before\n")
		want := `{"line":3,"http_status":` + map[int]string{200: "200", 201: "201", 409: "409"}[tt.status] + `,` + tt.want + "}\n"
		if diff := cmp.Diff(want, body); diff != "" {
			t.Error(diff)
		}
	}
}

func TestAnAnswerToWhatWasRefusedSaysWhyAndWhatNext(t *testing.T) {
	for want, err := range map[string]error{
		`"http_status":422,"code":"unknown_sku","field":"sku","detail":"no product has SKU \"RGU\"",` +
			`"hint":"SKUs are compared byte by byte; a product exists once a batch of it was created"`: domain.UnknownSKU("RGU"),
		`"http_status":500,"code":"internal","detail":"it was not done because of a fault of ours","hint":"look for the request id in the log of the server"`: errors.New("no such table"),
	} {
		got, status := wire.AppendAnswer(nil, 1, nil, service.Outcome[any]{Err: err})
		if diff := cmp.Diff(`{"line":1,`+want+"}\n", string(got)); diff != "" {
			t.Error(diff)
		}
		if status < 400 {
			t.Errorf("%s: status %d", got, status)
		}
	}
}

func TestClientsGetTheOutcomeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cmd := anyCommand().Draw(t, "command")
		want := anyOutcome(cmd).Draw(t, "outcome")
		line := rapid.IntRange(1, 1_000_000).Draw(t, "line")
		text, _ := wire.AppendAnswer(nil, line, cmd, want)
		at, got, err := wire.DecodeAnswer(text, cmd)
		if err != nil {
			t.Fatal(err)
		}
		if at != line {
			t.Fatalf("line %d came back as %d", line, at)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s: %s", text, diff)
		}
	})
}

// anyOutcome is an outcome that a command may have, as far as answers tell it.
func anyOutcome(cmd domain.Message) *rapid.Generator[service.Outcome[any]] {
	return rapid.Custom(func(t *rapid.T) service.Outcome[any] {
		text, count, replayed := rapid.String(), rapid.IntRange(0, 1000), rapid.Bool().Draw(t, "replayed")
		if rapid.IntRange(0, 4).Draw(t, "one in five fails") == 0 {
			return service.Outcome[any]{Err: &domain.Error{Kind: domain.Conflict, Code: domain.CodeLineConflict,
				Field: text.Draw(t, "field"), Message: rapid.StringN(1, -1, -1).Draw(t, "message"), Hint: text.Draw(t, "hint")}}
		}
		switch cmd.(type) {
		case domain.CreateBatch, domain.ChangeBatchQuantity:
			allocated := count.Draw(t, "allocated")
			return service.Outcome[any]{Result: domain.Batched{Replayed: replayed, Batch: domain.Batch{Ref: text.Draw(t, "ref"), SKU: text.Draw(t, "sku"),
				Purchased: allocated + count.Draw(t, "available"), Allocated: allocated, ETA: anyDate().Draw(t, "eta")}}}
		case domain.DescribeProduct:
			return service.Outcome[any]{Result: domain.Described{SKU: text.Draw(t, "sku"), Description: text.Draw(t, "description"), Replayed: replayed}}
		}
		statuses := []domain.Status{domain.StatusAllocated, domain.StatusBackordered, domain.StatusCancelled, domain.StatusRefused}
		return service.Outcome[any]{Result: domain.Placement{Status: rapid.SampledFrom(statuses).Draw(t, "status"), BatchRef: text.Draw(t, "batch"),
			Promise: anyDate().Draw(t, "promise"), Why: anyWhy().Draw(t, "why"), LargestFit: count.Draw(t, "largest fit"), Replayed: replayed}}
	})
}

func anyWhy() *rapid.Generator[domain.Why] {
	return rapid.Custom(func(t *rapid.T) (w domain.Why) {
		if rapid.Bool().Draw(t, "none") {
			return w
		}
		w = domain.Why{Rule: domain.Earliest, Cause: domain.BatchArrived, By: rapid.String().Draw(t, "by"), More: rapid.IntRange(0, 3).Draw(t, "more")}
		for range rapid.IntRange(0, 5).Draw(t, "passed over") {
			w.PassedOver = append(w.PassedOver, domain.PassedOver{BatchRef: rapid.StringN(1, -1, -1).Draw(t, "ref"), Available: rapid.IntRange(0, 99).Draw(t, "available"), ETA: anyDate().Draw(t, "eta")})
		}
		return w
	})
}

func TestAReasonIsWrittenAsTheEventLogWritesIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		why := anyWhy().Draw(t, "why")
		line, _ := wire.AppendAnswer(nil, 1, domain.Allocate{}, service.Outcome[any]{Result: domain.Placement{Why: why}})
		var answer struct{ Why json.RawMessage }
		if err := json.Unmarshal(line, &answer); err != nil {
			t.Fatal(err)
		}
		if why.Rule == "" {
			return
		}
		var ours, theirs any
		text, _ := json.Marshal(why)
		if err := errors.Join(json.Unmarshal(answer.Why, &ours), json.Unmarshal(text, &theirs)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(theirs, ours); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestWhatIsNoAnswerIsNotTakenForOne(t *testing.T) {
	for _, text := range []string{"", "{}", "[]", `{"summary":{"lines":1,"ok":1,"failed":0}}`, `{"line":1,"http_st`, "<html>"} {
		if line, o, err := wire.DecodeAnswer([]byte(text), domain.Allocate{}); err == nil {
			t.Errorf("%s is read as %v for line %d", text, o, line)
		}
	}
	for _, text := range []string{"", "{}", `{"line":1,"http_status":200}`, `{"summary":nu`} {
		if s, err := wire.DecodeSummary([]byte(text)); err == nil {
			t.Errorf("%s is read as %v", text, s)
		}
	}
}

func TestTheSummaryIsTheLastLine(t *testing.T) {
	for want, s := range map[string]wire.Summary{
		`{"summary":{"lines":3,"ok":2,"failed":1}}` + "\n":                {Lines: 3, OK: 2, Failed: 1},
		`{"summary":{"lines":0,"ok":0,"failed":0,"dry_run":true}}` + "\n": {DryRun: true},
	} {
		got := wire.AppendSummary(nil, s)
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Error(diff)
		}
		back, err := wire.DecodeSummary(got)
		if err != nil || back != s {
			t.Errorf("%s came back as %+v, error %v", got, back, err)
		}
	}
}
