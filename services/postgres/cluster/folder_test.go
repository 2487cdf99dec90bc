package cluster_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"turtus/services/postgres/cluster"
)

func TestOnlyOneOfManyStartsOwnsTheFolder(t *testing.T) {
	dir := newDataDir(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var won []*cluster.Cluster
	var lost []error
	ctx := testContext(t)
	for range 5 {
		wg.Go(func() {
			c, err := cluster.Start(ctx, cluster.Config{DataDir: dir, Ephemeral: true})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				lost = append(lost, err)
			} else {
				won = append(won, c)
			}
		})
	}
	wg.Wait()
	require.Len(t, won, 1)
	defer stop(t, won[0])
	for _, err := range lost {
		var used *cluster.InUseError
		require.ErrorAs(t, err, &used)
	}
	_, err := cluster.Start(ctx, cluster.Config{DataDir: dir})
	require.EqualError(t, err, fmt.Sprintf("%s is in use by process %d", dir, os.Getpid()))
	require.Equal(t, 1, query[int](t, won[0].URL(), "SELECT 1"))
}

func TestMissingProgramsNameThePackage(t *testing.T) {
	_, err := cluster.Start(testContext(t), cluster.Config{DataDir: newDataDir(t), BinDir: t.TempDir()})
	var missing *cluster.NotInstalledError
	require.ErrorAs(t, err, &missing)
	require.Equal(t, "postgresql", missing.Package())
	require.ErrorContains(t, err, "apt install postgresql")
}

func TestDataOfAnotherVersionNamesItsPackage(t *testing.T) {
	dir := newDataDir(t)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "data"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "data", "PG_VERSION"), []byte("12\n"), 0o600))
	_, err := cluster.Start(testContext(t), cluster.Config{DataDir: dir})
	var missing *cluster.NotInstalledError
	require.ErrorAs(t, err, &missing)
	require.ErrorContains(t, err, "apt install postgresql-12")
}

func TestAVeryLongFolderWorks(t *testing.T) {
	dir := filepath.Join(openFolder(t), strings.Repeat("long name, 100% ", 12), strings.Repeat("x", 200))
	c := start(t, cluster.Config{DataDir: dir, Ephemeral: true})
	require.Equal(t, 1, query[int](t, c.URL(), "SELECT 1"))
	sockets := query[string](t, c.AdminURL(), "SELECT current_setting('unix_socket_directories')")
	info, err := os.Stat(strings.Trim(sockets, `"`))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	stop(t, c)
	require.NoDirExists(t, strings.Trim(sockets, `"`))
}

func TestUnusableFoldersAreExplained(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can be several users")
	}
	const nobody = 65534
	t.Run("a parent closed to the user that root drops to", func(t *testing.T) {
		closed := t.TempDir() // of mode 0700 and root's
		_, err := cluster.Start(testContext(t), cluster.Config{DataDir: filepath.Join(closed, "postgres")})
		var denied *cluster.PermissionError
		require.ErrorAs(t, err, &denied)
		require.ErrorContains(t, err, "is closed to that user")
		require.ErrorContains(t, err, "chmod o+x "+filepath.Dir(closed))
	})
	t.Run("another user's", func(t *testing.T) {
		dir := newDataDir(t)
		require.NoError(t, os.Mkdir(dir, 0o755))
		ch := startChild(t, dir, nobody)
		require.Contains(t, ch.answer, "*cluster.PermissionError")
		require.Contains(t, ch.answer, "belongs to user root")
	})
	t.Run("not writable", func(t *testing.T) {
		ch := startChild(t, newDataDir(t), nobody)
		require.Contains(t, ch.answer, "*cluster.PermissionError")
		require.Contains(t, ch.answer, "permission denied")
	})
	t.Run("a file", func(t *testing.T) {
		dir := newDataDir(t)
		require.NoError(t, os.WriteFile(dir, nil, 0o644))
		_, err := cluster.Start(testContext(t), cluster.Config{DataDir: dir})
		require.ErrorContains(t, err, "is no folder")
	})
}

func TestANormalUserRunsItAsItself(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("every other test shows it")
	}
	const nobody = 65534
	dir := newDataDir(t)
	require.NoError(t, os.Mkdir(dir, 0o700))
	require.NoError(t, os.Chown(dir, nobody, nobody))
	ch := startChild(t, dir, nobody)
	require.Equal(t, nobody, uidOf(t, ch.postmaster(t)))
	exec1(t, ch.url(t), "CREATE TABLE kept AS SELECT 42 AS n")
	ch.stdin.Close()
	require.NoError(t, ch.Wait())

	// Root takes the folder over.
	c := start(t, cluster.Config{DataDir: dir})
	require.NotEqual(t, nobody, uidOf(t, c.PID()))
	require.Equal(t, 42, query[int](t, c.URL(), "SELECT n FROM kept"))
}

func TestRunAsIsChecked(t *testing.T) {
	if os.Geteuid() != 0 {
		_, err := cluster.Start(testContext(t), cluster.Config{DataDir: newDataDir(t), RunAs: "root"})
		require.ErrorContains(t, err, "only root can")
		return
	}
	_, err := cluster.Start(testContext(t), cluster.Config{DataDir: newDataDir(t), RunAs: "root"})
	require.ErrorContains(t, err, "cannot run as root")
	_, err = cluster.Start(testContext(t), cluster.Config{DataDir: newDataDir(t), RunAs: "turtus-none"})
	require.ErrorContains(t, err, "no such user")
	c := start(t, cluster.Config{DataDir: newDataDir(t), RunAs: "nobody", Ephemeral: true})
	require.Equal(t, 65534, uidOf(t, c.PID()))
}
