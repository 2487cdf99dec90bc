package relay

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

func TestOnlyGoodCredentialsBeginAnything(t *testing.T) {
	time := &clock{now: time.Now()}
	r := open(t, func(o *Options) { o.Now = time.Now })
	good := turnServer(t, r, "ann")
	for name, c := range map[string][2]string{
		"nobody":          {"", ""},
		"a wrong one":     {*good.Username, "wrong"},
		"another's":       {*good.Username + "x", *good.Credential},
		"a longer life":   {"9" + *good.Username, *good.Credential},
		"no peer":         {"9999999999", password64([]byte("secret"), "9999999999")},
		"an empty peer":   {"9999999999:", password64([]byte("secret"), "9999999999:")},
		"no time":         {"ann", password64([]byte("secret"), "ann")},
		"another secret":  {*good.Username, password64([]byte("other"), *good.Username)},
		"its end is past": {"1000000000:ann", password64([]byte("secret"), "1000000000:ann")},
	} {
		_, err := client(t, r, c[0], c[1]).Allocate()
		require.Error(t, err, name)
	}
	require.Zero(t, r.Statistics().AllocationsMade)
	require.GreaterOrEqual(t, r.Statistics().Unauthorised, uint64(8))

	c := client(t, r, *good.Username, *good.Credential)
	relayed, err := c.Allocate()
	require.NoError(t, err)
	defer relayed.Close()
	time.forward(12*3600e9 + 1e9)
	_, err = client(t, r, *good.Username, *good.Credential).Allocate()
	require.Error(t, err, "expired")

	t.Run("what was begun in time goes on", func(t *testing.T) {
		friend := listen(t)
		r.Reach("ann", []netip.AddrPort{friend.address()})
		require.NoError(t, c.CreatePermission(friend.LocalAddr()))
		_, err = relayed.WriteTo([]byte("still here"), friend.LocalAddr())
		require.NoError(t, err)
		friend.hears("still here")
	})
}

func TestARelayedAddressReachesWhatTheViewerWasToldAlone(t *testing.T) {
	r := open(t, nil)
	relayed := allocate(t, r, "ann")
	agent, neighbour := listen(t), listen(t)
	say := func(to *socket, text string) {
		t.Helper()
		_, err := relayed.WriteTo([]byte(text), to.LocalAddr())
		require.NoError(t, err)
	}
	r.Reach("ann", []netip.AddrPort{agent.address()})
	say(agent, "1")
	agent.hears("1")
	say(neighbour, "2") // the same address, another port, so its permission is no help
	say(agent, "3")
	agent.hears("3")
	require.Empty(t, neighbour.received)
	require.EqualValues(t, 1, r.Statistics().RefusedTargets)

	t.Run("and is reached by it alone", func(t *testing.T) {
		require.NoError(t, relayed.SetReadDeadline(time.Now().Add(patience)))
		_, err := neighbour.WriteTo([]byte("stranger"), relayed.LocalAddr())
		require.NoError(t, err)
		_, err = agent.WriteTo([]byte("answer"), relayed.LocalAddr())
		require.NoError(t, err)
		answer := make([]byte, 100)
		n, _, err := relayed.ReadFrom(answer)
		require.NoError(t, err)
		require.Equal(t, "answer", string(answer[:n]))
	})
	t.Run("what another viewer was told is no business of it", func(t *testing.T) {
		before := r.Statistics().RefusedTargets
		r.Reach("ben", []netip.AddrPort{neighbour.address()})
		say(neighbour, "4")
		say(agent, "5")
		agent.hears("5")
		require.Empty(t, neighbour.received)
		require.Equal(t, before+1, r.Statistics().RefusedTargets)
	})
	t.Run("until it leaves", func(t *testing.T) {
		before := r.Statistics().RefusedTargets
		r.Forget("ann")
		say(agent, "6")
		require.Eventually(t, func() bool { return r.Statistics().RefusedTargets > before }, patience, time.Millisecond)
		r.Reach("ann", []netip.AddrPort{agent.address()})
		say(agent, "7")
		agent.hears("7")
	})
}

func TestPermissionsForEverythingElseAreRefused(t *testing.T) {
	r := open(t, nil)
	// An agent that says it is there changes nothing for the first few.
	r.Reach("ann", []netip.AddrPort{
		netip.MustParseAddrPort("169.254.169.254:80"), netip.MustParseAddrPort("224.0.0.1:80"), netip.MustParseAddrPort("0.0.0.0:80"),
		netip.MustParseAddrPort("255.255.255.255:80"), netip.MustParseAddrPort("[fe80::1]:80"), netip.MustParseAddrPort("[ff02::1]:80"),
	})
	c := clientOf(t, r, "ann")
	relayed, err := c.Allocate()
	require.NoError(t, err)
	defer relayed.Close()
	for _, address := range []string{
		"169.254.169.254", "224.0.0.1", "0.0.0.0", "255.255.255.255",
		"127.0.0.1", "127.0.0.53", "10.0.0.1", "172.17.0.1", "192.168.0.1", "100.64.0.1", "192.0.2.1", "8.8.8.8",
	} {
		if localAddress(false).String() == address {
			continue // where other relayed addresses are
		}
		require.ErrorContains(t, c.CreatePermission(&net.UDPAddr{IP: net.ParseIP(address), Port: 80}), "error", address)
	}
	require.NotZero(t, r.Statistics().RefusedTargets)
}

