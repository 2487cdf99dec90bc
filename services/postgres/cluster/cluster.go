// Package cluster runs a private PostgreSQL for the embedded default: `turtus serve` with no TURTUS_DATABASE_URL.
//
// What always holds: PostgreSQL never runs as root; it listens on a Unix socket in a folder of mode 0700 and on no TCP port; it
// ends with the process that started it, also after kill -9 (Linux' parent-death signal); one process owns a data folder at a
// time; a start that is interrupted leaves nothing that the next start trips over. Commits are durable (fsync on).
package cluster

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"turtus/services/runas"
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
	// Ephemeral is for tests: nothing is synced to the disk, and nothing is promised after a crash or kill -9.
	Ephemeral bool
}

// Cluster is a running private PostgreSQL. It is safe for concurrent use.
type Cluster struct {
	cfg      Config
	account  runas.Account
	binaries binaries
	dir      string // real path of Config.DataDir
	data     string // PostgreSQL's own folder in it
	sockets  string
	outside  bool // sockets lies outside dir
	lock     *os.File

	current atomic.Pointer[postmaster]
	// stopping ends the watching goroutine, and hurry its patience with a slow shutdown.
	stopping context.Context
	stop     context.CancelFunc
	hurry    chan struct{}
	hurried  sync.Once
	done     chan struct{}
	err      error // valid once done is closed
}

// The two roles and the database of a cluster.
const (
	adminRole = "postgres"
	ownerRole = "turtus"
	database  = "turtus"
)

// Start makes the cluster on first use, starts PostgreSQL, and returns when a connection works.
//
// It returns *NotInstalledError, *InUseError, *DiskFullError or *PermissionError where one of these is the reason.
// The caller ends the cluster by Stop; ctx bounds the start only.
func Start(ctx context.Context, cfg Config) (*Cluster, error) {
	cfg.Log = cmp.Or(cfg.Log, slog.New(slog.DiscardHandler))
	cfg.StartTimeout = cmp.Or(cfg.StartTimeout, 2*time.Minute)
	cfg.RestartFor = cmp.Or(cfg.RestartFor, 10*time.Minute)
	c := &Cluster{cfg: cfg, hurry: make(chan struct{}), done: make(chan struct{})}
	if err := c.prepare(ctx); err != nil {
		c.release()
		return nil, err
	}
	p, err := c.launch(ctx)
	if err != nil {
		c.release()
		return nil, err
	}
	if err := c.ensureDatabase(ctx); err != nil {
		p.end(c.hurry)
		c.release()
		return nil, c.because(err, p)
	}
	c.stopping, c.stop = context.WithCancel(context.Background())
	go c.watch(p)
	return c, nil
}

// prepare does all that precedes a process: folder, lock, programs, data.
func (c *Cluster) prepare(ctx context.Context) error {
	var err error
	if c.account, err = chooseAccount(c.cfg.RunAs); err != nil {
		return err
	}
	if c.dir, err = prepareFolder(c.cfg.DataDir, c.account); err != nil {
		return err
	}
	if c.lock, err = takeLock(c.dir, c.account); err != nil {
		return err
	}
	c.data = filepath.Join(c.dir, dataName)
	major, err := dataVersion(c.dir)
	if err != nil {
		return explain(err, c.dir, c.account.Name)
	}
	if c.binaries, err = findBinaries(ctx, c.cfg.BinDir, major, c.dir, c.account); err != nil {
		return err
	}
	if c.sockets, c.outside, err = prepareSocketFolder(c.dir, c.account); err != nil {
		return err
	}
	if major != 0 {
		return nil
	}
	if c.account.Drop && c.account.Name == "nobody" && c.cfg.RunAs == "" {
		c.cfg.Log.Warn("there is no user postgres: PostgreSQL runs as nobody, whose other programs can read its data")
	}
	c.cfg.Log.Info("making a new PostgreSQL database", "folder", c.dir, "version", c.binaries.major, "user", c.account.Name)
	return makeData(ctx, c.binaries, c.dir, c.account, c.cfg.Ephemeral)
}

// release gives back what prepare took. PostgreSQL is gone by then.
func (c *Cluster) release() {
	if c.outside {
		_ = os.RemoveAll(c.sockets)
	}
	if c.lock != nil {
		c.lock.Close()
	}
}

// launch starts PostgreSQL once and returns when a connection works; where it fails, nothing is left running.
func (c *Cluster) launch(ctx context.Context) (*postmaster, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.cfg.StartTimeout,
		fmt.Errorf("PostgreSQL was not ready within %s", c.cfg.StartTimeout))
	defer cancel()
	if err := endLeftovers(ctx, c.data, c.sockets, c.cfg.Log); err != nil {
		return nil, err
	}
	p, err := startPostmaster(c.binaries, c.data, c.dir, c.sockets, c.account, c.cfg.Ephemeral, c.cfg.Log)
	if err != nil {
		return nil, err
	}
	if err := c.waitReady(ctx, p); err != nil {
		closed := make(chan struct{})
		close(closed)
		p.end(closed)
		return nil, err
	}
	c.current.Store(p)
	return p, nil
}

