package backup

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"time"
)

// archive writes the tar, and keeps what the manifest says of each entry.
type archive struct {
	gzip    *gzip.Writer
	tar     *tar.Writer
	at      time.Time
	entries []Entry
}

func newArchive(w io.Writer, at time.Time) *archive {
	z := gzip.NewWriter(w)
	return &archive{gzip: z, tar: tar.NewWriter(z), at: at}
}

func (a *archive) addJSON(name string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return a.add(name, 0o600, append(text, '\n'))
}

func (a *archive) add(name string, mode fs.FileMode, content []byte) error {
	return a.addFrom(name, mode, int64(len(content)), bytes.NewReader(content))
}

// addFrom reads size bytes. A file that has become shorter meanwhile is an error.
func (a *archive) addFrom(name string, mode fs.FileMode, size int64, content io.Reader) error {
	header := &tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: int64(mode.Perm()), Size: size, ModTime: a.at, Format: tar.FormatPAX}
	if err := a.tar.WriteHeader(header); err != nil {
		return err
	}
	sum := sha256.New()
	if _, err := io.CopyN(io.MultiWriter(a.tar, sum), content, size); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	a.entries = append(a.entries, Entry{Name: name, Size: size, SHA256: hex.EncodeToString(sum.Sum(nil))})
	return nil
}

func (a *archive) close() error {
	if err := a.tar.Close(); err != nil {
		return err
	}
	return a.gzip.Close()
}

// partSize is how much of a table is one entry: a tar wants to know a size beforehand.
const partSize = 4 << 20

// parts is a writer that makes entries of what is written to it: the rows of one table.
type parts struct {
	archive *archive
	table   string
	buffer  []byte
	count   int
}

func (p *parts) Write(data []byte) (int, error) {
	written := len(data)
	for len(data) > 0 {
		n := min(len(data), partSize-len(p.buffer))
		p.buffer = append(p.buffer, data[:n]...)
		data = data[n:]
		if len(p.buffer) == partSize {
			if err := p.flush(); err != nil {
				return 0, err
			}
		}
	}
	return written, nil
}

// flush makes an entry of what is left; nothing of nothing.
func (p *parts) flush() error {
	if len(p.buffer) == 0 {
		return nil
	}
	p.count++
	err := p.archive.add(partName(p.table, p.count), 0o600, p.buffer)
	p.buffer = p.buffer[:0]
	return err
}

func partName(table string, part int) string {
	return fmt.Sprintf("%s%s.%04d.copy", tablePrefix, table, part)
}
