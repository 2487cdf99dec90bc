// Package cluster runs a private PostgreSQL for the embedded default: `turtus serve` with no TURTUS_DATABASE_URL.
//
// What always holds: PostgreSQL never runs as root; it listens on a Unix socket in a folder of mode 0700 and on no TCP port; it
// ends with the process that started it, also after kill -9 (Linux' parent-death signal); one process owns a data folder at a
// time; a start that is interrupted leaves nothing that the next start trips over. Commits are durable (fsync on).
package cluster

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// Config of a cluster. DataDir is required.
type Config struct {
	// DataDir is the cluster's own folder, made where it does not exist. As root it is handed to RunAs.
	DataDir string
	// BinDir holds postgres and initdb. Empty means the newest of /usr/lib/postgresql/*/bin, then PATH; with existing data,
	// the one of the data's version.
	BinDir string
	// RunAs is the user to run PostgreSQL as when this process is root; empty means postgres, else nobody. Anything but empty
	// or the own name is refused when this process is not root.
	RunAs string
	// Log gets what PostgreSQL says: problems of the server as warnings, the rest as debug. Nil discards it.
	Log *slog.Logger
	// StartTimeout bounds the time until the first connection works, recovery after a crash included; 0 means 2 minutes.
	StartTimeout time.Duration
	// RestartFor is how long a PostgreSQL that died is started again before giving up; 0 means 10 minutes.
	RestartFor time.Duration
	// Ephemeral is for tests: no fsync, so nothing is promised after a crash of the machine.
	Ephemeral bool
}

// Cluster is a running private PostgreSQL. It is safe for concurrent use.
type Cluster struct{}

// Start makes the cluster on first use, starts PostgreSQL, and returns when a connection works.
//
// It returns *NotInstalledError, *InUseError, *DiskFullError or *PermissionError where one of these is the reason.
// The caller ends the cluster by Stop; ctx bounds the start only.
func Start(ctx context.Context, cfg Config) (*Cluster, error) { return nil, errors.ErrUnsupported }

// URL to connect to the cluster's database, as its owner, who is no superuser. It stays the same over restarts.
func (c *Cluster) URL() string { return "" }

// AdminURL connects as the superuser: for tests and for backups.
func (c *Cluster) AdminURL() string { return "" }

// PID of the running postmaster; 0 while there is none.
func (c *Cluster) PID() int { return 0 }

// Done is closed when PostgreSQL has ended for good: after Stop, or when restarting was given up.
func (c *Cluster) Done() <-chan struct{} { return nil }

// Err is nil until Done is closed and after a clean Stop; else it says why (ErrGaveUp).
func (c *Cluster) Err() error { return nil }

// Stop ends PostgreSQL: open transactions are rolled back and a checkpoint is written. At ctx's deadline it is ended without
// the checkpoint, and the next start recovers. It returns when the process is gone. Calling it again is harmless.
func (c *Cluster) Stop(ctx context.Context) error { return nil }
