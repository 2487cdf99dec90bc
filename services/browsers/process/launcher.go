// Package process is a browsers.Launcher on local processes: each browser is a turtus-agent with a home of its own. There is no
// isolation between browsers or from the machine but the user they run as; that is for containers.
//
// What always holds: no browser runs as root; a token stands in no argument and in no file; when an agent has ended, in whatever
// way, all its processes are ended and its home is removed; a browser that outlives the server is known to the next one by a run file,
// which names the agent's process and when that was started, so that another process with a recycled id is never touched.
package process

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/google/uuid"

	"turtus/services/browsers"
	"turtus/services/runas"
	"turtus/services/wire"
)

// Options of a Launcher. Agent, Dir and SignalServer are needed.
type Options struct {
	// Agent is the path of the program turtus-agent.
	Agent string
	// Dir keeps homes and run files, made where it does not exist. Where the browsers' user cannot reach it, the homes are
	// elsewhere, under /var/lib/turtus.
	Dir string
	// RunAs is the user that browsers run as when this process is root; empty means turtus-browser, else nobody.
	RunAs string
	// SignalServer is the address of the hub, ws://127.0.0.1:8080/api/v1/ws.
	SignalServer string
	// MinPort and MaxPort bound the UDP ports of the browsers' media; zeros mean any.
	MinPort, MaxPort uint16
	// MediaTCP opens the ports of that range over TCP too.
	MediaTCP bool
	// Environ is the server's environment: of it, agents get the path, the language, the time zone and TURTUS_VB_*. Nil means os.Environ.
	Environ []string
	// Verbosity is what agents log.
	Verbosity slog.Level
	Log       *slog.Logger
	// Poll is how often the agents' logs are read; 200 ms when 0.
	Poll time.Duration
}

// Launcher implements browsers.Launcher. Make it by New, end it by Close.
type Launcher struct {
	o       Options
	account runas.Account
	folder  folder
	events  chan browsers.Event

	closing chan struct{}
	working sync.WaitGroup

	mu     sync.Mutex
	closed bool
	// procs are the browsers that live or whose remains are being ended. A nil one is being started.
	procs map[uuid.UUID]*proc
	ports map[uint16]uuid.UUID
}

var errClosed = errors.New("the launcher is closed")

var _ browsers.Launcher = (*Launcher)(nil)

// New prepares the folders, takes back the browsers that live, and ends the remains of those that don't.
func New(ctx context.Context, o Options) (*Launcher, error) {
	o.Poll = cmp.Or(o.Poll, 200*time.Millisecond)
	if o.Environ == nil {
		o.Environ = os.Environ()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	a, err := chooseAccount(o.RunAs)
	if err != nil {
		return nil, err
	}
	f, err := prepareFolder(o.Dir, a)
	if err != nil {
		return nil, err
	}
	l := &Launcher{
		o: o, account: a, folder: f, events: make(chan browsers.Event, 64), closing: make(chan struct{}),
		procs: make(map[uuid.UUID]*proc), ports: make(map[uint16]uuid.UUID),
	}
	if err := l.recover(ctx); err != nil {
		return nil, err
	}
	return l, nil
}

// Name implements browsers.Launcher.
func (l *Launcher) Name() string { return "process" }

// Events implements browsers.Launcher.
func (l *Launcher) Events() <-chan browsers.Event { return l.events }

// Close stops watching. Browsers that live go on, for the next server or until they notice that there is none.
func (l *Launcher) Close() {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		close(l.closing)
	}
	l.mu.Unlock()
	l.working.Wait()
}

// Start implements browsers.Launcher.
func (l *Launcher) Start(ctx context.Context, spec browsers.Spec) (browsers.Handle, error) {
	if ok, why := l.Available(); !ok {
		return "", wire.Errorf(wire.ErrorCodeBrowserNotAvailable, "%s", why)
	}
	if err := ctx.Err(); err != nil {
		return "", context.Cause(ctx)
	}
	port, err := l.reserve(spec.Run)
	if err != nil {
		return "", err
	}
	p, err := l.start(spec, port)
	if err != nil {
		l.forget(spec.Run)
		return "", fmt.Errorf("start an agent: %w", err)
	}
	return browsers.Handle(p.Run.String()), nil
}

func (l *Launcher) start(spec browsers.Spec, port uint16) (*proc, error) {
	agent, err := l.folder.agentFor(l.o.Agent, l.account)
	if err != nil {
		return nil, err
	}
	home, err := l.folder.makeHome(spec.Run, l.account)
	if err != nil {
		return nil, err
	}
	p, err := l.spawn(agent, home, spec, port)
	if err != nil {
		return nil, errors.Join(err, l.folder.remove(spec.Run))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.procs[spec.Run] = p
	if l.closed {
		return nil, errors.Join(errClosed, p.kill())
	}
	l.working.Add(1)
	go l.watch(p)
	return p, nil
}

// Stop implements browsers.Launcher.
func (l *Launcher) Stop(ctx context.Context, handle browsers.Handle, grace time.Duration) error {
	p := l.find(handle)
	if p == nil {
		return nil
	}
	if err := p.terminate(); err != nil {
		l.o.Log.Debug("an agent could not be signalled", "browser", p.Run.String(), "error", err)
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.gone:
		return nil
	case <-timer.C:
	case <-ctx.Done():
	case <-l.closing:
	}
	if err := p.kill(); err != nil {
		return fmt.Errorf("kill an agent: %w", err)
	}
	select {
	case <-p.gone:
		return nil
	case <-l.closing:
		return errClosed
	case <-ctx.Done():
		return fmt.Errorf("wait for the end of an agent: %w", context.Cause(ctx))
	}
}

// Inspect implements browsers.Launcher.
func (l *Launcher) Inspect(_ context.Context, handle browsers.Handle) (browsers.Running, error) {
	p := l.find(handle)
	if p == nil {
		return browsers.Running{}, browsers.ErrNotRunning
	}
	return p.running(), nil
}

// List implements browsers.Launcher.
func (l *Launcher) List(context.Context) ([]browsers.Running, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]browsers.Running, 0, len(l.procs))
	for _, p := range l.procs {
		if p != nil {
			list = append(list, p.running())
		}
	}
	return list, nil
}

func (l *Launcher) find(handle browsers.Handle) *proc {
	run, err := uuid.Parse(string(handle))
	if err != nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.procs[run]
}

func (l *Launcher) forget(run uuid.UUID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.procs, run)
	for port, owner := range l.ports {
		if owner == run {
			delete(l.ports, port)
		}
	}
}

// recover takes back or clears away what the server before this one left.
func (l *Launcher) recover(ctx context.Context) error {
	known, err := l.folder.runs()
	if err != nil {
		return err
	}
	for _, run := range known {
		record, err := l.folder.readRecord(run)
		if err == nil {
			if p := l.takeBack(record); p != nil {
				l.procs[run] = p
				if record.Port != 0 {
					l.ports[record.Port] = run
				}
				l.working.Add(1)
				go l.watch(p)
				continue
			}
		}
		l.o.Log.Info("clearing away what a browser left", "browser", run.String())
		if err := endFamily(ctx, l.folder.home(run), 0); err != nil {
			l.o.Log.Error("processes of an ended browser stay", "browser", run.String(), "error", err)
			continue
		}
		if err := l.folder.remove(run); err != nil {
			l.o.Log.Warn("files of an ended browser stay", "browser", run.String(), "error", err)
		}
	}
	return nil
}
