package importer_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"allot/internal/domain"
	"allot/internal/entrypoints/importer"
)

func zip(t *testing.T, text string) string {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestFilesAreReadHoweverTheyAreWritten(t *testing.T) {
	const plain = "sku,description\nCHAIR,Chair; old\nLAMP,Lamp\n"
	want := []domain.Message{
		domain.DescribeProduct{SKU: "CHAIR", Description: "Chair; old"},
		domain.DescribeProduct{SKU: "LAMP", Description: "Lamp"},
	}
	const bom = "\ufeff"
	for name, csv := range map[string]string{
		"plain":                plain,
		"gzip":                 zip(t, plain),
		"gzip in two parts":    zip(t, plain[:20]) + zip(t, plain[20:]),
		"byte order mark":      bom + plain,
		"both":                 zip(t, bom+plain),
		"CRLF":                 strings.ReplaceAll(plain, "\n", "\r\n"),
		"no line end":          strings.TrimSuffix(plain, "\n"),
		"empty lines":          "\n\r\n" + strings.ReplaceAll(plain, "\n", "\n\n"),
		"semicolons":           "sku;description\nCHAIR;\"Chair; old\"\nLAMP;Lamp\n",
		"tabs":                 "sku\tdescription\nCHAIR\tChair; old\nLAMP\tLamp\n",
		"quotes":               "\"sku\",\"description\"\n\"CHAIR\",\"Chair; old\"\n\"LAMP\",Lamp\n",
		"columns swapped":      "description,sku\nChair; old,CHAIR\nLamp,LAMP\n",
		"capitals and blanks":  "SKU, Description\nCHAIR,Chair; old\nLAMP,Lamp\n",
		"column without names": "sku,description,\nCHAIR,Chair; old,\nLAMP,Lamp,\n",
	} {
		t.Run(name, func(t *testing.T) {
			var asked []domain.Message
			got, _ := load(t, granting(&asked), importer.Products, csv)
			equal(t, "commands", want, asked)
			equal(t, "summary", importer.Summary{As: importer.Products, Rows: 2, Lines: 2, Described: 2}, got)
		})
	}
}

func TestColumnNamesOfTheBookAndOfTheAPI(t *testing.T) {
	for _, tt := range []struct {
		as   importer.Kind
		csv  string
		want domain.Message
	}{
		{importer.Orders, "orderid,sku,qty\n1,A,2\n", domain.Allocate{OrderID: "1", SKU: "A", Qty: 2}},
		{importer.Orders, "order_id,sku,qty\n1,A,2\n", domain.Allocate{OrderID: "1", SKU: "A", Qty: 2}},
		{importer.Orders, "priority,orderid,required_by,sku,qty,location,placed_at\n,1,,A,2,,\n", domain.Allocate{OrderID: "1", SKU: "A", Qty: 2}},
		{importer.Orders, "orderid,sku,qty,priority,required_by\n1,A,2,9,2027-03-01\n", domain.Allocate{OrderID: "1", SKU: "A", Qty: 2, Priority: domain.NewPriority(9), RequiredBy: domain.NewDate(2027, 3, 1)}},
		{importer.Orders, "orderid,sku,qty,priority\n1,A,2,0\n", domain.Allocate{OrderID: "1", SKU: "A", Qty: 2, Priority: domain.NewPriority(0)}},
		{importer.Orders, "orderid,sku,qty,priority,required_by\n1,A,2,,\n1,A,3,7,2027-03-02\n1,A,1,2,2027-03-01\n", domain.Allocate{OrderID: "1", SKU: "A", Qty: 6, Priority: domain.NewPriority(7), RequiredBy: domain.NewDate(2027, 3, 1)}},
		{importer.Orders, "orderid,sku,qty,placed_at\n1,A,2,2010-12-01T08:26:00\n", domain.Allocate{OrderID: "1", SKU: "A", Qty: 2}},
		{importer.Orders, "orderid,sku,qty,placed_at\n1,A,2,2010-12-01 08:26\n", domain.Allocate{OrderID: "1", SKU: "A", Qty: 2}},
		{importer.Batches, "reference,sku,qty,eta\n1,A,2,\n", domain.CreateBatch{Ref: "1", SKU: "A", Qty: 2}},
		{importer.Orders, "orderid,sku,qty,location\n1,A,2,\n1,A,3,north\n1,A,1,south\n", domain.Allocate{OrderID: "1", SKU: "A", Qty: 6, Wishes: domain.Wishes{Locations: "north"}}},
		{importer.Batches, "ref,sku,qty,eta,use_by,location\n1,A,0,2027-01-31,2027-03-31,north\n", domain.CreateBatch{Ref: "1", SKU: "A", ETA: domain.NewDate(2027, 1, 31), UseBy: domain.NewDate(2027, 3, 31), Location: "north"}},
		{importer.Batches, "ref,sku,qty,eta,use_by,location\n1,A,0,2027-01-31T08:00:00,,\n", domain.CreateBatch{Ref: "1", SKU: "A", ETA: domain.NewDate(2027, 1, 31)}},
	} {
		var asked []domain.Message
		got, _ := load(t, granting(&asked), tt.as, tt.csv)
		equal(t, tt.csv, []domain.Message{tt.want}, asked)
		if got.UnknownColumns != nil {
			t.Errorf("%s: unknown columns %v, want none", tt.csv, got.UnknownColumns)
		}
	}
}

func TestUnknownColumnsAreNamedWithTheNearestKnownOne(t *testing.T) {
	got, _ := load(t, granting(new([]domain.Message)), importer.Orders, "orderid,sku,qty,requird_by,quantity,colour\n1,A,2,,,\n")
	equal(t, "unknown columns", []importer.UnknownColumn{{Name: "requird_by", Nearest: "required_by"}, {Name: "quantity", Nearest: "qty"}, {Name: "colour"}}, got.UnknownColumns)
	for _, want := range []string{`"requird_by" is not known and was left out; the nearest known one is required_by`, `"colour" is not known and was left out` + "\n"} {
		if !strings.Contains(got.String(), want) {
			t.Errorf("the summary doesn't say %s:\n%s", want, got)
		}
	}
}

func TestFilesThatCantBeUsedAreRefusedAsAWhole(t *testing.T) {
	for _, tt := range []struct{ name, csv, message, hint string }{
		{"empty", "", "empty", "must name the columns"},
		{"no header", "536365,85123A,6\n", `"536365,85123A,6"`, "orders need orderid, sku, qty"},
		{"a column is missing", "orderid,quantity,product\n", "lacks sku, qty", `is "quantity" meant to be qty?`},
		{"of another kind", "reference,sku,qty,eta\n", "lacks orderid", "these are columns of batches"},
		{"a column comes twice", "orderid,sku,qty,order_id\n", `"orderid" and "order_id" mean the same`, "leave one of them out"},
		{"UTF-16", "\xff\xfeo\x00r\x00d\x00", "not valid UTF-8", "save the file as CSV in UTF-8"},
		{"a spreadsheet", "PK\x03\x04\x14\x00", "doesn't seem to be CSV", "save the file as CSV in UTF-8"},
		{"broken quotes", "orderid,\"sku,qty\n1,A,2\n", "can't be read", "must name the columns"},
		{"a line without end", strings.Repeat("orderid,", 10_000), "too long", "must name the columns"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var asked []domain.Message
			_, err := importer.Import(t.Context(), strings.NewReader(tt.csv), importer.Orders, granting(&asked), importer.Options{})
			refused, ok := errors.AsType[*domain.Error](err)
			if !ok || refused.Kind != domain.Invalid || refused.Code != importer.CodeBadHeader {
				t.Fatalf("error %v, want %s", err, importer.CodeBadHeader)
			}
			if !strings.Contains(refused.Message, tt.message) || !strings.Contains(refused.Hint, tt.hint) {
				t.Errorf("refused with %q, %q; want %q, %q in it", refused.Message, refused.Hint, tt.message, tt.hint)
			}
			if asked != nil {
				t.Errorf("%d commands were sent", len(asked))
			}
		})
	}
}

