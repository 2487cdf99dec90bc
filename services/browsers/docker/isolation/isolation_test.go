// Package isolation has the tests that try to get out of a browser's container, as its launcher makes it. A probe takes
// the agent's place and does what a page would that has broken out of Firefox.
//
// Where a rule of the guard is what stops it, the same is tried with the guard open, and has to work there: so it is the
// rule, and not the world of the test, that refuses.
package isolation

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// unreachable is what the rules answer to a connection, notPermitted to a datagram.
const (
	unreachable  = "EHOSTUNREACH"
	notPermitted = "EPERM"
)

func TestNoPrivilegeIsThereAndNoneCanBeHad(t *testing.T) {
	b := newWorld(t).start(t, guarded)
	status := b.ask("status").Table
	none := "0000000000000000"
	for name, want := range map[string]string{
		"Uid": "1000 1000 1000 1000", "Gid": "1000 1000 1000 1000", "Groups": "", "NoNewPrivs": "1", "Seccomp": "2",
		"CapInh": none, "CapPrm": none, "CapEff": none, "CapBnd": none, "CapAmb": none,
		"Seccomp_filters": "2", // the container's, and the guard's
	} {
		assert.Equal(t, want, status[name], name)
	}
	const refused, unknown = "EPERM", "EPROTONOSUPPORT"
	escapes := map[string]string{
		"become root": refused, "mount": refused, "mount namespace": refused, "join a namespace": refused, "trace": refused,
		"load a program": refused, "keys": refused, "io_uring": refused, "watch performance": refused, "page faults": refused,
		"make a device": refused, "set the clock": refused, "raw socket": refused, "packet socket": unknown, "firewall": unknown,
		"virtual machines": refused,
	}
	assert.Equal(t, escapes, b.ask("escape").Table)
	// In namespaces of its own, as Firefox's sandbox makes them, it is master of nothing but those.
	escapes["become root"], escapes["raw socket"] = "done", "done" // in a network that leads nowhere
	assert.Equal(t, escapes, b.ask("master").Table)
}

func TestTheFilesAreReadOnlyAndNothingOfTheHostIsThere(t *testing.T) {
	b := newWorld(t).start(t, guarded)
	for _, path := range []string{"/x", "/usr/local/bin/turtus-agent", "/etc/passwd", "/etc/firefox/policies/policies.json", "/usr/lib/x", "/var/x",
		"/run/turtus/x", "/proc/sys/kernel/core_pattern", "/sys/kernel/x"} {
		assert.Contains(t, []string{"EROFS", "EACCES"}, b.try("write", path).Error, path)
	}
	for _, path := range []string{"/tmp/x", "/home/browser/x", "/dev/shm/x"} {
		b.ask("write", path)
	}
	for _, path := range []string{"/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock", "/proc/1/root/run/docker.sock"} {
		assert.Equal(t, "ENOENT", b.try("stat", path).Error, path)
	}
	var points []string
	for line := range strings.Lines(b.ask("read", "/proc/self/mounts").Text) {
		fields := strings.Fields(line)
		point, options := fields[1], ","+fields[3]+","
		if strings.HasPrefix(point, "/proc") || strings.HasPrefix(point, "/sys") || strings.HasPrefix(point, "/dev") {
			continue
		}
		points = append(points, point)
		if !strings.Contains(options, ",ro,") && !strings.HasPrefix(point, "/etc/") {
			assert.Contains(t, options, ",nosuid,", point)
			assert.Contains(t, options, ",nodev,", point)
		}
	}
	assert.ElementsMatch(t, []string{"/", "/home/browser", "/tmp", "/run", "/run/turtus", "/etc/resolv.conf", "/etc/hostname", "/etc/hosts"}, points)
}

func TestWhatItTakesIsBounded(t *testing.T) {
	b := newWorld(t).start(t, guarded)

	bomb := b.try("multiply", "1000")
	assert.Equal(t, "EAGAIN", bomb.Error)
	children, err := strconv.Atoi(bomb.Text)
	require.NoError(t, err)
	assert.Less(t, children, limits.Processes)

	hog := b.try("take", strconv.FormatInt(4*limits.Memory, 10))
	assert.Contains(t, hog.Text, "signal: killed")
	b.ask("take", strconv.FormatInt(limits.Memory/4, 10))

	assert.Equal(t, limits.CPUs, b.quota(t))
	if b.world.processors(t) > limits.CPUs {
		took, err := time.ParseDuration(b.ask("spin").Text)
		require.NoError(t, err)
		// A second of processor time takes two: a machine that is busy makes it longer, only a missing bound shorter.
		assert.Greater(t, took, 1600*time.Millisecond)
	}
}

