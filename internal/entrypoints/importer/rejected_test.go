package importer_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp/cmpopts"

	"allot/internal/domain"
	"allot/internal/entrypoints/importer"
	"allot/internal/service"
)

func TestARowThatCantBeUsedIsRefusedAlone(t *testing.T) {
	const invalid, malformed = domain.CodeValidationFailed, importer.CodeMalformedRow
	const range1 = "it must be a whole number between 1 and 2147483647, in digits"
	for _, tt := range []struct{ name, row, column, value, code, problem string }{
		{"fraction", "o2,B,3.0", "qty", "3.0", invalid, `qty is "3.0"; ` + range1},
		{"negative", "o2,B,-2", "qty", "-2", invalid, `qty is "-2"; ` + range1},
		{"zero", "o2,B,0", "qty", "0", invalid, `qty is "0"; ` + range1},
		{"signed", "o2,B,+2", "qty", "+2", invalid, `qty is "+2"; ` + range1},
		{"blank before", "o2,B, 2", "qty", " 2", invalid, `qty is " 2"; ` + range1},
		{"word", "o2,B,abc", "qty", "abc", invalid, `qty is "abc"; ` + range1},
		{"nothing", "o2,B,", "qty", "", invalid, `qty is ""; ` + range1},
		{"thousands", `o2,B,"1,000"`, "qty", "1,000", invalid, `qty is "1,000"; ` + range1},
		{"exponent", "o2,B,1e3", "qty", "1e3", invalid, `qty is "1e3"; ` + range1},
		{"too many", "o2,B,2147483648", "qty", "2147483648", invalid, `qty is "2147483648"; ` + range1},
		{"out of this world", "o2,B,99999999999999999999", "qty", "99999999999999999999", invalid, range1},
		{"no order", ",B,2", "orderid", "", invalid, "order_id is empty: give it a value"},
		{"no SKU", "o2,,2", "sku", "", invalid, "sku is empty: give it a value"},
		{"blank after", "o2,B ,2", "sku", "B ", invalid, "ends with a blank: remove the blank"},
		{"bad UTF-8", "o2,B\xff,2", "sku", "B\xff", invalid, "not valid UTF-8: send UTF-8"},
		{"too few values", "o2,B", "", "o2,B", malformed, "has 2 values, but the first line names 3 columns"},
		{"too many values", "o2,B,1,000", "", "o2,B,1,000", malformed, "has 4 values, but the first line names 3 columns"},
		{"quote in a value", `o2,B"C,2`, "", `o2,B"C,2`, malformed, "a value that is not in quotes has a quote"},
		{"text after a quote", `o2,"B"C,2`, "", `o2,"B"C,2`, malformed, "the quotes don't match"},
		{"quote without end", `o2,"B,2`, "", `o2,"B,2`, malformed, "the quotes don't match"},
		{"far too long", "o2," + strings.Repeat("B", 200_000) + ",2", "", "o2," + strings.Repeat("B", 77) + "...", malformed, "the row is too long"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var asked []domain.Message
			got, _ := load(t, granting(&asked), importer.Orders, "orderid,sku,qty\no1,A,1\n"+tt.row+"\no3,A,3\n")
			want := importer.Refusal{Row: 2, Line: 3, Column: tt.column, Value: tt.value, Code: tt.code}
			equal(t, "refusals", []importer.Refusal{want}, got.Refusals, cmpopts.IgnoreFields(importer.Refusal{}, "Problem"))
			if problem := got.Refusals[0].Problem; !strings.Contains(problem, tt.problem) {
				t.Errorf("problem %q, want %q in it", problem, tt.problem)
			}
			equal(t, "summary", importer.Summary{As: importer.Orders, Rows: 3, Lines: 3, Allocated: 2, Rejected: 1, RejectedRows: 1}, got, withoutRefusals)
			asked = slices.DeleteFunc(asked, func(m domain.Message) bool { return m.Validate() != nil })
			equal(t, "valid commands", []domain.Message{domain.Allocate{OrderID: "o1", SKU: "A", Qty: 1}, domain.Allocate{OrderID: "o3", SKU: "A", Qty: 3}}, asked)
		})
	}
}

