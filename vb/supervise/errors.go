package supervise

import (
	"errors"
	"fmt"
)

var (
	// ErrNotReady is in the ProcessError of a process whose Ready did not return within ReadyTimeout.
	ErrNotReady = errors.New("did not become ready")

	// ErrEnded is returned by calls that need a Supervisor that still runs.
	ErrEnded = errors.New("supervisor has ended")

	// ErrLeftBehind is in the error of Run when a process could not be killed.
	ErrLeftBehind = errors.New("processes left behind")
)

// ProcessError says how a process ended or why it never became ready.
type ProcessError struct {
	Process   string
	Err       error    // has *exec.ExitError, ErrNotReady or the error of Command or Ready in it
	LastLines []string // last lines of its output, oldest first, at most 20
}

// Error reads like "firefox ended with exit status 1: cannot open display".
func (e *ProcessError) Error() string {
	s := fmt.Sprintf("%s %v", e.Process, e.Err)
	if n := len(e.LastLines); n > 0 {
		s += ": " + e.LastLines[n-1]
	}
	return s
}

func (e *ProcessError) Unwrap() error { return e.Err }

// NeedError says that a process is restarted because one that it needs is not ready any more.
type NeedError struct{ Process, Need string }

func (e *NeedError) Error() string { return fmt.Sprintf("%s needs %s", e.Process, e.Need) }
