package supervise

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds the waits of the tests; only a failing test ever takes that long.
const patience = 30 * time.Second

// eventually polls until the condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// shell makes a process of a script for sh(1).
func shell(name, script string, needs ...string) Process {
	return Process{
		Name:    name,
		Command: func() (*exec.Cmd, error) { return exec.Command("sh", "-c", script), nil },
		Needs:   needs,
		Restart: RestartPolicy{Backoff: time.Millisecond},
		Grace:   patience,
	}
}

// readyWhenWritten makes a process ready once a file is there that its script writes.
func readyWhenWritten(p Process, path string) Process {
	p.Ready = func(ctx context.Context) error {
		for {
			if content, _ := os.ReadFile(path); bytes.HasSuffix(content, []byte("\n")) {
				return nil
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(5 * time.Millisecond):
			}
		}
	}
	return p
}

func quiet() Options { return Options{Logger: slog.New(slog.DiscardHandler)} }

func newSupervisor(t *testing.T, processes ...Process) *Supervisor {
	t.Helper()
	s, err := New(processes, quiet())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// begin runs a supervisor until the test ends; the returned function closes it and gives Run's error.
func begin(t *testing.T, s *Supervisor) (end func() error) {
	t.Helper()
	result := make(chan error, 1)
	go func() { result <- s.Run(context.Background()) }()
	var once sync.Once
	var err error
	end = func() error {
		once.Do(func() { s.Close(); err = <-result })
		return err
	}
	t.Cleanup(func() { end() })
	return end
}

func waitReady(t *testing.T, s *Supervisor) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.WaitReady(ctx); err != nil {
		t.Fatalf("WaitReady: %v; %+v", err, s.Status())
	}
}

func status(s *Supervisor, name string) Status {
	list := s.Status()
	return list[slices.IndexFunc(list, func(p Status) bool { return p.Process == name })]
}

func alive(pid int) bool {
	p, err := readProc(pid)
	return err == nil && !p.zombie
}

func readPID(t *testing.T, path string) (pid int) {
	t.Helper()
	eventually(t, path+" has a number", func() bool {
		content, _ := os.ReadFile(path)
		pid, _ = strconv.Atoi(strings.TrimSpace(string(content)))
		return pid != 0 && bytes.HasSuffix(content, []byte("\n"))
	})
	return pid
}

func states(events <-chan Event) (list []string) {
	for e := range events {
		list = append(list, e.Process+" "+string(e.State))
	}
	return list
}

