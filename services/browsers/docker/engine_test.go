package docker

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	typescontainer "github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/client"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"turtus/services/browsers"
	"turtus/services/rooms"
)

// These tests need a real Docker Engine. Where none answers they are skipped, unless TURTUS_TEST_ENGINE=required.

const patience = time.Minute

// testNetwork is of these tests alone, so that they don't touch that of a server on the same engine.
const testNetwork = "turtus-test-browsers"

func TestMain(m *testing.M) {
	code := m.Run()
	if built.name != "" {
		if engine, err := connect(""); err == nil {
			_, _ = engine.ImageRemove(context.Background(), built.name, image.RemoveOptions{Force: true, PruneChildren: true})
			_ = engine.NetworkRemove(context.Background(), testNetwork) // fails while other tests have it
			_ = engine.Close()
		}
	}
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// built is the tests' image, made once.
var built struct {
	sync.Once
	name string
	err  error
}

// realEngine returns a client, and the name of an image whose agent does as TURTUS_VB_FAKE says.
func realEngine(t *testing.T) (*client.Client, string) {
	t.Helper()
	engine, err := connect("")
	require.NoError(t, err)
	t.Cleanup(func() { _ = engine.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), answerPatience)
	defer cancel()
	if _, err := engine.Ping(ctx); err != nil {
		if os.Getenv("TURTUS_TEST_ENGINE") == "required" {
			t.Fatal("TURTUS_TEST_ENGINE=required, and no Docker Engine answers:", err)
		}
		t.Skip("no Docker Engine answers here: ", err)
	}
	built.Do(func() { built.name, built.err = buildImage(engine) })
	require.NoError(t, built.err)
	return engine, built.name
}

// buildImage makes an image of one static program, with no registry and no builder.
func buildImage(engine *client.Client) (string, error) {
	dir, err := os.MkdirTemp("", "turtus-docker-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "agent")
	build := exec.Command("go", "build", "-o", program, "./testdata/agent")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", &exec.Error{Name: string(out), Err: err}
	}
	text, err := os.ReadFile(program)
	if err != nil {
		return "", err
	}
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	if err := w.WriteHeader(&tar.Header{Name: "agent", Mode: 0o755, Size: int64(len(text))}); err != nil {
		return "", err
	}
	if _, err := w.Write(text); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	name := fmt.Sprintf("turtus-test-agent:%d", os.Getpid())
	body, err := engine.ImageImport(context.Background(), image.ImportSource{Source: &layer, SourceName: "-"}, name,
		image.ImportOptions{Changes: []string{`ENTRYPOINT ["/agent"]`}})
	if err != nil {
		return "", err
	}
	defer body.Close()
	_, err = io.Copy(io.Discard, body)
	return name, err
}

// box is one server's end of an engine.
type box struct {
	*testing.T
	engine  *client.Client
	options Options
}

func newBox(t *testing.T, fake string) *box {
	t.Helper()
	engine, name := realEngine(t)
	b := &box{t, engine, Options{
		Server: uuid.NewString(), Image: name, Network: testNetwork, Hub: t.TempDir(),
		Environ: []string{"TURTUS_VB_FAKE=" + fake, "SECRET=1"}, Log: testLog(t),
		Limits: browsers.Limits{Memory: 64 << 20, Shared: 8 << 20, CPUs: 0.5, Processes: 50},
	}}
	t.Cleanup(func() {
		for _, c := range b.all() {
			_ = engine.ContainerRemove(context.Background(), c.ID, removal)
		}
	})
	return b
}

// testLog shows the launcher's log with a test that fails.
func testLog(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// all are this server's containers, in whatever state.
func (b *box) all() []typescontainer.Summary {
	b.Helper()
	list, err := b.engine.ContainerList(context.Background(), typescontainer.ListOptions{
		All: true, Filters: filters.NewArgs(filters.Arg("label", labelServer+"="+b.options.Server)),
	})
	require.NoError(b, err)
	return list
}

func (b *box) launcher() *Launcher {
	b.Helper()
	l, err := New(b.Context(), b.options)
	require.NoError(b, err)
	b.Cleanup(l.Close)
	return l
}

func aSpec() browsers.Spec {
	return browsers.Spec{
		Run: uuid.New(), Room: rooms.NewID(), Token: "the-token", StartURL: "https://example.org/", Width: 1280, Height: 720, Depth: 24,
		FrameRate: 30, ViewerTimeout: time.Minute, SignalTimeout: 30 * time.Second,
	}
}

func start(t *testing.T, l *Launcher) (browsers.Spec, browsers.Handle) {
	t.Helper()
	spec := aSpec()
	handle, err := l.Start(t.Context(), spec)
	require.NoError(t, err)
	return spec, handle
}

func (b *box) inspect(run uuid.UUID) typescontainer.InspectResponse {
	b.Helper()
	found, err := b.engine.ContainerInspect(b.Context(), nameOf(run))
	require.NoError(b, err)
	return found
}

func nextEvent(t *testing.T, l *Launcher) browsers.Event {
	t.Helper()
	select {
	case e := <-l.Events():
		return e
	case <-time.After(patience):
		t.Fatal("no event")
		panic("unreachable")
	}
}

func list(t *testing.T, l *Launcher) []uuid.UUID {
	t.Helper()
	running, err := l.List(t.Context())
	require.NoError(t, err)
	runs := []uuid.UUID{}
	for _, r := range running {
		runs = append(runs, r.Run)
	}
	return runs
}

func TestAContainerIsBoundedAndAnswersOnItsPort(t *testing.T) {
	b := newBox(t, "echo")
	l := b.launcher()
	spec := aSpec()
	spec.Addresses = []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("192.0.2.1")}
	spec.Limits.Memory = 32 << 20
	handle, err := l.Start(t.Context(), spec)
	require.NoError(t, err)
	running, err := l.Inspect(t.Context(), handle)
	require.NoError(t, err)
	require.Len(t, running.Media, 3, "its own address, and those of the machine")
	port := running.Media[0].Port()
	for _, a := range running.Media {
		require.Equal(t, port, a.Port())
	}
	for _, a := range running.Media[:2] {
		require.Eventually(t, func() bool { return echoed(t, a) }, patience, 50*time.Millisecond, "%s", a)
	}

	found := b.inspect(spec.Run)
	h := found.HostConfig
	require.True(t, h.ReadonlyRootfs)
	require.False(t, *h.Init)
	require.Equal(t, int64(32<<20), h.Memory)
	require.Equal(t, h.Memory, h.MemorySwap, "no swap")
	require.Equal(t, int64(5e8), h.NanoCPUs)
	require.Equal(t, int64(50), *h.PidsLimit)
	require.Equal(t, int64(8<<20), h.ShmSize)
	require.Equal(t, []string{"ALL"}, []string(h.CapDrop))
	require.Contains(t, h.SecurityOpt, "no-new-privileges")
	require.Equal(t, "no", string(h.RestartPolicy.Name))
	require.Equal(t, spec.Room.String(), found.Config.Labels[labelRoom])
	require.Equal(t, "0.0.0.0", h.PortBindings[natPort(port, "udp")][0].HostIP)
	text := strings.Join(append(found.Config.Env, found.Args...), "\n")
	require.NotContains(t, text, spec.Token)
	require.NotContains(t, text, "SECRET")
	require.NoError(t, l.Stop(t.Context(), handle, patience))
	require.Empty(t, b.all())
	require.Equal(t, "told to end", nextEvent(t, l).Detail)
	require.Empty(t, list(t, l))
	require.NoError(t, l.Stop(t.Context(), handle, patience), "once more is no error")
	_, err = l.Inspect(t.Context(), handle)
	require.ErrorIs(t, err, browsers.ErrNotRunning)
}

// echoed says whether a datagram to a comes back from there.
func echoed(t *testing.T, a netip.AddrPort) bool {
	c, err := net.Dial("udp", a.String())
	require.NoError(t, err)
	defer c.Close()
	if _, err := c.Write([]byte("hello")); err != nil {
		return false
	}
	_ = c.SetReadDeadline(time.Now().Add(time.Second))
	buffer := make([]byte, 100)
	n, err := c.Read(buffer)
	return err == nil && string(buffer[:n]) == "echo hello"
}

func TestTheHubIsReachedByItsSocketAndTheTokenByTheInput(t *testing.T) {
	b := newBox(t, "hub")
	require.NoError(t, os.Chmod(b.options.Hub, 0o777)) // so that only the mount keeps a browser from writing there
	socket := filepath.Join(b.options.Hub, "hub.sock")
	hub, err := net.Listen("unix", socket)
	require.NoError(t, err)
	defer hub.Close()
	require.NoError(t, os.Chmod(socket, 0o666))
	start(t, b.launcher())
	c, err := hub.Accept()
	require.NoError(t, err)
	defer c.Close()
	said, err := io.ReadAll(c)
	require.NoError(t, err)
	require.Regexp(t, `^the-token\nopen /run/turtus/hub.mine: read-only file system\n`, string(said))
	for _, want := range []string{
		"TURTUS_VB_SIGNAL_SERVER=unix:///run/turtus/hub.sock", "TURTUS_VB_WIDTH=1280", "TURTUS_VB_START_URL=https://example.org/", "TURTUS_VB_HOME=/home/browser",
		"TURTUS_VB_TOKEN_FILE=-",
	} {
		require.Contains(t, string(said), want)
	}
}

func TestAnAgentThatFailsSaysWhyAndLeavesNothing(t *testing.T) {
	b := newBox(t, "fail")
	var log bytes.Buffer // read when all is over
	b.options.Log = slog.New(slog.NewTextHandler(&log, nil))
	l := b.launcher()
	spec, handle := start(t, l)
	require.Equal(t, browsers.Event{Handle: handle, Run: spec.Run, Detail: "Firefox does not start"}, nextEvent(t, l))
	defer func() {
		l.Close()
		require.Contains(t, log.String(), "level=ERROR msg=\"agent: Firefox does not start\" browser="+spec.Run.String())
	}()
	require.Empty(t, b.all())
	require.Empty(t, list(t, l))
}

func TestOneThatNeedsTooMuchMemoryIsEndedAndThatIsSaid(t *testing.T) {
	b := newBox(t, "hungry")
	l := b.launcher()
	start(t, l)
	require.Equal(t, "it needed more than the 64 MB of memory that it may have (TURTUS_BROWSER_MEMORY).", nextEvent(t, l).Detail)
	require.Empty(t, b.all())
}

func TestAContainerThatIsKilledIsAnEvent(t *testing.T) {
	b := newBox(t, "orderly")
	l := b.launcher()
	killed, _ := start(t, l)
	removed, _ := start(t, l)
	require.NoError(t, b.engine.ContainerKill(t.Context(), nameOf(killed.Run), "KILL"))
	e := nextEvent(t, l)
	require.Equal(t, killed.Run, e.Run)
	require.Equal(t, "its agent was ended by signal 9", e.Detail)
	require.NoError(t, b.engine.ContainerRemove(t.Context(), nameOf(removed.Run), removal))
	require.Equal(t, removed.Run, nextEvent(t, l).Run)
	require.Empty(t, b.all())
}

func TestOneThatDoesNotEndIsKilledAfterItsGrace(t *testing.T) {
	b := newBox(t, "stubborn")
	l := b.launcher()
	_, handle := start(t, l)
	require.NoError(t, l.Stop(t.Context(), handle, time.Second))
	require.Empty(t, b.all())
	_, handle = start(t, l)
	require.NoError(t, l.Stop(t.Context(), handle, 0), "at once")
	_, handle = start(t, l)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, l.Stop(ctx, handle, patience), "whoever gives up waiting has it ended by force")
	require.Empty(t, b.all())
}

