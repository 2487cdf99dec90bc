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
	if _, err := provider.Up(ctx); err != nil {
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
	tick := time.NewTicker(lockPoll)
	defer tick.Stop()
	for {
		var locked bool
		err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", migrationLock).Scan(&locked)
		if err != nil {
			return nil, errors.Join(err, unlock())
		}
		if locked {
			return unlock, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, errors.Join(context.Cause(ctx), unlock())
		}
	}
}