// readyPoll is how often a connection is tried while PostgreSQL starts.
const readyPoll = 20 * time.Millisecond

func (c *Cluster) waitReady(ctx context.Context, p *postmaster) error {
	tick := time.NewTicker(readyPoll)
	defer tick.Stop()
	for {
		conn, err := pgx.Connect(ctx, c.AdminURL())
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-p.exited:
			message, _ := p.out.failure()
			return c.because(fmt.Errorf("PostgreSQL did not start (%s): %s", p.state, message), p)
		case <-ctx.Done():
			return c.because(context.Cause(ctx), p)
		case <-tick.C:
		}
	}
}

// because prefers what PostgreSQL said about its disk to what came of it.
func (c *Cluster) because(err error, p *postmaster) error {
	if message, full := p.out.failure(); full {
		return &DiskFullError{Dir: c.dir, Detail: message}
	}
	return err
}

// ensureDatabase makes the owner and the database where they are missing: an earlier start may have been cut off between them.
func (c *Cluster) ensureDatabase(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, c.AdminURL())
	if err != nil {
		return fmt.Errorf("connect to the private PostgreSQL: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, step := range []struct{ exists, create string }{
		{"SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = '" + ownerRole + "')", "CREATE ROLE " + ownerRole + " LOGIN"},
		{"SELECT EXISTS (SELECT FROM pg_database WHERE datname = '" + database + "')", "CREATE DATABASE " + database + " OWNER " + ownerRole},
	} {
		var exists bool
		if err := conn.QueryRow(ctx, step.exists).Scan(&exists); err != nil {
			return fmt.Errorf("look into the private PostgreSQL: %w", err)
		}
		if exists {
			continue
		}
		if _, err := conn.Exec(ctx, step.create); err != nil {
			return fmt.Errorf("%s: %w", strings.ToLower(step.create), err)
		}
	}
	return nil
}

// watch owns the process: it starts it again when it dies and ends it when the cluster is stopped.
func (c *Cluster) watch(p *postmaster) {
	defer close(c.done)
	defer c.release()
	for {
		select {
		case <-c.stopping.Done():
			p.end(c.hurry)
			c.current.Store(nil)
			return
		case <-p.exited:
		}
		c.current.Store(nil)
		c.cfg.Log.Warn("PostgreSQL ended by itself; starting it again", "state", p.state.String())
		var err error
		if p, err = c.restart(); err != nil {
			if c.stopping.Err() == nil {
				c.err = fmt.Errorf("%w: %w", ErrGaveUp, err)
			}
			return
		}
		c.cfg.Log.Info("PostgreSQL is back")
	}
}

// Pauses between tries to restart.
const (
	firstPause = 100 * time.Millisecond
	maxPause   = 10 * time.Second
)

func (c *Cluster) restart() (*postmaster, error) {
	deadline := time.Now().Add(c.cfg.RestartFor)
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		p, err := c.launch(c.stopping)
		if err == nil {
			return p, nil
		}
		if c.stopping.Err() != nil || time.Now().Add(pause).After(deadline) {
			return nil, err
		}
		c.cfg.Log.Warn("PostgreSQL does not start; trying again", "error", err, "pause", pause)
		select {
		case <-time.After(pause):
		case <-c.stopping.Done():
			return nil, err
		}
	}
}

// URL to connect to the cluster's database, as its owner, who is no superuser. It stays the same over restarts.
func (c *Cluster) URL() string { return c.url(ownerRole, database) }

// AdminURL connects as the superuser: for tests and for backups.
func (c *Cluster) AdminURL() string { return c.url(adminRole, "postgres") }

func (c *Cluster) url(role, name string) string {
	query := url.Values{"host": {c.sockets}, "port": {"5432"}, "sslmode": {"disable"}}
	return (&url.URL{Scheme: "postgres", User: url.User(role), Host: "", Path: "/" + name, RawQuery: query.Encode()}).String()
}

// PID of the running postmaster; 0 while there is none.
func (c *Cluster) PID() int {
	if p := c.current.Load(); p != nil {
		return p.process.Pid
	}
	return 0
}

// Done is closed when PostgreSQL has ended for good: after Stop, or when restarting was given up.
func (c *Cluster) Done() <-chan struct{} { return c.done }

// Err is nil until Done is closed and after a clean Stop; else it says why (ErrGaveUp).
func (c *Cluster) Err() error {
	select {
	case <-c.done:
		return c.err
	default:
		return nil
	}
}

// Stop ends PostgreSQL: open transactions are rolled back and a checkpoint is written. At ctx's deadline it is ended without
// the checkpoint, and the next start recovers. It returns when the process is gone. Calling it again is harmless.
func (c *Cluster) Stop(ctx context.Context) error {
	c.stop()
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
	}
	c.hurried.Do(func() { close(c.hurry) })
	<-c.done
	return fmt.Errorf("PostgreSQL was ended without a checkpoint: %w", context.Cause(ctx))
}
