package bunch

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/pion/ice/v4"
	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/stdnet"
	"golang.org/x/sys/unix"
)

// way is a socket, and how a viewer's connection writes to it otherwise.
type way struct {
	socket *net.UDPConn
	single ice.AddrPortReaderWriter
}

// cuts says whether the kernel knows UDP_SEGMENT. One that does not (before 4.18) ignores the control message: it would
// send all as one packet, and call that a success.
func cuts(socket *net.UDPConn) bool {
	raw, err := socket.SyscallConn()
	if err != nil {
		return false
	}
	var unknown error
	err = raw.Control(func(fd uintptr) { _, unknown = unix.GetsockoptInt(int(fd), unix.SOL_UDP, unix.UDP_SEGMENT) })
	return err == nil && unknown == nil
}

// Net is the network of a viewer that has sockets of its own.
func (b *Bunch) Net() (transport.Net, error) {
	std, err := stdnet.NewNet()
	if err != nil {
		return nil, fmt.Errorf("look at the network: %w", err)
	}
	return &ownNet{std, b}, nil
}

type ownNet struct {
	transport.Net
	bunch *Bunch
}

// ListenUDP implements transport.Net.
func (n *ownNet) ListenUDP(network string, address *net.UDPAddr) (transport.UDPConn, error) {
	socket, err := net.ListenUDP(network, address)
	if err != nil {
		return nil, err
	}
	if !cuts(socket) {
		return socket, nil
	}
	return &ownSocket{socket, &way{socket, plain{socket}}, n.bunch}, nil
}

// plain is a socket with pion's names of its methods. It implements ice.AddrPortReaderWriter.
type plain struct{ socket *net.UDPConn }

func (p plain) ReadFromAddrPort(packet []byte) (int, netip.AddrPort, error) {
	return p.socket.ReadFromUDPAddrPort(packet)
}

func (p plain) WriteToAddrPort(packet []byte, to netip.AddrPort) (int, error) {
	return p.socket.WriteToUDPAddrPort(packet, to)
}

// ownSocket is of one viewer. It implements transport.UDPConn and ice.AddrPortReaderWriter.
type ownSocket struct {
	*net.UDPConn
	way   *way
	bunch *Bunch
}

func (s *ownSocket) ReadFromAddrPort(packet []byte) (int, netip.AddrPort, error) {
	return s.way.single.ReadFromAddrPort(packet)
}

func (s *ownSocket) WriteToAddrPort(packet []byte, to netip.AddrPort) (int, error) {
	return s.bunch.write(path{s.way, to}, packet)
}

// Sockets are those that all viewers share. It is the network of their ICE mux, and remembers what that listens on.
type Sockets struct {
	transport.Net
	open map[string]*net.UDPConn // by their addresses
}

// NewSockets prepares for a mux.
func NewSockets() (*Sockets, error) {
	std, err := stdnet.NewNet()
	if err != nil {
		return nil, fmt.Errorf("look at the network: %w", err)
	}
	return &Sockets{std, make(map[string]*net.UDPConn)}, nil
}

// ListenUDP implements transport.Net. The mux must be there before it is shared.
func (s *Sockets) ListenUDP(network string, address *net.UDPAddr) (transport.UDPConn, error) {
	socket, err := net.ListenUDP(network, address)
	if err != nil {
		return nil, err
	}
	if cuts(socket) {
		s.open[socket.LocalAddr().String()] = socket
	}
	return socket, nil
}

// Share is one viewer's share of a mux of these sockets.
func (s *Sockets) Share(mux ice.UDPMux, b *Bunch) ice.UDPMux { return &share{mux, s, b} }

type share struct {
	ice.UDPMux
	sockets *Sockets
	bunch   *Bunch
}

// GetConn implements ice.UDPMux.
func (s *share) GetConn(ufrag string, address net.Addr) (net.PacketConn, error) {
	c, err := s.UDPMux.GetConn(ufrag, address)
	if err != nil {
		return nil, err
	}
	single, ok := c.(ice.AddrPortReaderWriter)
	socket := s.sockets.open[address.String()]
	if !ok || socket == nil {
		return c, nil
	}
	return &sharedSocket{c, &way{socket, single}, s.bunch}, nil
}

// sharedSocket is a viewer's share of a socket. It implements ice.AddrPortReaderWriter. That it hides pion's abortWrite is
// wanted: with that, the end of one viewer would set the deadline of the socket that all share.
type sharedSocket struct {
	net.PacketConn
	way   *way
	bunch *Bunch
}

func (s *sharedSocket) ReadFromAddrPort(packet []byte) (int, netip.AddrPort, error) {
	return s.way.single.ReadFromAddrPort(packet)
}

func (s *sharedSocket) WriteToAddrPort(packet []byte, to netip.AddrPort) (int, error) {
	return s.bunch.write(path{s.way, to}, packet)
}
