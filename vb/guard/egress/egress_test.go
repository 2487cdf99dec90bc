package egress

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// Tests that need a network of their own run again in a child, which is root in namespaces made for it.
const (
	inside    = "TURTUS_TEST_INSIDE"
	neighbour = "TURTUS_TEST_NEIGHBOUR"
)

func TestMain(m *testing.M) {
	if os.Getenv(neighbour) != "" {
		os.Exit(beNeighbour())
	}
	os.Exit(m.Run())
}

// apart returns whether this is the child; otherwise it has run it, and the test is over.
func apart(t *testing.T) bool {
	t.Helper()
	if os.Getenv(inside) != "" {
		return true
	}
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	child.Env = append(os.Environ(), inside+"=1")
	child.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	output, err := child.CombinedOutput()
	require.NoError(t, err, "%s", output)
	require.Contains(t, string(output), "--- PASS: "+t.Name())
	return false
}

func ip(t *testing.T, line string) {
	t.Helper()
	output, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput()
	require.NoError(t, err, "ip %s: %s", line, output)
}

// send sends one datagram, and returns what the kernel says of it.
func send(address string, port uint16) error {
	target := net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(address), port))
	conn, err := net.DialUDP("udp", nil, target)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.Write([]byte("x"))
	return err
}

func TestTheKernelLetsOutWhatTheTableSays(t *testing.T) {
	if !apart(t) {
		return
	}
	// An interface where all that is let out vanishes, and a way there for every address.
	ip(t, "link set lo up")
	ip(t, "link add out type veth peer name sink")
	ip(t, "address add 8.99.0.2/24 dev out")
	ip(t, "address add 2600:99::2/64 dev out nodad")
	ip(t, "link set out up arp off")
	ip(t, "link set sink up")
	for _, all := range []string{"0.0.0.0/0", "::/0", "ff00::/8", "fe80::/10"} {
		ip(t, "route replace "+all+" dev out")
	}
	for _, c := range reach {
		if send(c.address, 9) != nil && c.public {
			t.Errorf("%s can't be reached without rules either", c.address)
		}
	}
	onLink, err := OnLink()
	require.NoError(t, err)
	resolver := netip.MustParseAddr("10.0.0.53")
	for range 2 { // the second time in place of the first
		require.NoError(t, Set(Rules{MediaPort: 4000, Resolvers: []netip.Addr{resolver}, Refuse: append(onLink, given...)}))
	}
	for _, c := range reach {
		if netip.MustParseAddr(c.address).IsLoopback() {
			continue // goes by lo, as it should
		}
		err := send(c.address, 9)
		if c.public {
			assert.NoError(t, err, "%s (%s)", c.address, c.what)
		} else {
			assert.Error(t, err, "%s (%s)", c.address, c.what)
		}
	}
	for _, c := range []struct {
		address string
		port    uint16
		passes  bool
		what    string
	}{
		{"8.99.0.1", 9, false, "a neighbour by a public address"},
		{"2600:99::1", 9, false, "a neighbour by a public address"},
		{"127.0.0.11", 9, true, "the engine's own name server is on loopback"},
		{"10.0.0.53", 53, true, "the name server"},
		{"10.0.0.53", 54, false, "another service of the name server"},
		{"10.0.0.54", 53, false, "another private name server"},
		{"1.1.1.1", 53, false, "another public name server"},
	} {
		err := send(c.address, c.port)
		if c.passes {
			assert.NoError(t, err, "%s:%d (%s)", c.address, c.port, c.what)
		} else {
			assert.ErrorIs(t, err, unix.EPERM, "%s:%d (%s)", c.address, c.port, c.what)
		}
	}
}

