package cluster

import (
	"errors"
	"fmt"
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
