package db

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// txTries is how often InTx begins anew after PostgreSQL has chosen the transaction as a deadlock's victim.
const txTries = 4

// Beginner is a *pgxpool.Pool.
type Beginner interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

// InTx runs f in a transaction that is committed when f returns nil. After a deadlock or a failed serialisation f runs again, so what
// it sets outside must be the same the second time. An error of f comes back as it is.
func InTx(ctx context.Context, pool Beginner, f func(q *Queries) error) error {
	for try := 1; ; try++ {
		err := inTx(ctx, pool, f)
		if pg, ok := errors.AsType[*pgconn.PgError](err); ok && try < txTries && (pg.Code == "40P01" || pg.Code == "40001") {
			continue
		}
		return err
	}
}

func inTx(ctx context.Context, pool Beginner, f func(q *Queries) error) error {
	tx, err := pool.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	// After Commit this does nothing. A caller who went away must not keep the connection in its transaction.
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if err := f(New(tx)); err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}
