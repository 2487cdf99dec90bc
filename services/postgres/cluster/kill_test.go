package cluster_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"turtus/services/postgres/cluster"
)

// childVariable makes the test program start a cluster in the folder it names, say how that went, and wait.
const childVariable = "CLUSTER_TEST_CHILD"

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
	folder := openFolder(t)
	dir := filepath.Join(folder, "[postgres]")
	programs := filepath.Join(folder, "bin") // an initdb that does half of its work, and then hangs
	require.NoError(t, os.Mkdir(programs, 0o755))
	for name, script := range map[string]string{
		"postgres": "echo 'postgres (PostgreSQL) 17.0'",
		"initdb":   `while [ "$1" != --pgdata ]; do shift; done; mkdir "$2/base"; exec sleep 1000`,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(programs, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755))
	}
	made := func(inside string) bool {
		entries, _ := os.ReadDir(dir)
		return slices.ContainsFunc(entries, func(e os.DirEntry) bool {
			_, err := os.Stat(filepath.Join(dir, e.Name(), inside))
			return err == nil && strings.HasPrefix(e.Name(), "new-")
		})
	}
	ctx, cancel := context.WithCancel(context.Background())
	failed := make(chan error, 1)
	go func() {
		_, err := cluster.Start(ctx, cluster.Config{DataDir: dir, BinDir: programs})
		failed <- err
	}()
	require.Eventually(t, func() bool { return made("base") }, patience, time.Millisecond)
	cancel()
	require.ErrorIs(t, <-failed, context.Canceled)
	require.NoDirExists(t, filepath.Join(dir, "data"))

	// What kill -9 of the server leaves in the same place.
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "new-123", "base"), 0o700))
	start(t, cluster.Config{DataDir: dir, Ephemeral: true})
	require.False(t, made("."))
}
