package backup

import "time"

// format is raised when an older program could not read the file any more.
const format = 1

const (
	program      = "turtus"
	headName     = "turtus-backup.json"
	manifestName = "manifest.json"
	dataPrefix   = "data/"
	tablePrefix  = "database/"
)

// Head is what stands first in a backup, for whoever looks what it is.
type Head struct {
	Format  int       `json:"format"`
	Program string    `json:"program"`
	Version string    `json:"version"`
	Created time.Time `json:"created"`
}

// Manifest is what stands last in a backup.
type Manifest struct {
	Head
	Database Database `json:"database"`
	// Entries are all files before the manifest, in their order.
	Entries []Entry `json:"entries"`
}

// Database is what was in PostgreSQL.
type Database struct {
	// Schema is the migration that it was at, Server the version of PostgreSQL.
	Schema    int64            `json:"schema"`
	Server    string           `json:"server"`
	Tables    []Table          `json:"tables"`
	Sequences map[string]int64 `json:"sequences"`
}

// Table has its rows in the entries database/<name>.<part>.copy, from part 1 on; each holds whole rows or parts of them.
type Table struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
	Rows    int64    `json:"rows"`
	Parts   int      `json:"parts"`
}

// Rows counts those of a table.
func (d Database) Rows(table string) int64 {
	for _, t := range d.Tables {
		if t.Name == table {
			return t.Rows
		}
	}
	return 0
}

// Entry is one file of the archive.
type Entry struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}
