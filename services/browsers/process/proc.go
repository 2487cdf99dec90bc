package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// bootID tells one boot of the machine from another: ticks count from it.
var bootID = sync.OnceValue(func() string {
	text, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(text))
})

// status is what /proc/<pid>/stat says (proc_pid_stat(5)).
type status struct {
	state   byte
	parent  int
	session int
	ticks   uint64 // when it was started, since boot
	busy    uint64 // processor time of itself and of its ended children, in ticks
}

func statusOf(pid int) (status, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return status{}, err
	}
	// The name in brackets may hold anything, brackets too.
	_, rest, found := bytes.Cut(text[max(0, bytes.LastIndexByte(text, ')')):], []byte(") "))
	fields := bytes.Fields(rest)
	if !found || len(fields) < 20 {
		return status{}, fmt.Errorf("/proc/%d/stat is not understood", pid)
	}
	s := status{state: fields[0][0]}
	for _, f := range []struct {
		to *int
		at int
	}{{&s.parent, 1}, {&s.session, 3}} {
		if *f.to, err = strconv.Atoi(string(fields[f.at])); err != nil {
			return status{}, fmt.Errorf("/proc/%d/stat: %w", pid, err)
		}
	}
	for _, at := range []int{11, 12, 13, 14} { // utime, stime, cutime, cstime
		n, err := strconv.ParseInt(string(fields[at]), 10, 64) // the children's are signed
		if err != nil {
			return status{}, fmt.Errorf("/proc/%d/stat: %w", pid, err)
		}
		s.busy += uint64(max(0, n))
	}
	if s.ticks, err = strconv.ParseUint(string(fields[19]), 10, 64); err != nil {
		return status{}, fmt.Errorf("/proc/%d/stat: %w", pid, err)
	}
	return s, nil
}

// dead: a zombie holds nothing but its number.
func (s status) dead() bool { return s.state == 'Z' || s.state == 'X' }

// belongsTo says whether a process has home in its environment, or where that may not be read, in its arguments. An agent gives its
// home to all that it starts.
func belongsTo(pid int, home string) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err == nil && len(text) > 0 {
		return bytes.Contains(text, []byte(home))
	}
	if err != nil && !errors.Is(err, os.ErrPermission) {
		return false
	}
	text, err = os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return err == nil && bytes.Contains(text, []byte(home))
}

// family lists the living processes of a browser, by id and when they were started: those with its home, those in the session of
// its leader, and all that these started. leader is 0 where its id may be another's by now.
func family(home string, leader int) map[int]uint64 {
	entries, _ := filepath.Glob("/proc/[0-9]*")
	all := make(map[int]status, len(entries))
	members := make(map[int]uint64)
	for _, entry := range entries {
		pid, err := strconv.Atoi(filepath.Base(entry))
		if err != nil || pid == os.Getpid() {
			continue
		}
		s, err := statusOf(pid)
		if err != nil || s.dead() {
			continue
		}
		all[pid] = s
		if (leader != 0 && (pid == leader || s.session == leader)) || belongsTo(pid, home) {
			members[pid] = s.ticks
		}
	}
	for grown := true; grown; {
		grown = false
		for pid, s := range all {
			_, known := members[pid]
			if _, child := members[s.parent]; child && !known {
				members[pid], grown = s.ticks, true
			}
		}
	}
	return members
}

// killPoll is how often the remains of a family are looked for, killTime how long the kernel may take to end them.
const (
	killPoll = 10 * time.Millisecond
	killTime = 10 * time.Second
)

// endFamily kills all processes of a browser and returns when none is left. leader as in family.
func endFamily(ctx context.Context, home string, leader int) error {
	ctx, cancel := context.WithTimeout(ctx, killTime)
	defer cancel()
	tick := time.NewTicker(killPoll)
	defer tick.Stop()
	for {
		members := family(home, leader)
		if len(members) == 0 {
			return nil
		}
		for pid, ticks := range members {
			if fd, err := openProcess(pid, ticks, bootID()); err == nil { // else it has ended meanwhile
				_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
				_ = unix.Close(fd)
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%d processes stay: %w", len(members), context.Cause(ctx))
		}
	}
}

// openProcess takes a hold of the process that has this id and was started then; another one with a recycled id is an error. The
// hold stays with that process whatever becomes of its id (pidfd_open(2)).
func openProcess(pid int, ticks uint64, boot string) (fd int, err error) {
	if boot != bootID() {
		return -1, unix.ESRCH
	}
	fd, err = unix.PidfdOpen(pid, 0)
	if err != nil {
		return -1, err
	}
	s, err := statusOf(pid)
	if err == nil && (s.ticks != ticks || s.dead()) {
		err = unix.ESRCH
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}
