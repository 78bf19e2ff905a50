package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"allot/internal/service"
)

// purpose is what the connections of a pool are for.
type purpose struct {
	name   string
	conns  int32             // at most
	params map[string]string // unless the URL says otherwise
}

// What connections are set to. Without limits, one that hangs would hold its
// locks for as long as TCP takes to notice: hours.
var limits = map[string]string{
	"lock_timeout":                        "2s",
	"statement_timeout":                   "10s",
	"idle_in_transaction_session_timeout": "10s",
	"default_transaction_isolation":       "read committed",
	"timezone":                            "UTC",
	"jit":                                 "off", // takes longer than what we ask
}

var (
	// Writers search by indexes whatever the planner thinks of tables that were
	// empty when it last looked.
	writing = purpose{"allot writes", 4, map[string]string{
		"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off", "enable_bitmapscan": "off",
	}}
	reading = purpose{"allot reads", 8, nil}
)

// connect opens a pool. Connections that broke are replaced.
func connect(ctx context.Context, url string, p purpose) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read the URL of the database: %w", err)
	}
	own := config.ConnConfig.RuntimeParams
	for _, params := range []map[string]string{limits, p.params, {"application_name": p.name}} {
		for name, value := range params {
			if _, given := own[name]; !given {
				own[name] = value
			}
		}
	}
	if config.ConnConfig.ValidateConnect == nil { // unless the URL says which server to take
		config.ConnConfig.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	if config.ConnConfig.ConnectTimeout == 0 || config.ConnConfig.ConnectTimeout > 5*time.Second {
		config.ConnConfig.ConnectTimeout = 5 * time.Second
	}
	config.MaxConns = p.conns
	config.PingTimeout = 2 * time.Second
	config.HealthCheckPeriod = 5 * time.Second
	config.MaxConnLifetime = 30 * time.Minute
	config.MaxConnLifetimeJitter = 5 * time.Minute
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, classify(fmt.Errorf("connect to the database: %w", err))
	}
	return pool, nil
}

// risks says which of the server's settings let it lose what it acknowledged;
// empty if none does.
func risks(ctx context.Context, pool *pgxpool.Pool) (string, error) {
	var fsync, synchronous, pages string
	const q = `SELECT current_setting('fsync'), current_setting('synchronous_commit'), current_setting('full_page_writes')`
	if err := pool.QueryRow(ctx, q).Scan(&fsync, &synchronous, &pages); err != nil {
		return "", classify(fmt.Errorf("ask the database how durable it is: %w", err))
	}
	var found []string
	for _, s := range []struct{ name, value string }{{"fsync", fsync}, {"synchronous_commit", synchronous}, {"full_page_writes", pages}} {
		if s.value == "off" {
			found = append(found, s.name+" is off")
		}
	}
	return strings.Join(found, ", "), nil
}

// errUnanswered says that a connection broke while it was to commit: nobody
// knows yet whether it did.
var errUnanswered = errors.New("the answer to a commit got lost")

// classify says what an error means to the service layer: that somebody else
// was at the same (again, please), or that there is trouble which another
// command would meet as well.
func classify(err error) error {
	if err == nil || errors.Is(err, service.ErrStale) || errors.Is(err, service.ErrStorage) {
		return err
	}
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		if isBroken(err) {
			return fmt.Errorf("%w: %w", service.ErrStorage, err)
		}
		return err
	}
	switch {
	case e.Code == "40001", e.Code == "40P01", // serialization failure, deadlock
		e.Code == "55P03", // lock not available
		e.Code == "23505": // a row that is there meanwhile
		return fmt.Errorf("%w: %w", service.ErrStale, err)
	case e.Code == "53100": // disk full
		return fmt.Errorf("%w: %w", service.ErrStorageFull, err)
	case e.Code == "58030": // an I/O error
		return fmt.Errorf("%w: %w", service.ErrStorageReadOnly, err)
	case e.Code == "25006", e.Code == "57014": // read-only: not the primary any more; took too long
		return fmt.Errorf("%w: %w", service.ErrStorage, err)
	}
	switch e.Code[:min(2, len(e.Code))] {
	case "08", "53", "57", "58", "XX": // connections, resources, shutdown, the system, corruption
		return fmt.Errorf("%w: %w", service.ErrStorage, err)
	}
	return err
}

// isBroken reports whether an error that is not the server's is the
// connection's.
func isBroken(err error) bool {
	_, refused := errors.AsType[*pgconn.ConnectError](err)
	_, network := errors.AsType[net.Error](err)
	return refused || network || pgconn.SafeToRetry(err) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

// shed drops the connections to a server that turns out not to be the primary
// any more, so that the next ones find the one that is.
func (s *Store) shed(err error) error {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == "25006" {
		s.writes.Reset()
		s.reads.Reset()
	}
	return err
}
