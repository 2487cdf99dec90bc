package cluster

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"time"

	"turtus/services/runas"
)

// binaries is an installed PostgreSQL.
type binaries struct {
	postgres, initdb string
	major            int
}

var versionText = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// findBinaries returns the newest PostgreSQL there is, or the one of version major where that is not 0. It tries the program
// as account a with dir as working folder, and so also finds out whether a may use both.
func findBinaries(ctx context.Context, binDir string, major int, dir string, a runas.Account) (binaries, error) {
	folders := candidateFolders(binDir)
	for _, folder := range folders {
		b := binaries{postgres: filepath.Join(folder, "postgres"), initdb: filepath.Join(folder, "initdb")}
		if !executable(b.postgres) || !executable(b.initdb) {
			continue
		}
		out, err := outputAs(ctx, a, dir, b.postgres, "--version")
		if err != nil {
			return binaries{}, cannotRun(err, b.postgres, dir, a)
		}
		match := versionText.FindSubmatch(out)
		if match == nil {
			continue
		}
		if b.major, err = strconv.Atoi(string(match[1])); err != nil {
			continue
		}
		if major == 0 || b.major == major {
			return b, nil
		}
	}
	e := &NotInstalledError{Major: major, Looked: folders}
	if major != 0 {
		e.Dir = dir
	}
	return binaries{}, e
}

// candidateFolders lists where PostgreSQL may be, best first.
func candidateFolders(binDir string) []string {
	if binDir != "" {
		return []string{binDir}
	}
	folders, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	version := func(folder string) float64 {
		v, _ := strconv.ParseFloat(filepath.Base(filepath.Dir(folder)), 64)
		return v
	}
	slices.SortFunc(folders, func(x, y string) int { return int(10 * (version(y) - version(x))) })
	if path, err := exec.LookPath("postgres"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			path = real
		}
		folders = append(folders, filepath.Dir(path))
	}
	return folders
}

func executable(path string) bool {
	_, err := exec.LookPath(path)
	return err == nil
}

// outputAs runs a short command as a in dir and returns what it wrote. It dies with this process.
func outputAs(ctx context.Context, a runas.Account, dir, name string, args ...string) ([]byte, error) {
	// The death signal is tied to the thread that forks.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = environment()
	cmd.SysProcAttr = attributes(a, syscall.SIGKILL)
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // initdb has children
	cmd.WaitDelay = time.Second
	return cmd.CombinedOutput()
}

// cannotRun says why program did not start as a in dir.
func cannotRun(err error, program, dir string, a runas.Account) error {
	if a.Drop && errors.Is(err, syscall.EPERM) {
		return fmt.Errorf("cannot switch to user %s: %w (CAP_SETUID and CAP_SETGID are missing)", a.Name, err)
	}
	if !errors.Is(err, syscall.EACCES) {
		return fmt.Errorf("run %s: %w", program, err)
	}
	for _, path := range []string{dir, program} {
		if closed := a.ClosedParent(path); closed != "" {
			return &PermissionError{Path: path, User: a.Name, Problem: closed + " is closed to that user",
				Remedy: "choose another folder, or chmod o+x " + closed}
		}
	}
	return explain(err, program, a.Name)
}
