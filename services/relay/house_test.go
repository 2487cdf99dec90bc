package relay

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/turn/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"turtus/services/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come; nothing is measured by it.
const patience = 30 * time.Second

const localhost = "127.0.0.1"

// clock is a time that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// open opens a relay on loopback addresses and ends it with the test.
func open(t *testing.T, change func(*Options)) *Relay {
	t.Helper()
	o := Options{Hosts: []netip.Addr{netip.MustParseAddr(localhost)}, Secret: []byte("secret")}
	if change != nil {
		change(&o)
	}
	r, err := Open(o)
	require.NoError(t, err)
	// A port that is free for UDP may be some connection's of TCP.
	for o.Port == 0 && !o.Off && !(r.udp && r.tcp) {
		shut(t, r)
		r, err = Open(o)
		require.NoError(t, err)
	}
	t.Cleanup(func() { shut(t, r) })
	return r
}

func shut(t *testing.T, r *Relay) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := r.Close(ctx); err != nil {
		require.ErrorContains(t, err, "close", "closed before")
	}
	s := r.Statistics()
	require.Zero(t, s.Allocations)
	require.Zero(t, s.Streams)
	require.Empty(t, r.users)
}

// turnServer is what a peer is told of the relay's TURN.
func turnServer(t *testing.T, r *Relay, peer string) wire.ICEServer {
	t.Helper()
	for _, s := range r.Servers(peer, wire.PeerKindViewer, localhost+":8080", false) {
		if s.Username != nil {
			return s
		}
	}
	require.FailNow(t, "no TURN server")
	panic("unreachable")
}

// client is a TURN client of a peer, over UDP.
func client(t *testing.T, r *Relay, username, password string) *turn.Client {
	t.Helper()
	socket, err := net.ListenPacket("udp4", localhost+":0")
	require.NoError(t, err)
	at := net.JoinHostPort(localhost, strconv.Itoa(r.Port()))
	c, err := turn.NewClient(&turn.ClientConfig{
		STUNServerAddr: at, TURNServerAddr: at, Username: username, Password: password, Realm: realm, Conn: socket,
		RTO: patience, // nothing gets lost here, and what is asked twice is counted twice
	})
	require.NoError(t, err)
	require.NoError(t, c.Listen())
	t.Cleanup(func() {
		c.Close()
		_ = socket.Close()
	})
	return c
}

func clientOf(t *testing.T, r *Relay, peer string) *turn.Client {
	t.Helper()
	s := turnServer(t, r, peer)
	return client(t, r, *s.Username, *s.Credential)
}

// allocate gets the peer a relayed address.
func allocate(t *testing.T, r *Relay, peer string) net.PacketConn {
	t.Helper()
	relayed, err := clientOf(t, r, peer).Allocate()
	require.NoError(t, err)
	t.Cleanup(func() { _ = relayed.Close() })
	return relayed
}

// socket is a peer of a relayed address: what it receives, in order.
type socket struct {
	*net.UDPConn
	t        *testing.T
	received chan string
}

func listen(t *testing.T) *socket {
	t.Helper()
	c, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(localAddress(false), 0)))
	require.NoError(t, err)
	s := &socket{c, t, make(chan string, 10_000)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buffer := make([]byte, 2000)
		for {
			n, _, err := c.ReadFrom(buffer)
			if err != nil {
				return
			}
			text, _, _ := strings.Cut(string(buffer[:n]), "\x00")
			s.received <- text
		}
	}()
	t.Cleanup(func() {
		_ = c.Close()
		<-done
	})
	return s
}

func (s *socket) address() netip.AddrPort { return s.LocalAddr().(*net.UDPAddr).AddrPort() }

// hears says what came next.
func (s *socket) hears(want string) {
	s.t.Helper()
	select {
	case got := <-s.received:
		require.Equal(s.t, want, got)
	case <-time.After(patience):
		require.FailNow(s.t, "nothing came", want)
	}
}
