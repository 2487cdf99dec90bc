package isolation

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	typescontainer "github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/client"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"turtus/services/browsers"
	"turtus/services/browsers/docker"
	"turtus/services/rooms"
	"turtus/vb/image"
)

// The world outside: another network namespace, behind a cable from the host, has a public address and private ones.
const (
	namespace  = "turtus-isolation"
	cable      = "turtus-iso"
	hostEnd    = "9.99.98.1"
	public     = "9.99.98.2"
	hostPublic = "9.99.97.1"
	metadata   = "169.254.169.254"
	resolver   = "10.250.53.53"
)

var privates = []string{"10.250.0.1", "100.64.250.1", "172.31.250.1", "192.168.250.1", "198.18.250.1"}

// browserImage is what engine.sh builds, testImage the same with the probe in place of the agent.
const (
	browserImage = "turtus-browser"
	testImage    = "turtus-test-isolation"
	testNetwork  = "turtus-test-isolation"
)

var limits = browsers.Limits{Memory: 128 << 20, Shared: 8 << 20, CPUs: 0.5, Processes: 64}

const (
	guarded   = ""
	unguarded = "TURTUS_VB_EGRESS=open"
)

// world is one engine, and who plays the hub.
type world struct {
	engine *client.Client
	hub    *net.UnixListener
	folder string
	probe  string
}

var built struct {
	sync.Once
	probe string
	err   error
}

func newWorld(t *testing.T) *world {
	t.Helper()
	if os.Getenv("TURTUS_TEST_ENGINE") != "required" {
		t.Skip("changes this machine's network and needs the browser's image: as root after deploy/dev/engine.sh, set TURTUS_TEST_ENGINE=required")
	}
	require.Zero(t, os.Geteuid(), "needs root")
	engine, err := client.NewClientWithOpts(client.FromEnv, client.WithAPIVersionNegotiation())
	require.NoError(t, err)
	t.Cleanup(func() { _ = engine.Close() })
	built.Do(func() { built.probe, built.err = buildImage(engine) })
	require.NoError(t, built.err)

	folder := t.TempDir()
	hub, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(folder, "hub.sock"), Net: "unix"})
	require.NoError(t, err)
	t.Cleanup(func() { _ = hub.Close() })
	require.NoError(t, os.Chmod(hub.Addr().String(), 0o666))
	return &world{engine: engine, hub: hub, folder: folder, probe: built.probe}
}

func TestMain(m *testing.M) {
	status := m.Run()
	if built.probe != "" {
		_ = os.RemoveAll(filepath.Dir(built.probe))
	}
	os.Exit(status)
}

// buildImage puts the probe into the browser's image, and returns its path here.
func buildImage(engine *client.Client) (string, error) {
	dir, err := os.MkdirTemp("", "turtus-isolation-")
	if err != nil {
		return "", err
	}
	probe := filepath.Join(dir, "probe")
	build := exec.Command("go", "build", "-o", probe, "./probe")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return probe, fmt.Errorf("%w: %s", err, out)
	}
	text, err := os.ReadFile(probe)
	if err != nil {
		return probe, err
	}
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	if err := w.WriteHeader(&tar.Header{Name: "turtus-agent", Mode: 0o755, Size: int64(len(text))}); err != nil {
		return probe, err
	}
	if _, err := w.Write(text); err != nil {
		return probe, err
	}
	if err := w.Close(); err != nil {
		return probe, err
	}
	ctx := context.Background()
	made, err := engine.ContainerCreate(ctx, &typescontainer.Config{Image: browserImage}, nil, nil, nil, "")
	if err != nil {
		return probe, err
	}
	defer func() { _ = engine.ContainerRemove(ctx, made.ID, typescontainer.RemoveOptions{Force: true}) }()
	if err := engine.CopyToContainer(ctx, made.ID, "/usr/local/bin", &layer, typescontainer.CopyToContainerOptions{}); err != nil {
		return probe, err
	}
	_, err = engine.ContainerCommit(ctx, made.ID, typescontainer.CommitOptions{Reference: testImage})
	return probe, err
}

