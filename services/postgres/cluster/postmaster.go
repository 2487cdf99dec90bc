package cluster

import (
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"turtus/services/runas"
)

// mark stands in the arguments of each postmaster that this package starts, so that one left behind is known again.
const mark = "cluster_name=turtus"

// postmaster is a running PostgreSQL: its first process, the parent of all others.
type postmaster struct {
	process *os.Process
	out     *serverLog
	// exited is closed when the process has been waited for; then state says how it ended.
	exited chan struct{}
	state  *os.ProcessState
}

// startPostmaster starts PostgreSQL on the data in dir. It is sent SIGINT, its fast shutdown, when this process dies.
func startPostmaster(b binaries, data, dir, sockets string, a runas.Account, ephemeral bool, log *slog.Logger) (*postmaster, error) {
	p := &postmaster{out: &serverLog{log: log, dir: dir}, exited: make(chan struct{})}
	cmd := exec.Command(b.postgres, postmasterArgs(data, sockets, ephemeral)...)
	cmd.Dir = data
	cmd.Env = environment()
	cmd.SysProcAttr = attributes(a, syscall.SIGINT)
	cmd.Stderr = p.out
	// Children of a killed postmaster hold its standard error a moment longer.
	cmd.WaitDelay = time.Second

	started := make(chan error)
	go func() {
		// The kernel sends the death signal when the forking thread ends: it has to live as long as the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		p.process = cmd.Process
		started <- err
		if err != nil {
			return
		}
		_ = cmd.Wait() // state says it better
		p.state = cmd.ProcessState
		close(p.exited)
	}()
	if err := <-started; err != nil {
		return nil, cannotRun(err, b.postgres, data, a)
	}
	return p, nil
}

// postmasterArgs holds what must be so whatever postgresql.conf says.
func postmasterArgs(data, sockets string, ephemeral bool) []string {
	settings := []string{
		mark,
		"listen_addresses=",
		"port=5432",
		`unix_socket_directories="` + strings.ReplaceAll(sockets, `"`, `""`) + `"`,
		"unix_socket_permissions=0700",
		"logging_collector=off",
		"log_destination=stderr",
		"log_line_prefix=" + linePrefix,
		"log_min_messages=warning",
		// Neither statements nor details are logged: they hold what people write.
		"log_error_verbosity=terse",
		"log_min_error_statement=panic",
		"log_statement=none",
	}
	if ephemeral {
		settings = append(settings, "fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")
	} else {
		settings = append(settings, "fsync=on")
	}
	args := []string{"-D", data}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	return args
}

// end stops the process: fast at first, with no checkpoint when hurry is closed, by force in the end. It returns when it is gone.
func (p *postmaster) end(hurry <-chan struct{}) {
	_ = p.process.Signal(syscall.SIGINT) // an error means that it has ended
	select {
	case <-p.exited:
		return
	case <-hurry:
	}
	_ = p.process.Signal(syscall.SIGQUIT)
	timer := time.NewTimer(quitTime)
	defer timer.Stop()
	select {
	case <-p.exited:
		return
	case <-timer.C:
	}
	_ = p.process.Kill()
	<-p.exited
}

// quitTime is how long an immediate shutdown may take.
const quitTime = 5 * time.Second
