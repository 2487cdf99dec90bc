package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"turtus/services/postgres/migrations"
)

// migrationLock is the advisory lock that servers migrating one database take turns by: "turtus" in ASCII.
const migrationLock = 0x747572747573

// lockPoll is how often a waiting server tries. It does not wait inside PostgreSQL: a session that waits in a statement would
// hold up CREATE INDEX CONCURRENTLY in the migration it waits for.
const lockPoll = 100 * time.Millisecond

// Migrate brings the schema of the pool's database to the version embedded in this binary.
//
// Servers starting at once on one database take turns by an advisory lock, so that each migration runs once. It returns
// ErrNewerDatabase, and changes nothing, where the database is ahead of this binary. ctx bounds the wait for the lock too.
// It works on two connections of its own, with no limit on the time of a statement.
func Migrate(ctx context.Context, pool *pgxpool.Pool) error {
	return migrate(ctx, pool.Config().ConnConfig, migrations.FS)
}

func migrate(ctx context.Context, cfg *pgx.ConnConfig, source fs.FS) (err error) {
	return withProvider(ctx, cfg, source, func(provider *goose.Provider) error {
		_, err := provider.Up(ctx)
		return err
	})
}

// Rebuild empties the database of all that migrations made, with everything in it, and makes the schema of an earlier or the present
// version anew: for a restore. A version that this binary doesn't know is ErrNewerDatabase, and changes nothing.
func Rebuild(ctx context.Context, cfg *pgx.ConnConfig, version int64) error {
	return withProvider(ctx, cfg, migrations.FS, func(provider *goose.Provider) error {
		if _, knows, err := provider.GetVersions(ctx); err != nil || version > knows {
			return errors.Join(err, fmt.Errorf("%w: version %d is wanted and this program knows up to %d", ErrNewerDatabase, version, knows))
		}
		if _, err := provider.DownTo(ctx, 0); err != nil {
			return err
		}
		_, err := provider.UpTo(ctx, version)
		return err
	})
}

// withProvider has f change the schema, with no other server at it.
func withProvider(ctx context.Context, cfg *pgx.ConnConfig, source fs.FS, f func(*goose.Provider) error) (err error) {
	unlock, err := lockMigrations(ctx, cfg)
	if err != nil {
		return fmt.Errorf("lock the database for migrations: %w", err)
	}
	defer func() { err = errors.Join(err, unlock()) }()

	db := stdlib.OpenDB(*cfg)
	defer db.Close()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, source, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	has, knows, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the database's version: %w", err)
	}
	if has > knows {
		return fmt.Errorf("%w: it has version %d and this program knows up to %d; start the newer program, or restore a backup from before",
			ErrNewerDatabase, has, knows)
	}
	if err := f(provider); err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	return nil
}

// lockMigrations takes the lock on a connection of its own; closing that gives it back, whatever else happens.
func lockMigrations(ctx context.Context, cfg *pgx.ConnConfig) (unlock func() error, err error) {
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	unlock = func() error { return conn.Close(context.WithoutCancel(ctx)) }
	if err := takeLock(ctx, conn, "SELECT pg_try_advisory_lock($1)"); err != nil {
		return nil, errors.Join(err, unlock())
	}
	return unlock, nil
}

// HoldSchema waits until no server migrates, and keeps all from it for as long as conn is open. Several may hold it at once.
func HoldSchema(ctx context.Context, conn *pgx.Conn) error {
	return takeLock(ctx, conn, "SELECT pg_try_advisory_lock_shared($1)")
}

func takeLock(ctx context.Context, conn *pgx.Conn, try string) error {
	tick := time.NewTicker(lockPoll)
	defer tick.Stop()
	for {
		var locked bool
		if err := conn.QueryRow(ctx, try, migrationLock).Scan(&locked); err != nil || locked {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// versionTable is where goose keeps which migrations have run.
const versionTable = goose.DefaultTablename

// SchemaVersion is which migration the database is at, 0 where it has none of this project's tables.
func SchemaVersion(ctx context.Context, q interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}) (version int64, err error) {
	var there bool
	if err := q.QueryRow(ctx, "SELECT to_regclass(quote_ident(current_schema()) || '.' || $1) IS NOT NULL", versionTable).Scan(&there); err != nil || !there {
		return 0, err
	}
	// A migration that was taken back has a later row that says so, and then none at all (goose deletes it).
	err = q.QueryRow(ctx, "SELECT coalesce(max(version_id), 0) FROM "+versionTable+" WHERE is_applied").Scan(&version)
	return version, err
}

// NewestSchema is the version that Migrate brings a database to.
func NewestSchema() (newest int64) {
	names, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil {
		panic(err) // the pattern is right
	}
	for _, name := range names {
		if version, err := goose.NumericComponent(name); err == nil {
			newest = max(newest, version)
		}
	}
	return newest
}
