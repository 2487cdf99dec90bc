package icetcp

import (
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// long is a time that no test waits for.
const long = time.Hour

// at once has the head start be over.
func atOnce(time.Duration) <-chan time.Time {
	over := make(chan time.Time, 1)
	over <- time.Time{}
	return over
}

// patient are bounds that nothing meets by chance.
func patient(change ...func(*bounds)) bounds {
	b := usual()
	b.firstWord, b.idle, b.stalled, b.after = long, long, long, atOnce
	for _, c := range change {
		c(&b)
	}
	return b
}

func open(t *testing.T, b bounds) *Mux {
	t.Helper()
	m, err := listen(0, slog.New(slog.DiscardHandler), b)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, m.Close()) })
	return m
}

var loopback = net.IPv4(127, 0, 0, 1)

func endpointOf(t *testing.T, m *Mux, ufrag string) *endpoint {
	t.Helper()
	e, err := m.GetConnByUfrag(ufrag, false, loopback)
	require.NoError(t, err)
	return e.(*endpoint)
}

// dial connects from one of this machine's loopback addresses.
func dial(t *testing.T, m *Mux, from string) net.Conn {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	c, err := d.Dial("tcp", net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(m.Port()))).String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	require.NoError(t, c.(*net.TCPConn).SetReadBuffer(64<<10)) // the kernel keeps little of what is not read
	return c
}

func send(t *testing.T, c net.Conn, data []byte) {
	t.Helper()
	_, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(data))), data...))
	require.NoError(t, err)
}

func receive(c net.Conn) ([]byte, error) {
	header := make([]byte, 2)
	if _, err := io.ReadFull(c, header); err != nil {
		return nil, err
	}
	data := make([]byte, binary.BigEndian.Uint16(header))
	_, err := io.ReadFull(c, data)
	return data, err
}

// check is the first frame of a page: a connectivity check for the viewer whose fragment of ours it is.
func check(t *testing.T, ufrag string) []byte {
	t.Helper()
	m, err := stun.Build(stun.BindingRequest, stun.TransactionID, stun.NewUsername(ufrag+":theirs"))
	require.NoError(t, err)
	return m.Raw
}

// closed waits for the other end to close.
func closed(t *testing.T, c net.Conn) {
	t.Helper()
	n, err := c.Read(make([]byte, 1))
	assert.Zero(t, n)
	assert.Error(t, err)
}

// come has a viewer be there, and returns its address besides.
func come(t *testing.T, m *Mux, e *endpoint, from string) (net.Conn, netip.AddrPort) {
	t.Helper()
	c := dial(t, m, from)
	first := check(t, e.key.ufrag)
	send(t, c, first)
	buffer := make([]byte, maxFrame)
	n, at, err := e.ReadFromAddrPort(buffer)
	require.NoError(t, err)
	require.Equal(t, first, buffer[:n])
	require.Equal(t, c.LocalAddr().String(), at.String())
	return c, at
}

func TestFramesGoBothWays(t *testing.T) {
	m := open(t, patient())
	e := endpointOf(t, m, "ann")
	c, at := come(t, m, e, "127.0.0.1")
	require.Equal(t, m.Port(), e.LocalAddr().(*net.TCPAddr).Port)

	send(t, c, nil) // allowed (RFC 4571, section 2), and nothing
	send(t, c, []byte("a question"))
	buffer := make([]byte, maxFrame)
	n, from, err := e.ReadFrom(buffer)
	require.NoError(t, err)
	require.Equal(t, "a question", string(buffer[:n]))
	_, err = e.WriteTo([]byte("an answer"), from)
	require.NoError(t, err)
	data, err := receive(c)
	require.NoError(t, err)
	require.Equal(t, "an answer", string(data))

	_, err = e.WriteToAddrPort([]byte("lost"), netip.AddrPortFrom(at.Addr(), at.Port()^1))
	require.NoError(t, err, "to nobody, as a datagram")
	require.NoError(t, e.Close())
	closed(t, c)
	_, _, err = e.ReadFromAddrPort(buffer)
	require.ErrorIs(t, err, net.ErrClosed)
}

// One of a viewer's connections may go, as browsers close those that they do not take: the others stay.
func TestAConnectionThatEndsIsNotTheEndOfItsViewer(t *testing.T) {
	m := open(t, patient())
	e := endpointOf(t, m, "ann")
	first, _ := come(t, m, e, "127.0.0.1")
	require.NoError(t, first.Close())
	second, at := come(t, m, e, "127.0.0.2")
	_, err := e.WriteToAddrPort([]byte("here"), at)
	require.NoError(t, err)
	data, err := receive(second)
	require.NoError(t, err)
	require.Equal(t, "here", string(data))
}

