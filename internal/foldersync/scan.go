package foldersync

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path"
	"runtime"
	"sync"
)

// scan looks at both trees, and reads what it can't tell apart otherwise.
func (p *pair) scan(ctx context.Context) error {
	var both sync.WaitGroup
	var known memory
	errs := make([]error, 2)
	both.Go(func() { known = p.recall() })
	for i, t := range []*tree{p.source, p.dest} {
		both.Go(func() { errs[i] = t.walk(ctx) })
	}
	both.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return p.hash(ctx, known)
}

// walk takes a snapshot, without contents.
func (t *tree) walk(ctx context.Context) error {
	if t.root == nil {
		return nil
	}
	if err := t.walkIn(ctx, t.root, ""); err != nil {
		return fmt.Errorf("look through %s: %w", t.name, err)
	}
	return nil
}

func (t *tree) walkIn(ctx context.Context, dir *os.Root, at string) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	names, err := namesIn(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		below := name
		if at != "" {
			below = at + "/" + name
		}
		if below == own {
			continue
		}
		info, err := dir.Lstat(name)
		if err != nil {
			return err
		}
		e := entryOf(info)
		t.seen[below] = e
		if e.Kind == Folder {
			if err := t.walkBelow(ctx, dir, name, info, below); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *tree) walkBelow(ctx context.Context, dir *os.Root, name string, seen os.FileInfo, at string) error {
	below, err := dir.OpenRoot(name)
	if err != nil {
		return err
	}
	defer below.Close()
	if info, err := below.Stat("."); err != nil || !os.SameFile(info, seen) {
		return changed(t, at)
	}
	return t.walkIn(ctx, below, at)
}

func namesIn(dir *os.Root) ([]string, error) {
	f, err := dir.Open(".")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Readdirnames(-1)
}

// unread is a file whose content has to be known.
type unread struct {
	in   *tree
	name string
	e    Entry
}

// hash finds the hashes of the files whose size the other side has as well:
// the content of others can't be there.
func (p *pair) hash(ctx context.Context, known memory) error {
	var files []unread
	var total int64
	for i, t := range []*tree{p.source, p.dest} {
		sizes := [...]*tree{p.dest, p.source}[i].sizes()
		for name, e := range t.seen {
			if e.Kind != File || !sizes[e.Size] {
				continue
			}
			if hash, ok := known.hashOf(i, name, e); ok {
				e.Hash = hash
				t.seen[name] = e
				continue
			}
			files = append(files, unread{t, name, e})
			total += e.Size
		}
	}
	p.learned = len(files) > 0
	return p.readAll(ctx, files, total)
}

func (t *tree) sizes() map[int64]bool {
	sizes := map[int64]bool{}
	for _, e := range t.seen {
		if e.Kind == File {
			sizes[e.Size] = true
		}
	}
	return sizes
}

// readAll reads files, on all cores.
func (p *pair) readAll(ctx context.Context, files []unread, total int64) error {
	m := &meter{tell: p.o.Progress, Progress: Progress{Doing: "compare", Total: total}}
	var mu sync.Mutex
	return inParallel(ctx, runtime.GOMAXPROCS(0), files, func(ctx context.Context, u unread) error {
		hash, err := u.in.read(ctx, u.name, u.e, m)
		if err != nil {
			return fmt.Errorf("read %s: %w", path.Join(u.in.name, u.name), err)
		}
		mu.Lock()
		defer mu.Unlock()
		u.e.Hash = hash
		u.in.seen[u.name] = u.e
		return nil
	})
}

func (t *tree) read(ctx context.Context, name string, e Entry, m *meter) (Hash, error) {
	f, err := t.open(name, e)
	if err != nil {
		return Hash{}, err
	}
	defer f.Close()
	return m.pour(ctx, io.Discard, f)
}

// buffers are what files are read into. There is one for each goroutine at most.
var buffers = sync.Pool{New: func() any { return new([256 << 10]byte) }}

// meter copies contents, and tells how far all of that is.
type meter struct {
	mu   sync.Mutex
	tell func(Progress)
	Progress
}

func (m *meter) add(files int, bytes int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.Files += files
	m.Bytes += int64(bytes)
	m.tell(m.Progress)
}

// pour copies a content and returns its hash.
func (m *meter) pour(ctx context.Context, to io.Writer, from io.Reader) (sum Hash, _ error) {
	buffer := buffers.Get().(*[256 << 10]byte)
	defer buffers.Put(buffer)
	hash := sha256.New()
	for {
		if err := context.Cause(ctx); err != nil {
			return sum, err
		}
		n, err := from.Read(buffer[:])
		hash.Write(buffer[:n])
		if _, failed := to.Write(buffer[:n]); failed != nil {
			return sum, failed
		}
		m.add(0, n)
		if err == io.EOF {
			hash.Sum(sum[:0])
			m.add(1, 0)
			return sum, nil
		}
		if err != nil {
			return sum, err
		}
	}
}

// inParallel does something with each item, a few at a time, and stops at the
// first error.
func inParallel[T any](ctx context.Context, atOnce int, items []T, do func(context.Context, T) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan T)
	var workers sync.WaitGroup
	for range min(atOnce, len(items)) {
		workers.Go(func() {
			for item := range next {
				if err := do(ctx, item); err != nil {
					cancel(err)
				}
			}
		})
	}
	for _, item := range items {
		if ctx.Err() != nil {
			break
		}
		next <- item
	}
	close(next)
	workers.Wait()
	return context.Cause(ctx)
}
