package supervise

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestKilledProcessComesBackWithEverythingThatNeedsIt(t *testing.T) {
	s := newSupervisor(t,
		shell("screen", "exec sleep 1000"),
		shell("window", "exec sleep 1000", "screen"),
		shell("page", "exec sleep 1000", "window"),
		shell("sound", "exec sleep 1000"))
	end := begin(t, s)
	waitReady(t, s)
	before := make(map[string]int)
	for _, p := range s.Status() {
		before[p.Process] = p.PID
	}
	events, cancel := s.Subscribe()
	defer cancel()
	if err := unix.Kill(before["screen"], unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "page runs again", func() bool { return status(s, "page").Restarts == 1 && status(s, "page").State == Ready })
	for _, p := range s.Status() {
		if same := p.PID == before[p.Process]; same != (p.Process == "sound") {
			t.Errorf("%s: same process is %v", p.Process, same)
		}
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	for event := range events {
		if event.State != Restarting && event.State != Starting {
			continue
		}
		var died *ProcessError
		var need *NeedError
		switch event.Process {
		case "screen":
			if !errors.As(event.Err, &died) || died.Error() != "screen ended with signal: killed" {
				t.Errorf("screen restarts because %v", event.Err)
			}
		default:
			if !errors.As(event.Err, &need) {
				t.Errorf("%s restarts because %v", event.Process, event.Err)
			}
		}
	}
}

func TestRestartPausesGrowAndAreForgottenAfterTheWindow(t *testing.T) {
	p := shell("dies", "exit 3")
	p.Restart = RestartPolicy{Backoff: 20 * time.Millisecond, MaxBackoff: 50 * time.Millisecond, Limit: 3, Window: time.Hour}
	var starts []time.Time
	command := p.Command
	p.Command = func() (*exec.Cmd, error) { starts = append(starts, time.Now()); return command() }
	s := newSupervisor(t, p)
	err := s.Run(t.Context())
	var died *ProcessError
	if !errors.As(err, &died) || died.Error() != "dies ended with exit status 3" {
		t.Fatalf("Run: %v", err)
	}
	if len(starts) != 4 {
		t.Fatalf("%d starts, want 4", len(starts))
	}
	for i, atLeast := range []time.Duration{20, 40, 50} {
		if pause := starts[i+1].Sub(starts[i]); pause < atLeast*time.Millisecond {
			t.Errorf("pause %d is %v", i+1, pause)
		}
	}
	if got := status(s, "dies"); got.State != Failed || got.Err == nil || got.PID != 0 {
		t.Errorf("status is %+v", got)
	}
}

func TestWhatIsForgivenIsWithoutLimit(t *testing.T) {
	for name, p := range map[string]Process{
		"deaths outside the window": restarting("exit 3", RestartPolicy{Backoff: 2 * time.Millisecond, Limit: 1, Window: time.Nanosecond}),
		"exits that are no failure": restarting("exit 0", RestartPolicy{Backoff: time.Millisecond, Limit: 1, ForgiveExit: true}),
	} {
		t.Run(name, func(t *testing.T) {
			var starts atomic.Int32
			command := p.Command
			p.Command = func() (*exec.Cmd, error) { starts.Add(1); return command() }
			s := newSupervisor(t, p)
			end := begin(t, s)
			eventually(t, "many starts", func() bool { return starts.Load() > 4 })
			if err := end(); err != nil {
				t.Error(err)
			}
		})
	}
}

func restarting(script string, policy RestartPolicy) Process {
	p := shell("closed", script)
	p.Restart = policy
	return p
}

func TestFailureNamesTheLastLinesOfTheOutput(t *testing.T) {
	p := shell("picture", `for i in $(seq 30); do echo line $i; done; echo "cannot open display" >&2; exit 1`)
	p.Restart = RestartPolicy{Never: true}
	other := shell("other", "exec sleep 1000")
	s := newSupervisor(t, p, other)
	err := s.Run(t.Context())
	var failed *ProcessError
	if !errors.As(err, &failed) {
		t.Fatalf("Run: %v", err)
	}
	if got, want := failed.Error(), "picture ended with exit status 1: cannot open display"; got != want {
		t.Errorf("error is %q, want %q", got, want)
	}
	if n := len(failed.LastLines); n != keptLines || failed.LastLines[0] != "line 12" {
		t.Errorf("%d lines from %q on", n, failed.LastLines[0])
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("no exit status in %v", err)
	}
	if got := status(s, "other"); got.State != Stopped {
		t.Errorf("other is %v", got.State)
	}
	if err := s.WaitReady(t.Context()); !errors.Is(err, failed) {
		t.Errorf("WaitReady: %v", err)
	}
}

func TestReadinessThatNeverComesIsAFailure(t *testing.T) {
	never := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	for name, c := range map[string]struct {
		script string
		ready  func(context.Context) error
		wait   time.Duration
		is     error
		text   string
	}{
		"time is out": {"echo busy; exec sleep 1000", never, 50 * time.Millisecond,
			ErrNotReady, "p did not become ready within 50ms: busy"},
		"says so": {"echo busy; exec sleep 1000", func(context.Context) error { return os.ErrPermission }, patience,
			os.ErrPermission, "p did not become ready: permission denied: busy"},
		"ends before": {"echo no screen; exit 7", never, patience,
			nil, "p ended with exit status 7: no screen"},
		"ends well before": {"echo done", never, patience,
			nil, "p ended with exit status 0: done"},
	} {
		t.Run(name, func(t *testing.T) {
			p := shell("p", c.script)
			p.Restart = RestartPolicy{Never: true}
			p.ReadyTimeout = c.wait
			p.Ready = c.ready
			err := newSupervisor(t, p).Run(t.Context())
			if err == nil || c.is != nil && !errors.Is(err, c.is) {
				t.Fatalf("Run: %v", err)
			}
			// On a slow machine it may be ended before it has printed anything.
			if got := err.Error(); got != c.text && got+": busy" != c.text {
				t.Errorf("error is %q, want %q", got, c.text)
			}
		})
	}
}

func TestStartsThatNeverGetReadyAreBounded(t *testing.T) {
	starts := 0
	p := Process{
		Name:    "p",
		Command: func() (*exec.Cmd, error) { starts++; return nil, os.ErrNotExist },
		Restart: RestartPolicy{Backoff: time.Millisecond, StartAttempts: 2},
	}
	err := newSupervisor(t, shell("other", "exec sleep 1000"), p).Run(t.Context())
	if !errors.Is(err, os.ErrNotExist) || starts != 2 {
		t.Errorf("after %d starts: %v", starts, err)
	}
}

func TestRestartOnRequestIsNotADeath(t *testing.T) {
	p := shell("p", "exec sleep 1000")
	p.Restart = RestartPolicy{Never: true}
	d := shell("d", "exec sleep 1000", "p")
	d.Restart = RestartPolicy{Never: true}
	s := newSupervisor(t, p, d)
	end := begin(t, s)
	waitReady(t, s)
	for i := 1; i < 4; i++ {
		if err := s.Restart("p"); err != nil {
			t.Fatal(err)
		}
		eventually(t, "both run again", func() bool {
			return status(s, "p").Restarts == i && status(s, "d").Restarts == i && status(s, "d").State == Ready
		})
	}
	if err := s.Restart("unknown"); err == nil {
		t.Error("an unknown process was restarted")
	}
	if err := end(); err != nil {
		t.Error(err)
	}
	if err := s.Restart("p"); !errors.Is(err, ErrEnded) {
		t.Errorf("after the end: %v", err)
	}
}
