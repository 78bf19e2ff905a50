package eventjson

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allot/internal/domain"
)

var update = flag.Bool("update", false, "write the golden file anew")

// golden is what has been written to logs, and must be readable for ever. Each
// event is there as full and as empty as it can be.
const golden = "testdata/events.golden.json"

var (
	december = domain.NewDate(2026, 12, 1)
	fullWhy  = domain.Why{
		Rule: domain.Earliest, Cause: domain.BatchShrunk, By: "batch-1", More: 7,
		PassedOver: []domain.PassedOver{{BatchRef: "batch-2", Available: 3, ETA: december}, {BatchRef: "batch-3", Available: 1}},
	}
	noon    = domain.InstantOf(time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC))
	leanWhy = domain.Why{Rule: domain.Earliest, Cause: domain.Ordered}
)

// facts has every event that is kept.
var facts = []domain.Event{
	domain.ProductDescribed{SKU: "RED-CHAIR", Description: `A "red" chair, Größe <XL> & more`},
	domain.ProductDescribed{SKU: "RED-CHAIR"},
	domain.BatchCreated{Ref: "batch-1", SKU: "RED-CHAIR", Qty: domain.MaxQty, ETA: december, Seq: 1<<62 + 1},
	domain.BatchCreated{Ref: "batch-2", SKU: "RED-CHAIR", Seq: 1},
	domain.BatchQuantityChanged{Ref: "batch-1", SKU: "RED-CHAIR", Qty: 0, Previous: 100},
	domain.Allocated{OrderID: "order-1", SKU: "RED-CHAIR", Qty: 10, BatchRef: "batch-4", Promise: december, MovedFrom: "batch-1", Seq: 1<<62 + 1, Why: fullWhy},
	domain.Allocated{OrderID: "order-2", SKU: "RED-CHAIR", Qty: 1, BatchRef: "batch-4", Seq: 2, Why: leanWhy},
	domain.Deallocated{OrderID: "order-1", SKU: "RED-CHAIR", Qty: 10, BatchRef: "batch-1", Reason: domain.BatchShrunk},
	domain.Backordered{OrderID: "order-3", SKU: "RED-CHAIR", Qty: 500, Seq: 3, Why: fullWhy},
	domain.Backordered{OrderID: "order-4", SKU: "RED-CHAIR", Qty: 500, Seq: 4, Why: leanWhy},
	domain.LineCancelled{OrderID: "order-3", SKU: "RED-CHAIR", Qty: 500, Seq: 3},
	domain.OutOfStock{SKU: "RED-CHAIR", OrderID: "order-3", Qty: 500, LargestFit: 3},
	domain.OutOfStock{SKU: "RED-CHAIR", OrderID: "order-4", Qty: 500},
	domain.Allocated{
		OrderID: "order-5", SKU: "RED-CHAIR", Qty: 1, BatchRef: "batch-4", Seq: 5, Why: leanWhy,
		HeldUntil: noon, Priority: domain.NewPriority(0), RequiredBy: december,
	},
	domain.Backordered{OrderID: "order-6", SKU: "RED-CHAIR", Qty: 1, Seq: 6, Why: leanWhy, Priority: domain.NewPriority(9), RequiredBy: december},
	domain.BatchETAChanged{Ref: "batch-1", SKU: "RED-CHAIR", ETA: december, Previous: december.AddDays(-3)},
	domain.BatchETAChanged{Ref: "batch-1", SKU: "RED-CHAIR"},
	domain.BatchReceived{Ref: "batch-1", SKU: "RED-CHAIR", Qty: 97, Previous: december},
	domain.BatchReceived{Ref: "batch-1", SKU: "RED-CHAIR"},
	domain.BatchClosed{Ref: "batch-1", SKU: "RED-CHAIR"},
	domain.BatchReopened{Ref: "batch-1", SKU: "RED-CHAIR"},
	domain.PromiseChanged{OrderID: "order-1", SKU: "RED-CHAIR", Qty: 10, BatchRef: "batch-4", Promise: december, Previous: december.AddDays(-3), Cause: domain.Rescheduled},
	domain.PromiseChanged{OrderID: "order-1", SKU: "RED-CHAIR", Qty: 10, BatchRef: "batch-4", Cause: domain.Received},
	domain.LineShipped{OrderID: "order-1", SKU: "RED-CHAIR", Qty: 4, BatchRef: "batch-4", Shipped: 7, Left: 3},
	domain.LineReturned{OrderID: "order-1", SKU: "RED-CHAIR", Qty: 1, BatchRef: "batch-4", Returned: 2},
	domain.LineAmended{OrderID: "order-1", SKU: "RED-CHAIR", Qty: 12, Previous: 10, BatchRef: "batch-4"},
	domain.LineAmended{OrderID: "order-3", SKU: "RED-CHAIR", Qty: 12, Previous: 500},
	domain.LineTermsChanged{OrderID: "order-1", SKU: "RED-CHAIR", Priority: domain.NewPriority(7), RequiredBy: december},
	domain.LineTermsChanged{OrderID: "order-1", SKU: "RED-CHAIR"},
	domain.HoldExtended{OrderID: "order-5", SKU: "RED-CHAIR", HeldUntil: noon + 1, Previous: noon},
	domain.HoldConfirmed{OrderID: "order-5", SKU: "RED-CHAIR", Qty: 1, BatchRef: "batch-4"},
	domain.HoldEnded{OrderID: "order-5", SKU: "RED-CHAIR", Qty: 1, Seq: 5, Reason: domain.HoldExpired, At: noon},
	domain.HoldEnded{OrderID: "order-5", SKU: "RED-CHAIR", Qty: 1, Seq: 5, Reason: domain.HoldReleased},
	domain.BatchCreated{Ref: "batch-5", SKU: "RED-CHAIR", Qty: 1, ETA: december, Seq: 9, Location: "north", UseBy: december.AddDays(60)},
	domain.BatchRelabelled{Ref: "batch-5", SKU: "RED-CHAIR", Location: "south", UseBy: december, PreviousLocation: "north", PreviousUseBy: december.AddDays(60)},
	domain.BatchRelabelled{Ref: "batch-5", SKU: "RED-CHAIR"},
	domain.PolicySet{SKU: "RED-CHAIR", Policy: domain.LatestOnTime, SafetyStock: 20},
	domain.PolicySet{SKU: "RED-CHAIR", Policy: domain.Earliest},
	domain.Allocated{
		OrderID: "order-7", SKU: "RED-CHAIR", Qty: 1, BatchRef: "batch-5", Seq: 7, Promise: december,
		Why:    domain.Why{Rule: domain.FirstExpired, Cause: domain.Ordered, PassedOver: []domain.PassedOver{{BatchRef: "batch-1", Available: 3, Reason: domain.Expired}}},
		Wished: &domain.Wished{Locations: []string{"north", "south"}, MinLife: 30},
	},
	domain.LineTermsChanged{OrderID: "order-1", SKU: "RED-CHAIR", Frozen: true},
	domain.Backordered{OrderID: "order-8", SKU: "RED-CHAIR", Qty: 1, Seq: 8, Why: leanWhy, Wished: &domain.Wished{OnlyLocations: []string{"north"}}},
	domain.Deallocated{
		OrderID: "order-1", SKU: "RED-CHAIR", Qty: 10, BatchRef: "batch-1", Reason: domain.BatchShrunk,
		Moved: domain.Moved{Status: domain.StatusAllocated, BatchRef: "batch-4", Promise: december, Previous: december.AddDays(-3)},
	},
	domain.Deallocated{OrderID: "order-1", SKU: "RED-CHAIR", Qty: 10, BatchRef: "batch-1", Reason: domain.Amended, Moved: domain.Moved{Status: domain.StatusBackordered}},
	domain.FillingBegan{SKU: "RED-CHAIR", Cause: domain.BatchArrived, By: "batch-4"},
	domain.FillingBegan{SKU: "RED-CHAIR", Cause: domain.PolicyChanged},
	domain.FillingEnded{SKU: "RED-CHAIR"},
}

