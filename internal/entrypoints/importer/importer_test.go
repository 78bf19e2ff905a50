package importer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"allot/internal/adapters/memory"
	"allot/internal/domain"
	"allot/internal/entrypoints/importer"
	"allot/internal/sample"
	"allot/internal/service"
)

// shop is a service in memory, without stock.
func shop() *service.Bus {
	bus := service.NewBus(service.NewTransactor(memory.New(), 4096, time.Now, nil))
	service.Register(bus)
	return bus
}

func sendTo(bus *service.Bus) importer.Sink {
	return func(ctx context.Context, commands iter.Seq[domain.Message]) iter.Seq[service.Outcome[any]] {
		return service.SendEach(ctx, bus, commands)
	}
}

func previewOn(bus *service.Bus) importer.Sink {
	return func(ctx context.Context, commands iter.Seq[domain.Message]) iter.Seq[service.Outcome[any]] {
		return service.PreviewEach(ctx, bus, commands)
	}
}

// granting is a sink that grants whatever is valid, and notes what it was asked for.
func granting(asked *[]domain.Message) importer.Sink {
	return func(_ context.Context, commands iter.Seq[domain.Message]) iter.Seq[service.Outcome[any]] {
		return func(yield func(service.Outcome[any]) bool) {
			for cmd := range commands {
				*asked = append(*asked, cmd)
				if !yield(grant(cmd)) {
					return
				}
			}
		}
	}
}

func grant(cmd domain.Message) service.Outcome[any] {
	if err := cmd.Validate(); err != nil {
		return service.Outcome[any]{Err: err}
	}
	switch cmd.(type) {
	case domain.CreateBatch:
		return service.Outcome[any]{Result: domain.Batched{}}
	case domain.DescribeProduct:
		return service.Outcome[any]{Result: domain.Described{}}
	default:
		return service.Outcome[any]{Result: domain.Placement{Status: domain.StatusAllocated}}
	}
}

// file is a file for refused rows.
type file struct {
	bytes.Buffer
	opened, closed bool
}

func (f *file) open() (io.WriteCloser, error) { f.opened = true; return f, nil }
func (f *file) Close() error                  { f.closed = true; return nil }

// load imports a file that can be read to its end, and returns the summary and
// the file of refused rows.
func load(t *testing.T, to importer.Sink, as importer.Kind, csv string) (importer.Summary, string) {
	t.Helper()
	var rejected file
	got, err := importer.Import(t.Context(), strings.NewReader(csv), as, to, importer.Options{Rejected: rejected.open})
	if err != nil {
		t.Fatalf("import: %v", err)
	}
	if rejected.opened != (got.Rejected > 0) || rejected.opened != rejected.closed {
		t.Fatalf("%d lines were refused; file for them opened: %t, closed: %t", got.Rejected, rejected.opened, rejected.closed)
	}
	return got, rejected.String()
}

var (
	withoutTime     = cmpopts.IgnoreFields(importer.Summary{}, "Seconds")
	withoutRefusals = cmpopts.IgnoreFields(importer.Summary{}, "Refusals")
)

