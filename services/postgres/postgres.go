// Package postgres opens the database and brings its schema up to date.
//
// The command turtus calls Open and Migrate once at start and hands the pool to the domain packages, which run the typed
// queries of the subpackage db on it. Where no database is configured, the subpackage cluster starts a private one; what follows
// is the same for both.
package postgres

import (
	"context"
	"errors"
	"log/slog"
	"time"

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
	return nil, errors.ErrUnsupported
}
