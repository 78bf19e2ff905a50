package importer

import (
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"strconv"

	"allot/internal/views"
)

// WriteAllocations writes allocated lines as CSV, in the order they come in,
// with the columns orderid, sku, qty and batchref. Lines end with a line feed.
func WriteAllocations(out io.Writer, lines iter.Seq2[views.Line, error]) error {
	return write(out, []string{"orderid", "sku", "qty", "batchref"}, lines, func(record []string, l views.Line) []string {
		return append(record, l.OrderID, l.SKU, strconv.Itoa(l.Qty), l.BatchRef)
	})
}

// WriteBatches writes batches as CSV that can be imported, with the columns
// reference, sku, qty (purchased), eta (empty: in the warehouse), location and
// use_by. Lines end with a line feed.
func WriteBatches(out io.Writer, batches iter.Seq2[views.Batch, error]) error {
	return write(out, []string{"reference", "sku", "qty", "eta", "location", "use_by"}, batches, func(record []string, b views.Batch) []string {
		return append(record, b.Ref, b.SKU, strconv.Itoa(b.Qty), b.ETA, b.Location, b.UseBy)
	})
}

func write[T any](out io.Writer, header []string, items iter.Seq2[T, error], appendTo func([]string, T) []string) error {
	w := csv.NewWriter(out)
	if err := w.Write(header); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	var record []string
	for item, err := range items {
		if err != nil {
			return err
		}
		record = appendTo(record[:0], item)
		if err := w.Write(harmless(record)); err != nil {
			return fmt.Errorf("write CSV: %w", err)
		}
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}
