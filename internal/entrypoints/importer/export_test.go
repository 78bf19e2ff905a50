package importer_test

import (
	"errors"
	"io"
	"iter"
	"strings"
	"testing"

	"allot/internal/domain"
	"allot/internal/entrypoints/importer"
	"allot/internal/views"
)

func each[T any](items ...T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, item := range items {
			if !yield(item, nil) {
				return
			}
		}
	}
}

func TestAllocationsAreWrittenAsTheBookHasThem(t *testing.T) {
	var out strings.Builder
	err := importer.WriteAllocations(&out, each(
		views.Line{OrderID: "o1", SKU: "BANK CHARGES", Qty: 3, Status: "allocated", BatchRef: "b1", Seq: 1},
		views.Line{OrderID: `o"2`, SKU: "A,B", Qty: 4, Status: "allocated", BatchRef: "b2", Promise: "2027-01-31", Seq: 2},
	))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "CSV", "orderid,sku,qty,batchref\no1,BANK CHARGES,3,b1\n\"o\"\"2\",\"A,B\",4,b2\n", out.String())
}

func TestWrittenBatchesCanBeImported(t *testing.T) {
	var out strings.Builder
	err := importer.WriteBatches(&out, each(
		views.Batch{Ref: "b1", SKU: "00123", Qty: 10, Allocated: 4, Available: 6},
		views.Batch{Ref: "b,2", SKU: "1E5", Qty: 0, ETA: "2027-01-31", Location: "south", UseBy: "2027-03-01"},
	))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "CSV", "reference,sku,qty,eta,location,use_by\nb1,00123,10,,,\n\"b,2\",1E5,0,2027-01-31,south,2027-03-01\n", out.String())
	var asked []domain.Message
	load(t, granting(&asked), importer.Batches, out.String())
	equal(t, "commands", []domain.Message{
		domain.CreateBatch{Ref: "b1", SKU: "00123", Qty: 10},
		domain.CreateBatch{Ref: "b,2", SKU: "1E5", ETA: domain.NewDate(2027, 1, 31), Location: "south", UseBy: domain.NewDate(2027, 3, 1)},
	}, asked)
}

func TestNothingToExportIsAHeader(t *testing.T) {
	var out strings.Builder
	if err := importer.WriteAllocations(&out, each[views.Line]()); err != nil {
		t.Fatal(err)
	}
	equal(t, "CSV", "orderid,sku,qty,batchref\n", out.String())
}

func TestAnExportReportsWhatItCantReadOrWrite(t *testing.T) {
	broken := func(yield func(views.Batch, error) bool) { yield(views.Batch{}, io.ErrUnexpectedEOF) }
	if err := importer.WriteBatches(io.Discard, broken); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("reading: error %v, want %v", err, io.ErrUnexpectedEOF)
	}
	if err := importer.WriteBatches(full{}, each(views.Batch{Ref: "b1"})); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("writing: error %v, want %v", err, io.ErrShortWrite)
	}
}