func TestTheNextServerTakesBackWhatLivesAndRemovesWhatDoesNot(t *testing.T) {
	b := newBox(t, "orderly")
	l := b.launcher()
	alive, handle := start(t, l)
	dead, _ := start(t, l)
	before, err := l.Inspect(t.Context(), handle)
	require.NoError(t, err)
	l.Close()
	require.NoError(t, b.engine.ContainerKill(t.Context(), nameOf(dead.Run), "KILL"))
	neverStarted := aSpec()
	_, err = b.engine.ContainerCreate(t.Context(), l.config(neverStarted, 50000), l.hostConfig(neverStarted, 50000), l.networking(), nil, nameOf(neverStarted.Run))
	require.NoError(t, err)
	require.Len(t, b.all(), 3)

	next := b.launcher()
	require.Equal(t, []uuid.UUID{alive.Run}, list(t, next))
	require.Len(t, b.all(), 1)
	after, err := next.Inspect(t.Context(), handle)
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.NoError(t, next.Stop(t.Context(), handle, patience))
	require.Equal(t, alive.Run, nextEvent(t, next).Run)
}

func TestTwoServersOnOneEngineLeaveEachOtherAlone(t *testing.T) {
	a, b := newBox(t, "orderly"), newBox(t, "orderly")
	one, other := a.launcher(), b.launcher()
	mine, handle := start(t, one)
	require.NoError(t, other.Stop(t.Context(), handle, 0), "not there, to the other")
	_, err := other.Inspect(t.Context(), handle)
	require.ErrorIs(t, err, browsers.ErrNotRunning)
	require.Empty(t, list(t, other))
	other.Close()
	b.launcher()
	require.Len(t, a.all(), 1)
	require.Equal(t, []uuid.UUID{mine.Run}, list(t, one))
}

