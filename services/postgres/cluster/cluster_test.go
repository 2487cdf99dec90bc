package cluster_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"turtus/services/postgres/cluster"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childVariable); dir != "" {
		childMain(dir)
	}
	goleak.VerifyTestMain(m)
}

const patience = 30 * time.Second

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// openFolder returns a temporary folder that every user may pass, unlike t.TempDir.
func openFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "cluster-test-")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o755))
	return dir
}

func newDataDir(t *testing.T) string { return filepath.Join(openFolder(t), "postgres") }

func start(t *testing.T, cfg cluster.Config) *cluster.Cluster {
	t.Helper()
	c, err := cluster.Start(testContext(t), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { stop(t, c) })
	return c
}

func stop(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	assert.NoError(t, c.Stop(ctx))
}

func query[T any](t *testing.T, url, sql string) (value T) {
	t.Helper()
	ctx := testContext(t)
	conn, err := pgx.Connect(ctx, url)
	require.NoError(t, err)
	defer conn.Close(ctx)
	require.NoError(t, conn.QueryRow(ctx, sql).Scan(&value))
	return value
}

func exec1(t *testing.T, url, sql string) {
	t.Helper()
	ctx := testContext(t)
	conn, err := pgx.Connect(ctx, url)
	require.NoError(t, err)
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	require.NoError(t, err)
}

func uidOf(t *testing.T, pid int) int {
	t.Helper()
	info, err := os.Stat(fmt.Sprintf("/proc/%d", pid))
	require.NoError(t, err)
	return int(info.Sys().(*syscall.Stat_t).Uid)
}

// alive is false of a process that ended, also where nobody has waited for it.
func alive(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, state, _ := strings.Cut(string(text), ") ")
	return err == nil && !strings.HasPrefix(state, "Z")
}

func TestFirstStartMakesAClosedAndDurableCluster(t *testing.T) {
	dir := newDataDir(t)
	c := start(t, cluster.Config{DataDir: dir})

	require.NotZero(t, uidOf(t, c.PID()), "runs as root")
	if os.Geteuid() != 0 {
		require.Equal(t, os.Geteuid(), uidOf(t, c.PID()))
	}
	own, err := syscall.Getpgid(0)
	require.NoError(t, err)
	group, err := syscall.Getpgid(c.PID())
	require.NoError(t, err)
	require.NotEqual(t, own, group, "Ctrl-C would reach it")
	for _, path := range []string{dir, filepath.Join(dir, "run"), filepath.Join(dir, "data")} {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o700), info.Mode().Perm(), path)
	}
	for setting, want := range map[string]string{
		"listen_addresses": "", "fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "data_checksums": "on",
		"server_encoding": "UTF8", "shared_buffers": "64MB", "TimeZone": "UTC",
	} {
		assert.Equal(t, want, query[string](t, c.AdminURL(), "SELECT current_setting('"+setting+"')"), setting)
	}
	require.Equal(t, "ÄÖ", query[string](t, c.URL(), "SELECT upper('äö')"))
	require.False(t, query[bool](t, c.URL(), "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"))
	require.Equal(t, "turtus", query[string](t, c.URL(), "SELECT current_database()"))
	require.NoError(t, c.Err())
}

func TestSecondStartKeepsData(t *testing.T) {
	dir := newDataDir(t)
	c := start(t, cluster.Config{DataDir: dir})
	exec1(t, c.URL(), "CREATE TABLE kept AS SELECT 42 AS n")
	url := c.URL()
	stop(t, c)
	require.NoError(t, c.Err())

	c = start(t, cluster.Config{DataDir: dir})
	require.Equal(t, url, c.URL())
	require.Equal(t, 42, query[int](t, c.URL(), "SELECT n FROM kept"))
}

func TestStopEndsEverythingAndMayBeRepeated(t *testing.T) {
	c := start(t, cluster.Config{DataDir: newDataDir(t), Ephemeral: true})
	pid := c.PID()
	stop(t, c)
	require.False(t, alive(pid))
	require.Zero(t, c.PID())
	select {
	case <-c.Done():
	default:
		t.Fatal("not done")
	}
	stop(t, c)
}

func TestStopAtItsDeadlineDoesNotWait(t *testing.T) {
	dir := newDataDir(t)
	c := start(t, cluster.Config{DataDir: dir})
	exec1(t, c.URL(), "CREATE TABLE kept AS SELECT 42 AS n")
	pid := c.PID()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, c.Stop(ctx), context.Canceled)
	require.False(t, alive(pid))

	c = start(t, cluster.Config{DataDir: dir})
	require.Equal(t, 42, query[int](t, c.URL(), "SELECT n FROM kept"))
}

// messages collects a log.
type messages struct {
	mu   sync.Mutex
	text strings.Builder
}

func (m *messages) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.text.Write(p)
}

func (m *messages) contains(s string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return strings.Contains(m.text.String(), s)
}

func TestLogHoldsNothingThatAPersonWrote(t *testing.T) {
	log := &messages{}
	c := start(t, cluster.Config{DataDir: newDataDir(t), Ephemeral: true,
		Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	ctx := testContext(t)
	conn, err := pgx.Connect(ctx, c.URL())
	require.NoError(t, err)
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, "SELECT 'confidential'::int")
	require.Error(t, err)
	_, err = conn.Exec(ctx, "CREATE TABLE u (n text UNIQUE); INSERT INTO u VALUES ('confidential'), ('confidential')")
	require.Error(t, err)
	stop(t, c)
	require.True(t, log.contains("database system is shut down"))
	require.False(t, log.contains("confidential"))
}
