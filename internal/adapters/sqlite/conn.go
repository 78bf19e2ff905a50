package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
)

// conn is a connection of the driver's own, without database/sql in between,
// with each statement prepared once. It is for one goroutine at a time.
//
// It takes no contexts: a statement that is cut short voids the whole
// transaction in SQLite, so whoever starts one sees it through.
type conn struct {
	driver.Conn
	prepared map[sized]driver.Stmt
	args     []driver.Value      // room for arguments, used again and again
	named    []driver.NamedValue // the same for one execution
}

func newConn(c driver.Conn) *conn {
	return &conn{Conn: c, prepared: map[sized]driver.Stmt{}}
}

// statement is SQL about any number of rows: a head, the row as often as
// needed, and a tail.
type statement struct{ head, row, tail string }

// sized is a statement about a number of rows.
type sized struct {
	statement
	rows int
}

func (s sized) String() string {
	return s.head + strings.Repeat(s.row+",", s.rows-1) + s.row + s.tail
}

// sizes are the numbers of rows that statements are prepared for, so that any
// small number of rows takes few executions. Larger ones were measured and
// gained nothing.
var sizes = []int{64, 32, 16, 8, 4, 2, 1}

func (c *conn) prepare(s sized) (driver.Stmt, error) {
	if st, ok := c.prepared[s]; ok {
		return st, nil
	}
	st, err := c.Prepare(s.String())
	if err != nil {
		return nil, fmt.Errorf("prepare %s: %w", s.head, err)
	}
	c.prepared[s] = st
	return st, nil
}

// forget closes the statements that were prepared.
func (c *conn) forget() {
	for _, st := range c.prepared {
		st.Close() // there is nothing to be done about it
	}
	clear(c.prepared)
}

// run has s done to all rows of args, by as many at a time as it is prepared for.
func (c *conn) run(s statement, args []driver.Value, do func(driver.Stmt, []driver.NamedValue) error) error {
	cols := max(strings.Count(s.row, "?"), 1)
	for _, n := range sizes {
		for ; len(args) >= n*cols; args = args[n*cols:] {
			st, err := c.prepare(sized{s, n})
			if err != nil {
				return err
			}
			if err := do(st, c.numbered(args[:n*cols])); err != nil {
				return fmt.Errorf("%s: %w", s.head, err)
			}
		}
	}
	return nil
}

// numbered is args as the driver wants them, valid until the next call.
func (c *conn) numbered(args []driver.Value) []driver.NamedValue {
	for n := len(c.named); n < len(args); n++ {
		c.named = append(c.named, driver.NamedValue{Ordinal: n + 1})
	}
	for i, v := range args {
		c.named[i].Value = v
	}
	return c.named[:len(args)]
}

// write executes s for all rows of args and returns how many rows it changed.
func (c *conn) write(s statement, args ...driver.Value) (changed int64, _ error) {
	err := c.run(s, args, func(st driver.Stmt, args []driver.NamedValue) error {
		n, err := execute(st, args)
		changed += n
		return err
	})
	return changed, err
}

// exec executes SQL that has no arguments.
func (c *conn) exec(sql string) error {
	st, err := c.prepare(sized{statement{head: sql}, 1})
	if err != nil {
		return err
	}
	if _, err := execute(st, nil); err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	return nil
}

func execute(st driver.Stmt, args []driver.NamedValue) (int64, error) {
	res, err := st.(driver.StmtExecContext).ExecContext(context.Background(), args)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// read calls row with each row that s finds for args. The row is valid until
// the next.
func (c *conn) read(s statement, args []driver.Value, row func(v []driver.Value)) error {
	return c.run(s, args, func(st driver.Stmt, args []driver.NamedValue) error {
		for v, err := range rows(st, args) {
			if err != nil {
				return err
			}
			row(v)
		}
		return nil
	})
}

// scan yields what a query finds, which is prepared anew, so that others may
// run while it does. Each row is valid until the next.
func (c *conn) scan(sql string, args ...driver.Value) iter.Seq2[[]driver.Value, error] {
	return func(yield func([]driver.Value, error) bool) {
		st, err := c.Prepare(sql)
		if err != nil {
			yield(nil, fmt.Errorf("prepare %s: %w", sql, err))
			return
		}
		defer st.Close()
		named := make([]driver.NamedValue, len(args))
		for i, v := range args {
			named[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
		}
		rows(st, named)(yield)
	}
}

// rows yields what a query finds. Each row is valid until the next.
func rows(st driver.Stmt, args []driver.NamedValue) iter.Seq2[[]driver.Value, error] {
	return func(yield func([]driver.Value, error) bool) {
		rs, err := st.(driver.StmtQueryContext).QueryContext(context.Background(), args)
		if err != nil {
			yield(nil, err)
			return
		}
		defer rs.Close()
		v := make([]driver.Value, len(rs.Columns()))
		for {
			err := rs.Next(v)
			if errors.Is(err, io.EOF) || !yield(v, err) || err != nil {
				return
			}
		}
	}
}