func TestNothingPrivateIsReachedAndThePublicInternetIs(t *testing.T) {
	w := newWorld(t)
	w.goOnline(t)
	port := serveTCP(t)
	safe, open := w.start(t, guarded), w.start(t, unguarded)

	services := map[string]string{
		"the host, by the bridge's address": net.JoinHostPort(w.gateway(t), port),
		"the host, by its public address":   net.JoinHostPort(hostPublic, port),
		"a cloud's metadata":                net.JoinHostPort(metadata, "80"),
	}
	for i, address := range w.hostAddresses(t) {
		services[fmt.Sprintf("the host, by its address %d", i)] = net.JoinHostPort(address, port)
	}
	for _, address := range privates {
		services["private network: "+address] = net.JoinHostPort(address, "80")
	}
	for what, address := range services {
		require.Empty(t, open.try("connect", "tcp", address).Error, "%s can't be reached without the guard either, so this tests nothing", what)
		assert.Equal(t, unreachable, safe.try("connect", "tcp", address).Error, "%s (%s)", what, address)
		assert.Equal(t, notPermitted, safe.try("send", address).Error, "%s (%s)", what, address)
	}
	safe.ask("connect", "tcp", net.JoinHostPort(public, "80"))

	// Names: by the name server alone, though it is a private address, and nothing else of it.
	assert.Equal(t, public, safe.ask("look up", "anything.example").Text)
	require.Empty(t, open.try("connect", "tcp", net.JoinHostPort(resolver, "80")).Error)
	assert.Equal(t, unreachable, safe.try("connect", "tcp", net.JoinHostPort(resolver, "80")).Error)
	assert.Equal(t, notPermitted, safe.try("send", net.JoinHostPort(public, "53")).Error, "another name server")

	// There is no IPv6 in the container; what would be let out where there is, the guard's own tests say.
	for _, address := range []string{"[fd00:ec2::254]:80", "[fe80::1%25eth0]:80", "[fd00::1]:80", "[64:ff9b::a9fe:a9fe]:80"} {
		assert.NotEmpty(t, safe.try("connect", "tcp", address).Error, address)
	}
}

// Twice refused: by the guard, and by the bridge itself where there is none.
func TestNoContainerReachesAnother(t *testing.T) {
	w := newWorld(t)
	safe, open, other := w.start(t, guarded), w.start(t, unguarded), w.start(t, unguarded)
	other.ask("listen", "0.0.0.0:4000")
	target := net.JoinHostPort(other.address(t), "4000")
	assert.Equal(t, notPermitted, safe.try("send", target).Error)

	// A datagram of a neighbour would be there before that of the host, who may.
	open.ask("send", target)
	conn, err := net.Dial("udp", target)
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.Write([]byte("host"))
	require.NoError(t, err)
	assert.Equal(t, "host", other.ask("hear").Text)
}

// Firefox's own sandbox (about:support calls it user namespaces, seccomp-BPF): each tab is in namespaces of its own, with
// one filter more than the container.
func TestTheSandboxOfFirefoxIsOn(t *testing.T) {
	b := newWorld(t).startBrowser(t)
	tabs := b.tabs(t)
	container := fmt.Sprintf("/proc/%d/", b.pid(t))
	for _, tab := range tabs {
		process := fmt.Sprintf("/proc/%d/", tab)
		for _, namespace := range []string{"user", "net", "ipc"} {
			own, err := os.Readlink(process + "ns/" + namespace)
			require.NoError(t, err)
			whole, err := os.Readlink(container + "ns/" + namespace)
			require.NoError(t, err)
			assert.NotEqual(t, whole, own, "a tab's %s namespace", namespace)
		}
		status, err := os.ReadFile(process + "status")
		require.NoError(t, err)
		assert.Contains(t, string(status), "\nSeccomp:\t2\n")
		assert.Contains(t, string(status), "\nSeccomp_filters:\t3\n")
		// Its root folder is one that is gone, or empty.
		files, _ := os.ReadDir(process + "root")
		assert.Empty(t, files, "the root folder of a tab")
	}
}
