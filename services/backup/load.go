package backup

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/jackc/pgx/v5"
)

// load fills the tables of a schema that was just made, in one transaction. next returns the rows of a table.
//
// Keys between tables are taken away and put back, which checks them: so the order of the tables doesn't matter, nor whether two of them know
// each other, and no superuser is needed.
func load(ctx context.Context, conn *pgx.Conn, d Database, rows func(Table) (io.Reader, error)) (leftOut []string, err error) {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // nothing after a commit
	if _, err := tx.Exec(ctx, "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"); err != nil {
		return nil, err
	}
	there, err := tables(ctx, tx)
	if err != nil {
		return nil, fmt.Errorf("list the tables: %w", err)
	}
	keys, err := foreignKeys(ctx, tx)
	if err != nil {
		return nil, fmt.Errorf("list the keys: %w", err)
	}
	for _, k := range keys {
		if _, err := tx.Exec(ctx, "ALTER TABLE "+k.table+" DROP CONSTRAINT "+k.name); err != nil {
			return nil, err
		}
	}
	for _, t := range there { // a migration may have put rows there
		if _, err := tx.Exec(ctx, "DELETE FROM "+pgx.Identifier{t.Name}.Sanitize()); err != nil {
			return nil, err
		}
	}
	for _, t := range d.Tables {
		content, err := rows(t)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(there, func(other Table) bool { return other.Name == t.Name }) {
			leftOut = append(leftOut, t.Name) // no table of this project's, in a database that was shared
			if _, err := io.Copy(io.Discard, content); err != nil {
				return nil, err
			}
			continue
		}
		tag, err := tx.Conn().PgConn().CopyFrom(ctx, content, "COPY "+t.source()+" FROM STDIN")
		if err != nil {
			return nil, fmt.Errorf("fill the table %s: %w", t.Name, err)
		}
		if tag.RowsAffected() != t.Rows {
			return nil, fmt.Errorf("fill the table %s: %d rows came of %d", t.Name, tag.RowsAffected(), t.Rows)
		}
	}
	for _, k := range keys {
		if _, err := tx.Exec(ctx, "ALTER TABLE "+k.table+" ADD CONSTRAINT "+k.name+" "+k.definition); err != nil {
			return nil, err
		}
	}
	for name, value := range d.Sequences {
		if _, err := tx.Exec(ctx, "SELECT setval(to_regclass(quote_ident(current_schema()) || '.' || quote_ident($1)), $2)", name, value); err != nil {
			return nil, fmt.Errorf("set the sequence %s: %w", name, err)
		}
	}
	return leftOut, tx.Commit(ctx)
}

type foreignKey struct{ table, name, definition string }

func foreignKeys(ctx context.Context, q pgx.Tx) ([]foreignKey, error) {
	rows, err := q.Query(ctx, `
		SELECT k.conrelid::regclass::text, quote_ident(k.conname), pg_get_constraintdef(k.oid)
		FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
		WHERE n.nspname = current_schema() AND k.contype = 'f' AND k.conparentid = 0 ORDER BY k.oid`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (k foreignKey, err error) {
		return k, row.Scan(&k.table, &k.name, &k.definition)
	})
}
