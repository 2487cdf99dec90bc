package icetcp

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/ice/v4"
)

// backlog is how many frames wait for ICE to read them. Beyond, the viewer's connection waits.
const backlog = 32

// endpoint is where one viewer comes to: a candidate's socket, so to say. It implements net.PacketConn and
// ice.AddrPortReaderWriter. To whom no connection leads, what is written is lost, as a datagram is.
type endpoint struct {
	mux  *Mux
	key  key
	in   chan frame
	done chan struct{}
	once sync.Once

	mu      sync.RWMutex
	streams map[netip.AddrPort]*stream
}

type frame struct {
	data []byte
	from netip.AddrPort
}

func newEndpoint(m *Mux, k key) *endpoint {
	return &endpoint{
		mux: m, key: k, in: make(chan frame, backlog), done: make(chan struct{}), streams: make(map[netip.AddrPort]*stream),
	}
}

var (
	_ net.PacketConn           = (*endpoint)(nil)
	_ ice.AddrPortReaderWriter = (*endpoint)(nil)
)

// add and remove are called with the mux's lock.
func (e *endpoint) add(s *stream) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.streams[s.from] = s
}

func (e *endpoint) remove(s *stream) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.streams[s.from] == s {
		delete(e.streams, s.from)
	}
}

// ReadFromAddrPort implements ice.AddrPortReaderWriter.
func (e *endpoint) ReadFromAddrPort(p []byte) (int, netip.AddrPort, error) {
	select {
	case f := <-e.in:
		return copy(p, f.data), f.from, nil
	case <-e.done:
		return 0, netip.AddrPort{}, net.ErrClosed
	}
}

// ReadFrom implements net.PacketConn.
func (e *endpoint) ReadFrom(p []byte) (int, net.Addr, error) {
	n, from, err := e.ReadFromAddrPort(p)
	if err != nil {
		return 0, nil, err
	}
	return n, net.TCPAddrFromAddrPort(from), nil
}

// WriteToAddrPort implements ice.AddrPortReaderWriter. It never waits.
func (e *endpoint) WriteToAddrPort(p []byte, to netip.AddrPort) (int, error) {
	e.mu.RLock()
	s := e.streams[plain(to)]
	e.mu.RUnlock()
	if s != nil {
		s.send(p)
	}
	return len(p), nil
}

// WriteTo implements net.PacketConn.
func (e *endpoint) WriteTo(p []byte, to net.Addr) (int, error) {
	if a, ok := to.(*net.TCPAddr); ok {
		return e.WriteToAddrPort(p, a.AddrPort())
	}
	return len(p), nil
}

// LocalAddr implements net.PacketConn.
func (e *endpoint) LocalAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(e.key.local, uint16(e.mux.Port())))
}

// SetDeadline implements net.PacketConn. Nothing waits but reads, which Close ends.
func (e *endpoint) SetDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.PacketConn.
func (e *endpoint) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements net.PacketConn.
func (e *endpoint) SetWriteDeadline(time.Time) error { return nil }

// Close sends the viewer's connections away.
func (e *endpoint) Close() error {
	e.once.Do(func() {
		e.mux.mu.Lock()
		delete(e.mux.endpoints, e.key)
		e.mux.mu.Unlock()
		close(e.done)
		e.mu.RLock()
		defer e.mu.RUnlock()
		for _, s := range e.streams {
			_ = s.conn.Close()
		}
	})
	return nil
}

// plain is an address as streams are known by.
func plain(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}
