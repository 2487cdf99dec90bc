package bunch

import (
	"bytes"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/stretchr/testify/require"
)

// patience only decides how late a failure is told.
const patience = 30 * time.Second

// singles counts what is written packet by packet.
type singles struct {
	plain
	count int
}

func (s *singles) WriteToAddrPort(packet []byte, to netip.AddrPort) (int, error) {
	s.count++
	return s.plain.WriteToAddrPort(packet, to)
}

func listen(t *testing.T) (*net.UDPConn, netip.AddrPort) {
	t.Helper()
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	t.Cleanup(func() { _ = socket.Close() })
	return socket, unmap(socket.LocalAddr())
}

func unmap(a net.Addr) netip.AddrPort {
	port := a.(*net.UDPAddr).AddrPort()
	return netip.AddrPortFrom(port.Addr().Unmap(), port.Port())
}

func needCutting(t *testing.T) {
	t.Helper()
	if socket, _ := listen(t); !cuts(socket) {
		t.Skip("this kernel can cut no packets: it has no UDP_SEGMENT")
	}
}

// newWay is one on which packets can be cut.
func newWay(t *testing.T) (*way, *singles) {
	t.Helper()
	needCutting(t)
	socket, _ := listen(t)
	s := &singles{plain: plain{socket}}
	return &way{socket, s}, s
}

// packet has its number for content, after the first byte of RTP.
func packet(number, size int) []byte {
	p := bytes.Repeat([]byte{byte(number)}, size)
	p[0] = 0x80
	return p
}

// requirePackets reads the packets of some sizes, which are numbered from first on.
func requirePackets(t *testing.T, from *net.UDPConn, first int, sizes ...int) {
	t.Helper()
	require.NoError(t, from.SetReadDeadline(time.Now().Add(patience)))
	got := make([]byte, 1<<16)
	for i, size := range sizes {
		n, _, err := from.ReadFromUDPAddrPort(got)
		require.NoError(t, err)
		require.Equal(t, packet(first+i, size), got[:n])
	}
}

func TestWhatIsWrittenToAnOpenBunchLeavesWholeAndInOrder(t *testing.T) {
	sizes := []int{1200, 1196, 1196, 1196, 1196, 300, 90, 1196, 1196, 1300, 1300, 1300, 1, 1, 700, 700}
	w, alone := newWay(t)
	receiver, to := listen(t)
	var b Bunch
	b.Begin()
	for i, size := range sizes {
		n, err := b.write(path{w, to}, packet(i, size))
		require.NoError(t, err)
		require.Equal(t, size, n)
	}
	b.End()
	requirePackets(t, receiver, 0, sizes...)
	require.Zero(t, b.Refused.Load())
	// Those that are followed by a larger one and follow a shorter one: the 90 and the second 1.
	require.Equal(t, 2, alone.count)
}

func TestABunchHoldsNoMoreThanOnePacketOfIPCan(t *testing.T) {
	w, alone := newWay(t)
	receiver, to := listen(t)
	require.NoError(t, receiver.SetReadBuffer(4<<20))
	var b Bunch
	b.Begin()
	var sizes []int
	for i := range 70 { // by bytes it is full at 50
		sizes = append(sizes, 1200)
		_, err := b.write(path{w, to}, packet(i, 1200))
		require.NoError(t, err)
	}
	b.End()
	requirePackets(t, receiver, 0, sizes...)
	b.Begin()
	sizes = nil
	for i := range 100 { // by number at 64
		sizes = append(sizes, 100)
		_, err := b.write(path{w, to}, packet(i, 100))
		require.NoError(t, err)
	}
	b.End()
	requirePackets(t, receiver, 0, sizes...)
	require.Zero(t, b.Refused.Load())
	require.Zero(t, alone.count)
}

func TestWhatIsWrittenToAClosedBunchLeavesAtOnce(t *testing.T) {
	w, alone := newWay(t)
	receiver, to := listen(t)
	var b Bunch
	for i := range 3 {
		_, err := b.write(path{w, to}, packet(i, 100))
		require.NoError(t, err)
	}
	requirePackets(t, receiver, 0, 100, 100, 100)
	require.Equal(t, 3, alone.count)
}

func TestEachOfTwoPlacesGetsItsOwn(t *testing.T) {
	w, _ := newWay(t)
	one, toOne := listen(t)
	other, toOther := listen(t)
	var b Bunch
	b.Begin()
	for i := range 3 {
		for _, to := range []netip.AddrPort{toOne, toOther} {
			_, err := b.write(path{w, to}, packet(i, 100))
			require.NoError(t, err)
		}
	}
	b.End()
	requirePackets(t, one, 0, 100, 100, 100)
	requirePackets(t, other, 0, 100, 100, 100)
}

// uncut is a way that sends packets, but only one by one.
func uncut(t *testing.T) (*way, *singles) {
	t.Helper()
	socket, _ := listen(t)
	closed, _ := listen(t)
	require.NoError(t, closed.Close())
	s := &singles{plain: plain{socket}}
	return &way{closed, s}, s
}

func TestWhereNothingCanBeCutPacketsLeaveOneByOne(t *testing.T) {
	w, alone := uncut(t)
	receiver, to := listen(t)
	var b Bunch
	for range 2 {
		b.Begin()
		for i := range 3 {
			_, err := b.write(path{w, to}, packet(i, 100))
			require.NoError(t, err)
		}
		b.End()
		requirePackets(t, receiver, 0, 100, 100, 100)
	}
	require.EqualValues(t, 1, b.Refused.Load(), "it is not tried again")
	require.Zero(t, b.Spared.Load())
	require.Equal(t, 6, alone.count)
}

