package backup

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
)

// maxManifest bounds what is read into memory of a file that may be anything.
const maxManifest = 64 << 20

// Check reads a backup from its beginning to its end and finds out whether it is whole and as it was written.
// Errors: ErrNotABackup, ErrDamaged, ErrTooNew, each with what to do.
func Check(f io.ReadSeeker) (Manifest, error) {
	var m Manifest
	z, entries, err := rewind(f)
	if err != nil {
		return m, err
	}
	var seen []Entry
	for {
		header, err := entries.Next()
		if len(seen) == 0 && (err != nil || header.Name != headName) {
			return m, notABackup()
		}
		switch {
		case errors.Is(err, io.EOF):
			return m, damaged("its end is missing")
		case err != nil:
			return m, damaged(err.Error())
		case header.Name == manifestName:
			if err := readJSON(entries, &m); err != nil {
				return m, damaged(err.Error())
			}
			return m, m.check(seen, z)
		}
		entry, err := sumUp(header, entries)
		if err != nil {
			return m, err
		}
		seen = append(seen, entry)
	}
}

func rewind(f io.ReadSeeker) (io.Reader, *tar.Reader, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, nil, fmt.Errorf("read the backup: %w", err)
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		if _, isPath := errors.AsType[*fs.PathError](err); isPath { // a folder, or a disk that can't be read
			return nil, nil, fmt.Errorf("read the backup: %w", err)
		}
		return nil, nil, notABackup()
	}
	return z, tar.NewReader(z), nil
}

func notABackup() error {
	return fmt.Errorf("%w: take a file that turtus backup or the nightly backup has made", ErrNotABackup)
}

// sumUp reads an entry; the head is looked into at once, since a newer format may go on in another way.
func sumUp(header *tar.Header, content io.Reader) (Entry, error) {
	sum := sha256.New()
	content = io.TeeReader(content, sum)
	if header.Name == headName {
		var h Head
		if err := readJSON(content, &h); err != nil || h.Program != program {
			return Entry{}, notABackup()
		}
		if h.Format > format {
			return Entry{}, tooNew(h)
		}
	}
	if _, err := io.Copy(io.Discard, content); err != nil {
		return Entry{}, damaged(err.Error())
	}
	return Entry{Name: header.Name, Size: header.Size, SHA256: hex.EncodeToString(sum.Sum(nil))}, nil
}

func readJSON(r io.Reader, value any) error {
	text, err := io.ReadAll(io.LimitReader(r, maxManifest))
	if err != nil {
		return err
	}
	return json.Unmarshal(text, value)
}

// check compares what was found with what the manifest says, and reads rest to its end, where gzip's own checksum stands.
func (m Manifest) check(seen []Entry, rest io.Reader) error {
	if _, err := io.Copy(io.Discard, rest); err != nil {
		return damaged(err.Error())
	}
	if !slices.Equal(m.Entries, seen) {
		return damaged("its files are not those of its manifest")
	}
	// Name by name, for a manifest may tell of more than fits into memory.
	table, part := 0, 0
	next := func() string {
		for part++; table < len(m.Database.Tables); table, part = table+1, 1 {
			if t := m.Database.Tables[table]; part <= t.Parts {
				return partName(t.Name, part)
			}
		}
		return ""
	}
	want := next()
	for i, e := range seen {
		name, inData := strings.CutPrefix(e.Name, dataPrefix)
		switch {
		case i == 0 && e.Name == headName, inData && filepath.IsLocal(name):
		case want != "" && e.Name == want:
			want = next()
		default:
			return damaged("it holds the file " + e.Name + ", which is none of a backup's")
		}
	}
	if want != "" {
		return damaged("rows of a table are missing")
	}
	return nil
}

// rows reads the parts of one table as one.
type rows struct {
	entries *tar.Reader
	table   Table
	part    int
}

func (r *rows) Read(p []byte) (int, error) {
	for {
		if r.part > 0 {
			n, err := r.entries.Read(p)
			if errors.Is(err, io.EOF) { // of this part
				err = nil
			}
			if n > 0 || err != nil {
				return n, err
			}
		}
		if r.part == r.table.Parts {
			return 0, io.EOF
		}
		header, err := r.entries.Next()
		if err != nil {
			return 0, err
		}
		r.part++
		if header.Name != partName(r.table.Name, r.part) {
			return 0, damaged("it was changed while it was read")
		}
	}
}
