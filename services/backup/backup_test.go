package backup_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/services/backup"
	"turtus/services/postgres/pgtest"
)

func TestNoBackupHoldsBackups(t *testing.T) {
	for name, where := range map[string]func(p *place) string{
		"in the data folder itself": func(p *place) string { return p.DataDir },
		"in a folder in it":         func(p *place) string { return filepath.Join(p.DataDir, "kept") },
		"by another path": func(p *place) string {
			link := filepath.Join(p.T.TempDir(), "link")
			require.NoError(p, os.Symlink(p.DataDir, link))
			return filepath.Join(link, "kept")
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t, pgtest.URL(t))
			p.Dir = where(p)
			p.put("secrets/relay", "a secret")
			p.put("kept/anything", "of the folder")
			var entries []string
			for i := range 3 {
				m, _, err := backup.Create(t.Context(), p.Source, filepath.Join(p.Dir, backup.Name(time.Unix(int64(i), 0))))
				require.NoError(t, err)
				entries = nil
				for _, e := range m.Entries {
					if strings.HasPrefix(e.Name, "data/") {
						entries = append(entries, e.Name)
					}
				}
			}
			want := []string{"data/secrets/relay"}
			if p.Dir == p.DataDir {
				want = []string{"data/kept/anything", "data/secrets/relay"}
			}
			require.Equal(t, want, entries)
		})
	}
}

func TestABackupThatFailsLeavesNothing(t *testing.T) {
	p := lived(t)
	dir := t.TempDir()
	s := p.Source
	s.DatabaseURL = gone(t, s.DatabaseURL)
	_, _, err := backup.Create(t.Context(), s, filepath.Join(dir, "b"))
	require.Error(t, err)
	_, _, err = backup.Create(t.Context(), p.Source, filepath.Join(dir, "b"))
	require.NoError(t, err)
	_, _, err = backup.Create(t.Context(), p.Source, filepath.Join(dir, "b"))
	require.ErrorContains(t, err, "exists already")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1)

	_, err = backup.Write(t.Context(), p.Source, full{})
	require.ErrorIs(t, err, syscall.ENOSPC)
}

// gone names a database that does not exist.
func gone(t *testing.T, address string) string {
	u, err := url.Parse(address)
	require.NoError(t, err)
	u.Path += "_gone"
	return u.String()
}

// full is a disk.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }
