package importer

import (
	"encoding/csv"
	"errors"
	"io"
	"strconv"

	"allot/internal/csvrows"
)

// Refusal says why a row was refused.
type Refusal struct {
	Row     int    `json:"row"`              // 1 is the first one after the header
	Line    int    `json:"line"`             // of the file, where the row begins; 1 is the header
	Column  string `json:"column,omitempty"` // as the file has it; empty if it is about no single one
	Value   string `json:"value,omitempty"`
	Code    string `json:"code"`
	Problem string `json:"problem"`
}

// refusalColumns are the columns of a Refusal, as they follow those of the
// file that was read. A file that ends with them is one of ours.
var refusalColumns = []string{"row", "line", "column", "value", "code", "problem"}

func (r Refusal) record() []string {
	return []string{strconv.Itoa(r.Row), strconv.Itoa(r.Line), r.Column, r.Value, r.Code, r.Problem}
}

// rejected is the file for refused rows. It is opened when there is one.
type rejected struct {
	columns columns
	open    func() (io.WriteCloser, error) // nil: nobody wants it
	file    io.Closer
	csv     *csv.Writer
}

// refusal is what is said of one of the rows that were refused together.
func (f *rejected) refusal(r csvrows.Row, why refusal) Refusal {
	out := Refusal{Row: r.Number, Line: r.Line, Value: why.value, Code: why.code, Problem: why.problem}
	if i, ok := f.columns.at[why.field]; ok {
		out.Column, out.Value = f.columns.names[i], r.Values[i]
	}
	return out
}

func (f *rejected) write(r csvrows.Row, why Refusal) error {
	if f.open == nil {
		return nil
	}
	if f.file == nil {
		file, err := f.open()
		if err != nil {
			return err
		}
		f.file, f.csv = file, csv.NewWriter(file)
		f.csv.Comma = f.columns.separator
		if err := f.csv.Write(f.record(f.columns.names, refusalColumns)); err != nil {
			return err
		}
	}
	return f.csv.Write(harmless(f.record(r.Values, why.record())))
}

func (f *rejected) record(own, ours []string) []string {
	out := make([]string, 0, len(f.columns.names)+len(refusalColumns))
	return append(append(out, own[:len(f.columns.names)]...), ours...)
}

func (f *rejected) close() error {
	if f.file == nil {
		return nil
	}
	f.csv.Flush()
	return errors.Join(f.csv.Error(), f.file.Close())
}