func TestAPortThatIsTakenIsNoObstacle(t *testing.T) {
	b := newBox(t, "echo")
	taken, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	port := uint16(taken.LocalAddr().(*net.UDPAddr).Port)
	b.options.MinPort, b.options.MaxPort = port, port
	l := b.launcher()
	_, err = l.Start(t.Context(), aSpec())
	require.ErrorContains(t, err, "All ports for the browsers' media")
	require.Empty(t, b.all(), "nothing is left of it")
	l.Close()

	b.options.MinPort, b.options.MaxPort = port-1, port+1
	l = b.launcher()
	spec, _ := start(t, l)
	require.NotEqual(t, port, l.containers[spec.Run].port)
}

func TestAPortThatTheOperatorOpenedIsOpenOverTCPToo(t *testing.T) {
	b := newBox(t, "echo")
	taken, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	port := uint16(taken.Addr().(*net.TCPAddr).Port)
	b.options.MinPort, b.options.MaxPort, b.options.MediaTCP = port, port, true
	l := b.launcher()
	_, err = l.Start(t.Context(), aSpec())
	require.ErrorContains(t, err, "All ports for the browsers' media", "somebody else has it over TCP")
	require.Empty(t, b.all(), "nothing is left of it")
	require.NoError(t, taken.Close())
	handle, err := l.Start(t.Context(), aSpec())
	require.NoError(t, err)
	running, err := l.Inspect(t.Context(), handle)
	require.NoError(t, err)
	require.NotEmpty(t, running.Media)
	for _, a := range running.Media {
		require.Eventually(t, func() bool { return echoedOverTCP(a) }, patience, 50*time.Millisecond, "%s", a)
	}
}

// echoedOverTCP says whether what is sent to an address comes back.
func echoedOverTCP(to netip.AddrPort) bool {
	c, err := net.DialTimeout("tcp", to.String(), time.Second)
	if err != nil {
		return false
	}
	defer c.Close()
	answer := make([]byte, 5)
	_, err = io.WriteString(c, "hello")
	if err == nil {
		err = c.SetReadDeadline(time.Now().Add(time.Second))
	}
	if err == nil {
		_, err = io.ReadFull(c, answer)
	}
	return err == nil && string(answer) == "hello"
}

func TestBrowsersDoNotReachEachOther(t *testing.T) {
	b := newBox(t, "echo")
	l := b.launcher()
	start(t, l)
	found, err := b.engine.NetworkInspect(t.Context(), testNetwork, network.InspectOptions{})
	require.NoError(t, err)
	require.Equal(t, "false", found.Options[icc])
}
