package cluster_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"turtus/services/postgres/cluster"
)

// smallDisk mounts a file system of size bytes.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small disk")
	}
	dir := openFolder(t)
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=755,size="+size); err != nil {
		t.Skip("cannot mount a small disk here: ", err)
	}
	t.Cleanup(func() { assert.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	return dir
}

func TestFullDiskAtFirstStartIsSaid(t *testing.T) {
	disk := smallDisk(t, "20m")
	dir := filepath.Join(disk, "postgres")
	_, err := cluster.Start(testContext(t), cluster.Config{DataDir: dir})
	var full *cluster.DiskFullError
	require.ErrorAs(t, err, &full)
	require.ErrorContains(t, err, "the disk of "+dir+" is full")

	require.NoError(t, syscall.Mount("", disk, "tmpfs", syscall.MS_REMOUNT, "size=200m"))
	start(t, cluster.Config{DataDir: dir})
}

func TestFullDiskWhileRunningAndAtRestartIsSaidAndSurvived(t *testing.T) {
	disk := smallDisk(t, "100m")
	dir := filepath.Join(disk, "postgres")
	log := &messages{}
	cfg := cluster.Config{DataDir: dir, Log: slog.New(slog.NewTextHandler(log, nil))}
	c := start(t, cfg)
	exec1(t, c.URL(), "CREATE TABLE kept AS SELECT 42 AS n")
	exec1(t, c.URL(), "CREATE TABLE big (t text)")

	ballast := filepath.Join(disk, "ballast")
	fillDisk(t, ballast)
	ctx := testContext(t)
	require.Eventually(t, func() bool {
		conn, err := pgx.Connect(ctx, c.URL())
		if err != nil {
			return true
		}
		defer conn.Close(ctx)
		_, err = conn.Exec(ctx, "INSERT INTO big SELECT repeat(i::text, 200) FROM generate_series(1, 20000) i")
		return err != nil
	}, patience, time.Millisecond)
	require.Eventually(t, func() bool { return log.contains("the disk of " + dir + " is full") }, patience, 10*time.Millisecond)

	// A server started in that state says the same.
	stopCtx, cancel := context.WithCancel(ctx)
	cancel()
	_ = c.Stop(stopCtx)
	fillDisk(t, ballast)
	again, err := cluster.Start(ctx, cfg)
	if err == nil {
		stop(t, again) // recovery needed no space
	} else {
		var full *cluster.DiskFullError
		require.ErrorAs(t, err, &full)
	}

	require.NoError(t, os.Remove(ballast))
	c = start(t, cfg)
	require.Equal(t, 42, query[int](t, c.URL(), "SELECT n FROM kept"))
	exec1(t, c.URL(), "INSERT INTO kept VALUES (43)")
}

func fillDisk(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	require.NoError(t, err)
	defer f.Close()
	for _, size := range []int{1 << 20, 4 << 10} {
		block := make([]byte, size)
		for err = nil; err == nil; {
			_, err = f.Write(block)
		}
		require.True(t, errors.Is(err, syscall.ENOSPC), "%v", err)
	}
}