func TestWhoIsNobodysIsClosed(t *testing.T) {
	m := open(t, patient())
	endpointOf(t, m, "ann")
	left := endpointOf(t, m, "bob")
	require.NoError(t, left.Close())
	answer, err := stun.Build(stun.BindingSuccess, stun.TransactionID, stun.NewUsername("ann:theirs"))
	require.NoError(t, err)
	nameless, err := stun.Build(stun.BindingRequest, stun.TransactionID)
	require.NoError(t, err)
	for what, first := range map[string][]byte{
		"a name that nobody has":     check(t, "eve"),
		"of somebody who has left":   check(t, "bob"),
		"an answer":                  answer.Raw,
		"no name":                    nameless.Raw,
		"no message":                 []byte("hello"),
		"a message cut short":        check(t, "ann")[:30],
		"a web page is asked for":    nil,
		"somebody speaks TLS":        nil,
		"more than any page's frame": nil,
	} {
		t.Run(what, func(t *testing.T) {
			c := dial(t, m, "127.0.0.1")
			raw := map[string]string{
				"a web page is asked for": "GET / HTTP/1.1\r\n", "somebody speaks TLS": "\x16\x03\x01\x02\x00\x01", "more than any page's frame": "\x08\x01",
			}[what]
			if raw != "" {
				_, err := io.WriteString(c, raw)
				require.NoError(t, err)
			} else {
				send(t, c, first)
			}
			closed(t, c)
		})
	}
}

func TestWhoSaysNothingOrNotAllIsClosed(t *testing.T) {
	m := open(t, patient(func(b *bounds) { b.firstWord = 100 * time.Millisecond }))
	endpointOf(t, m, "ann")
	for what, said := range map[string]string{
		"nothing": "", "half a length": "\x00", "less than it said": "\x00\x40\x00\x01\x00",
	} {
		t.Run(what, func(t *testing.T) {
			c := dial(t, m, "127.0.0.1")
			_, err := io.WriteString(c, said)
			require.NoError(t, err)
			closed(t, c)
		})
	}
}

func TestWhoStopsWithinAFrameIsClosed(t *testing.T) {
	m := open(t, patient(func(b *bounds) { b.idle = 100 * time.Millisecond }))
	c, _ := come(t, m, endpointOf(t, m, "ann"), "127.0.0.1")
	_, err := io.WriteString(c, "\x00\x40\x00")
	require.NoError(t, err)
	closed(t, c)
}

func TestAFloodOfSilentConnectionsKeepsNobodyOut(t *testing.T) {
	m := open(t, patient(func(b *bounds) { b.silent = 8 }))
	e := endpointOf(t, m, "ann")
	var flood []net.Conn
	for range 40 {
		flood = append(flood, dial(t, m, "127.0.0.2"))
	}
	for _, c := range flood[:32] {
		closed(t, c)
	}
	c, at := come(t, m, e, "127.0.0.1")
	_, err := e.WriteToAddrPort([]byte("here"), at)
	require.NoError(t, err)
	data, err := receive(c)
	require.NoError(t, err)
	require.Equal(t, "here", string(data))
}

func TestAFloodFromOneAddressEndsNoOthersSilence(t *testing.T) {
	m := open(t, patient(func(b *bounds) { b.silent = 8 }))
	e := endpointOf(t, m, "ann")
	var flood []net.Conn
	for range 8 {
		flood = append(flood, dial(t, m, "127.0.0.2"))
	}
	c := dial(t, m, "127.0.0.1")
	for range 20 {
		flood = append(flood, dial(t, m, "127.0.0.2"))
	}
	for _, c := range flood[:21] {
		closed(t, c)
	}
	first := check(t, e.key.ufrag)
	send(t, c, first)
	buffer := make([]byte, maxFrame)
	n, _, err := e.ReadFromAddrPort(buffer)
	require.NoError(t, err)
	require.Equal(t, first, buffer[:n])
}

func TestConnectionsAreBounded(t *testing.T) {
	for _, c := range []struct {
		what   string
		change func(*bounds)
		froms  []string
		ufrags []string
	}{
		{"of all", func(b *bounds) { b.streams = 2 }, []string{"127.0.0.2", "127.0.0.3", "127.0.0.4"}, []string{"ann", "bob", "eve"}},
		{"of one source", func(b *bounds) { b.perSource = 2 }, []string{"127.0.0.2", "127.0.0.2", "127.0.0.2"}, []string{"ann", "bob", "eve"}},
		{"of one viewer", func(b *bounds) { b.perViewer = 2 }, []string{"127.0.0.2", "127.0.0.3", "127.0.0.4"}, []string{"ann", "ann", "ann"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			m := open(t, patient(c.change))
			endpoints := make(map[string]*endpoint)
			for _, ufrag := range c.ufrags {
				if endpoints[ufrag] == nil {
					endpoints[ufrag] = endpointOf(t, m, ufrag)
				}
			}
			come(t, m, endpoints[c.ufrags[0]], c.froms[0])
			second, _ := come(t, m, endpoints[c.ufrags[1]], c.froms[1])
			third := dial(t, m, c.froms[2])
			_, _ = third.Write(append([]byte{0, byte(len(check(t, c.ufrags[2])))}, check(t, c.ufrags[2])...)) // it may be closed already
			closed(t, third)
			require.NoError(t, second.Close())
			require.Eventually(t, func() bool { return m.Counters.Streams.Load() == 1 }, time.Minute, time.Millisecond)
			come(t, m, endpoints[c.ufrags[2]], c.froms[2])
		})
	}
}

