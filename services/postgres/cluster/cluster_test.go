package cluster_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"turtus/services/postgres/cluster"
)

// childVariable makes the test program start a cluster in the folder it names, say how that went, and wait.
const childVariable = "CLUSTER_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childVariable); dir != "" {
		childMain(dir)
	}
	goleak.VerifyTestMain(m)
}

func childMain(dir string) {
	c, err := cluster.Start(context.Background(), cluster.Config{DataDir: dir})
	if err != nil {
		fmt.Printf("%T %v\n", err, err)
		os.Exit(1)
	}
	fmt.Printf("running %d %s\n", c.PID(), c.URL())
	_, _ = io.ReadAll(os.Stdin)
	_ = c.Stop(context.Background())
	os.Exit(0)
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

func TestKilledPostgresComesBackAndThePoolReconnects(t *testing.T) {
	ctx := testContext(t)
	c := start(t, cluster.Config{DataDir: newDataDir(t)})
	pool, err := pgxpool.New(ctx, c.URL())
	require.NoError(t, err)
	defer pool.Close()
	_, err = pool.Exec(ctx, "CREATE TABLE kept AS SELECT 42 AS n")
	require.NoError(t, err)

	for range 2 {
		pid := c.PID()
		require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
		require.Eventually(t, func() bool {
			var n int
			return c.PID() != pid && c.PID() != 0 && pool.QueryRow(ctx, "SELECT n FROM kept").Scan(&n) == nil && n == 42
		}, patience, 20*time.Millisecond)
	}
	require.NoError(t, c.Err())
}

func TestGivesUpWhenPostgresCannotComeBack(t *testing.T) {
	dir := newDataDir(t)
	c := start(t, cluster.Config{DataDir: dir, RestartFor: 300 * time.Millisecond, Ephemeral: true})
	require.NoError(t, os.Remove(filepath.Join(dir, "data", "PG_VERSION")))
	require.NoError(t, syscall.Kill(c.PID(), syscall.SIGKILL))
	select {
	case <-c.Done():
	case <-time.After(patience):
		t.Fatal("never gave up")
	}
	require.ErrorIs(t, c.Err(), cluster.ErrGaveUp)
	require.ErrorContains(t, c.Err(), "not a valid data directory")
	stop(t, c)
}

// child is the test program run again as the owner of a cluster.
type child struct {
	*exec.Cmd
	stdin  io.Closer
	answer string
}

// startChild runs a child as uid and returns when its cluster runs or has failed to.
func startChild(t *testing.T, dir string, uid int) *child {
	t.Helper()
	// Another user may not enter the folder of the test program.
	program := filepath.Join(openFolder(t), "cluster.test")
	require.NoError(t, copyFile(os.Args[0], program))
	ch := &child{Cmd: exec.Command(program)}
	ch.Env = append(os.Environ(), childVariable+"="+dir)
	if uid != os.Geteuid() {
		ch.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
		ch.Dir = "/"
	}
	var err error
	ch.stdin, err = ch.StdinPipe()
	require.NoError(t, err)
	out, err := ch.StdoutPipe()
	require.NoError(t, err)
	ch.Stderr = os.Stderr
	require.NoError(t, ch.Start())
	t.Cleanup(func() { ch.stdin.Close(); _ = ch.Wait() })
	ch.answer, err = bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	return ch
}

func (ch *child) postmaster(t *testing.T) int {
	t.Helper()
	fields := strings.Fields(ch.answer)
	require.Equal(t, "running", fields[0], ch.answer)
	pid, err := strconv.Atoi(fields[1])
	require.NoError(t, err)
	return pid
}

func (ch *child) url(t *testing.T) string {
	t.Helper()
	ch.postmaster(t)
	return strings.Fields(ch.answer)[2]
}

func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o755)
}

func TestPostgresEndsWithItsKilledOwnerAndStartsAgain(t *testing.T) {
	dir := newDataDir(t)
	ch := startChild(t, dir, os.Geteuid())
	pid := ch.postmaster(t)
	exec1(t, ch.url(t), "CREATE TABLE kept AS SELECT 42 AS n")
	require.NoError(t, ch.Process.Kill())
	_ = ch.Wait()

	// At once, while the old one may still be shutting down.
	c := start(t, cluster.Config{DataDir: dir})
	require.False(t, alive(pid))
	require.Equal(t, 42, query[int](t, c.URL(), "SELECT n FROM kept"))
}

