package cluster

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
)

// ErrGaveUp says that PostgreSQL could not be started again for Config.RestartFor after it died. Err wraps the reason of the last try too.
var ErrGaveUp = errors.New("gave up restarting PostgreSQL")

// NotInstalledError says that there are no server binaries, or none of the version that the data needs.
type NotInstalledError struct {
	// Major is the version that the data folder was made by; 0 where any would do.
	Major int
	// Dir is the data folder; empty where there is none yet.
	Dir string
	// Looked lists the folders that were searched.
	Looked []string
}

// Package is the name of the Debian and Ubuntu package that brings what is missing.
func (e *NotInstalledError) Package() string {
	if e.Major == 0 {
		return "postgresql"
	}
	return fmt.Sprintf("postgresql-%d", e.Major)
}

// InUseError says that another process owns the folder.
type InUseError struct {
	Dir string
	// PID of the owner; 0 where it could not be read.
	PID int
}

// DiskFullError says that PostgreSQL has no space left to write to.
type DiskFullError struct {
	Dir string
	// Detail is what PostgreSQL or the system said.
	Detail string
}

// PermissionError says that the folder cannot be used by the user that PostgreSQL runs as.
type PermissionError struct {
	Path string
	// User that needs access.
	User string
	// Problem is what is wrong, and Remedy what to do.
	Problem, Remedy string
}

func (e *NotInstalledError) Error() string {
	looked := ""
	if len(e.Looked) > 0 {
		looked = " (looked in " + strings.Join(e.Looked, ", ") + ")"
	}
	if e.Major == 0 {
		return "PostgreSQL is not installed" + looked + ": apt install " + e.Package()
	}
	return fmt.Sprintf("the data in %s was made by PostgreSQL %d, which is not installed%s: apt install %s, or bring the data over with pg_upgrade",
		e.Dir, e.Major, looked, e.Package())
}

func (e *InUseError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("%s is in use by another process", e.Dir)
	}
	return fmt.Sprintf("%s is in use by process %d", e.Dir, e.PID)
}

func (e *DiskFullError) Error() string {
	if e.Detail == "" {
		return fmt.Sprintf("the disk of %s is full", e.Dir)
	}
	return fmt.Sprintf("the disk of %s is full: %s", e.Dir, e.Detail)
}

func (e *PermissionError) Error() string {
	text := fmt.Sprintf("PostgreSQL runs as user %s, who cannot use %s: %s", e.User, e.Path, e.Problem)
	if e.Remedy != "" {
		text += " (" + e.Remedy + ")"
	}
	return text
}

// explain turns what the system says about a path into the error that says what to do.
func explain(err error, path, user string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return &DiskFullError{Dir: path, Detail: err.Error()}
	case errors.Is(err, syscall.EROFS):
		return &PermissionError{Path: path, User: user, Problem: "the file system is read-only"}
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		return &PermissionError{Path: path, User: user, Problem: err.Error()}
	}
	return err
}

// saysDiskFull recognizes the C library's texts for ENOSPC and EDQUOT, and PostgreSQL's hint where only a part could be
// written; our children speak English (LC_ALL=C).
func saysDiskFull(text string) bool {
	for _, sign := range []string{"No space left on device", "Disk quota exceeded", "Check free disk space"} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}
