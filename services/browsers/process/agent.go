package process

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"turtus/services/browsers"
)

// proc is an agent's process, a child of this process or taken back from a server before.
type proc struct {
	record
	home string
	// cmd is nil for one that was taken back.
	cmd *exec.Cmd
	log *tail
	// gone is closed when nothing of the browser is left.
	gone chan struct{}

	mu sync.Mutex
	fd int // pidfd; -1 once the process has been waited for
}

// spawn starts an agent and writes its record.
func (l *Launcher) spawn(program, home string, spec browsers.Spec, port uint16) (*proc, error) {
	// A file and no pipe: an agent must not die of a server that is gone when it says something.
	out, err := os.OpenFile(l.folder.logOf(spec.Run), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the agent's log: %w", err)
	}
	defer out.Close()
	cmd := exec.Command(program)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = home, l.environment(home, spec, port), out, out
	cmd.SysProcAttr = attributes(l.account)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("run %s: %w", program, err)
	}
	p := &proc{
		record: record{Run: spec.Run, PID: cmd.Process.Pid, Boot: bootID(), Port: port, StartedAt: time.Now().UTC()},
		home:   home, cmd: cmd, gone: make(chan struct{}), log: l.tail(spec.Run, 0),
	}
	// It is our child and not waited for, so the id is its own.
	s, err := statusOf(p.PID)
	if err == nil {
		p.Ticks = s.ticks
		p.fd, err = unix.PidfdOpen(p.PID, 0)
	}
	if err == nil {
		err = l.folder.writeRecord(p.record)
	}
	if err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return nil, err
	}
	return p, nil
}

// takeBack returns the agent of a record if it lives.
func (l *Launcher) takeBack(r record) *proc {
	fd, err := openProcess(r.PID, r.Ticks, r.Boot)
	if err != nil {
		return nil
	}
	return &proc{record: r, home: l.folder.home(r.Run), fd: fd, gone: make(chan struct{}), log: l.tail(r.Run, -1)}
}

func (p *proc) running() browsers.Running {
	return browsers.Running{Handle: browsers.Handle(p.Run.String()), Run: p.Run, StartedAt: p.StartedAt}
}

// terminate asks the agent to end, kill makes it.
func (p *proc) terminate() error { return p.signal(unix.SIGTERM) }
func (p *proc) kill() error      { return p.signal(unix.SIGKILL) }

func (p *proc) signal(s unix.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fd < 0 {
		return nil
	}
	if err := unix.PidfdSendSignal(p.fd, s, nil, 0); err != nil && err != unix.ESRCH {
		return err
	}
	return nil
}

// watch owns an agent: it waits for its end, ends all that it started, clears its files away and tells of it.
func (l *Launcher) watch(p *proc) {
	defer l.working.Done()
	if !l.await(p) {
		return // the launcher is closed, the browser goes on
	}
	// As long as a child of ours is not waited for, its id is no other's, so its session can be named.
	leader := 0
	if p.cmd != nil {
		leader = p.PID
	}
	if err := endFamily(context.Background(), p.home, leader); err != nil {
		l.o.Log.Error("processes of an ended browser stay", "browser", p.Run.String(), "error", err)
	}
	how, killed := "its agent ended", false
	if p.cmd != nil {
		_ = p.cmd.Wait() // its state says how it ended
		how = "its agent ended with " + p.cmd.ProcessState.String()
		killed = !p.cmd.ProcessState.Exited() // then it had no say in it
	}
	p.mu.Lock()
	_ = unix.Close(p.fd)
	p.fd = -1
	p.mu.Unlock()
	p.log.read()
	if last := p.log.lastWords(); last != "" && !killed {
		how = last
	}
	if err := l.folder.remove(p.Run); err != nil {
		l.o.Log.Warn("files of an ended browser stay", "browser", p.Run.String(), "error", err)
	}
	l.forget(p.Run)
	close(p.gone)
	select {
	case l.events <- browsers.Event{Handle: browsers.Handle(p.Run.String()), Run: p.Run, Detail: how}:
	case <-l.closing:
	}
}

// await reads the agent's log until it has ended, or the launcher is closed: then it returns false.
func (l *Launcher) await(p *proc) bool {
	for {
		p.log.read()
		select {
		case <-l.closing:
			return false
		default:
		}
		fds := []unix.PollFd{{Fd: int32(p.fd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, int(l.o.Poll.Milliseconds()))
		if err != nil && err != unix.EINTR {
			l.o.Log.Error("an agent cannot be waited for", "browser", p.Run.String(), "error", err)
			return false
		}
		if n > 0 {
			return true
		}
	}
}