// entry is an event in the golden file.
type entry struct {
	Name string          `json:"name"`
	Body json.RawMessage `json:"body"`
}

func TestEveryEventIsWrittenAsItEverWas(t *testing.T) {
	var entries []entry
	for _, e := range facts {
		body, err := Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, entry{e.EventName(), body})
	}
	got, err := json.MarshalIndent(entries, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("the wire format has changed (-golden +now); if it only grew, run the test with -update:\n%s", diff)
	}
}

func TestEveryEventThatWasWrittenCanBeRead(t *testing.T) {
	body, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	var entries []entry
	if err := json.Unmarshal(body, &entries); err != nil {
		t.Fatal(err)
	}
	var got []domain.Event
	for _, e := range entries {
		event, err := Decode(e.Name, e.Body)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, event)
	}
	if diff := cmp.Diff(facts, got); diff != "" {
		t.Errorf("not what was written (-want +got):\n%s", diff)
	}
}

func TestReadingIsTheInverseOfWriting(t *testing.T) {
	for _, e := range facts {
		body, err := Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Decode(e.EventName(), body)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(e, again); diff != "" {
			t.Errorf("%s (-written +read):\n%s", e.EventName(), diff)
		}
		if bytes.ContainsRune(body, '\n') {
			t.Errorf("%s has more than one line: %s", e.EventName(), body)
		}
	}
}

