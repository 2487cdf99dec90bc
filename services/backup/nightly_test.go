package backup_test

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/services/backup"
	"turtus/services/postgres/pgtest"
)

func TestTheNewestNightlyBackupsStayAndThoseByHandToo(t *testing.T) {
	p := newPlace(t, pgtest.URL(t))
	dir := p.Dir
	require.NoError(t, os.MkdirAll(dir, 0o700))
	for day := 1; day <= 5; day++ {
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("nightly-202611%02dT030000Z.tar.gz", day)), []byte("x"), 0o600))
	}
	byHand := filepath.Join(dir, backup.Name(time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)))
	others := []string{byHand, filepath.Join(dir, "nightly-mine.tar.gz"), filepath.Join(dir, "before-restore-20200101T000000Z.tar.gz")}
	for _, path := range others {
		require.NoError(t, os.WriteFile(path, []byte("x"), 0o600))
	}
	now := time.Date(2026, 11, 6, 3, 0, 30, 0, time.UTC)
	dead := filepath.Join(dir, ".unfinished-1")
	require.NoError(t, os.WriteFile(dead, nil, 0o600))
	require.NoError(t, os.Chtimes(dead, now.AddDate(0, 0, -2), now.AddDate(0, 0, -2)))

	s := p.Source
	s.Now = func() time.Time { return now }
	n := &backup.Nightly{Source: s, Hour: 3, Keep: 3, Log: slog.New(slog.DiscardHandler)}
	n.Once(t.Context())
	_, err := n.Failed()
	require.NoError(t, err)
	require.NoFileExists(t, dead)
	for _, path := range others {
		require.FileExists(t, path)
	}
	list, err := backup.List(dir)
	require.NoError(t, err)
	var names []string
	for _, k := range list {
		names = append(names, filepath.Base(k.Path))
	}
	require.Equal(t, []string{filepath.Base(byHand), "nightly-20261104T030000Z.tar.gz", "nightly-20261105T030000Z.tar.gz", "nightly-20261106T030030Z.tar.gz"}, names)
	f, err := os.Open(list[3].Path)
	require.NoError(t, err)
	defer f.Close()
	_, err = backup.Check(f)
	require.NoError(t, err)

	n.Source.DatabaseURL = gone(t, n.Source.DatabaseURL)
	now = now.AddDate(0, 0, 1)
	n.Once(t.Context())
	_, err = n.Failed()
	require.Error(t, err)
	after, err := backup.List(dir)
	require.NoError(t, err)
	require.Equal(t, list, after, "a failure removes nothing")
}

func TestAFullDiskIsSaidAndKeepsTheOlderBackups(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=128k"); err != nil {
		t.Skip("cannot mount a small disk here: ", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	older := filepath.Join(dir, "nightly-20261101T030000Z.tar.gz")
	require.NoError(t, os.WriteFile(older, []byte("x"), 0o600))
	p := lived(t)
	noise := make([]byte, 1<<20)
	_, _ = rand.Read(noise)
	p.put("avatars", string(noise))
	s := p.Source
	s.Dir = dir
	n := &backup.Nightly{Source: s, Hour: 3, Keep: 1, Log: slog.New(slog.DiscardHandler)}
	n.Once(t.Context())
	_, err := n.Failed()
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.ErrorContains(t, err, "TURTUS_BACKUP_DIR")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1)
	require.FileExists(t, older)
}
