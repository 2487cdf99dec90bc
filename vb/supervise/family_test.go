package supervise

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

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