func equal(t *testing.T, what string, want, got any, options ...cmp.Option) {
	t.Helper()
	if diff := cmp.Diff(want, got, append(options, withoutTime)...); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

const stock = "reference,sku,qty,eta\nb1,CHAIR,10,\nb2,CHAIR,100,2027-01-31\nb3,LAMP,5,\n"

func TestRowsBecomeCommandsInTheirOrder(t *testing.T) {
	for _, tt := range []struct {
		as   importer.Kind
		csv  string
		want []domain.Message
	}{
		{importer.Batches, stock, []domain.Message{
			domain.CreateBatch{Ref: "b1", SKU: "CHAIR", Qty: 10},
			domain.CreateBatch{Ref: "b2", SKU: "CHAIR", Qty: 100, ETA: domain.NewDate(2027, 1, 31)},
			domain.CreateBatch{Ref: "b3", SKU: "LAMP", Qty: 5},
		}},
		{importer.Orders, "orderid,sku,qty\no1,LAMP,2\no1,CHAIR,3\no2,CHAIR,1\n", []domain.Message{
			domain.Allocate{OrderID: "o1", SKU: "LAMP", Qty: 2},
			domain.Allocate{OrderID: "o1", SKU: "CHAIR", Qty: 3},
			domain.Allocate{OrderID: "o2", SKU: "CHAIR", Qty: 1},
		}},
		{importer.Products, "sku,description\nCHAIR,\"A chair, \"\"old\"\"\"\nLAMP,\n", []domain.Message{
			domain.DescribeProduct{SKU: "CHAIR", Description: `A chair, "old"`},
			domain.DescribeProduct{SKU: "LAMP"},
		}},
	} {
		t.Run(string(tt.as), func(t *testing.T) {
			var asked []domain.Message
			load(t, granting(&asked), tt.as, tt.csv)
			equal(t, "commands", tt.want, asked)
		})
	}
}

func TestEveryCommandCarriesTheOriginOfTheImport(t *testing.T) {
	origin := domain.Origin{Actor: "ann", Reason: "opening", Correlation: "import-1"}
	for as, csv := range map[importer.Kind]string{
		importer.Batches: stock, importer.Orders: "orderid,sku,qty\no1,LAMP,2\no1,LAMP,3\n", importer.Products: "sku,description\nLAMP,Lamp\n",
	} {
		var asked []domain.Message
		if _, err := importer.Import(t.Context(), strings.NewReader(csv), as, granting(&asked), importer.Options{Origin: origin}); err != nil {
			t.Fatal(err)
		}
		for _, cmd := range asked {
			equal(t, string(as), origin, cmd.CameFrom())
		}
	}
}

func TestRowsOfAnOrderForTheSameSKUAreOneLine(t *testing.T) {
	var asked []domain.Message
	got, _ := load(t, granting(&asked), importer.Orders, "orderid,sku,qty\no1,LAMP,2\no1,CHAIR,3\no1,LAMP,4\no1,lamp,1\no2,LAMP,5\n")
	equal(t, "commands", []domain.Message{
		domain.Allocate{OrderID: "o1", SKU: "LAMP", Qty: 6},
		domain.Allocate{OrderID: "o1", SKU: "CHAIR", Qty: 3},
		domain.Allocate{OrderID: "o1", SKU: "lamp", Qty: 1},
		domain.Allocate{OrderID: "o2", SKU: "LAMP", Qty: 5},
	}, asked)
	equal(t, "summary", importer.Summary{As: importer.Orders, Rows: 5, Lines: 4, Merged: 1, Allocated: 4}, got)
}

func TestRowsOfAnOrderThatStandApartAreRefused(t *testing.T) {
	bus := shop()
	load(t, sendTo(bus), importer.Batches, stock)
	const csv = "orderid,sku,qty\no1,LAMP,2\no2,LAMP,1\no1,LAMP,2\no1,CHAIR,1\no3,LAMP,x\n,LAMP,1\no2,LAMP,3\n"
	got, rejected := load(t, sendTo(bus), importer.Orders, csv)
	equal(t, "summary", importer.Summary{As: importer.Orders, Rows: 7, Lines: 7, Allocated: 2, Rejected: 5, RejectedRows: 5}, got, withoutRefusals)
	if n := strings.Count(rejected, importer.CodeRowsApart+","); n != 3 || !strings.Contains(rejected, `the rows of order ""o1"" must stand together`) {
		t.Errorf("%d rows stand apart, want 3:\n%s", n, rejected)
	}
	got, _ = load(t, sendTo(bus), importer.Orders, csv)
	equal(t, "again", importer.Summary{As: importer.Orders, Rows: 7, Lines: 7, Replayed: 2, Rejected: 5, RejectedRows: 5}, got, withoutRefusals)
}

func TestAnOrderHasAtMostTenThousandRows(t *testing.T) {
	var asked []domain.Message
	got, rejected := load(t, granting(&asked), importer.Orders, "orderid,sku,qty\n"+strings.Repeat("o1,LAMP,1\n", 10_003)+"o2,LAMP,1\n")
	equal(t, "commands", []domain.Message{
		domain.Allocate{OrderID: "o1", SKU: "LAMP", Qty: 10_000},
		domain.Allocate{OrderID: "o2", SKU: "LAMP", Qty: 1},
	}, asked)
	equal(t, "summary", importer.Summary{As: importer.Orders, Rows: 10_004, Lines: 5, Merged: 9_999, Allocated: 2, Rejected: 3, RejectedRows: 3}, got, withoutRefusals)
	if n := strings.Count(rejected, ","+importer.CodeTooManyRows+","); n != 3 {
		t.Errorf("%d rows are too many, want 3:\n%s", n, rejected)
	}
}

func TestIdentifiersStayAsTheyAre(t *testing.T) {
	skus := []string{"00123", "123", "1E5", "100000", "85123A", "85123a", "BANK CHARGES", "M", "1.0", "TRUE", "2010-12-01", "Ünïcode", `A"B`, "A,B"}
	var csv strings.Builder
	csv.WriteString("orderid,sku,qty\n")
	var want []domain.Message
	for _, sku := range skus {
		fmt.Fprintf(&csv, "007,\"%s\",1\n", strings.ReplaceAll(sku, `"`, `""`))
		want = append(want, domain.Allocate{OrderID: "007", SKU: sku, Qty: 1})
	}
	var asked []domain.Message
	load(t, granting(&asked), importer.Orders, csv.String())
	equal(t, "commands", want, asked)
}

func TestSummaryOfTheSample(t *testing.T) {
	bus := shop()
	load(t, sendTo(bus), importer.Batches, text(t, sample.Batches(sample.FirstDay)))
	orders := text(t, sample.Orders(sample.FirstDay))
	first := importer.Summary{As: importer.Orders, Rows: 2000, Lines: 1911, Merged: 89, Allocated: 1875, Backordered: 31, Rejected: 5, RejectedRows: 5}

	preview, _ := load(t, previewOn(bus), importer.Orders, orders)
	equal(t, "dry run", first, preview, withoutRefusals)
	got, _ := load(t, sendTo(bus), importer.Orders, orders)
	equal(t, "first import", first, got, withoutRefusals)
	again, _ := load(t, sendTo(bus), importer.Orders, orders)
	equal(t, "second import", importer.Summary{As: importer.Orders, Rows: 2000, Lines: 1911, Merged: 89, Replayed: 1906, Rejected: 5, RejectedRows: 5}, again, withoutRefusals)
}

func text(t *testing.T, in io.Reader) string {
	t.Helper()
	all, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

func TestBatchesAndProductsAreRecognisedWhenTheyComeAgain(t *testing.T) {
	bus := shop()
	got, _ := load(t, sendTo(bus), importer.Batches, stock)
	equal(t, "batches", importer.Summary{As: importer.Batches, Rows: 3, Lines: 3, Created: 3}, got)
	got, _ = load(t, sendTo(bus), importer.Batches, stock+"b1,CHAIR,11,\n")
	equal(t, "batches again, one changed", importer.Summary{As: importer.Batches, Rows: 4, Lines: 4, Replayed: 3, Rejected: 1, RejectedRows: 1}, got, withoutRefusals)

	products := "sku,description\nCHAIR,Chair\nTABLE,Table\n"
	got, _ = load(t, sendTo(bus), importer.Products, products)
	equal(t, "products", importer.Summary{As: importer.Products, Rows: 2, Lines: 2, Described: 2}, got)
	got, _ = load(t, sendTo(bus), importer.Products, products)
	equal(t, "products again", importer.Summary{As: importer.Products, Rows: 2, Lines: 2, Replayed: 2}, got)
}

func TestASummaryIsATableForPeople(t *testing.T) {
	for _, tt := range []struct {
		summary importer.Summary
		want    string
	}{
		{importer.Summary{As: importer.Orders, Rows: 2000, Lines: 1911, Merged: 89, Allocated: 1875, Backordered: 31, Rejected: 5, RejectedRows: 6, Seconds: 0.25}, `
rows             2000
lines            1911  89 rows merged into another of the same order and SKU
allocated        1875
backordered        31
replayed            0
rejected            5  6 rows
seconds           0.2
`},
		{importer.Summary{As: importer.Batches, Rows: 7, Lines: 7, Created: 4, Replayed: 2, Rejected: 1, RejectedRows: 1, Seconds: 12}, `
rows                7
created             4
replayed            2  known before, nothing changed
rejected            1
seconds          12.0
`},
		{importer.Summary{As: importer.Products, Rows: 1, Lines: 1, Described: 1}, `
rows                1
described           1
replayed            0
rejected            0
seconds           0.0
`},
	} {
		equal(t, string(tt.summary.As), tt.want, "\n"+tt.summary.String())
	}
}

func TestProgressCountsRowsAndStoredBytes(t *testing.T) {
	orders := text(t, sample.Orders(sample.FirstDay))
	packed := zip(t, orders)
	var seen []importer.Progress
	_, err := importer.Import(t.Context(), strings.NewReader(packed), importer.Orders, granting(new([]domain.Message)),
		importer.Options{Progress: func(p importer.Progress) { seen = append(seen, p) }})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) < 5 {
		t.Errorf("progress was told %d times for 2,000 rows, want at least 5", len(seen))
	}
	for i := 1; i < len(seen); i++ {
		if seen[i].Rows < seen[i-1].Rows || seen[i].Bytes < seen[i-1].Bytes {
			t.Errorf("progress went back from %+v to %+v", seen[i-1], seen[i])
		}
	}
	equal(t, "at the end", importer.Progress{Rows: 2000, Bytes: int64(len(packed))}, seen[len(seen)-1])
}

func TestManyRowsPassInOrder(t *testing.T) {
	const rows = 20_000 // more than the bus reads ahead
	bus := shop()
	load(t, sendTo(bus), importer.Batches, "reference,sku,qty,eta\nb1,CHAIR,7,\n")
	var csv strings.Builder
	csv.WriteString("orderid,sku,qty\n")
	for i := range rows {
		fmt.Fprintf(&csv, "o%d,%s,1\n", i, []string{"CHAIR", "NONE"}[i%2])
	}
	got, rejected := load(t, sendTo(bus), importer.Orders, csv.String())
	equal(t, "summary", importer.Summary{As: importer.Orders, Rows: rows, Lines: rows, Allocated: 7, Backordered: rows/2 - 7, Rejected: rows / 2, RejectedRows: rows / 2}, got, withoutRefusals)
	next := 1
	for line := range strings.Lines(rejected) {
		if strings.HasPrefix(line, "orderid") {
			continue
		}
		if !strings.HasPrefix(line, fmt.Sprintf("o%d,NONE,1,%d,%d,sku,NONE,unknown_sku,", next, next+1, next+2)) {
			t.Fatalf("refused rows, want order o%d next, got %s", next, line)
		}
		next += 2
	}
}

func TestTroubleStopsTheImportAndRefusesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	unavailable := &domain.Error{Kind: domain.Unavailable, Code: service.CodeUnavailable, Message: "disk full"}
	for _, tt := range []struct {
		name string
		then func() service.Outcome[any] // the answer to the third line
		want error
	}{
		{"storage", func() service.Outcome[any] { return service.Outcome[any]{Err: unavailable} }, unavailable},
		{"a bug", func() service.Outcome[any] { return service.Outcome[any]{Err: io.ErrNoProgress} }, io.ErrNoProgress},
		{"Ctrl-C", func() service.Outcome[any] { cancel(); return service.Outcome[any]{Err: ctx.Err()} }, context.Canceled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := 0
			sink := func(_ context.Context, commands iter.Seq[domain.Message]) iter.Seq[service.Outcome[any]] {
				return func(yield func(service.Outcome[any]) bool) {
					for cmd := range commands {
						outcome := grant(cmd)
						if n++; n == 3 {
							outcome = tt.then()
						}
						if !yield(outcome) {
							return
						}
					}
				}
			}
			got, err := importer.Import(ctx, strings.NewReader("orderid,sku,qty\no1,A,1\no2,A,1\no3,A,1\no4,A,1\n"), importer.Orders, sink, importer.Options{})
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), "stopped after 2 rows") || !strings.Contains(err.Error(), "rows already applied are recognised") {
				t.Errorf("error %v, want it to wrap %v and to say what to do", err, tt.want)
			}
			equal(t, "summary", importer.Summary{As: importer.Orders, Rows: 2, Lines: 2, Allocated: 2}, got)
		})
	}
}

