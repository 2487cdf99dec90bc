package backup

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"turtus/services/postgres"
)

// dump copies all tables as they are at one moment. Migrations wait meanwhile, people don't.
func dump(ctx context.Context, conn *pgx.Conn, a *archive) (d Database, err error) {
	if err := postgres.HoldSchema(ctx, conn); err != nil {
		return d, fmt.Errorf("wait for a migration to end: %w", err)
	}
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return d, err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // it has only read
	// An operator may have set limits for the role that are meant for questions of people.
	if _, err := tx.Exec(ctx, "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"); err != nil {
		return d, err
	}
	if d.Schema, err = postgres.SchemaVersion(ctx, tx); err != nil {
		return d, err
	}
	d.Server = conn.PgConn().ParameterStatus("server_version")
	if d.Tables, err = tables(ctx, tx); err != nil {
		return d, fmt.Errorf("list the tables: %w", err)
	}
	for i := range d.Tables {
		t := &d.Tables[i]
		p := &parts{archive: a, table: t.Name}
		tag, err := tx.Conn().PgConn().CopyTo(ctx, p, "COPY "+t.source()+" TO STDOUT")
		if err == nil {
			err = p.flush()
		}
		if err != nil {
			return d, fmt.Errorf("copy the table %s: %w", t.Name, err)
		}
		t.Rows, t.Parts = tag.RowsAffected(), p.count
	}
	d.Sequences, err = sequences(ctx, tx)
	return d, err
}

// source is the table with its columns, for COPY.
func (t Table) source() string {
	columns := ""
	for i, c := range t.Columns {
		if i > 0 {
			columns += ", "
		}
		columns += pgx.Identifier{c}.Sanitize()
	}
	return pgx.Identifier{t.Name}.Sanitize() + " (" + columns + ")"
}

// versionTable is goose's, whose content is Database.Schema.
const versionTable = "goose_db_version"

// tables lists those of the schema, but for the one of migrations, without columns that PostgreSQL computes.
func tables(ctx context.Context, q pgx.Tx) ([]Table, error) {
	rows, err := q.Query(ctx, `
		SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND NOT c.relispartition
			AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND c.relname <> $1
		GROUP BY c.relname ORDER BY c.relname`, versionTable)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (t Table, err error) {
		return t, row.Scan(&t.Name, &t.Columns)
	})
}

// sequences are those that have given a number.
func sequences(ctx context.Context, q pgx.Tx) (map[string]int64, error) {
	rows, err := q.Query(ctx, `SELECT sequencename, last_value FROM pg_sequences
		WHERE schemaname = current_schema() AND last_value IS NOT NULL AND sequencename NOT LIKE $1 || '%'`, versionTable)
	if err != nil {
		return nil, fmt.Errorf("read the sequences: %w", err)
	}
	values := map[string]int64{}
	var name string
	var value int64
	_, err = pgx.ForEachRow(rows, []any{&name, &value}, func() error {
		values[name] = value
		return nil
	})
	return values, err
}
