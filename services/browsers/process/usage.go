package process

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/google/uuid"

	"turtus/services/browsers"
)

var _ browsers.Meter = (*Launcher)(nil)

// tick is the unit of processor time in /proc: USER_HZ, which is 100 on every machine that Linux runs on today (proc_pid_stat(5)).
const tick = 10 * time.Millisecond

// Usage implements browsers.Meter, by the processes of each browser's family.
func (l *Launcher) Usage(ctx context.Context) (map[uuid.UUID]browsers.Usage, error) {
	l.mu.Lock()
	alive := make([]*proc, 0, len(l.procs))
	for _, p := range l.procs {
		if p != nil {
			alive = append(alive, p)
		}
	}
	l.mu.Unlock()
	all := make(map[uuid.UUID]browsers.Usage, len(alive))
	for _, p := range alive {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("measure the browsers: %w", context.Cause(ctx))
		}
		u := browsers.Usage{At: time.Now()}
		for pid := range family(p.home, p.PID) {
			s, err := statusOf(pid)
			if err != nil || s.dead() { // it has ended meanwhile
				continue
			}
			u.CPU += time.Duration(s.busy) * tick
			u.Memory += memoryOf(pid)
		}
		if u.Memory > 0 {
			all[p.Run] = u
		}
	}
	return all, nil
}

// memoryOf is a process's share of what it uses together with others (Pss of proc_pid_smaps(5)); where that may not be read, what it has in
// memory but for what is of files and shared.
func memoryOf(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err == nil {
		for line := range bytes.Lines(text) {
			if value, found := bytes.CutPrefix(line, []byte("Pss:")); found {
				kib, _ := strconv.ParseInt(string(bytes.TrimSuffix(bytes.TrimSpace(value), []byte(" kB"))), 10, 53)
				return kib << 10
			}
		}
	}
	text, err = os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	fields := bytes.Fields(text)
	if err != nil || len(fields) < 3 {
		return 0
	}
	resident, _ := strconv.ParseInt(string(fields[1]), 10, 53)
	shared, _ := strconv.ParseInt(string(fields[2]), 10, 53)
	return max(0, resident-shared) * int64(os.Getpagesize())
}