// A fact that can't be read back would stop every reader of the log.
func TestEveryFactOfTheDomainIsKnown(t *testing.T) {
	named := map[string]bool{}
	for _, e := range facts {
		named[e.EventName()] = true
	}
	known := slices.Sorted(maps.Keys(decoders))
	if diff := cmp.Diff(known, slices.Sorted(maps.Keys(named))); diff != "" {
		t.Errorf("the samples are of other events than are known (-known +samples):\n%s", diff)
	}
	if diff := cmp.Diff(factsOfTheDomain(t), known); diff != "" {
		t.Errorf("the domain has other facts than are known (-domain +known):\n%s", diff)
	}
}

// factsOfTheDomain are the names that the source of the domain gives to events
// which are no signals.
func factsOfTheDomain(t *testing.T) (names []string) {
	t.Helper()
	var decls []ast.Decl
	for _, name := range []string{"events.go", "events_life.go", "events_rules.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), "../../domain/"+name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		decls = append(decls, file.Decls...)
	}
	methods := map[string]map[string]*ast.FuncDecl{}
	for _, d := range decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Recv == nil {
			continue
		}
		receiver := f.Recv.List[0].Type.(*ast.Ident).Name
		if methods[receiver] == nil {
			methods[receiver] = map[string]*ast.FuncDecl{}
		}
		methods[receiver][f.Name.Name] = f
	}
	for _, m := range methods {
		if m["EventName"] == nil || m["Signal"] != nil {
			continue
		}
		name := m["EventName"].Body.List[0].(*ast.ReturnStmt).Results[0].(*ast.BasicLit)
		names = append(names, strings.Trim(name.Value, `"`))
	}
	slices.Sort(names)
	return names
}

func TestWhatIsNotAnEventIsRefused(t *testing.T) {
	for _, c := range []struct{ name, body, says string }{
		{"line_lost", `{}`, `decode event: "line_lost" is not known; a newer allot wrote it`},
		{"lines_displaced", `{}`, `"lines_displaced" is not known`}, // a signal is never written
		{"", `{}`, `"" is not known`},
		{"allocated", `{"qty":`, "decode allocated: "},
		{"allocated", `{"qty":"3"}`, "decode allocated: "},
		{"allocated", ``, "decode allocated: "},
		{"batch_created", `{"eta":"soon"}`, `decode batch_created: "soon" is not a date`},
	} {
		e, err := Decode(c.name, []byte(c.body))
		if err == nil || !strings.Contains(err.Error(), c.says) || e != nil {
			t.Errorf("%s %q: got %v, %v; want an error that says %s", c.name, c.body, e, err, c.says)
		}
	}
}
