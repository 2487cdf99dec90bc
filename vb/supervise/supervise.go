// Package supervise runs the child processes of a program that depend on one another: it starts them in the order of
// their needs, waits until each is ready, restarts what dies together with everything that needs it, and ends all of it
// in reverse order.
//
// The agent of a virtual browser calls it for D-Bus, Xvfb, PulseAudio, the window manager and Firefox (see package
// browser). What always holds:
//
//   - A process runs only while everything it needs is ready. When a need dies, the process is ended and started again
//     after it.
//   - When Run has returned, no process that a supervised one started is left, whatever session, process group or
//     environment it gave itself.
//   - When the supervising program is killed, the kernel ends the supervised processes (PR_SET_PDEATHSIG).
//
// The supervising program becomes a child subreaper (prctl(2)) and reaps the orphans it adopts. It recognises them as
// children in another session than its own, because it starts every process in a new session; so the waits of exec.Cmd
// elsewhere in the program are left alone. Code beside a Supervisor must not start children with Setsid.
//
// Linux only.
package supervise

import (
	"context"
	"log/slog"
	"os/exec"
	"time"
)

// Process describes one child process. Name and Command are required.
type Process struct {
	// Name is unique within a Supervisor. It stands in events, logs, errors and in other processes' Needs.
	Name string

	// Command returns a command for the next start. It is called once for every start and must return a new one each
	// time. The Supervisor sets its Stdout, Stderr and SysProcAttr, and closes its ExtraFiles once it has started or
	// failed to.
	Command func() (*exec.Cmd, error)

	// Ready returns nil once the process does its work, or an error when it never will. The context ends with the
	// process and after ReadyTimeout. A nil Ready means: ready as soon as it has started.
	Ready func(context.Context) error

	// ReadyTimeout bounds Ready; DefaultReadyTimeout when zero.
	ReadyTimeout time.Duration

	// Needs names the processes that must be ready before this one starts.
	Needs []string

	// Restart says how often the process may die. The zero value is a sensible policy.
	Restart RestartPolicy

	// Grace is the time between SIGTERM and SIGKILL; DefaultGrace when zero.
	Grace time.Duration
}

// Defaults of the fields of Process and RestartPolicy.
const (
	DefaultReadyTimeout  = 30 * time.Second
	DefaultGrace         = 3 * time.Second
	DefaultBackoff       = 200 * time.Millisecond
	DefaultMaxBackoff    = 5 * time.Second
	DefaultRestartLimit  = 5
	DefaultRestartWindow = time.Minute
	DefaultStartAttempts = 3
)

// RestartPolicy bounds how often a process that dies is started again. A process that is restarted because something it
// needs died does not use it up. Zero fields mean the defaults.
type RestartPolicy struct {
	Never         bool          // the first death is a failure
	ForgiveExit   bool          // ending with status 0 after having been ready does not count: somebody closed it
	Backoff       time.Duration // pause before the first restart, doubled by each further death within Window
	MaxBackoff    time.Duration // longest pause
	Limit         int           // deaths within Window that are forgiven; one more is a failure
	Window        time.Duration
	StartAttempts int // starts in a row that may end before the process was ready, the last of them a failure
}

// State is where a process is in its life.
type State string

// A process goes from Stopped by Starting to Ready. From there it goes to Restarting when it or something it needs
// dies, and from there to Starting again; to Failed when its RestartPolicy is used up; to Stopped when Run ends.
const (
	Stopped    State = "stopped"
	Starting   State = "starting"
	Ready      State = "ready"
	Restarting State = "restarting"
	Failed     State = "failed"
)

// Event is a change of a process's state.
type Event struct {
	Process string
	State   State
	// Err is why, with Restarting, with the Starting after it, and with Failed: a *ProcessError, or a *NeedError when it was
	// something it needs.
	Err      error
	Restarts int // how often the process was started again so far, for whatever reason
}

// Status is what is known of a process now.
type Status struct {
	Event
	PID   int       // zero when none runs
	Since time.Time // when the state was entered
}

// Options are what a Supervisor may be given beyond its processes.
type Options struct {
	// Logger gets changes of state, and the output of the processes at debug level, bounded in rate and length.
	// slog.Default() when nil.
	Logger *slog.Logger
}
