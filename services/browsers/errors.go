package browsers

import "errors"

var (
	// ErrNotRunning is a Launcher's answer for a browser that is not there.
	ErrNotRunning = errors.New("the browser is not running")
	// ErrRunEnded refuses the agent of a run that has ended.
	ErrRunEnded = errors.New("the run of the browser has ended")
)
