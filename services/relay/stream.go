package relay

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// proofTime is how long a TCP connection may take from one frame to the next before it has an allocation, and idleTime after: clients
	// refresh an allocation each ten minutes at least.
	proofTime = 30 * time.Second
	idleTime  = 15 * time.Minute
	// stalled is how long a client may take nothing before it is given up.
	stalled = 10 * time.Second
)

// magicCookie stands in each STUN message (RFC 8489, section 5).
const magicCookie = 0x2112A442

var errFrame = errors.New("neither a STUN message nor channel data of an acceptable size")

// listener accepts TCP connections within the bounds.
type listener struct {
	net.Listener
	r *Relay
}

func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if s := l.r.admit(c); s != nil {
			return s, nil
		}
		_ = c.Close()
	}
}

// admit counts a connection in; nil when there are too many.
func (r *Relay) admit(c net.Conn) *stream {
	s := &stream{Conn: c, relay: r, reader: bufio.NewReaderSize(c, maxDatagram+100), from: c.RemoteAddr().(*net.TCPAddr).AddrPort()}
	r.mu.Lock()
	defer r.mu.Unlock()
	same := 0
	for other := range r.streams {
		if origin(other.from) == origin(s.from) {
			same++
		}
	}
	if r.closed || len(r.streams) >= r.o.MaxStreams || same >= r.o.MaxStreamsPerAddress {
		return nil
	}
	r.streams[s] = true
	r.serving.Add(1)
	r.counters.streams.Add(1)
	return s
}

// origin is an address as bounds have it: of IPv6 the /64, which one client has whole.
func origin(from netip.AddrPort) netip.Prefix {
	a, bits := from.Addr().Unmap().WithZone(""), 32
	if a.Is6() {
		bits = 64
	}
	return netip.PrefixFrom(a, bits).Masked()
}

// allocated gives the connection of a client that has an allocation time.
func (r *Relay) allocated(client, _ net.Addr, _, _, _ string, _ net.Addr, _ int) {
	tcp, ok := client.(*net.TCPAddr)
	if !ok {
		return
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	for s := range r.streams {
		if s.from == tcp.AddrPort() {
			s.proven.Store(true)
		}
	}
}

// stream is a client's TCP connection. It reads whole frames (RFC 8656, section 12.5), so that whoever splits them, or announces more
// than may come, costs nothing.
type stream struct {
	net.Conn
	relay  *Relay
	reader *bufio.Reader
	from   netip.AddrPort
	proven atomic.Bool
	once   sync.Once
}

// Read reads one frame. p has room for the largest.
func (s *stream) Read(p []byte) (int, error) {
	patience := proofTime
	if s.proven.Load() {
		patience = idleTime
	}
	if err := s.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return 0, err
	}
	header, err := s.reader.Peek(4)
	if err != nil {
		return 0, err
	}
	size := frameSize(header)
	if header[0]>>6 == 0 { // it has a cookie, by which another protocol is told apart before all of its frame came
		if header, err = s.reader.Peek(8); err != nil {
			return 0, err
		}
		if binary.BigEndian.Uint32(header[4:]) != magicCookie {
			return 0, errFrame
		}
	}
	if size < 0 || size > len(p) || size > maxDatagram+100 {
		return 0, errFrame
	}
	return io.ReadFull(s.reader, p[:size])
}

// frameSize is the length of the frame that a header of four bytes begins; -1 of none.
func frameSize(header []byte) int {
	length := int(binary.BigEndian.Uint16(header[2:]))
	switch header[0] >> 6 {
	case 0: // STUN: a header of 20 bytes
		return 20 + length
	case 1: // channel data: a header of 4, padded to a multiple of 4
		return 4 + (length+3)/4*4
	}
	return -1
}

func (s *stream) Write(p []byte) (int, error) {
	if err := s.SetWriteDeadline(time.Now().Add(stalled)); err != nil {
		return 0, err
	}
	n, err := s.Conn.Write(p)
	if err != nil {
		_ = s.Close() // half a frame may be out
	}
	return n, err
}

func (s *stream) Close() error {
	var err error
	s.once.Do(func() {
		err = s.Conn.Close()
		s.relay.mu.Lock()
		delete(s.relay.streams, s)
		s.relay.mu.Unlock()
		s.relay.serving.Done()
	})
	return err
}
