package backup_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"turtus/services/backup"
	"turtus/services/postgres"
	"turtus/services/postgres/pgtest"
)

// cutting ends after left bytes.
type cutting struct {
	io.ReadSeeker
	left int
}

func (c *cutting) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := c.ReadSeeker.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

// repack changes the entries of a backup, with a right gzip and tar around them.
func repack(t *testing.T, whole []byte, change func(name string, content []byte) (string, []byte)) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(whole))
	require.NoError(t, err)
	in := tar.NewReader(z)
	var b bytes.Buffer
	packed := gzip.NewWriter(&b)
	out := tar.NewWriter(packed)
	for {
		header, err := in.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		content, err := io.ReadAll(in)
		require.NoError(t, err)
		name, content := change(header.Name, content)
		if name == "" {
			continue
		}
		require.NoError(t, out.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o600, Size: int64(len(content))}))
		_, err = out.Write(content)
		require.NoError(t, err)
	}
	require.NoError(t, out.Close())
	require.NoError(t, packed.Close())
	return b.Bytes()
}

func TestAFileThatIsNoWholeBackupIsRefusedWithASentence(t *testing.T) {
	p := lived(t)
	whole, err := os.ReadFile(p.backUp())
	require.NoError(t, err)
	_, err = backup.Check(bytes.NewReader(whole))
	require.NoError(t, err)

	same := func(name string, content []byte) (string, []byte) { return name, content }
	_, err = backup.Check(bytes.NewReader(repack(t, whole, same)))
	require.NoError(t, err, "packed anew it is still one")
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 0x40
	noise := make([]byte, 5000)
	_, _ = rand.Read(noise)
	var foreign bytes.Buffer
	z := gzip.NewWriter(&foreign)
	_, _ = z.Write(noise)
	require.NoError(t, z.Close())
	on := func(prefix string, f func(name string, content []byte) (string, []byte)) []byte {
		return repack(t, whole, func(name string, content []byte) (string, []byte) {
			if strings.HasPrefix(name, prefix) {
				return f(name, content)
			}
			return name, content
		})
	}
	head := func(change func(h map[string]any)) []byte {
		return on("turtus-backup.json", func(name string, content []byte) (string, []byte) {
			var h map[string]any
			require.NoError(t, json.Unmarshal(content, &h))
			change(h)
			content, err := json.Marshal(h)
			require.NoError(t, err)
			return name, content
		})
	}
	for name, c := range map[string]struct {
		content []byte
		want    error
	}{
		"empty":            {nil, backup.ErrNotABackup},
		"text":             {[]byte("a letter"), backup.ErrNotABackup},
		"noise":            {noise, backup.ErrNotABackup},
		"gzip of noise":    {foreign.Bytes(), backup.ErrNotABackup},
		"another's tar":    {on("turtus-backup.json", func(string, []byte) (string, []byte) { return "", nil }), backup.ErrNotABackup},
		"another's head":   {head(func(h map[string]any) { h["program"] = "other" }), backup.ErrNotABackup},
		"a newer format":   {head(func(h map[string]any) { h["format"] = 2; h["version"] = "v9" }), backup.ErrTooNew},
		"a flipped bit":    {flipped, backup.ErrDamaged},
		"cut in half":      {whole[:len(whole)/2], backup.ErrDamaged},
		"the end is cut":   {whole[:len(whole)-4], backup.ErrDamaged},
		"something behind": {append(bytes.Clone(whole), "tail"...), backup.ErrDamaged},
		"no manifest":      {on("manifest.json", func(string, []byte) (string, []byte) { return "", nil }), backup.ErrDamaged},
		"another secret": {on("data/secrets/relay", func(name string, content []byte) (string, []byte) {
			return name, bytes.ToUpper(content)
		}), backup.ErrDamaged},
		"a file less": {on("data/secrets/relay", func(string, []byte) (string, []byte) { return "", nil }), backup.ErrDamaged},
		"a way out":   {escaping(t, whole), backup.ErrDamaged},
	} {
		_, err := backup.Check(bytes.NewReader(c.content))
		require.ErrorIs(t, err, c.want, name)
		require.Greater(t, len(strings.Fields(err.Error())), 8, "%s: says what to do: %s", name, err)
	}

	newer := repack(t, whole, func(name string, content []byte) (string, []byte) {
		return name, bytes.Replace(content, fmt.Appendf(nil, `"schema": %d`, postgres.NewestSchema()), []byte(`"schema": 9999`), 1)
	})
	path := filepath.Join(t.TempDir(), "newer")
	require.NoError(t, os.WriteFile(path, newer, 0o600))
	_, err = newPlace(t, pgtest.EmptyURL(t)).restore(path, false)
	require.ErrorIs(t, err, backup.ErrTooNew)
}

// escaping is a backup, right in itself, with a file that would land outside of the data folder.
func escaping(t *testing.T, whole []byte) []byte {
	rename := func(text []byte) []byte {
		return bytes.ReplaceAll(text, []byte("data/secrets/relay"), []byte("data/../../escaped"))
	}
	return repack(t, whole, func(name string, content []byte) (string, []byte) {
		if name == "manifest.json" {
			content = rename(content)
		}
		return string(rename([]byte(name))), content
	})
}
