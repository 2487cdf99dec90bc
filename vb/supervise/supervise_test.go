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
	"testing"
	"time"

	"go.uber.org/goleak"
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

func TestSlowSubscriberLosesTheOldestEvents(t *testing.T) {
	p := shell("p", "exit 1")
	p.Restart = RestartPolicy{Backoff: time.Nanosecond, MaxBackoff: time.Nanosecond, Limit: 60, Window: time.Hour}
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
