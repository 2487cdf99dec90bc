package supervise

import (
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// markVariable is set for every supervised process to "<supervisor>/<start>" and inherited by what it starts, so that
// an orphan whose parent is gone can still be told to belong to it.
const markVariable = "TURTUS_SUPERVISED_BY"

// killDeadline bounds how long the kernel may take to end what got SIGKILL.
const killDeadline = 5 * time.Second

// family is what this process knows of its children, over all supervisors in it: a child in another session than ours
// is supervised (then its exec.Cmd waits for it) or an adopted orphan (then we do). The lock is held while a child is
// started, so that it is never seen before it is known.
var family = struct {
	sync.Mutex
	supervised  map[int]*exec.Cmd
	supervisors map[*Supervisor]bool
}{supervised: make(map[int]*exec.Cmd), supervisors: make(map[*Supervisor]bool)}

func joinFamily(s *Supervisor) error {
	family.Lock()
	defer family.Unlock()
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return os.NewSyscallError("prctl", err)
	}
	family.supervisors[s] = true
	return nil
}

func leaveFamily(s *Supervisor) {
	family.Lock()
	defer family.Unlock()
	delete(family.supervisors, s)
}

// startChild starts a command. The calling goroutine is locked to a thread that must outlive the child.
func startChild(cmd *exec.Cmd) error {
	family.Lock()
	defer family.Unlock()
	if err := cmd.Start(); err != nil {
		return err
	}
	family.supervised[cmd.Process.Pid] = cmd
	return nil
}

// waitChild reaps a command that has ended.
func waitChild(cmd *exec.Cmd) error {
	err := cmd.Wait()
	family.Lock()
	defer family.Unlock()
	if family.supervised[cmd.Process.Pid] == cmd {
		delete(family.supervised, cmd.Process.Pid)
	}
	return err
}

// awaitExit blocks until a child has ended, and leaves it for waitChild: as long as it is a zombie, its number names
// its session and nothing else.
func awaitExit(pid int) {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if err != unix.EINTR {
			return
		}
	}
}

// orphans returns those processes that this one has adopted. The caller holds the lock.
func orphans(all []proc) []proc {
	self := os.Getpid()
	ownSession, _ := unix.Getsid(0)
	var adopted []proc
	for _, p := range all {
		if p.parent == self && p.session != ownSession && family.supervised[p.pid] == nil {
			adopted = append(adopted, p)
		}
	}
	return adopted
}

// reapOrphans reaps adopted orphans as they end, until stop is closed.
func reapOrphans(stop <-chan struct{}) {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, unix.SIGCHLD)
	defer signal.Stop(ended)
	for {
		select {
		case <-stop:
			return
		case <-ended:
			family.Lock()
			if all, err := listProcs(); err == nil {
				reap(orphans(all))
			}
			family.Unlock()
		}
	}
}

func reap(adopted []proc) {
	for _, p := range adopted {
		if p.zombie {
			_, _ = unix.Wait4(p.pid, nil, unix.WNOHANG, nil)
		}
	}
}

// endSession ends what a supervised process has left: everything in its session, and orphans with its mark with all
// that they started. The process itself has ended but is not reaped. It returns the number of processes that would not go.
func endSession(leader int, mark string) int {
	return end(func(all, adopted []proc) map[int]proc {
		chosen := make(map[int]proc)
		for _, p := range all {
			if p.session == leader && p.pid != leader {
				chosen[p.pid] = p
			}
		}
		for _, p := range adopted {
			if !p.zombie && p.environ(markVariable) == mark {
				chosen[p.pid] = p
			}
		}
		return chosen
	})
}

// endOrphans ends all orphans of a supervisor that has no supervised process any more: those with its mark, and, when
// no other supervisor is there, those without any. It returns the number of processes that would not go.
func endOrphans(s *Supervisor) int {
	return end(func(_, adopted []proc) map[int]proc {
		alone := len(family.supervisors) == 1 && family.supervisors[s]
		chosen := make(map[int]proc)
		for _, p := range adopted {
			owner, _, marked := strings.Cut(p.environ(markVariable), "/")
			if owner == s.id || alone && !marked {
				chosen[p.pid] = p
			}
		}
		return chosen
	})
}

// end kills the chosen processes and their descendants, and looks again until there are none.
func end(choose func(all, adopted []proc) map[int]proc) int {
	self := os.Getpid()
	deadline := time.Now().Add(killDeadline)
	killed := make(map[int]proc)
	pause := time.Millisecond
	for {
		family.Lock()
		all, err := listProcs()
		if err != nil {
			family.Unlock()
			return 0
		}
		chosen := choose(all, orphans(all))
		for _, p := range all {
			if before, known := killed[p.pid]; known && before.started == p.started && family.supervised[p.pid] == nil {
				chosen[p.pid] = p
			}
		}
		left := 0
		for _, p := range withDescendants(all, chosen) {
			switch {
			case !p.zombie:
				killed[p.pid] = p
				p.kill()
				left++
			case p.parent == self:
				_, _ = unix.Wait4(p.pid, nil, unix.WNOHANG, nil)
				left++
			} // Other zombies are their parents' to reap, or ours once these are gone.
		}
		family.Unlock()
		if left == 0 || time.Now().After(deadline) {
			return left
		}
		time.Sleep(pause)
		pause = min(2*pause, 50*time.Millisecond)
	}
}
