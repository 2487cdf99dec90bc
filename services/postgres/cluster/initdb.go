package cluster

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"turtus/services/runas"
)

// smallServer is appended to postgresql.conf once, when the data is made: the administrator may change it there.
const smallServer = `
# Turtus: a small server for one machine that has other things to do.
shared_buffers = 64MB
max_connections = 100
maintenance_work_mem = 32MB
min_wal_size = 64MB
max_wal_size = 256MB
max_parallel_workers_per_gather = 0
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
`

// makeData makes PostgreSQL's data folder beside its place and moves it there when it is complete: one in its place is whole.
func makeData(ctx context.Context, b binaries, dir string, a runas.Account, ephemeral bool) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return explain(err, dir, a.Name)
	}
	for _, rest := range entries {
		if !strings.HasPrefix(rest.Name(), newPrefix) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, rest.Name())); err != nil {
			return fmt.Errorf("remove an unfinished data folder: %w", err)
		}
	}
	making, err := os.MkdirTemp(dir, newPrefix)
	if err != nil {
		return explain(err, dir, a.Name)
	}
	defer os.RemoveAll(making) // gone already where all went well
	if err := hand(making, a); err != nil {
		return err
	}
	if err := runInitdb(ctx, b, making, dir, a, ephemeral); err != nil {
		return err
	}
	if err := appendConfig(filepath.Join(making, "postgresql.conf")); err != nil {
		return explain(err, dir, a.Name)
	}
	if err := os.Rename(making, filepath.Join(dir, dataName)); err != nil {
		return explain(err, dir, a.Name)
	}
	return syncFolder(dir)
}

func runInitdb(ctx context.Context, b binaries, making, dir string, a runas.Account, ephemeral bool) error {
	args := []string{"--pgdata", making, "--username", adminRole, "--encoding", "UTF8", "--lc-messages", "C",
		"--auth-local", "trust", "--auth-host", "reject", "--data-checksums"}
	if ephemeral {
		args = append(args, "--no-sync")
	}
	out, err := outputAs(ctx, a, dir, b.initdb, append(args, "--locale", "C.UTF-8")...)
	if err != nil && bytes.Contains(out, []byte("invalid locale name")) {
		// A C library without C.UTF-8: upper and lower case are then known of ASCII only.
		out, err = outputAs(ctx, a, dir, b.initdb, append(args, "--locale", "C")...)
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("initdb: %w", context.Cause(ctx))
	case saysDiskFull(string(out)):
		return &DiskFullError{Dir: dir, Detail: "initdb needs about 50 MB"}
	}
	return fmt.Errorf("initdb: %w: %s", err, lastLines(string(out), 4))
}

func appendConfig(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.WriteString(smallServer); err != nil {
		return err
	}
	return f.Sync()
}

func lastLines(text string, n int) string {
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' })
	return strings.Join(lines[max(0, len(lines)-n):], "; ")
}