func TestABatchThatCantBeUsedIsRefusedAlone(t *testing.T) {
	got, _ := load(t, granting(new([]domain.Message)), importer.Batches,
		"reference,sku,qty,eta\nb1,A,-1,\nb2,A,1,31.12.2027\nb3,A,1,3027-01-01\nb4,A,1,2027-02-30\nb5,A,0,\n")
	equal(t, "summary", importer.Summary{As: importer.Batches, Rows: 5, Lines: 5, Created: 1, Rejected: 4, RejectedRows: 4, Refusals: []importer.Refusal{
		{Row: 1, Line: 2, Column: "qty", Value: "-1", Code: "validation_failed", Problem: `qty is "-1"; it must be a whole number between 0 and 2147483647, in digits`},
		{Row: 2, Line: 3, Column: "eta", Value: "31.12.2027", Code: "validation_failed", Problem: `eta "31.12.2027" is not a date: write YYYY-MM-DD, for example 2026-12-01, or leave it empty for stock in the warehouse`},
		{Row: 3, Line: 4, Column: "eta", Value: "3027-01-01", Code: "validation_failed", Problem: `eta "3027-01-01" is out of range: dates lie between 1900-01-01 and 2999-12-31, or leave it empty for stock in the warehouse`},
		{Row: 4, Line: 5, Column: "eta", Value: "2027-02-30", Code: "validation_failed", Problem: `eta "2027-02-30" is not a date: write YYYY-MM-DD, for example 2026-12-01, or leave it empty for stock in the warehouse`},
	}}, got)
}

func TestLinesOfTheFileAreCountedThroughQuotedOnes(t *testing.T) {
	got, _ := load(t, granting(new([]domain.Message)), importer.Orders, "orderid,note,sku,qty\n\no1,\"two\nlines\",A,1\r\n\r\no2,\"un\nclosed,A,2\no3,x,A,x\n")
	type place struct{ Row, Line int }
	var places []place
	for _, r := range got.Refusals {
		places = append(places, place{r.Row, r.Line})
	}
	equal(t, "places", []place{{2, 6}, {3, 7}, {4, 8}}, places)
	equal(t, "allocated", 1, got.Allocated)
}

func TestAQuoteThatIsNeverClosedSpoilsItsLineOnly(t *testing.T) {
	var asked []domain.Message
	got, _ := load(t, granting(&asked), importer.Orders, "orderid,sku,qty\no1,\"A,1\n"+strings.Repeat("o2,A,1\n", 10_000))
	equal(t, "rows", [2]int{10_001, 1}, [2]int{got.Rows, got.RejectedRows})
}

func TestAllRowsOfARefusedLineAreRejected(t *testing.T) {
	for _, tt := range []struct{ name, csv, code string }{
		{"unknown SKU", "o1,NONE,2\no1,LAMP,1\no1,NONE,3\n", domain.CodeUnknownSKU},
		{"too many units in all", "o1,NONE,2147483647\no1,LAMP,1\no1,NONE,1\no1,NONE,1\n", domain.CodeValidationFailed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bus := shop()
			load(t, sendTo(bus), importer.Batches, stock)
			got, rejected := load(t, sendTo(bus), importer.Orders, "orderid,sku,qty\n"+tt.csv)
			rows := strings.Count(tt.csv, "NONE")
			equal(t, "summary", importer.Summary{As: importer.Orders, Rows: rows + 1, Lines: 2, Merged: rows - 1, Allocated: 1, Rejected: 1, RejectedRows: rows}, got, withoutRefusals)
			if n := strings.Count(rejected, tt.code); n != rows || strings.Contains(rejected, "LAMP") {
				t.Errorf("want the %d rows of the line with %s:\n%s", rows, tt.code, rejected)
			}
		})
	}
}

