package doctor

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// machine is Linux, with the limits of the control group (v2) that the process is in, as in a container.
type machine struct{}

func (machine) Memory() (total, available uint64, err error) {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		name, rest, _ := strings.Cut(lines.Text(), ":")
		kib, _ := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
		switch name {
		case "MemTotal":
			total = kib << 10
		case "MemAvailable":
			available = kib << 10
		}
	}
	if total == 0 {
		return 0, 0, fmt.Errorf("/proc/meminfo says nothing of it")
	}
	if limit, ok := groupNumber("memory.max"); ok && limit < total {
		// Of what a group uses, files that were read can be given back.
		used, _ := groupNumber("memory.current")
		total, available = limit, min(available, limit-min(limit, used)+groupCache())
	}
	return total, available, lines.Err()
}

// group is the folder of the process's control group; in a container that is the root of what is mounted.
func group(file string) (string, bool) {
	if text, err := os.ReadFile("/proc/self/cgroup"); err == nil {
		for line := range strings.Lines(string(text)) {
			if path, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
				text, err := os.ReadFile(filepath.Join("/sys/fs/cgroup", path, file))
				if err == nil {
					return strings.TrimSpace(string(text)), true
				}
			}
		}
	}
	text, err := os.ReadFile(filepath.Join("/sys/fs/cgroup", file))
	return strings.TrimSpace(string(text)), err == nil
}

// groupNumber is false also for "max", which is no limit.
func groupNumber(file string) (uint64, bool) {
	text, _ := group(file)
	n, err := strconv.ParseUint(text, 10, 64)
	return n, err == nil
}

func groupCache() uint64 {
	text, _ := group("memory.stat")
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), "inactive_file "); ok {
			n, _ := strconv.ParseUint(value, 10, 64)
			return n
		}
	}
	return 0
}

func (machine) Processors() float64 {
	cores := float64(runtime.NumCPU())
	text, _ := group("cpu.max")
	if quota, period, ok := strings.Cut(text, " "); ok {
		q, err1 := strconv.ParseFloat(quota, 64)
		p, err2 := strconv.ParseFloat(period, 64)
		if err1 == nil && err2 == nil && p > 0 {
			return min(cores, q/p)
		}
	}
	return cores
}

func (machine) Load() (float64, error) {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0, fmt.Errorf("/proc/loadavg says %q", text)
	}
	return strconv.ParseFloat(fields[1], 64)
}

func (machine) Disk(path string) (free, total uint64, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return 0, 0, err
	}
	return s.Bavail * uint64(s.Bsize), s.Blocks * uint64(s.Bsize), nil
}

func (machine) Files() (uint64, error) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, err
	}
	return limit.Cur, nil // Go has raised it to the hard one
}

// ClockKept asks adjtimex(2), which changes nothing when its modes are 0.
func (machine) ClockKept() (bool, error) {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	if err != nil {
		return false, err
	}
	return state != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0, nil
}