// box is a browser's container.
type box struct {
	t     *testing.T
	world *world
	run   uuid.UUID
	conn  net.Conn
	lines *bufio.Reader
}

func (w *world) launch(t *testing.T, image_, extra string, limits browsers.Limits) *box {
	t.Helper()
	l, err := docker.New(t.Context(), docker.Options{
		Server: uuid.NewString(), Image: image_, Network: testNetwork, Hub: w.folder, Seccomp: image.Seccomp,
		Environ: []string{extra}, Limits: limits,
	})
	require.NoError(t, err)
	t.Cleanup(l.Close)
	spec := browsers.Spec{
		Run: uuid.New(), Room: rooms.NewID(), Token: "the-token", StartURL: "about:blank", Width: 1280, Height: 720, Depth: 24, FrameRate: 30,
		ViewerTimeout: time.Minute, SignalTimeout: time.Minute,
		Addresses: []netip.Addr{netip.MustParseAddr(hostPublic)}, Resolvers: []netip.Addr{netip.MustParseAddr(resolver)},
	}
	for _, address := range w.hostAddresses(t) {
		spec.Addresses = append(spec.Addresses, netip.MustParseAddr(address))
	}
	handle, err := l.Start(t.Context(), spec)
	require.NoError(t, err)
	t.Cleanup(func() {
		if err := l.Stop(context.Background(), handle, 0); err != nil {
			t.Error(err)
		}
	})
	return &box{t: t, world: w, run: spec.Run}
}

// start starts a container with the probe in it.
func (w *world) start(t *testing.T, extra string) *box {
	t.Helper()
	b := w.launch(t, testImage, extra, limits)
	require.NoError(t, w.hub.SetDeadline(time.Now().Add(time.Minute)))
	conn, err := w.hub.Accept()
	require.NoError(t, err, "the probe does not come to the hub: %s", b.log())
	t.Cleanup(func() { _ = conn.Close() })
	b.conn, b.lines = conn, bufio.NewReader(conn)
	return b
}

// startBrowser starts a container with a real browser in it; nobody answers its agent.
func (w *world) startBrowser(t *testing.T) *box {
	t.Helper()
	return w.launch(t, browserImage, guarded, browsers.Limits{})
}

type answer struct {
	Error, Text string
	Table       map[string]string
}

// try has the probe do something.
func (b *box) try(what string, args ...string) (a answer) {
	b.t.Helper()
	require.NoError(b.t, json.NewEncoder(b.conn).Encode(map[string]any{"Do": what, "Args": args}))
	line, err := b.lines.ReadBytes('\n')
	require.NoError(b.t, err, "the probe is gone: %s", b.log())
	require.NoError(b.t, json.Unmarshal(line, &a))
	return a
}

// ask is a try that has to work.
func (b *box) ask(what string, args ...string) answer {
	b.t.Helper()
	a := b.try(what, args...)
	require.Empty(b.t, a.Error, "%s %v", what, args)
	return a
}

func (b *box) inspect() (typescontainer.InspectResponse, error) {
	return b.world.engine.ContainerInspect(context.Background(), "turtus-"+b.run.String())
}

func (b *box) log() string {
	out, _ := exec.Command("docker", "logs", "turtus-"+b.run.String()).CombinedOutput()
	return string(out)
}

// address is the container's on the bridge.
func (b *box) address(t *testing.T) string {
	t.Helper()
	found, err := b.inspect()
	require.NoError(t, err)
	return found.NetworkSettings.Networks[testNetwork].IPAddress
}

// pid is the agent's on this machine.
func (b *box) pid(t *testing.T) int {
	t.Helper()
	found, err := b.inspect()
	require.NoError(t, err)
	return found.State.Pid
}

// tabs waits until Firefox shows pages, and returns their processes.
func (b *box) tabs(t *testing.T) (pids []int) {
	t.Helper()
	require.Eventually(t, func() bool {
		top, err := b.world.engine.ContainerTop(context.Background(), "turtus-"+b.run.String(), []string{"-eo", "pid,args"})
		if err != nil {
			return false
		}
		pids = nil
		for _, row := range top.Processes {
			pid, err := strconv.Atoi(row[0])
			if err == nil && strings.HasSuffix(strings.TrimSpace(row[1]), " tab") {
				pids = append(pids, pid)
			}
		}
		return len(pids) > 0 && slices.IndexFunc(pids, func(pid int) bool { return !settled(pid) }) < 0
	}, 2*time.Minute, 200*time.Millisecond, "no tab of Firefox: %s", b.log())
	return pids
}