const mixed = "orderid;sku;qty;colour\n" +
	"o1;LAMP;1;red\n" +
	"o1;NONE;2;\"dark; red\"\n" +
	"o2;LAMP;3.0;red\n" +
	"o3;LAMP;4\n" +
	"o4;\"LAMP;5;red\n" +
	"o5;LA\xffMP;6;red\n" +
	"o6;LAMP;7;red\n"

const mixedRejected = "orderid;sku;qty;colour;row;line;column;value;code;problem\n" +
	"o1;NONE;2;\"dark; red\";2;3;sku;NONE;unknown_sku;\"no product has SKU \"\"NONE\"\": SKUs are compared byte by byte; a product exists once a batch of it was created\"\n" +
	"o2;LAMP;3.0;red;3;4;qty;3.0;validation_failed;\"qty is \"\"3.0\"\"; it must be a whole number between 1 and 2147483647, in digits\"\n" +
	"o3;LAMP;\"o3;LAMP;4\";;4;5;;\"o3;LAMP;4\";malformed_row;\"the row has 3 values, but the first line names 4 columns: put values that hold a ';' in quotes\"\n" +
	"o4;;\"o4;\"\"LAMP;5;red\";;5;6;;\"o4;\"\"LAMP;5;red\";malformed_row;\"the quotes don't match: write \"\"\"\" for each quote inside of a value, and one \"\" to end it\"\n" +
	"o5;LA\xffMP;6;red;6;7;sku;LA\xffMP;validation_failed;\"sku \"\"LA\\xffMP\"\" is not valid UTF-8: send UTF-8\"\n"

func TestRefusedRowsAreWrittenWithTheirReason(t *testing.T) {
	bus := shop()
	load(t, sendTo(bus), importer.Batches, stock)
	_, rejected := load(t, sendTo(bus), importer.Orders, mixed)
	equal(t, "refused rows", mixedRejected, rejected)
}

func TestRefusedRowsAreRefusedAgainUntilTheyArePutRight(t *testing.T) {
	bus := shop()
	load(t, sendTo(bus), importer.Batches, stock)
	got, again := load(t, sendTo(bus), importer.Orders, mixedRejected)
	equal(t, "unchanged", importer.Summary{As: importer.Orders, Rows: 5, Lines: 5, Rejected: 5, RejectedRows: 5,
		UnknownColumns: []importer.UnknownColumn{{Name: "colour"}}}, got, withoutRefusals)
	header, _, _ := strings.Cut(mixedRejected, "\n")
	if !strings.HasPrefix(again, header+"\n") || strings.Count(again, "\n") != 6 {
		t.Errorf("want the same columns and as many rows:\n%s", again)
	}

	corrected := strings.NewReplacer("o1;NONE", "o1;CHAIR", ";3.0;red", ";3;red", `o3;LAMP;"o3;LAMP;4";;4`, "o3;LAMP;4;;4",
		`o4;;"o4;""LAMP;5;red";`, "o4;LAMP;5;red", "o5;LA\xffMP", "o5;LAMP").Replace(mixedRejected)
	got, _ = load(t, sendTo(bus), importer.Orders, corrected)
	equal(t, "put right", importer.Summary{As: importer.Orders, Rows: 5, Lines: 5, Allocated: 2, Backordered: 3,
		UnknownColumns: []importer.UnknownColumn{{Name: "colour"}}}, got)
}

func TestAMalformedRowNeverBecomesAProduct(t *testing.T) {
	_, rejected := load(t, sendTo(shop()), importer.Products, "sku,description\nCHAIR,Chair, old\nLAMP,\"Lamp\n")
	got, _ := load(t, sendTo(shop()), importer.Products, rejected)
	equal(t, "again", importer.Summary{As: importer.Products, Rows: 2, Lines: 2, Rejected: 2, RejectedRows: 2}, got, withoutRefusals)
}

