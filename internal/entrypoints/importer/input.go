package importer

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"sync/atomic"

	"allot/internal/csvrows"
)

// open reads the header of a file, compressed or not.
func open(in io.Reader, as Kind) (*csvrows.Rows, columns, error) {
	if err := checkKind(as); err != nil {
		return nil, columns{}, err
	}
	plain, err := decompressed(in)
	if err != nil {
		return nil, columns{}, err
	}
	r, names, err := csvrows.Open(plain)
	if err != nil {
		return nil, columns{}, err
	}
	c, err := readHeader(as, original(names), r.Separator())
	return r, c, err
}

// decompressed is what in holds, without compression.
func decompressed(in io.Reader) (io.Reader, error) {
	plain := bufio.NewReader(in)
	if magic, _ := plain.Peek(2); string(magic) != "\x1f\x8b" {
		return plain, nil
	}
	unzip, err := gzip.NewReader(plain)
	if err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	return unzip, nil
}

// meter counts what is read.
type meter struct {
	in   io.Reader
	read atomic.Int64
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.in.Read(p)
	m.read.Add(int64(n))
	return n, err
}