// The viewer on a private network: it comes in by the media port alone, and is answered there though it can't be called.
func TestWhoComesInByTheMediaPortIsAnswered(t *testing.T) {
	if !apart(t) {
		return
	}
	ip(t, "link set lo up")
	ask := startNeighbour(t)
	ip(t, "address add 10.7.0.1/24 dev here")
	ip(t, "address add fd07::1/64 dev here nodad")
	ip(t, "link set here up")
	ask("up")
	onLink, err := OnLink()
	require.NoError(t, err)
	require.NoError(t, Set(Rules{MediaPort: 4000, Refuse: onLink}))

	for _, host := range []struct{ own, viewer string }{{"10.7.0.1", "10.7.0.2"}, {"fd07::1", "fd07::2"}} {
		media, err := net.ListenPacket("udp", net.JoinHostPort(host.own, "4000"))
		require.NoError(t, err)
		defer media.Close()
		other, err := net.ListenPacket("udp", net.JoinHostPort(host.own, "4001"))
		require.NoError(t, err)
		defer other.Close()

		viewer := net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(host.viewer), 5000))
		_, err = media.WriteTo([]byte("first"), viewer)
		require.Error(t, err, "it can't be called first")

		// What came before what arrives is there or was refused.
		ask("tell " + host.own + " 4001 " + host.viewer)
		ask("tell " + host.own + " 4000 " + host.viewer)
		buffer := make([]byte, 16)
		n, from, err := media.ReadFrom(buffer)
		require.NoError(t, err)
		require.Equal(t, "hello", string(buffer[:n]))
		raw, err := other.(*net.UDPConn).SyscallConn()
		require.NoError(t, err)
		require.NoError(t, raw.Control(func(fd uintptr) {
			_, _, err := unix.Recvfrom(int(fd), buffer, unix.MSG_DONTWAIT)
			assert.ErrorIs(t, err, unix.EAGAIN, "another port is closed")
		}))
		_, err = media.WriteTo([]byte("answer"), from)
		require.NoError(t, err)
		require.Equal(t, "answer", ask("hear "+host.viewer))
	}
}

// The same over TCP, for viewers whose network lets no UDP through.
func TestWhoComesInByTheMediaPortOverTCPIsAnswered(t *testing.T) {
	if !apart(t) {
		return
	}
	ip(t, "link set lo up")
	ask := startNeighbour(t)
	ip(t, "address add 10.7.0.1/24 dev here")
	ip(t, "address add fd07::1/64 dev here nodad")
	ip(t, "link set here up")
	ask("up")
	onLink, err := OnLink()
	require.NoError(t, err)
	for _, host := range []struct{ own, viewer string }{{"10.7.0.1", "10.7.0.2"}, {"fd07::1", "fd07::2"}} {
		for _, port := range []string{"4000", "4001"} {
			listener, err := net.Listen("tcp", net.JoinHostPort(host.own, port))
			require.NoError(t, err)
			defer listener.Close()
		}
		call := func(port string) string { return ask("call " + host.own + " " + port) }
		media, err := net.ListenPacket("udp", net.JoinHostPort(host.own, "4000"))
		require.NoError(t, err)
		defer media.Close()
		require.NoError(t, Set(Rules{MediaPort: 4000, Refuse: onLink}))
		before := call("4000")
		ask("tell " + host.own + " 4000 " + host.viewer)
		_, _, err = media.ReadFrom(make([]byte, 16)) // what came before this is answered or was refused
		require.NoError(t, err)
		assert.Equal(t, "unanswered", ask("state "+before), "the port is open for UDP alone")

		require.NoError(t, Set(Rules{MediaPort: 4000, MediaPortTCP: 4000, Refuse: onLink}))
		other := call("4001")
		require.Equal(t, "answered", ask("await "+call("4000")))
		assert.Equal(t, "unanswered", ask("state "+other), "another port is closed")
		_, err = net.Dial("tcp", net.JoinHostPort(host.viewer, "5000"))
		refused := unix.EHOSTUNREACH
		if strings.Contains(host.own, ":") {
			refused = unix.EACCES // the same, as IPv6 has it
		}
		assert.ErrorIs(t, err, refused, "it can't be called first")
	}
}

// startNeighbour starts a child in a network namespace of its own, with a cable to an interface "here". It does what it
// is asked and says what came of it.
func startNeighbour(t *testing.T) (ask func(string) string) {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), neighbour+"=1")
	child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	child.Stderr = os.Stderr
	in, err := child.StdinPipe()
	require.NoError(t, err)
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	t.Cleanup(func() {
		_ = in.Close()
		assert.NoError(t, child.Wait())
	})
	ip(t, fmt.Sprintf("link add here type veth peer name there netns %d", child.Process.Pid))
	lines := bufio.NewScanner(out)
	return func(what string) string {
		t.Helper()
		_, err := fmt.Fprintln(in, what)
		require.NoError(t, err)
		require.True(t, lines.Scan(), "the neighbour is gone")
		word, answer, _ := strings.Cut(lines.Text(), " ")
		require.Equal(t, "ok", word, answer)
		return answer
	}
}

