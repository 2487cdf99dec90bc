package supervise

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// proc is one process as /proc/<pid>/stat tells it (proc_pid_stat(5)).
type proc struct {
	pid, parent, session int
	zombie               bool
	started              uint64 // in clock ticks since boot; with pid it names a process for ever
}

// listProcs returns all processes that can be seen.
func listProcs() ([]proc, error) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	procs := make([]proc, 0, len(names))
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if p, err := readProc(pid); err == nil {
			procs = append(procs, p)
		}
	}
	return procs, nil
}

func readProc(pid int) (proc, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return proc{}, err
	}
	// The program's name stands in parentheses and may have any bytes in it; the fields after it are counted from 3.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 20 {
		return proc{}, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields))
	}
	p := proc{pid: pid, zombie: fields[0] == "Z" || fields[0] == "X"}
	p.parent, _ = strconv.Atoi(fields[1])
	p.session, _ = strconv.Atoi(fields[3])
	p.started, _ = strconv.ParseUint(fields[19], 10, 64)
	return p, nil
}

// environ returns the value of a variable in the environment that a process was started with, empty when it has none or
// may not be read.
func (p proc) environ(name string) string {
	all, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", p.pid))
	if err != nil {
		return ""
	}
	for _, variable := range bytes.Split(all, []byte{0}) {
		if value, found := bytes.CutPrefix(variable, []byte(name+"=")); found {
			return string(value)
		}
	}
	return ""
}

// kill sends SIGKILL to this very process, never to a later one with the same number.
func (p proc) kill() {
	fd, err := unix.PidfdOpen(p.pid, 0)
	if err == unix.ESRCH {
		return
	}
	if err == nil {
		defer unix.Close(fd)
	}
	if now, failed := readProc(p.pid); failed != nil || now.started != p.started {
		return
	}
	if err == nil {
		err = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
	}
	if err != nil && err != unix.ESRCH {
		_ = unix.Kill(p.pid, unix.SIGKILL) // pidfds may be refused by a seccomp profile
	}
}

// withDescendants adds to the chosen ones the children of theirs, and those of these.
func withDescendants(all []proc, chosen map[int]proc) map[int]proc {
	children := make(map[int][]proc)
	for _, p := range all {
		children[p.parent] = append(children[p.parent], p)
	}
	var queue []int
	for pid := range chosen {
		queue = append(queue, pid)
	}
	for len(queue) > 0 {
		pid := queue[0]
		queue = queue[1:]
		for _, child := range children[pid] {
			if _, known := chosen[child.pid]; !known {
				chosen[child.pid] = child
				queue = append(queue, child.pid)
			}
		}
	}
	return chosen
}
