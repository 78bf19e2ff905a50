package importer_test

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"allot/internal/domain"
	"allot/internal/entrypoints/importer"
)

// FuzzOrders holds any file to this: no panic; every row is either accepted or
// refused; every line has one fate; and the file of refused rows is CSV that,
// imported again, has the same number of rows.
func FuzzOrders(f *testing.F) {
	for _, seed := range []string{
		"orderid,sku,qty\no1,A,1\no1,A,2\no2,B,3\n",
		"order_id;sku;qty;placed_at\r\n1;00123;6;2010-12-01T08:26:00\r\n",
		"\ufefforderid\tsku\tqty\n1\tBANK CHARGES\t1\n\n",
		"orderid,sku,qty,note\n1,A,1,\"two\nlines, \"\"quoted\"\"\"\n1,A,x,\n",
		"orderid,sku,qty\n1,\"A,1\n2,B\n3,C\"D,4\n4,\"E\"F,5\n5,\xff,6\n,,\n",
		"orderid,sku,qty\n1,A,2147483647\n1,A,1\n1,A,-1\n",
		"orderid,sku,qty,row,line,column,value,code,problem\n1,A,x,1,2,qty,x,validation_failed,bad\n",
		mixed, mixedRejected,
		"", "\n", "orderid,sku\n", "\x1f\x8b\x08", "\"\"\"",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var rejected file
		var asked []domain.Message
		got, err := importer.Import(t.Context(), bytes.NewReader(in), importer.Orders, granting(&asked), importer.Options{Rejected: rejected.open})
		if err != nil {
			return // the file can't be used as a whole
		}
		check(t, got, len(asked))
		if got.Rejected == 0 {
			return
		}
		again, err := importer.Import(t.Context(), bytes.NewReader(rejected.Bytes()), importer.Orders, granting(&asked), importer.Options{})
		if err != nil || again.Rows != got.RejectedRows {
			t.Fatalf("%d rows were refused; imported again there are %d, error %v:\n%q", got.RejectedRows, again.Rows, err, rejected.String())
		}
	})
}

func check(t *testing.T, s importer.Summary, asked int) {
	t.Helper()
	if s.Lines != s.Allocated+s.Rejected || s.Rows != s.Lines+s.Merged {
		t.Fatalf("lines have no fate, or two: %+v", s)
	}
	if accepted := s.Rows - s.RejectedRows; accepted < s.Allocated || s.RejectedRows < s.Rejected || asked < s.Allocated {
		t.Fatalf("rows have no fate, or two: %+v with %d commands", s, asked)
	}
}

// FuzzRows holds any text of proper CSV to this: each row is read as
// encoding/csv reads it.
func FuzzRows(f *testing.F) {
	f.Add("A,one\nB,\"two\nlines\"\n\nC,\"a \"\"quote\"\"\"\r\nD,")
	f.Add("A,\"\n\n\"\nB,\"\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		const header = "sku,description\n"
		want, err := csv.NewReader(strings.NewReader(header + text)).ReadAll()
		if err != nil {
			return
		}
		var asked []domain.Message
		got, err := importer.Import(t.Context(), strings.NewReader(header+text), importer.Products, granting(&asked), importer.Options{})
		if err != nil || got.Rows != len(want)-1 {
			t.Fatalf("%d rows, error %v; want %d rows", got.Rows, err, len(want)-1)
		}
		for i, cmd := range asked {
			read := cmd.(domain.DescribeProduct)
			equal(t, "row", want[i+1], []string{read.SKU, read.Description})
		}
	})
}
