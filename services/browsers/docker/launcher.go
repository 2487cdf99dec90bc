// Package docker is a browsers.Launcher on the Docker Engine: each browser is a container of its own, with a network that keeps it from
// the others, a read-only file system, hardly a capability, and bounds on what it takes. The agent in it finds the hub by a Unix
// socket whose folder is mounted in, so it needs no private address.
//
// What always holds: only containers that carry this server's label are touched; a container that was asked for and did not come to be is
// removed; one that has ended is removed, and told of once; a token stands neither in arguments nor in what `docker inspect` shows.
// Engine and server may each go and come back: what lives is known by its labels, and what ended meanwhile is noticed.
package docker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/docker/docker/client"
	"github.com/google/uuid"

	"turtus/services/browsers"
	"turtus/services/wire"
)

// Options of a Launcher. Server, Image and Hub are needed.
type Options struct {
	// Engine is the address of the Docker Engine, such as unix:///var/run/docker.sock. Empty means what DOCKER_HOST says, else that.
	Engine string
	// Server tells this server's containers from those of another on the same engine. It has to stay the same over restarts.
	Server string
	// Image is what browsers are made of: a name without a slash is one that was built here, any other is pulled where it is missing.
	Image string
	// BuildCommand is what makes Image, for the advice where it is missing.
	BuildCommand string
	// Network is the browsers' bridge, made where it does not exist; turtus-browsers when empty.
	Network string
	// Hub is the folder of the hub's socket, as an absolute path of the engine's machine, or the name of a volume. HubSocket is the
	// socket's name in it; hub.sock when empty.
	Hub, HubSocket string
	// MinPort and MaxPort bound the UDP ports of the browsers' media; zeros mean any from 49152 up.
	MinPort, MaxPort uint16
	// MediaTCP opens the ports of that range over TCP too.
	MediaTCP bool
	// Limits are of browsers whose Spec names none; the zero of each has the package's default.
	Limits browsers.Limits
	// Seccomp is the profile of the containers as JSON; the engine's own when it is nil.
	Seccomp []byte
	// Environ is the server's environment: of it, agents get TURTUS_VB_*. Nil means os.Environ.
	Environ []string
	// Verbosity is what agents log.
	Verbosity slog.Level
	Log       *slog.Logger

	// Patience is how long one answer of the engine may take, 10 s when 0; PullPatience how long a download may stand still, 2 minutes when 0.
	Patience, PullPatience time.Duration
	// Check is how often what runs is compared with what is known, 30 s when 0.
	Check time.Duration
	// FirstWait is the pause after the engine was lost, doubled up to MaxWait; 250 ms and 10 s when 0.
	FirstWait, MaxWait time.Duration
}

// Defaults of what a browser may take. Firefox with a film needs about half of it.
const (
	defaultMemory    = 2 << 30
	defaultShared    = 256 << 20
	defaultCPUs      = 2
	defaultProcesses = 2000
)

// Launcher implements browsers.Launcher, browsers.Preparer and browsers.Describer. Make it by New, end it by Close.
type Launcher struct {
	o       Options
	engine  *client.Client
	attach  *client.Client // bounded
	address string         // of the engine, for people
	events  chan browsers.Event

	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
	working sync.WaitGroup

	mu     sync.Mutex
	closed bool
	// trouble is why the engine is of no use now, nil while it is.
	trouble error
	// obstacle is why no browser can be started on an engine that answers; empty for none.
	obstacle trouble
	// cpus is how many processors the engine has.
	cpus int
	// imageThere says that the image was seen; imageAsked is when it was looked for last.
	imageThere bool
	imageAsked time.Time
	pull       *pull
	// containers are those that live or whose remains are being removed. A nil one is being started.
	containers map[uuid.UUID]*container
	ports      map[uint16]uuid.UUID
}

// container is a browser's.
type container struct {
	id        string
	run       uuid.UUID
	port      uint16
	startedAt time.Time
	media     []netip.AddrPort
	memory    int64

	// finishing is under the launcher's lock, as what follows: its remains are being removed, or it is seen that it lives. again says that
	// there was news of it meanwhile.
	finishing, again bool
	// followed is closed when its log was read to the end; nil where nobody reads it.
	followed chan struct{}
	// gone is closed when nothing of it is left.
	gone chan struct{}
}

var errClosed = errors.New("the launcher is closed")

var (
	_ browsers.Launcher  = (*Launcher)(nil)
	_ browsers.Preparer  = (*Launcher)(nil)
	_ browsers.Describer = (*Launcher)(nil)
)