func TestPostgresEndsWithItsKilledOwnerThoughNobodyStartsAgain(t *testing.T) {
	ch := startChild(t, newDataDir(t), os.Geteuid())
	pid := ch.postmaster(t)
	require.NoError(t, ch.Process.Kill())
	_ = ch.Wait()
	require.Eventually(t, func() bool { return !alive(pid) }, patience, 10*time.Millisecond)
}

func TestStartsAfterOwnerAndPostgresWereKilledTogether(t *testing.T) {
	dir := newDataDir(t)
	ch := startChild(t, dir, os.Geteuid())
	exec1(t, ch.url(t), "CREATE TABLE kept AS SELECT 42 AS n")
	require.NoError(t, syscall.Kill(ch.Process.Pid, syscall.SIGSTOP)) // so that it does not restart it in between
	require.NoError(t, syscall.Kill(ch.postmaster(t), syscall.SIGKILL))
	require.NoError(t, ch.Process.Kill())
	_ = ch.Wait()
	require.FileExists(t, filepath.Join(dir, "data", "postmaster.pid"))

	c := start(t, cluster.Config{DataDir: dir})
	require.Equal(t, 42, query[int](t, c.URL(), "SELECT n FROM kept"))
}

func TestStalePIDFileOfAReusedProcessIDDoesNotMatter(t *testing.T) {
	dir := newDataDir(t)
	c := start(t, cluster.Config{DataDir: dir})
	uid := uidOf(t, c.PID())
	file := filepath.Join(dir, "data", "postmaster.pid")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	lines := strings.SplitAfter(string(text), "\n")
	stop(t, c)

	// A live program of the same user, which PostgreSQL would take for a rival.
	rival := exec.Command("sleep", "1000")
	if uid != os.Geteuid() {
		rival.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	}
	require.NoError(t, rival.Start())
	defer func() { _ = rival.Process.Kill(); _ = rival.Wait() }()
	lines[0] = fmt.Sprintln(rival.Process.Pid)
	require.NoError(t, os.WriteFile(file, []byte(strings.Join(lines, "")), 0o600))
	require.NoError(t, os.Chown(file, uid, -1))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "run", ".s.PGSQL.5432.lock"), []byte(strings.Join(lines[:5], "")), 0o600))

	start(t, cluster.Config{DataDir: dir})
	require.True(t, alive(rival.Process.Pid))
}

func TestAnAdministratorsPostgresOnTheDataIsLeftAlone(t *testing.T) {
	dir := newDataDir(t)
	c := start(t, cluster.Config{DataDir: dir, Ephemeral: true})
	uid := uidOf(t, c.PID())
	program, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", c.PID()))
	require.NoError(t, err)
	stop(t, c)

	manual := exec.Command(program, "-D", filepath.Join(dir, "data"), "-c", "listen_addresses=", "-c", "unix_socket_directories="+filepath.Join(dir, "run"))
	manual.Dir = "/"
	if uid != os.Geteuid() {
		manual.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	}
	require.NoError(t, manual.Start())
	defer func() { _ = manual.Process.Signal(syscall.SIGINT); _ = manual.Wait() }()
	require.Eventually(t, func() bool {
		conn, err := pgx.Connect(context.Background(), c.URL())
		return err == nil && conn.Close(context.Background()) == nil
	}, patience, 20*time.Millisecond)

	_, err = cluster.Start(testContext(t), cluster.Config{DataDir: dir})
	var used *cluster.InUseError
	require.ErrorAs(t, err, &used)
	require.Equal(t, manual.Process.Pid, used.PID)
}

func TestInterruptedFirstStartIsDoneAgain(t *testing.T) {
	dir := newDataDir(t)
	ctx, cancel := context.WithCancel(context.Background())
	failed := make(chan error, 1)
	go func() {
		_, err := cluster.Start(ctx, cluster.Config{DataDir: dir})
		failed <- err
	}()
	require.Eventually(t, func() bool { // initdb is at work
		half, _ := filepath.Glob(filepath.Join(dir, "new-*", "base"))
		return len(half) == 1
	}, patience, time.Millisecond)
	cancel()
	require.ErrorIs(t, <-failed, context.Canceled)
	require.NoDirExists(t, filepath.Join(dir, "data"))

	// What kill -9 of the server leaves in the same place.
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "new-123", "base"), 0o700))
	start(t, cluster.Config{DataDir: dir, Ephemeral: true})
	rest, err := filepath.Glob(filepath.Join(dir, "new-*"))
	require.NoError(t, err)
	require.Empty(t, rest)
}

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
