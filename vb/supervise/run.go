package supervise

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// exitBeforeBlame is how long a process whose Ready has failed may take to end by itself: how it ended then says more
// than that it was not ready.
const exitBeforeBlame = 200 * time.Millisecond

// run is one life of a process, from its start to its end and that of everything it has started.
type run struct {
	process *process
	cmd     *exec.Cmd
	mark    string
	stop    chan struct{} // closed by the supervisor's loop to end it

	output     output
	outputRead chan struct{}
	outputFrom *os.File
}

// startRun starts a command. It is called on the supervisor's own thread, see Run. The caller then owns the run and
// must call its watch.
func startRun(p *process, mark string, logger *slog.Logger) (*run, error) {
	cmd, err := p.Command()
	if err != nil {
		return nil, err
	}
	defer func() {
		for _, f := range cmd.ExtraFiles {
			f.Close()
		}
	}()
	from, to, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer to.Close()
	cmd.Stdout, cmd.Stderr = to, to
	cmd.Env = append(cmd.Environ(), markVariable+"="+mark)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	if err := startChild(cmd); err != nil {
		from.Close()
		return nil, err
	}
	return &run{
		process:    p,
		cmd:        cmd,
		mark:       mark,
		stop:       make(chan struct{}),
		output:     output{logger: logger.With("process", p.Name, "pid", cmd.Process.Pid)},
		outputRead: make(chan struct{}),
		outputFrom: from,
	}, nil
}

// watch looks after the run until nothing of it is left, and returns how it ended. It calls ready once when it is.
func (r *run) watch(ready func()) *ProcessError {
	go func() {
		defer close(r.outputRead)
		r.output.read(r.outputFrom)
	}()
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		awaitExit(r.cmd.Process.Pid)
	}()

	ctx, cancel := context.WithCancel(context.Background())
	readiness := make(chan error, 1)
	readinessDone := r.process.Ready == nil
	if readinessDone {
		ready()
	} else {
		go func() { readiness <- r.awaitReady(ctx) }()
	}

	var notReady error
	stop := r.stop
	var forgiven, kill <-chan time.Time
	terminate := func() {
		_ = r.cmd.Process.Signal(unix.SIGTERM)
		kill = time.After(r.process.Grace)
		stop, forgiven = nil, nil
	}
	for ended := false; !ended; {
		select {
		case <-exited:
			ended = true
		case err := <-readiness:
			readinessDone = true
			if err == nil {
				ready()
			} else if notReady = err; kill == nil {
				forgiven = time.After(exitBeforeBlame)
			}
		case <-forgiven:
			terminate()
		case <-stop:
			terminate()
		case <-kill:
			_ = unix.Kill(-r.cmd.Process.Pid, unix.SIGKILL)
			kill = nil
		}
	}
	blameReadiness := notReady != nil && forgiven == nil
	cancel()
	if !readinessDone {
		<-readiness
	}

	left := endSession(r.cmd.Process.Pid, r.mark)
	err := waitChild(r.cmd)
	// Whoever might still write is dead; what is in the pipe is read to its end.
	_ = r.outputFrom.SetReadDeadline(time.Now().Add(time.Second))
	<-r.outputRead
	r.outputFrom.Close()

	switch {
	case blameReadiness:
		err = notReady
	case err == nil:
		err = errors.New("ended with exit status 0")
	default:
		err = fmt.Errorf("ended with %w", err)
	}
	if left > 0 {
		err = fmt.Errorf("%w (%d %w)", err, left, ErrLeftBehind)
	}
	return &ProcessError{Process: r.process.Name, Err: err, LastLines: r.output.last}
}

func (r *run) awaitReady(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, r.process.ReadyTimeout)
	defer cancel()
	err := r.process.Ready(limited)
	switch {
	case err == nil:
		return nil
	case errors.Is(limited.Err(), context.DeadlineExceeded):
		return fmt.Errorf("%w within %v", ErrNotReady, r.process.ReadyTimeout)
	default:
		return fmt.Errorf("%w: %w", ErrNotReady, err)
	}
}