func TestTwoRelayedAddressesReachEachOther(t *testing.T) {
	r := open(t, nil)
	a, b := allocate(t, r, "ann"), allocate(t, r, "ben")
	deadline := time.Now().Add(patience)
	// Each sends first, to make its permission; the other's first may come too early.
	said := make(chan string, 1)
	require.NoError(t, b.SetReadDeadline(deadline))
	_, err := b.WriteTo([]byte("hole"), a.LocalAddr())
	require.NoError(t, err)
	go func() {
		buffer := make([]byte, 100)
		n, _, _ := b.ReadFrom(buffer)
		said <- string(buffer[:n])
	}()
	_, err = a.WriteTo([]byte("hello"), b.LocalAddr())
	require.NoError(t, err)
	require.Equal(t, "hello", <-said)
}

func TestAPeerHasItsShareAndNoMore(t *testing.T) {
	r := open(t, func(o *Options) { o.MaxAllocationsPerPeer, o.MaxAllocations = 2, 3 })
	for range 2 {
		allocate(t, r, "ann")
	}
	_, err := clientOf(t, r, "ann").Allocate()
	require.ErrorContains(t, err, "486")
	last := allocate(t, r, "ben")
	_, err = clientOf(t, r, "cleo").Allocate()
	require.ErrorContains(t, err, "486")
	require.EqualValues(t, 2, r.Statistics().OverQuota)
	require.NoError(t, last.Close())
	require.Eventually(t, func() bool { return r.Statistics().Allocations == 2 }, patience, time.Millisecond)
	allocate(t, r, "cleo")
}

func TestWhatIsBeyondAPeersRateIsLost(t *testing.T) {
	time := &clock{now: time.Now()}
	r := open(t, func(o *Options) { o.PeerRate, o.PeerBurst, o.Now = 1000, 5000, time.Now })
	friend := listen(t)
	r.Reach("ann", []netip.AddrPort{friend.address()})
	relayed := allocate(t, r, "ann")
	say := func(text string) {
		datagram := make([]byte, 1000)
		copy(datagram, text)
		_, err := relayed.WriteTo(datagram, friend.LocalAddr())
		require.NoError(t, err)
	}
	for i := range 10 {
		say(strconv.Itoa(i))
	}
	require.Eventually(t, func() bool { return r.Statistics().OverRate == 5 }, patience, 1e6)
	time.forward(1e9)
	say("later")
	for i := range 5 {
		friend.hears(strconv.Itoa(i))
	}
	friend.hears("later")
}

func TestItGoesOnAfterARestart(t *testing.T) {
	before := open(t, nil)
	told := turnServer(t, before, "ann")
	relayed := allocate(t, before, "ann")
	stream, err := net.Dial("tcp", net.JoinHostPort(localhost, strconv.Itoa(before.Port())))
	require.NoError(t, err)
	defer stream.Close()
	require.Eventually(t, func() bool { return before.Statistics().Streams == 1 }, patience, time.Millisecond)
	shut(t, before)
	require.NoError(t, stream.SetReadDeadline(time.Now().Add(patience)))
	_, err = stream.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	_ = relayed.Close()

	after := open(t, func(o *Options) { o.Port = before.Port() })
	again, err := client(t, after, *told.Username, *told.Credential).Allocate()
	require.NoError(t, err)
	require.NoError(t, again.Close())
}

// takenByTCP is a port that is taken for TCP and free for UDP.
func takenByTCP(t *testing.T) (port int) {
	t.Helper()
	for {
		tcp, err := net.Listen("tcp4", localhost+":0")
		require.NoError(t, err)
		port = tcp.Addr().(*net.TCPAddr).Port
		if udp, err := net.ListenPacket("udp4", tcp.Addr().String()); err == nil {
			require.NoError(t, udp.Close())
			t.Cleanup(func() { _ = tcp.Close() })
			return port
		}
		require.NoError(t, tcp.Close())
	}
}

func TestATakenPortIsSaidAndDoneWithout(t *testing.T) {
	port := takenByTCP(t)
	var log bytes.Buffer
	r := open(t, func(o *Options) {
		o.Port, o.Log = port, slog.New(slog.NewTextHandler(&log, nil))
		o.Hosts = append(o.Hosts, netip.IPv6Loopback()) // where it is free
	})
	require.Contains(t, log.String(), fmt.Sprintf("without TCP: port %d", port))
	require.Contains(t, log.String(), "TURTUS_RELAY_PORT")
	require.NotContains(t, log.String(), "without UDP")
	require.Equal(t, []string{fmt.Sprintf("turn:127.0.0.1:%d?transport=udp", port)}, turnServer(t, r, "ann").Urls)
	allocate(t, r, "ann")

	log.Reset()
	none := open(t, func(o *Options) { o.Port, o.Log = port, slog.New(slog.NewTextHandler(&log, nil)) })
	require.Contains(t, log.String(), "without UDP")
	require.Empty(t, none.Servers("ann", wire.PeerKindViewer, localhost, false))
	require.Zero(t, none.Port())
}