func TestWhatOnePathRefusesAnotherMayTake(t *testing.T) {
	able, alone := newWay(t)
	unable, _ := uncut(t)
	receiver, to := listen(t)
	var b Bunch
	for _, w := range []*way{unable, able} {
		b.Begin()
		for i := range 3 {
			_, err := b.write(path{w, to}, packet(i, 100))
			require.NoError(t, err)
		}
		b.End()
		requirePackets(t, receiver, 0, 100, 100, 100)
	}
	require.EqualValues(t, 1, b.Refused.Load())
	require.EqualValues(t, 2, b.Spared.Load())
	require.Zero(t, alone.count)
}

func TestWhoWritesWhereNothingLeavesHearsOfIt(t *testing.T) {
	needCutting(t)
	closed, _ := listen(t)
	require.NoError(t, closed.Close())
	w := &way{closed, plain{closed}}
	receiver, to := listen(t)
	var b Bunch
	b.Begin()
	for i := range 2 {
		_, err := b.write(path{w, to}, packet(i, 100))
		require.NoError(t, err, "it waits")
	}
	b.End()
	require.Zero(t, b.Refused.Load(), "one by one is no better")
	b.Begin()
	for i := range 2 {
		n, err := b.write(path{w, to}, packet(i, 100))
		require.ErrorIs(t, err, net.ErrClosed)
		require.Zero(t, n)
	}
	w.socket, _ = listen(t)
	w.single = plain{w.socket}
	for i := range 4 {
		_, err := b.write(path{w, to}, packet(i, 100))
		require.NoError(t, err)
	}
	require.Equal(t, 3, b.count, "all but the one that showed that it works")
	b.End()
	requirePackets(t, receiver, 0, 100, 100, 100, 100)
}

func TestOnlyMediaWaits(t *testing.T) {
	w, _ := newWay(t)
	receiver, to := listen(t)
	var b Bunch
	b.Begin()
	defer b.End()
	for first, media := range map[byte]bool{0: false, 3: false, 20: false, 63: false, 64: false, 127: false, 128: true, 191: true, 192: false} {
		_, err := b.write(path{w, to}, packet(1, 100))
		require.NoError(t, err)
		other := packet(2, 100)
		other[0] = first
		_, err = b.write(path{w, to}, other)
		require.NoError(t, err)
		if media {
			require.Equal(t, 2, b.count, "%d", first)
			b.flush()
		}
		require.Zero(t, b.count, "%d", first)
		requirePackets(t, receiver, 1, 100)
		got := make([]byte, 200)
		n, _, err := receiver.ReadFromUDPAddrPort(got)
		require.NoError(t, err)
		require.Equal(t, other, got[:n])
	}
}

func TestSocketsOfAViewersOwnAreOfItsBunch(t *testing.T) {
	needCutting(t)
	var b Bunch
	network, err := b.Net()
	require.NoError(t, err)
	socket, err := network.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	t.Cleanup(func() { _ = socket.Close() })
	receiver, to := listen(t)
	b.Begin()
	for i := range 3 {
		_, err := socket.(ice.AddrPortReaderWriter).WriteToAddrPort(packet(i, 100), to)
		require.NoError(t, err)
	}
	require.Equal(t, 3, b.count)
	b.End()
	requirePackets(t, receiver, 0, 100, 100, 100)
	_, err = receiver.WriteToUDPAddrPort(packet(7, 5), unmap(socket.LocalAddr()))
	require.NoError(t, err)
	got := make([]byte, 100)
	n, from, err := socket.(ice.AddrPortReaderWriter).ReadFromAddrPort(got)
	require.NoError(t, err)
	require.Equal(t, packet(7, 5), got[:n])
	require.Equal(t, to.Port(), from.Port())
}

func TestAShareOfCommonSocketsIsOfTheViewersBunch(t *testing.T) {
	needCutting(t)
	sockets, err := NewSockets()
	require.NoError(t, err)
	mux, err := ice.NewMultiUDPMuxFromPort(0, ice.UDPMuxFromPortWithNet(sockets), ice.UDPMuxFromPortWithLoopback(),
		ice.UDPMuxFromPortWithIPFilter(func(ip net.IP) bool { return ip.Equal(net.IPv4(127, 0, 0, 1)) }))
	require.NoError(t, err)
	t.Cleanup(func() { _ = mux.Close() })
	var b, other Bunch
	receiver, to := listen(t)
	address := mux.GetListenAddresses()[0]
	c, err := sockets.Share(mux, &b).GetConn("one", address)
	require.NoError(t, err)
	another, err := sockets.Share(mux, &other).GetConn("another", address)
	require.NoError(t, err)
	b.Begin()
	for i := range 3 {
		_, err := c.(ice.AddrPortReaderWriter).WriteToAddrPort(packet(i, 100), to)
		require.NoError(t, err)
	}
	_, err = another.(ice.AddrPortReaderWriter).WriteToAddrPort(packet(9, 10), to)
	require.NoError(t, err)
	require.Equal(t, 3, b.count)
	b.End()
	requirePackets(t, receiver, 9, 10)
	requirePackets(t, receiver, 0, 100, 100, 100)
	require.NoError(t, c.Close())
	require.NoError(t, another.Close())
}