func TestAKindThatDoesNotExistIsRefused(t *testing.T) {
	_, err := importer.Import(t.Context(), strings.NewReader(stock), "stock", nil, importer.Options{})
	if domain.KindOf(err) != domain.Invalid || !strings.Contains(err.Error(), `as is "stock"`) {
		t.Errorf("error %v, want one that names the kind", err)
	}
}

func TestAFileThatBreaksOffStopsBeforeTheOrderThatMayBeIncomplete(t *testing.T) {
	whole := zip(t, "orderid,sku,qty\no1,A,1\no2,A,2\no2,A,3\n")
	const checksum = 8 // bytes at the end: without them nobody knows whether there was more
	var asked []domain.Message
	got, err := importer.Import(t.Context(), strings.NewReader(whole[:len(whole)-checksum]), importer.Orders, granting(&asked), importer.Options{})
	if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "read line 5") {
		t.Errorf("error %v, want %v at line 5", err, io.ErrUnexpectedEOF)
	}
	equal(t, "commands", []domain.Message{domain.Allocate{OrderID: "o1", SKU: "A", Qty: 1}}, asked)
	equal(t, "summary", importer.Summary{As: importer.Orders, Rows: 1, Lines: 1, Allocated: 1}, got)
}

func TestAFileThatCantBeReadIsAnError(t *testing.T) {
	_, err := importer.Import(t.Context(), iotest.ErrReader(io.ErrClosedPipe), importer.Orders, nil, importer.Options{})
	if !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("error %v, want %v", err, io.ErrClosedPipe)
	}
}

func TestAFileIsReadAsItComes(t *testing.T) {
	var asked []domain.Message
	in := iotest.OneByteReader(strings.NewReader("sku,description\nA,\"one\ntwo\"\n\nB,\"\"\n"))
	if _, err := importer.Import(t.Context(), in, importer.Products, granting(&asked), importer.Options{}); err != nil {
		t.Fatal(err)
	}
	equal(t, "SKUs", []string{"A", "B"}, []string{asked[0].(domain.DescribeProduct).SKU, asked[1].(domain.DescribeProduct).SKU})
}
