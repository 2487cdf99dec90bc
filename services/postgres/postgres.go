// Package postgres opens the database and brings its schema up to date.
//
// The command turtus calls Open and Migrate once at start and hands the pool to the domain packages, which run the typed
// queries of the subpackage db on it. Where no database is configured, the subpackage cluster starts a private one; what follows
// is the same for both.
package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// MinVersion is the oldest major version of PostgreSQL that Turtus works with.
const MinVersion = 13

// Options of a pool. The zero value is good for a server.
type Options struct {
	// MaxConns is the most connections held at once; 0 means 10. One named in the URL (pool_max_conns) wins.
	MaxConns int32
	// Wait is how long Open waits for a database that does not answer yet; 0 means 30 s, negative means one try.
	Wait time.Duration
	// Log says that Open is waiting; nil says nothing.
	Log *slog.Logger
}

// Open returns a pool of connections to the database at url (postgres://… or key=value form), which has answered once.
//
// It waits up to Options.Wait for a database that is away or starting, and returns at once with ErrRefused for a wrong password
// or a database that does not exist, and with ErrTooOld for a server before MinVersion. No error holds the password.
// The caller closes the pool.
func Open(ctx context.Context, url string, o Options) (*pgxpool.Pool, error) {
	cfg, err := poolConfig(url, o)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if err := waitFor(ctx, pool, o); err != nil {
		pool.Close()
		return nil, err
	}
	return pool, nil
}

// Connect opens one connection of its own, with no limit on the time of a statement: for what copies a whole database. No error holds
// the password. The caller closes it.
func Connect(ctx context.Context, url string) (*pgx.Conn, error) {
	cfg, err := poolConfig(url, Options{})
	if err != nil {
		return nil, err
	}
	conn, err := pgx.ConnectConfig(ctx, cfg.ConnConfig)
	if err != nil {
		if refused := refusal(err); refused != nil {
			return nil, refused
		}
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	if err := checkVersion(conn.PgConn().ParameterStatus("server_version")); err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	return conn, nil
}

const (
	defaultMaxConns = 10
	defaultWait     = 30 * time.Second
	connectTimeout  = 5 * time.Second
)

func poolConfig(url string, o Options) (*pgxpool.Config, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("the database's URL: %w", err) // pgx leaves the password out
	}
	if !strings.Contains(url, "pool_max_conns") {
		cfg.MaxConns = cmp.Or(o.MaxConns, defaultMaxConns)
	}
	cfg.MaxConnIdleTime = 5 * time.Minute
	cfg.MaxConnLifetime = time.Hour
	cfg.MaxConnLifetimeJitter = 5 * time.Minute
	cfg.HealthCheckPeriod = 30 * time.Second
	if cfg.ConnConfig.ConnectTimeout == 0 {
		cfg.ConnConfig.ConnectTimeout = connectTimeout
	}
	if _, ok := cfg.ConnConfig.RuntimeParams["application_name"]; !ok {
		cfg.ConnConfig.RuntimeParams["application_name"] = "turtus"
	}
	cfg.AfterConnect = prepareConnection
	return cfg, nil
}

// prepareConnection bounds what one query may take. It is a statement, since some poolers refuse such settings in a connection's start.
func prepareConnection(ctx context.Context, conn *pgx.Conn) error {
	if err := checkVersion(conn.PgConn().ParameterStatus("server_version")); err != nil {
		return err
	}
	_, err := conn.Exec(ctx, "SET statement_timeout = '30s'; SET idle_in_transaction_session_timeout = '60s'")
	return err
}

// checkVersion takes a server_version such as "15.14 (Debian 15.14-0+deb12u1)"; one it cannot read passes.
func checkVersion(version string) error {
	digits, _, _ := strings.Cut(version, ".")
	if major, err := strconv.Atoi(digits); err == nil && major < MinVersion {
		return fmt.Errorf("%w: it is %s, and Turtus needs %d or later", ErrTooOld, version, MinVersion)
	}
	return nil
}

// waitFor returns when the database has answered once.
func waitFor(ctx context.Context, pool *pgxpool.Pool, o Options) error {
	wait := cmp.Or(o.Wait, defaultWait)
	deadline := time.Now().Add(wait)
	told := false
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		err := pool.Ping(ctx)
		if err == nil {
			return nil
		}
		if refused := refusal(err); refused != nil {
			return refused
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%w: %w", ErrUnreachable, context.Cause(ctx))
		}
		if time.Now().Add(pause).After(deadline) {
			return fmt.Errorf("%w: %w", ErrUnreachable, err)
		}
		if o.Log != nil && !told {
			told = true
			o.Log.Info("waiting for the database", "at_most", wait, "error", err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

// refusal returns the error for an answer that waiting does not change, else nil.
func refusal(err error) error {
	if errors.Is(err, ErrTooOld) {
		return err
	}
	var answer *pgconn.PgError
	if !errors.As(err, &answer) {
		return nil
	}
	// SQLSTATE: 28 is authorization, 3D000 no such database, 42501 no right to connect.
	if strings.HasPrefix(answer.Code, "28") || answer.Code == "3D000" || answer.Code == "42501" {
		return fmt.Errorf("%w: %w", ErrRefused, answer)
	}
	return nil
}
