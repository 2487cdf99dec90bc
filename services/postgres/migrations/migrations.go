// Package migrations embeds the database's schema as goose migrations, in the order of their numbers.
//
// A migration that has been released is never edited: a change is a new file. Migrations are run by postgres.Migrate only.
package migrations

import "embed"

// FS holds the migration files at its root.
//
//go:embed *.sql
var FS embed.FS
