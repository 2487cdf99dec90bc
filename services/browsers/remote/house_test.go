package remote

import (
	"context"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"turtus/services/browsers"
	"turtus/services/rooms"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 30 * time.Second

// house is a launcher's process that can be killed and started again, and a client of it. Only the Launcher is a fake.
type house struct {
	*testing.T
	socket   string
	launcher *fakeLauncher
	client   *Client
	options  ServerOptions
	preparer browsers.Launcher // in place of launcher, where it is not nil
	server   *Server
	kill     func()
}

func newHouse(t *testing.T, change func(*ServerOptions)) *house {
	t.Helper()
	h := &house{T: t, socket: socketPath(t), launcher: newFakeLauncher()}
	h.options = ServerOptions{MaxBrowsers: 10, Heartbeat: time.Hour}
	if change != nil {
		change(&h.options)
	}
	h.serve()
	h.client = NewClient(ClientOptions{Socket: h.socket, MinWait: time.Millisecond, MaxWait: 10 * time.Millisecond, Silence: time.Hour})
	t.Cleanup(h.client.Close)
	return h
}

// socketPath is short, as that of a socket has to be, however long the test's name is.
func socketPath(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "launcher-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "launcher.sock")
}

// serve starts the launcher's process.
func (h *house) serve() {
	h.Helper()
	l, err := Listen(h.socket, "", discard)
	require.NoError(h, err)
	if h.options.Launcher = h.launcher; h.preparer != nil {
		h.options.Launcher = h.preparer
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	h.server = NewServer(h.options)
	go func(s *Server) { done <- s.Serve(ctx, l) }(h.server)
	h.kill = sync.OnceFunc(func() {
		cancel()
		require.NoError(h, <-done)
	})
	h.Cleanup(h.kill)
}

// crash ends the launcher's process with all its connections, and begins the next one's memory: what it had to tell is lost.
func (h *house) crash() {
	h.kill()
	h.launcher = h.launcher.reborn()
}

func (h *house) available() {
	h.Helper()
	require.Eventually(h, func() bool {
		ok, _ := h.client.Available()
		return ok
	}, patience, time.Millisecond)
}

func (h *house) start() (browsers.Spec, browsers.Handle) {
	h.Helper()
	s := spec()
	handle, err := h.client.Start(context.Background(), s)
	require.NoError(h, err)
	return s, handle
}

// event is the next end that the client tells.
func (h *house) event() browsers.Event {
	h.Helper()
	select {
	case e := <-h.client.Events():
		return e
	case <-time.After(patience):
		require.FailNow(h, "no end is told")
		panic("unreachable")
	}
}

// dial is a connection to the launcher with no client in between.
func (h *house) dial() net.Conn {
	h.Helper()
	c, err := net.Dial("unix", h.socket)
	require.NoError(h, err)
	h.Cleanup(func() { c.Close() })
	return c
}

func spec() browsers.Spec {
	return browsers.Spec{
		Run: uuid.Must(uuid.NewV7()), Room: rooms.NewID(), Token: "eyJ.a-b_c.d", StartURL: "https://start.example/?a=b#c", Width: 1280, Height: 720, Depth: 24, FrameRate: 30,
		ViewerTimeout: time.Minute, SignalTimeout: 90 * time.Second,
		Limits:    browsers.Limits{Memory: 2 << 30, Shared: 256 << 20, CPUs: 1.5, Processes: 400},
		Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("2001:db8::7")}, Resolvers: []netip.Addr{netip.MustParseAddr("10.0.0.2")},
		Own: []netip.Addr{netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("2001:db8::8")},
	}
}

// fakeLauncher starts nothing and remembers it.
type fakeLauncher struct {
	events chan browsers.Event

	mu      sync.Mutex
	running map[browsers.Handle]browsers.Running
	specs   []browsers.Spec
	stopped []browsers.Handle
	graces  []time.Duration
	why     string        // not available
	fail    error         // of Start
	hold    chan struct{} // Start waits for it, even where nobody waits for Start any more
	begun   chan struct{} // has one for each Start that waits
	slow    chan struct{} // Start waits for it, with the browser running
	hangs   chan struct{} // Available waits for it
}

func newFakeLauncher() *fakeLauncher {
	return &fakeLauncher{events: make(chan browsers.Event, 1000), running: map[browsers.Handle]browsers.Running{}, begun: make(chan struct{}, 100)}
}

// reborn is the same installation in another process.
func (f *fakeLauncher) reborn() *fakeLauncher {
	f.mu.Lock()
	defer f.mu.Unlock()
	next := newFakeLauncher()
	for handle, r := range f.running {
		next.running[handle] = r
	}
	return next
}

func (f *fakeLauncher) Name() string { return "fake" }

func (f *fakeLauncher) Available() (bool, string) {
	f.mu.Lock()
	hangs := f.hangs
	f.mu.Unlock()
	if hangs != nil {
		<-hangs
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.why == "", f.why
}

func (f *fakeLauncher) Start(_ context.Context, spec browsers.Spec) (browsers.Handle, error) {
	f.mu.Lock()
	hold, slow, fail := f.hold, f.slow, f.fail
	f.mu.Unlock()
	if hold != nil {
		f.begun <- struct{}{}
		<-hold
	}
	if fail != nil {
		return "", fail
	}
	handle := f.run(spec)
	if slow != nil {
		f.begun <- struct{}{}
		<-slow
	}
	return handle, nil
}

func (f *fakeLauncher) run(spec browsers.Spec) browsers.Handle {
	f.mu.Lock()
	defer f.mu.Unlock()
	handle := browsers.Handle("handle-" + spec.Run.String())
	f.running[handle] = browsers.Running{
		Handle: handle, Run: spec.Run, StartedAt: time.Now().UTC().Truncate(time.Millisecond), Media: []netip.AddrPort{netip.MustParseAddrPort("172.18.0.2:52000")},
	}
	f.specs = append(f.specs, spec)
	return handle
}

func (f *fakeLauncher) Stop(_ context.Context, handle browsers.Handle, grace time.Duration) error {
	f.mu.Lock()
	f.stopped, f.graces = append(f.stopped, handle), append(f.graces, grace)
	r, there := f.running[handle]
	f.mu.Unlock()
	if there {
		f.exit(r.Run, "it was stopped.")
	}
	return nil
}

func (f *fakeLauncher) Inspect(_ context.Context, handle browsers.Handle) (browsers.Running, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, ok := f.running[handle]
	if !ok {
		return r, browsers.ErrNotRunning
	}
	return r, nil
}

func (f *fakeLauncher) List(context.Context) ([]browsers.Running, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := []browsers.Running{}
	for _, r := range f.running {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b browsers.Running) int { return a.StartedAt.Compare(b.StartedAt) })
	return list, nil
}

func (f *fakeLauncher) Events() <-chan browsers.Event { return f.events }

// exit has a browser end by itself.
func (f *fakeLauncher) exit(run uuid.UUID, detail string) {
	handle := browsers.Handle("handle-" + run.String())
	f.mu.Lock()
	delete(f.running, handle)
	f.mu.Unlock()
	f.events <- browsers.Event{Handle: handle, Run: run, Detail: detail}
}

// vanish has a browser end while nobody watches.
func (f *fakeLauncher) vanish(run uuid.UUID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.running, browsers.Handle("handle-"+run.String()))
}

// preparing is a Launcher that has to fetch something first.
type preparing struct {
	*fakeLauncher
	// steps are told one by one; the end of them is the end of the download, with the error.
	steps chan browsers.Download
	err   error
	ended chan error // has the reason why a wait was given up
}

func (p *preparing) Prepare(ctx context.Context, progress func(browsers.Download)) error {
	for {
		select {
		case d, more := <-p.steps:
			if !more {
				return p.err
			}
			progress(d)
		case <-ctx.Done():
			p.ended <- ctx.Err()
			return ctx.Err()
		}
	}
}

func (f *fakeLauncher) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}