// settled says whether a tab's process has begun to show pages: its sandbox's filter comes last.
func settled(pid int) bool {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	return err == nil && strings.Contains(string(status), "\nSeccomp_filters:\t3\n")
}

// quota is how many processors the kernel lets it keep busy (cgroups(7), of version 1 or 2).
func (b *box) quota(t *testing.T) float64 {
	t.Helper()
	words := strings.Fields(b.try("read", "/sys/fs/cgroup/cpu.max").Text)
	if len(words) == 0 {
		words = strings.Fields(b.ask("read", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us").Text + " " + b.ask("read", "/sys/fs/cgroup/cpu/cpu.cfs_period_us").Text)
	}
	require.Len(t, words, 2)
	most, err := strconv.ParseFloat(words[0], 64)
	require.NoError(t, err, "no bound: %s", words)
	period, err := strconv.ParseFloat(words[1], 64)
	require.NoError(t, err)
	return most / period
}

// gateway is the host's address on the containers' bridge.
func (w *world) gateway(t *testing.T) string {
	t.Helper()
	found, err := w.engine.NetworkInspect(t.Context(), testNetwork, network.InspectOptions{})
	require.NoError(t, err)
	return found.IPAM.Config[0].Gateway
}

func (w *world) processors(t *testing.T) float64 {
	t.Helper()
	info, err := w.engine.Info(t.Context())
	require.NoError(t, err)
	return float64(info.NCPU)
}

// hostAddresses are those of IPv4 that the host has on its networks.
func (w *world) hostAddresses(t *testing.T) (list []string) {
	t.Helper()
	all, err := net.InterfaceAddrs()
	require.NoError(t, err)
	for _, a := range all {
		if own, ok := a.(*net.IPNet); ok && own.IP.To4() != nil && own.IP.IsGlobalUnicast() {
			list = append(list, own.IP.String())
		}
	}
	return list
}

// serveTCP is a service of the host on all its addresses.
func serveTCP(t *testing.T) (port string) {
	t.Helper()
	listener, err := net.Listen("tcp4", "0.0.0.0:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	}()
	_, port, err = net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	return port
}

// goOnline makes the world outside, and its services.
func (w *world) goOnline(t *testing.T) {
	t.Helper()
	try := func(line string) error {
		output, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("ip %s: %s", line, output)
		}
		return nil
	}
	ip := func(line string) { require.NoError(t, try(line)) }
	undo := func() {
		_ = try("link delete " + cable)
		_ = try("netns delete " + namespace)
		_ = try("address delete " + hostPublic + "/32 dev lo")
	}
	undo() // what a killed test has left
	t.Cleanup(undo)
	ip("netns add " + namespace)
	ip("link add " + cable + " type veth peer name out netns " + namespace)
	ip("address add " + hostEnd + "/30 dev " + cable)
	ip("link set " + cable + " up")
	ip("address add " + hostPublic + "/32 dev lo")
	ip("-n " + namespace + " link set lo up")
	ip("-n " + namespace + " address add " + public + "/30 dev out")
	ip("-n " + namespace + " link set out up")
	ip("-n " + namespace + " route add default via " + hostEnd)
	serve := []string{"netns", "exec", namespace, w.probe, "serve", net.JoinHostPort(public, "80")}
	for _, address := range append([]string{metadata, resolver}, privates...) {
		ip("-n " + namespace + " address add " + address + "/32 dev lo")
		ip("route add " + address + "/32 via " + public)
		serve = append(serve, net.JoinHostPort(address, "80"))
	}
	services := exec.Command("ip", append(serve, net.JoinHostPort(resolver, "53"))...)
	services.Stderr = os.Stderr
	out, err := services.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, services.Start())
	t.Cleanup(func() {
		_ = services.Process.Kill()
		_ = services.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, line, "ready")
}
