package backup

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// packed is a file that is right in itself, with one entry of any name and what a manifest says of it.
func packed(t testing.TB, name string, content []byte, table string, count int) []byte {
	t.Helper()
	var b bytes.Buffer
	a := newArchive(&b, time.Unix(0, 0))
	head := Head{Format: format, Program: program}
	require.NoError(t, a.addJSON(headName, head))
	if a.add(name, 0o600, content) != nil {
		return nil // no tar has such a name
	}
	m := Manifest{Head: head, Database: Database{Tables: []Table{{Name: table, Parts: count}}}, Entries: a.entries}
	require.NoError(t, a.addJSON(manifestName, m))
	require.NoError(t, a.close())
	return b.Bytes()
}

// FuzzCheck: what is believed to be a backup puts its files into the data folder or into the tables that its manifest names, and nowhere else;
// and what it is has a sentence for whoever restores it.
func FuzzCheck(f *testing.F) {
	f.Add(dataPrefix+"secrets/relay", []byte("x"), "people", 0, -1)
	f.Add(partName("people", 1), []byte("x"), "people", 1, -1)
	f.Add(dataPrefix+"../escaped", []byte("x"), "", 0, -1)
	f.Add(dataPrefix+"/etc/passwd", []byte("x"), "", 0, -1)
	f.Add(dataPrefix, []byte(nil), "", 0, -1)
	f.Add(dataPrefix+"a/./../..//b", []byte("x"), "", 0, -1)
	f.Add(manifestName, []byte(`{"entries":[]}`), "", 0, -1)
	f.Add(headName, []byte(`{"format":2,"program":"turtus"}`), "", 0, -1)
	f.Add(partName("people", 1), []byte("x"), "people", 1<<40, -1)
	f.Add(dataPrefix+"a", []byte("x"), "", 0, 40)
	f.Fuzz(func(t *testing.T, name string, content []byte, table string, count, flip int) {
		file := packed(t, name, content, table, count)
		if file == nil {
			return
		}
		if flip >= 0 {
			file[flip%len(file)] ^= 1 << (flip % 8)
		}
		m, err := Check(bytes.NewReader(file))
		if err != nil {
			require.True(t, errors.Is(err, ErrNotABackup) || errors.Is(err, ErrDamaged) || errors.Is(err, ErrTooNew), err.Error())
			require.Greater(t, len(strings.Fields(err.Error())), 8)
			return
		}
		_, entries, err := rewind(bytes.NewReader(file))
		require.NoError(t, err)
		for i := 0; ; i++ {
			header, err := entries.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			if header.Name == headName || header.Name == manifestName {
				continue
			}
			require.Equal(t, m.Entries[i].Name, header.Name)
			if inside, ok := strings.CutPrefix(header.Name, dataPrefix); ok {
				require.True(t, filepath.IsLocal(inside), header.Name)
			} else {
				require.Equal(t, partName(table, 1), header.Name)
			}
		}
	})
}

// FuzzCheckBytes: a file of anything is no backup, and is read with bounded patience.
func FuzzCheckBytes(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte("\x1f\x8b\x08\x00"))
	f.Add(packed(f, dataPrefix+"a", []byte("x"), "", 0))
	f.Fuzz(func(t *testing.T, file []byte) {
		m, err := Check(bytes.NewReader(file))
		if err == nil {
			require.NotEmpty(t, m.Entries)
		}
	})
}
