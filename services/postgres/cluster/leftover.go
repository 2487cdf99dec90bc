package cluster

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// How long processes left behind by a killed owner get: to shut down, and to shut down at once.
const (
	leftoverPatience = 20 * time.Second
	leftoverPoll     = 20 * time.Millisecond
)

// endLeftovers waits until no process of an earlier owner works on data, and ends those that stay. The caller holds the lock
// of the folder, so whoever started them is gone. A PostgreSQL that somebody else started on the data is left alone: *InUseError.
func endLeftovers(ctx context.Context, data, sockets string, log *slog.Logger) error {
	tick := time.NewTicker(leftoverPoll)
	defer tick.Stop()
	begin := time.Now()
	stage := 0
	for {
		pids := processesOn(data)
		if len(pids) == 0 {
			return dropStaleFiles(data, sockets)
		}
		if pid := postmasterPID(data); pid != 0 && !marked(pid) && worksOn(pid, data) {
			return &InUseError{Dir: data, PID: pid}
		}
		// Each stage once: a second SIGINT would do nothing more.
		waited := time.Since(begin)
		switch {
		case stage == 0:
			log.Info("a PostgreSQL of an earlier run is still there; waiting for its end", "processes", len(pids))
			signalAll(pids, syscall.SIGINT)
			stage = 1
		case stage == 1 && waited > leftoverPatience:
			signalAll(pids, syscall.SIGQUIT)
			stage = 2
		case stage == 2 && waited > leftoverPatience+quitTime:
			signalAll(pids, syscall.SIGKILL)
			stage = 3
		case stage == 3 && waited > leftoverPatience+2*quitTime:
			return fmt.Errorf("process %d of an earlier run cannot be ended", pids[0])
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for the PostgreSQL of an earlier run to end: %w", context.Cause(ctx))
		}
	}
}

// processesOn lists the processes that work on data: PostgreSQL's all have it as working folder.
func processesOn(data string) []int {
	var pids []int
	links, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && target == data {
			// Not the shell of an administrator who looks around in there.
			if comm, err := os.ReadFile(filepath.Join(filepath.Dir(link), "comm")); err != nil || string(comm) != "postgres\n" {
				continue
			}
			if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(link))); err == nil && pid != os.Getpid() {
				pids = append(pids, pid)
			}
		}
	}
	// Root without CAP_SYS_PTRACE, as in a container, may not read those links, but may read arguments.
	if pid := postmasterPID(data); len(pids) == 0 && pid != 0 && worksOn(pid, data) {
		pids = append(pids, pid)
	}
	return pids
}

// postmasterPID reads who says to be the postmaster of data, alive or not; 0 where nobody does.
func postmasterPID(data string) int {
	f, err := os.Open(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return 0
	}
	defer f.Close()
	line, _ := bufio.NewReader(f).ReadString('\n')
	pid, _ := strconv.Atoi(strings.TrimSpace(line))
	return max(pid, 0)
}

// worksOn says whether pid is a live postmaster on data, and not another program that got the id of a dead one.
func worksOn(pid int, data string) bool {
	if target, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid)); err == nil {
		return target == data
	}
	return hasArgument(pid, data)
}

// marked says whether this package started pid.
func marked(pid int) bool { return hasArgument(pid, mark) }

func hasArgument(pid int, argument string) bool {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return false
	}
	for a := range bytes.SplitSeq(line, []byte{0}) {
		if string(a) == argument {
			return true
		}
	}
	return false
}

// dropStaleFiles removes the marks of a dead postmaster. PostgreSQL deals with stale ones itself, except where the process id
// is that of another program by now, or of a process that ended and that nobody has waited for (in a container with no init).
func dropStaleFiles(data, sockets string) error {
	stale := []string{filepath.Join(sockets, socketFile), filepath.Join(sockets, socketFile+".lock")}
	// This one also leads PostgreSQL to shared memory that is still in use, so it stays where it does no harm.
	if pid := postmasterPID(data); pid != 0 && !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		stale = append(stale, filepath.Join(data, "postmaster.pid"))
	}
	for _, path := range stale {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove what a killed PostgreSQL left: %w", err)
		}
	}
	return nil
}

func signalAll(pids []int, s syscall.Signal) {
	for _, pid := range pids {
		_ = syscall.Kill(pid, s) // it may have ended meanwhile
	}
}