func TestACancelledImportReadsNoFurther(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got, err := importer.Import(ctx, strings.NewReader("orderid,sku,qty\no1,A,1\n"), importer.Orders, sendTo(shop()), importer.Options{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	equal(t, "summary", importer.Summary{As: importer.Orders}, got)
}

func TestAnAnswerToSomethingElseIsAnError(t *testing.T) {
	for _, result := range []any{nil, 7, domain.Placement{}, domain.Placement{Status: domain.StatusCancelled}} {
		wrong := func(_ context.Context, commands iter.Seq[domain.Message]) iter.Seq[service.Outcome[any]] {
			return func(yield func(service.Outcome[any]) bool) {
				for range commands {
					if !yield(service.Outcome[any]{Result: result}) {
						return
					}
				}
			}
		}
		if _, err := importer.Import(t.Context(), strings.NewReader("orderid,sku,qty\no1,A,1\n"), importer.Orders, wrong, importer.Options{}); err == nil {
			t.Errorf("no error, though the answer was %#v", result)
		}
	}
}

func TestASinkThatLosesAnswersIsAnError(t *testing.T) {
	losing := func(_ context.Context, commands iter.Seq[domain.Message]) iter.Seq[service.Outcome[any]] {
		return func(func(service.Outcome[any]) bool) {
			for range commands {
			}
		}
	}
	_, err := importer.Import(t.Context(), strings.NewReader("orderid,sku,qty\no1,A,1\n"), importer.Orders, losing, importer.Options{})
	if err == nil {
		t.Error("no error, though a line got no answer")
	}
}