func TestColumnsNamedLikeOursBelongToTheFileUnlessAllAreThere(t *testing.T) {
	_, rejected := load(t, granting(new([]domain.Message)), importer.Orders, "line,orderid,sku,qty,row\n7,o1,A,x,8\n")
	if want := "line,orderid,sku,qty,row,row,line,column,value,code,problem\n7,o1,A,x,8,1,2,qty,x,"; !strings.HasPrefix(rejected, want) {
		t.Errorf("refused rows, want %s:\n%s", want, rejected)
	}
}

func TestASummaryShowsTheFirstRefusals(t *testing.T) {
	got, rejected := load(t, granting(new([]domain.Message)), importer.Orders, "orderid,sku,qty\n"+strings.Repeat("o1,A,x\n", 25))
	equal(t, "shown, counted, written", [3]int{importer.MaxRefusals, 25, 26}, [3]int{len(got.Refusals), got.RejectedRows, strings.Count(rejected, "\n")})
}

func TestRefusedRowsDontPileUpBehindAnUnansweredCommand(t *testing.T) {
	const rows = 10_000
	var written file
	var behind int
	patient := func(_ context.Context, commands iter.Seq[domain.Message]) iter.Seq[service.Outcome[any]] {
		return func(yield func(service.Outcome[any]) bool) {
			var all []domain.Message
			for cmd := range commands {
				all = append(all, cmd)
			}
			behind = rows - strings.Count(written.String(), "\n")
			for _, cmd := range all {
				yield(grant(cmd))
			}
		}
	}
	got, err := importer.Import(t.Context(), strings.NewReader("orderid,sku,qty\no1,A,1\n"+strings.Repeat("o2,A,x\n", rows)),
		importer.Orders, patient, importer.Options{Rejected: written.open})
	if err != nil {
		t.Fatal(err)
	}
	if behind > 5000 {
		t.Errorf("%d refused rows were kept in memory", behind)
	}
	equal(t, "summary", importer.Summary{As: importer.Orders, Rows: rows + 1, Lines: rows + 1, Allocated: 1, Rejected: rows, RejectedRows: rows}, got, withoutRefusals)
	equal(t, "lines written", rows+1, strings.Count(written.String(), "\n"))
}

// full is a file on a disk that is full.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }
func (full) Close() error              { return nil }

func TestAnImportStopsIfItCantKeepRefusedRows(t *testing.T) {
	for name, open := range map[string]func() (io.WriteCloser, error){
		"open":  func() (io.WriteCloser, error) { return nil, io.ErrShortWrite },
		"write": func() (io.WriteCloser, error) { return full{}, nil },
	} {
		for _, row := range []string{"o%d,A,x\n", "o%d,NONE,1\n"} { // refused here, and by the service
			var csv strings.Builder
			csv.WriteString("orderid,sku,qty\n")
			for i := range 1000 {
				fmt.Fprintf(&csv, row, i)
			}
			_, err := importer.Import(t.Context(), strings.NewReader(csv.String()), importer.Orders, sendTo(shop()), importer.Options{Rejected: open})
			if !errors.Is(err, io.ErrShortWrite) {
				t.Errorf("%s, rows as %q: error %v, want %v", name, row, err, io.ErrShortWrite)
			}
		}
	}
}

func TestATimeThatIsNoneIsRefused(t *testing.T) {
	bus := shop()
	load(t, sendTo(bus), importer.Batches, stock)
	got, rejected := load(t, sendTo(bus), importer.Orders, "orderid,sku,qty,placed_at\no1,LAMP,1,red\n")
	if got.RejectedRows != 1 || !strings.Contains(rejected, `,placed_at,red,validation_failed,"placed_at is ""red""; it must be a time`) {
		t.Errorf("%d rows are refused:\n%s", got.RejectedRows, rejected)
	}
}
