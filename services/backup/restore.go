package backup

import (
	"archive/tar"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"turtus/services/postgres"
)

// restoreMark stands in the data folder while a restore is under way. A server does not start on half of one.
const restoreMark = "restore.unfinished"

// Unfinished is an error where a restore was broken off.
func Unfinished(dataDir string) error {
	if _, err := os.Lstat(filepath.Join(dataDir, restoreMark)); err != nil {
		return nil
	}
	return errors.New("a restore was broken off, so the data is not whole: run turtus restore with the backup again")
}

// Restored says what is there now.
type Restored struct {
	Manifest
	// Before is the backup of what was there before; empty where there was nothing.
	Before string
	// LeftOut are tables that are none of Turtus.
	LeftOut []string
}

// Restore makes the database and the data folder of to what the backup f holds, and brings them up to the present version. m is what Check has
// found in f. The caller has the folder's lock. force allows it where people are already: then what is there is backed up first, into to.Dir.
//
// Errors: ErrTooNew, ErrNotEmpty, ErrServerRuns. Broken off, it leaves a mark (Unfinished) and may be run again.
func Restore(ctx context.Context, f io.ReadSeeker, m Manifest, to Source, force bool) (r Restored, err error) {
	r.Manifest = m
	if r.Database.Schema > postgres.NewestSchema() {
		return r, tooNew(r.Head)
	}
	pool, err := postgres.Open(ctx, to.DatabaseURL, postgres.Options{MaxConns: 2})
	if err != nil {
		return r, err
	}
	defer pool.Close()
	if err := unused(ctx, pool); err != nil {
		return r, err
	}
	if Unfinished(to.DataDir) == nil {
		if r.Before, err = makeWay(ctx, pool, to, force); err != nil {
			return r, err
		}
	}
	if err := os.MkdirAll(to.DataDir, 0o700); err != nil {
		return r, fmt.Errorf("make the data folder: %w", err)
	}
	mark := filepath.Join(to.DataDir, restoreMark)
	if err := os.WriteFile(mark, []byte("A restore is under way, or was broken off.\n"), 0o600); err != nil {
		return r, fmt.Errorf("write to the data folder: %w", err)
	}
	if err := syncFolder(to.DataDir); err != nil {
		return r, err
	}
	if err := postgres.Rebuild(ctx, pool.Config().ConnConfig, r.Database.Schema); err != nil {
		return r, fmt.Errorf("make the tables anew: %w", err)
	}
	if r.LeftOut, err = apply(ctx, f, to, r.Database); err != nil {
		return r, err
	}
	if err := postgres.Migrate(ctx, pool); err != nil {
		return r, err
	}
	return r, os.Remove(mark)
}

// unused makes sure that no server works on the database, which may be another machine's.
func unused(ctx context.Context, pool *pgxpool.Pool) error {
	var others int
	err := pool.QueryRow(ctx, `SELECT count(DISTINCT coalesce(client_addr::text, '')) FROM pg_stat_activity
		WHERE datname = current_database() AND application_name = 'turtus' AND pid <> pg_backend_pid()`).Scan(&others)
	if err != nil {
		return fmt.Errorf("look who uses the database: %w", err)
	}
	if others > 0 {
		return fmt.Errorf("%w: end it first, then restore; nothing was changed here", ErrServerRuns)
	}
	return nil
}

// makeWay allows a restore onto a server that has no people yet, and with force onto any, which it backs up.
func makeWay(ctx context.Context, pool *pgxpool.Pool, to Source, force bool) (before string, err error) {
	var there bool
	if err := pool.QueryRow(ctx, "SELECT to_regclass(quote_ident(current_schema()) || '.people') IS NOT NULL").Scan(&there); err != nil {
		return "", fmt.Errorf("look into the database: %w", err)
	}
	people := 0
	if there {
		if err := pool.QueryRow(ctx, "SELECT count(*) FROM people").Scan(&people); err != nil {
			return "", fmt.Errorf("look into the database: %w", err)
		}
	}
	switch {
	case people == 0:
		return "", nil
	case !force:
		return "", fmt.Errorf("%w: %d people have an account or were guests on this server, and all of it would be replaced. "+
			"With --force it is, after a backup of what is here; nothing was changed yet", ErrNotEmpty, people)
	}
	before = filepath.Join(to.Dir, beforePrefix+to.now().UTC().Format(stamp)+"-"+rand.Text()[:6]+suffix)
	if _, _, err := Create(ctx, to, before); err != nil {
		return "", fmt.Errorf("back up what is here: %w", err)
	}
	return before, nil
}

// apply reads the backup once more: first the files, then the tables, as they stand in it.
func apply(ctx context.Context, f io.ReadSeeker, to Source, d Database) (leftOut []string, err error) {
	_, entries, err := rewind(f)
	if err != nil {
		return nil, err
	}
	next, err := putFolder(entries, to.DataDir)
	if err != nil {
		return nil, err
	}
	conn, err := postgres.Connect(ctx, to.DatabaseURL)
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return load(ctx, conn, d, func(t Table) (io.Reader, error) {
		r := &rows{entries: entries, table: t}
		if next != nil && t.Parts > 0 { // the entry that ended the files is the first of a table
			if next.Name != partName(t.Name, 1) {
				return nil, damaged("it was changed while it was read")
			}
			r.part, next = 1, nil
		}
		return r, nil
	})
}

// putFolder writes the files and returns the first entry that is none; nil where there is none.
func putFolder(entries *tar.Reader, dir string) (*tar.Header, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	for {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, damaged(err.Error())
		}
		name, inData := strings.CutPrefix(header.Name, dataPrefix)
		switch {
		case header.Name == headName:
		case !inData:
			return header, nil
		default:
			if err := putFile(root, name, fs.FileMode(header.Mode), entries); err != nil {
				return nil, explain(err, dir)
			}
		}
	}
}
