// Package backup writes everything that a server keeps into one file, and makes a server of such a file again: the database, and of the
// data folder what is not made anew by itself, above all the keys. The command turtus calls it, and runs its nightly backups.
//
// What always holds: the database is copied in one snapshot, also while a server runs on it; a file has its name only when it is whole
// and on the disk; it is readable by its owner alone (0600), since it holds keys; a restore changes nothing before the whole file was
// read and found right.
//
// The file is a gzipped tar. First comes turtus-backup.json, which says what it is; then data/, files of the data folder; then database/, the
// rows of each table as PostgreSQL's COPY writes them (text format), in parts of some MiB; last manifest.json with the version of the schema,
// the columns, and a SHA-256 of each. No program of PostgreSQL is needed, and the version of the server that it is restored to may be another.
package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"turtus/services/postgres"
)

// Source is what is backed up.
type Source struct {
	// DatabaseURL of a database that answers.
	DatabaseURL string
	// DataDir is the server's data folder.
	DataDir string
	// Dir is where nightly backups are kept; where it lies in the data folder, it is left out.
	Dir string
	// Version of the program.
	Version string
	// Now is the clock; time.Now when nil.
	Now func() time.Time
}

func (s Source) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

// Write writes a backup. On an error what was written is no backup.
func Write(ctx context.Context, s Source, w io.Writer) (Manifest, error) {
	m := Manifest{Head: Head{Format: format, Program: program, Version: s.Version, Created: s.now().UTC().Truncate(time.Second)}}
	a := newArchive(w, m.Created)
	if err := a.addJSON(headName, m.Head); err != nil {
		return m, err
	}
	if err := addFolder(ctx, a, s); err != nil {
		return m, fmt.Errorf("back up the data folder: %w", err)
	}
	conn, err := postgres.Connect(ctx, s.DatabaseURL)
	if err != nil {
		return m, fmt.Errorf("back up the database: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if m.Database, err = dump(ctx, conn, a); err != nil {
		return m, fmt.Errorf("back up the database: %w", err)
	}
	m.Entries = a.entries
	if err := a.addJSON(manifestName, m); err != nil {
		return m, err
	}
	return m, a.close()
}

// Create writes a backup to a new file: under another name first, and with its own when it is whole and on the disk. Its folder is made where
// it is missing. A file that exists is not replaced.
func Create(ctx context.Context, s Source, path string) (m Manifest, size int64, err error) {
	if _, err := os.Lstat(path); err == nil {
		return m, 0, fmt.Errorf("%s exists already: choose another name", path)
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return m, 0, explain(err, dir)
	}
	f, err := os.CreateTemp(dir, unfinished+"*") // 0600
	if err != nil {
		return m, 0, explain(err, dir)
	}
	defer func() {
		f.Close()
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	if m, err = Write(ctx, s, f); err != nil {
		return m, 0, explain(err, dir)
	}
	info, err := f.Stat()
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = f.Close()
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return m, 0, explain(err, dir)
	}
	return m, info.Size(), syncFolder(dir)
}

// explain says of a disk that is full, or closed to this user, whose it is.
func explain(err error, dir string) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("the disk of %s is full: make room there, or set TURTUS_BACKUP_DIR to a folder on another disk (%w)", dir, err)
	case errors.Is(err, syscall.EROFS), errors.Is(err, syscall.EACCES):
		return fmt.Errorf("the folder %s can't be written to: give it to the user that Turtus runs as, or set TURTUS_BACKUP_DIR to another (%w)", dir, err)
	}
	return err
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
