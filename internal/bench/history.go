package bench

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"allot/internal/domain"
)

// happening is a command with the time at which it was sent.
type happening struct {
	at      string // 2010-12-01T08:26:00
	command domain.Message
}

// history is what happened in a folder of files, in the order in which it did.
type history struct {
	happenings []happening
	unmatched  int // cancellations of no line that is known
}

// readHistory reads when batches were announced, and when they slipped, orders
// and cancellations. At the same time, supply comes before demand.
func readHistory(folder string) (h history, _ error) {
	supply, err := readSupply(folder)
	if err != nil {
		return h, err
	}
	orders, lines, err := readOrders(folder)
	if err != nil {
		return h, err
	}
	cancelled, err := h.readCancellations(folder, lines)
	if err != nil {
		return h, err
	}
	h.happenings = slices.Concat(supply, orders, cancelled)
	slices.SortStableFunc(h.happenings, func(a, b happening) int { return strings.Compare(a.at, b.at) })
	return h, nil
}

// readSupply reads batches, as they are announced, and their slips. All their
// products are known from the start: an order may come before its batch.
func readSupply(folder string) (out []happening, _ error) {
	batches, known := map[string]domain.CreateBatch{}, map[string]bool{}
	err := readRows(folder, "batches", []string{"reference", "sku", "qty", "eta"}, func(v []string) error {
		qty, err := strconv.Atoi(v[2])
		eta, err2 := domain.ParseDate(v[3])
		if !known[v[1]] {
			known[v[1]] = true
			out = append(out, happening{"", domain.DescribeProduct{SKU: v[1]}})
		}
		batches[v[0]] = domain.CreateBatch{Ref: v[0], SKU: v[1], Qty: qty, ETA: eta}
		return errors.Join(err, err2)
	})
	if err != nil {
		return nil, err
	}
	err = readRows(folder, "batch-announcements", []string{"announced_at", "reference"}, func(v []string) error {
		out = append(out, happening{v[0], batches[v[1]]})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, readRows(folder, "eta-changes", []string{"changed_at", "reference", "new_eta"}, func(v []string) error {
		eta, err := domain.ParseDate(v[2])
		out = append(out, happening{v[0], domain.ChangeBatch{Ref: v[1], ETA: domain.To(eta)}})
		return err
	})
}

// lineKey names a line.
type lineKey struct{ orderID, sku string }

// readOrders reads orders; the rows of one that are for the same SKU are one
// line. They are in the order of the file, whatever their times say.
func readOrders(folder string) (out []happening, lines map[lineKey]int, _ error) {
	at, where := "", map[lineKey]int{}
	err := readRows(folder, "orders", []string{"orderid", "sku", "qty", "placed_at"}, func(v []string) error {
		qty, err := strconv.Atoi(v[2])
		at = max(at, v[3])
		key := lineKey{v[0], v[1]}
		i, again := where[key]
		if !again {
			i = len(out)
			where[key] = i
			out = append(out, happening{at, domain.Allocate{OrderID: v[0], SKU: v[1]}})
		}
		line := out[i].command.(domain.Allocate)
		line.Qty += qty
		out[i].command = line
		return err
	})
	lines = make(map[lineKey]int, len(where))
	for key, i := range where {
		lines[key] = out[i].command.(domain.Allocate).Qty
	}
	return out, lines, err
}

// readCancellations reads what was taken back: of a line whose quantity is
// known, all of it or a part.
func (h *history) readCancellations(folder string, lines map[lineKey]int) (out []happening, _ error) {
	return out, readRows(folder, "cancellation-matches", []string{"sku", "qty", "placed_at", "orderid"}, func(v []string) error {
		key := lineKey{v[3], v[0]}
		left, known := lines[key]
		if !known || left <= 0 {
			h.unmatched++
			return nil
		}
		qty, err := strconv.Atoi(v[1])
		left += qty // which is negative
		lines[key] = left
		if left > 0 {
			out = append(out, happening{v[2], domain.AmendLine{OrderID: key.orderID, SKU: key.sku, Amendment: domain.Amendment{Qty: domain.To(left)}}})
		} else {
			out = append(out, happening{v[2], domain.CancelLine{OrderID: key.orderID, SKU: key.sku}})
		}
		return err
	})
}

// readRows reads some columns of a compressed file.
func readRows(folder, name string, columns []string, row func([]string) error) error {
	f, err := os.Open(filepath.Join(folder, name+".csv.gz"))
	if err != nil {
		return err
	}
	defer f.Close()
	plain, err := gzip.NewReader(f)
	if err != nil {
		return fmt.Errorf("read %s: %w", f.Name(), err)
	}
	rows := csv.NewReader(plain)
	header, err := rows.Read()
	if err != nil {
		return fmt.Errorf("read %s: %w", f.Name(), err)
	}
	at := make([]int, len(columns))
	for i, c := range columns {
		if at[i] = slices.Index(header, c); at[i] < 0 {
			return fmt.Errorf("read %s: it has no column %s", f.Name(), c)
		}
	}
	values := make([]string, len(columns))
	for {
		fields, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		for i := range at {
			if err == nil {
				values[i] = fields[at[i]]
			}
		}
		if err == nil {
			err = row(values)
		}
		if err != nil {
			line, _ := rows.FieldPos(0)
			return fmt.Errorf("read line %d of %s: %w", line, f.Name(), err)
		}
	}
}