// call begins a TCP connection, and returns its descriptor.
func call(to netip.Addr, port string) (string, error) {
	number, err := strconv.Atoi(port)
	if err != nil {
		return "", err
	}
	family, address := unix.AF_INET6, unix.Sockaddr(&unix.SockaddrInet6{Port: number, Addr: to.As16()})
	if to.Is4() {
		family, address = unix.AF_INET, &unix.SockaddrInet4{Port: number, Addr: to.As4()}
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	if err := unix.Connect(fd, address); err != unix.EINPROGRESS && err != nil {
		return "", err
	}
	return strconv.Itoa(fd), nil
}

// state says what has become of a connection that was begun (tcp(7), TCP_INFO).
func state(fd int) (string, error) {
	const established, synSent = 1, 2
	info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil {
		return "", err
	}
	switch info.State {
	case established:
		return "answered", nil
	case synSent:
		return "unanswered", nil
	}
	return fmt.Sprintf("in state %d", info.State), nil
}

func beNeighbour() int {
	conns := make(map[string]net.PacketConn)
	do := func(words []string) (string, error) {
		switch words[0] {
		case "up":
			for _, line := range []string{"address add 10.7.0.2/24 dev there", "address add fd07::2/64 dev there nodad", "link set there up"} {
				if output, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
					return "", fmt.Errorf("ip %s: %s", line, output)
				}
			}
			for _, own := range []string{"10.7.0.2", "fd07::2"} {
				conn, err := net.ListenPacket("udp", net.JoinHostPort(own, "5000"))
				if err != nil {
					return "", err
				}
				conns[own] = conn
			}
			return "", nil
		case "tell":
			target, err := net.ResolveUDPAddr("udp", net.JoinHostPort(words[1], words[2]))
			if err != nil {
				return "", err
			}
			_, err = conns[words[3]].WriteTo([]byte("hello"), target)
			return "", err
		case "call":
			return call(netip.MustParseAddr(words[1]), words[2])
		case "await":
			fd, err := strconv.Atoi(words[1])
			if err != nil {
				return "", err
			}
			for {
				if _, err = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, -1); err != unix.EINTR {
					break
				}
			}
			if err != nil {
				return "", err
			}
			return state(fd)
		case "state":
			fd, err := strconv.Atoi(words[1])
			if err != nil {
				return "", err
			}
			return state(fd)
		case "hear":
			buffer := make([]byte, 16)
			n, _, err := conns[words[1]].ReadFrom(buffer)
			return string(buffer[:n]), err
		}
		return "", errors.ErrUnsupported
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		answer, err := do(strings.Fields(lines.Text()))
		if err != nil {
			fmt.Println("error", err)
			continue
		}
		fmt.Println("ok", answer)
	}
	if err := lines.Err(); err != nil && err != io.EOF {
		return 1
	}
	return 0
}

func TestWhatIsBegunIsBounded(t *testing.T) {
	if !apart(t) {
		return
	}
	ip(t, "link set lo up")
	ip(t, "link add out type veth peer name sink")
	ip(t, "address add 8.99.0.2/24 dev out")
	ip(t, "link set out up arp off")
	ip(t, "link set sink up")
	ip(t, "route replace 0.0.0.0/0 dev out")
	resolver := netip.MustParseAddr("10.0.0.53")
	require.NoError(t, Set(Rules{Resolvers: []netip.Addr{resolver}}))
	socket, err := net.ListenUDP("udp4", nil)
	require.NoError(t, err)
	defer socket.Close()
	// begun says after how many conversations another is refused.
	begun := func(most int, to func(n int) netip.AddrPort) int {
		for n := range most {
			if _, err := socket.WriteToUDPAddrPort([]byte("x"), to(n)); err != nil {
				require.ErrorIs(t, err, unix.EPERM)
				return n
			}
		}
		return most
	}
	elsewhere := func(n int) netip.AddrPort { return netip.AddrPortFrom(netip.MustParseAddr("9.9.9.9"), uint16(10000+n)) }
	n := begun(4*maxFlows, elsewhere)
	assert.GreaterOrEqual(t, n, maxFlows)
	assert.Less(t, n, 4*maxFlows)
	_, err = socket.WriteToUDPAddrPort([]byte("x"), netip.AddrPortFrom(resolver, 53))
	assert.NoError(t, err, "names are asked for besides")
}