func TestProcessesStartInOrderOfNeedsAndEndInReverse(t *testing.T) {
	record := filepath.Join(t.TempDir(), "record")
	script := func(name string) string {
		return fmt.Sprintf(`trap 'echo -%[1]s >>%[2]s; exit' TERM; echo +%[1]s >>%[2]s; while :; do sleep 0.01; done`, name, record)
	}
	written := func(name string) func(context.Context) error {
		return func(ctx context.Context) error {
			for ctx.Err() == nil {
				if content, _ := os.ReadFile(record); strings.Contains(string(content), "+"+name+"\n") {
					return nil
				}
				time.Sleep(5 * time.Millisecond)
			}
			return ctx.Err()
		}
	}
	var processes []Process
	for _, p := range []Process{shell("c", script("c"), "b"), shell("a", script("a")), shell("b", script("b"), "a")} {
		p.Ready = written(p.Name)
		processes = append(processes, p)
	}
	s := newSupervisor(t, processes...)
	events, cancel := s.Subscribe()
	defer cancel()
	end := begin(t, s)
	waitReady(t, s)
	if err := end(); err != nil {
		t.Fatal(err)
	}
	content, _ := os.ReadFile(record)
	if got, want := strings.Fields(string(content)), []string{"+a", "+b", "+c", "-c", "-b", "-a"}; !slices.Equal(got, want) {
		t.Errorf("order is %v, want %v", got, want)
	}
	want := []string{"a starting", "a ready", "b starting", "b ready", "c starting", "c ready", "c stopped", "b stopped", "a stopped"}
	if got := states(events); !slices.Equal(got, want) {
		t.Errorf("events are %v, want %v", got, want)
	}
}

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
		if event.State != Restarting {
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
	p.Restart = RestartPolicy{Backoff: 20 * time.Millisecond, MaxBackoff: 50 * time.Millisecond, Limit: 3}
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

func TestDeathsOutsideTheWindowAreForgiven(t *testing.T) {
	var starts atomic.Int32
	p := shell("dies", "exit 3")
	p.Restart = RestartPolicy{Backoff: 2 * time.Millisecond, Limit: 1, Window: time.Nanosecond}
	command := p.Command
	p.Command = func() (*exec.Cmd, error) { starts.Add(1); return command() }
	s := newSupervisor(t, p)
	end := begin(t, s)
	eventually(t, "many starts", func() bool { return starts.Load() > 4 })
	if err := end(); err != nil {
		t.Error(err)
	}
}

func TestExitsThatAreForgivenAreWithoutLimit(t *testing.T) {
	var starts atomic.Int32
	p := shell("closed", "exit 0")
	p.Restart = RestartPolicy{Backoff: time.Millisecond, Limit: 1, ForgiveExit: true}
	command := p.Command
	p.Command = func() (*exec.Cmd, error) { starts.Add(1); return command() }
	s := newSupervisor(t, p)
	end := begin(t, s)
	eventually(t, "many starts", func() bool { return starts.Load() > 4 })
	if err := end(); err != nil {
		t.Error(err)
	}
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

func TestNothingIsLeftWhateverTheProcessesDid(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	// Four ways to get away: a child, one in a session of its own, an orphan in one, and an orphan that dropped its
	// environment too. All of them ignore SIGTERM.
	script := fmt.Sprintf(`trap '' TERM
sh -c 'echo $$ >%s; exec sleep 1000' &
setsid sh -c 'echo $$ >%s; sleep 1000; :' &
(setsid sh -c 'echo $$ >%s; sleep 1000; :' &)
(env -i setsid sh -c 'echo $$ >%s; sleep 1000; :' &)
trap 'exit 0' TERM
echo ready >%s
while :; do sleep 0.01; done`, file("child"), file("session"), file("orphan"), file("bare"), file("ready"))
	s := newSupervisor(t, readyWhenWritten(shell("p", script), file("ready")))
	end := begin(t, s)
	waitReady(t, s)
	pids := map[string]int{"p": status(s, "p").PID}
	for _, name := range []string{"child", "session", "orphan", "bare"} {
		pids[name] = readPID(t, file(name))
	}
	all, err := listProcs()
	if err != nil {
		t.Fatal(err)
	}
	tree := withDescendants(all, map[int]proc{pids["p"]: {}, pids["orphan"]: {}, pids["bare"]: {}})
	if err := end(); err != nil {
		t.Fatal(err)
	}
	for name, pid := range pids {
		if _, err := readProc(pid); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
	for pid := range tree {
		if alive(pid) {
			t.Errorf("%d is still there", pid)
		}
	}
}

func TestDeadProcessLeavesNothingToItsSuccessor(t *testing.T) {
	dir := t.TempDir()
	pids := filepath.Join(dir, "pids")
	ready := filepath.Join(dir, "ready")
	p := readyWhenWritten(shell("p", fmt.Sprintf(`setsid sh -c 'echo $$ >>%s; echo >%s; sleep 1000; :' & exec sleep 1000`, pids, ready)), ready)
	s := newSupervisor(t, p)
	begin(t, s)
	waitReady(t, s)
	first := readPID(t, pids)
	if err := unix.Kill(status(s, "p").PID, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "p runs again", func() bool { return status(s, "p").Restarts == 1 && status(s, "p").State == Ready })
	if alive(first) {
		t.Error("a child of the first run is still there")
	}
}

func TestGraceEndsWithKill(t *testing.T) {
	ready := filepath.Join(t.TempDir(), "ready")
	p := readyWhenWritten(shell("p", fmt.Sprintf(`trap '' TERM; echo >%s; while :; do sleep 0.01; done`, ready)), ready)
	p.Grace = 10 * time.Millisecond
	s := newSupervisor(t, p)
	end := begin(t, s)
	waitReady(t, s)
	pid := status(s, "p").PID
	if err := end(); err != nil || alive(pid) {
		t.Errorf("alive %v, %v", alive(pid), err)
	}
}

func TestOrphansAreReaped(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	s := newSupervisor(t, shell("p", fmt.Sprintf(
		`(setsid sh -c 'echo $$ >%s; while [ ! -e %s ]; do sleep 0.01; done' &); exec sleep 1000`, file("pid"), file("go"))))
	begin(t, s)
	waitReady(t, s)
	pid := readPID(t, file("pid"))
	eventually(t, "adopted", func() bool { p, err := readProc(pid); return err == nil && p.parent == os.Getpid() })
	if err := os.WriteFile(file("go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "reaped", func() bool { _, err := readProc(pid); return err != nil })
}

func TestCommandsElsewhereKeepTheirWaits(t *testing.T) {
	s := newSupervisor(t, shell("p", "while :; do sleep 0.001 & (setsid sleep 0.001 &); wait; done"))
	begin(t, s)
	waitReady(t, s)
	for range 30 {
		cmd := exec.Command("sh", "-c", "exit 5")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "ended", func() bool { return !alive(cmd.Process.Pid) })
		var exit *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 5 {
			t.Fatalf("Wait: %v", err)
		}
	}
}

func TestTwoSupervisorsLeaveEachOtherAlone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	first := newSupervisor(t, shell("p", fmt.Sprintf(`(setsid sh -c 'echo $$ >%s; exec sleep 1000' &); exec sleep 1000`, file)))
	second := newSupervisor(t, shell("p", "exec sleep 1000"))
	endFirst, endSecond := begin(t, first), begin(t, second)
	waitReady(t, first)
	waitReady(t, second)
	orphan := readPID(t, file)
	if err := endSecond(); err != nil {
		t.Fatal(err)
	}
	if !alive(orphan) {
		t.Error("the second has ended the first's")
	}
	if err := endFirst(); err != nil || alive(orphan) {
		t.Errorf("alive %v, %v", alive(orphan), err)
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

func TestSupervisedProcessesDieWithTheSupervisingProgram(t *testing.T) {
	const variable = "SUPERVISE_TEST_PIDS"
	if path := os.Getenv(variable); path != "" { // the program that is killed
		s := newSupervisor(t, shell("p", fmt.Sprintf("echo $$ >%s; exec sleep 1000", path)))
		_ = s.Run(context.Background())
		return
	}
	path := filepath.Join(t.TempDir(), "pid")
	program := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	program.Env = append(os.Environ(), variable+"="+path)
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	pid := readPID(t, path)
	if err := program.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = program.Wait()
	eventually(t, "the process is dead", func() bool { return !alive(pid) })
}

func TestSlowSubscriberLosesTheOldestEvents(t *testing.T) {
	p := shell("p", "exit 1")
	p.Restart = RestartPolicy{Backoff: time.Nanosecond, MaxBackoff: time.Nanosecond, Limit: 60}
	s := newSupervisor(t, p)
	events, cancel := s.Subscribe()
	defer cancel()
	if err := s.Run(t.Context()); err == nil {
		t.Fatal("no failure")
	}
	var last Event
	n := 0
	for last = range events {
		n++
	}
	if n != subscriberBuffer || last.State != Failed || last.Restarts != 60 {
		t.Errorf("%d events, the last %+v", n, last)
	}
	late, cancelLate := s.Subscribe()
	defer cancelLate()
	if _, open := <-late; open {
		t.Error("events after the end")
	}
}

func TestClosedSupervisorStartsNothing(t *testing.T) {
	s := newSupervisor(t, Process{Name: "p", Command: func() (*exec.Cmd, error) {
		t.Error("started")
		return nil, os.ErrInvalid
	}})
	s.Close()
	if err := s.Run(t.Context()); err != nil {
		t.Error(err)
	}
	if err := s.Run(t.Context()); err == nil {
		t.Error("ran twice")
	}
	if err := s.WaitReady(t.Context()); !errors.Is(err, ErrEnded) {
		t.Errorf("WaitReady: %v", err)
	}
	s.Close()
}

func TestNewRefusesWhatCannotRun(t *testing.T) {
	for name, processes := range map[string][]Process{
		"no name":    {shell("", "")},
		"no command": {{Name: "p"}},
		"twice":      {shell("p", ""), shell("p", "")},
		"unknown":    {shell("p", "", "q")},
		"circle":     {shell("p", "", "q"), shell("q", "", "p")},
		"itself":     {shell("p", "", "p")},
	} {
		if _, err := New(processes, quiet()); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestLoggedOutputIsBounded(t *testing.T) {
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	o := output{logger: logger}
	long := strings.Repeat("x", 3*maxLine)
	o.read(strings.NewReader("first\n" + long + "\n\n" + strings.Repeat("again\n", 1000) + "\xffend"))
	if n := strings.Count(log.String(), "msg=output line="); n < lineBurst || n > 500 {
		t.Errorf("%d lines were logged", n)
	}
	if !strings.Contains(log.String(), "too fast to log") {
		t.Error("the loss is not told")
	}
	if last := o.last[len(o.last)-1]; last != "�end" {
		t.Errorf("last line is %q", last)
	}
	if strings.Contains(log.String(), long[:maxLine+1]) {
		t.Error("a line is too long")
	}
}