// New connects to the engine and takes back the browsers that live. An engine that does not answer is no error: Available says so, and
// it is tried again until it does. The error is of Options alone.
func New(ctx context.Context, o Options) (*Launcher, error) {
	o.Network, o.HubSocket = cmp.Or(o.Network, "turtus-browsers"), cmp.Or(o.HubSocket, "hub.sock")
	o.Limits.Memory, o.Limits.Shared = cmp.Or(o.Limits.Memory, defaultMemory), cmp.Or(o.Limits.Shared, defaultShared)
	o.Limits.CPUs, o.Limits.Processes = cmp.Or(o.Limits.CPUs, defaultCPUs), cmp.Or(o.Limits.Processes, defaultProcesses)
	o.Patience, o.PullPatience = cmp.Or(o.Patience, 10*time.Second), cmp.Or(o.PullPatience, 2*time.Minute)
	o.Check = cmp.Or(o.Check, 30*time.Second)
	o.FirstWait, o.MaxWait = cmp.Or(o.FirstWait, 250*time.Millisecond), cmp.Or(o.MaxWait, 10*time.Second)
	if o.Environ == nil {
		o.Environ = os.Environ()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Server == "" || o.Image == "" || o.Hub == "" {
		return nil, errors.New("docker launcher: the server's id, the image or the hub's folder is not set")
	}
	engine, err := connect(o.Engine)
	if err != nil {
		return nil, err
	}
	attach, err := connectBounded(engine)
	if err != nil {
		return nil, err
	}
	l := &Launcher{
		o: o, engine: engine, attach: attach, address: engine.DaemonHost(), events: make(chan browsers.Event, 64),
		containers: make(map[uuid.UUID]*container), ports: make(map[uint16]uuid.UUID),
	}
	l.ctx, l.cancel = context.WithCancel(context.WithoutCancel(ctx))
	first := make(chan struct{})
	l.working.Add(1)
	go func() {
		defer l.working.Done()
		l.watch(first)
	}()
	select {
	case <-first:
	case <-ctx.Done():
		l.Close()
		return nil, context.Cause(ctx)
	}
	return l, nil
}

// Name implements browsers.Launcher.
func (l *Launcher) Name() string { return "docker" }

// Events implements browsers.Launcher.
func (l *Launcher) Events() <-chan browsers.Event { return l.events }

// Close stops watching. Browsers that live go on, for the next server or until they notice that there is none.
func (l *Launcher) Close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.cancel()
	l.working.Wait()
	_ = l.engine.Close()
	_ = l.attach.Close()
}

// work runs f in a goroutine of the launcher, unless it is closed.
func (l *Launcher) work(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.workLocked(f)
}

func (l *Launcher) workLocked(f func()) {
	if l.closed {
		return
	}
	l.working.Add(1)
	go func() {
		defer l.working.Done()
		f()
	}()
}

// Start implements browsers.Launcher.
func (l *Launcher) Start(ctx context.Context, spec browsers.Spec) (browsers.Handle, error) {
	if ok, why := l.Available(); !ok {
		return "", wire.Errorf(wire.ErrorCodeBrowserNotAvailable, "%s", why)
	}
	if err := l.claim(spec.Run); err != nil {
		return "", err
	}
	if err := l.start(ctx, spec); err != nil {
		l.forget(spec.Run)
		return "", err
	}
	return handleOf(spec.Run), nil
}

// Stop implements browsers.Launcher.
func (l *Launcher) Stop(ctx context.Context, handle browsers.Handle, grace time.Duration) error {
	c, err := l.find(handle)
	if c == nil {
		return err
	}
	if grace > 0 {
		err = l.askToEnd(ctx, c, grace)
	}
	if grace <= 0 || err != nil {
		err = l.kill(c)
	}
	if err != nil && !isGone(err) {
		return fmt.Errorf("stop a container: %w", err)
	}
	l.finish(c) // no need to wait for its event, which may be at it already
	patience := time.NewTimer(l.o.Patience)
	defer patience.Stop()
	select {
	case <-c.gone:
		return nil
	case <-l.ctx.Done():
		return errClosed
	case <-patience.C:
		return errors.New("a container has ended, and the engine does not remove it")
	}
}

// Inspect implements browsers.Launcher.
func (l *Launcher) Inspect(_ context.Context, handle browsers.Handle) (browsers.Running, error) {
	c, err := l.find(handle)
	if err != nil {
		return browsers.Running{}, err
	}
	if c == nil {
		return browsers.Running{}, browsers.ErrNotRunning
	}
	return c.running(), nil
}

// List implements browsers.Launcher. What lives is not known while the engine does not answer, and that is its error.
func (l *Launcher) List(context.Context) ([]browsers.Running, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.trouble != nil {
		return nil, l.trouble
	}
	list := make([]browsers.Running, 0, len(l.containers))
	for _, c := range l.containers {
		if c != nil {
			list = append(list, c.running())
		}
	}
	return list, nil
}

// find returns nil and no error for a browser that is not there, and the engine's trouble where nobody knows.
func (l *Launcher) find(handle browsers.Handle) (*container, error) {
	run, err := uuid.Parse(string(handle))
	if err != nil {
		return nil, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.containers[run]; c != nil {
		return c, nil
	}
	return nil, l.trouble
}

// claim keeps the place of a run that is being started.
func (l *Launcher) claim(run uuid.UUID) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return errClosed
	}
	if _, known := l.containers[run]; known {
		return fmt.Errorf("browser %s was started before", run)
	}
	l.containers[run] = nil
	return nil
}

func (l *Launcher) forget(run uuid.UUID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.containers, run)
	for port, owner := range l.ports {
		if owner == run {
			delete(l.ports, port)
		}
	}
}

func handleOf(run uuid.UUID) browsers.Handle { return browsers.Handle(run.String()) }

func (c *container) running() browsers.Running {
	return browsers.Running{Handle: handleOf(c.run), Run: c.run, StartedAt: c.startedAt, Media: c.media}
}