func TestASourceIsAnAddressOrTheNetworkThatAClientHas(t *testing.T) {
	a := func(text string) netip.Prefix { return source(netip.MustParseAddr(text)) }
	assert.NotEqual(t, a("192.0.2.1"), a("192.0.2.2"))
	assert.Equal(t, a("2001:db8:1:2::1"), a("2001:db8:1:2:3::4"))
	assert.NotEqual(t, a("2001:db8:1:2::1"), a("2001:db8:1:3::1"))
}

func TestUDPHasAHeadStart(t *testing.T) {
	begun, over := make(chan time.Duration, 1), make(chan time.Time)
	m := open(t, patient(func(b *bounds) {
		b.after = func(d time.Duration) <-chan time.Time {
			begun <- d
			return over
		}
	}))
	e := endpointOf(t, m, "ann")
	c := dial(t, m, "127.0.0.1")
	send(t, c, check(t, "ann"))
	require.Equal(t, usual().headStart, <-begun)
	require.Empty(t, e.in)
	over <- time.Time{}
	n, _, err := e.ReadFromAddrPort(make([]byte, maxFrame))
	require.NoError(t, err)
	require.Equal(t, len(check(t, "ann")), n)
}

// A viewer whose network stands still: nothing of it grows, and nobody waits for it.
func TestWhoTakesNothingCostsAQueueAndNobodysTime(t *testing.T) {
	m := open(t, patient())
	ann, bob := endpointOf(t, m, "ann"), endpointOf(t, m, "bob")
	stuck, stuckAt := come(t, m, ann, "127.0.0.2")
	c, at := come(t, m, bob, "127.0.0.3")
	packet := make([]byte, 1200)
	for number := range 20_000 { // 24 MB
		binary.BigEndian.PutUint32(packet, uint32(number))
		_, err := ann.WriteToAddrPort(packet, stuckAt)
		require.NoError(t, err)
	}
	require.NotZero(t, m.Counters.Dropped.Load())
	s := ann.streams[stuckAt]
	s.mu.Lock()
	kept := s.leaving + len(s.waiting)
	s.mu.Unlock()
	require.LessOrEqual(t, kept, m.b.queue)
	_, err := bob.WriteToAddrPort([]byte("here"), at)
	require.NoError(t, err)
	data, err := receive(c)
	require.NoError(t, err)
	require.Equal(t, "here", string(data))

	// When it drains, what comes is whole packets in their order.
	last := -1
	for range 20_000 - m.Counters.Dropped.Load() {
		data, err := receive(stuck)
		require.NoError(t, err)
		require.Len(t, data, 1200)
		number := int(binary.BigEndian.Uint32(data))
		require.Greater(t, number, last)
		last = number
	}
}

func TestWhoTakesNothingForLongIsClosed(t *testing.T) {
	m := open(t, patient(func(b *bounds) { b.stalled = 100 * time.Millisecond }))
	e := endpointOf(t, m, "ann")
	_, at := come(t, m, e, "127.0.0.1")
	packet := make([]byte, 1200)
	require.Eventually(t, func() bool {
		_, err := e.WriteToAddrPort(packet, at)
		return err == nil && m.Counters.Streams.Load() == 0
	}, time.Minute, 10*time.Microsecond)
}

func TestAFragmentHasOneOwner(t *testing.T) {
	m := open(t, patient())
	e := endpointOf(t, m, "ann")
	_, err := m.GetConnByUfrag("ann", false, loopback)
	require.ErrorIs(t, err, errTaken)
	c, _ := come(t, m, e, "127.0.0.1")
	m.RemoveConnByUfrag("ann")
	closed(t, c)
	endpointOf(t, m, "ann")
	require.NoError(t, m.Close())
	_, err = m.GetConnByUfrag("bob", false, loopback)
	require.ErrorIs(t, err, net.ErrClosed)
	require.Zero(t, m.Counters.Streams.Load())
}
