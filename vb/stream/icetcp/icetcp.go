// Package icetcp takes viewers' connections by TCP (RFC 6544, with the frames of RFC 4571), for networks that let no UDP through.
// Package stream hands its Mux to pion as the agent's only TCP candidates, passive ones: nothing is ever connected to.
//
// Everybody can connect to the port, so everything has a bound: how many connections there are, of one source and of one
// viewer; how long one may say nothing, and stay within a frame; how long a frame is; and what waits for a viewer who does not take
// it. What finds no room there is lost, as a datagram is, so nobody waits for anybody else.
package icetcp

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"
)

var errTaken = errors.New("icetcp: somebody has the user name fragment at this address")

// bounds are what a Mux allows.
type bounds struct {
	streams   int // at once
	perSource int // of those from one address; a firm's viewers share theirs
	perViewer int // of those with one user name fragment: a browser opens one for each pair of addresses
	silent    int // of those that have not said yet who they are; of more, one is closed

	firstWord time.Duration // until a connection has said who it is
	idle      time.Duration // from one whole frame to the next; ICE asks each few seconds whether we are here
	stalled   time.Duration // for a chunk to leave
	queue     int           // bytes that wait to leave by one connection
	// headStart is how much later than it came the first frame is handed on: UDP, which is better, may take as much longer.
	headStart time.Duration

	after func(time.Duration) <-chan time.Time
}

func usual() bounds {
	return bounds{
		streams: 512, perSource: 100, perViewer: 8, silent: 64,
		firstWord: 5 * time.Second, idle: 30 * time.Second, stalled: 10 * time.Second, queue: 256 << 10,
		headStart: 100 * time.Millisecond, after: time.After,
	}
}

// Counters are what a Mux has seen since its start.
type Counters struct {
	Streams atomic.Int64  // there are
	Refused atomic.Uint64 // connections closed for a bound, or because they were nobody's
	Dropped atomic.Uint64 // packets that found the queue full
}

// Mux is a port and the connections to it. It implements ice.TCPMux. All may call it.
type Mux struct {
	Counters Counters

	listener net.Listener
	logger   *slog.Logger
	b        bounds
	done     chan struct{}
	running  sync.WaitGroup

	mu        sync.Mutex
	closed    bool
	endpoints map[key]*endpoint
	streams   map[*stream]bool
	silent    []*stream // the oldest first
}

// key is where a viewer's frames go.
type key struct {
	ufrag string // ours, of one ICE session
	local netip.Addr
}

// Listen opens the port on all addresses. Close must follow.
func Listen(port int, logger *slog.Logger) (*Mux, error) { return listen(port, logger, usual()) }

func listen(port int, logger *slog.Logger, b bounds) (*Mux, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort("", strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("listen on TCP port %d: %w", port, err)
	}
	m := &Mux{
		listener: listener, logger: logger, b: b, done: make(chan struct{}),
		endpoints: make(map[key]*endpoint), streams: make(map[*stream]bool),
	}
	m.running.Go(m.accept)
	return m, nil
}

var _ ice.TCPMux = (*Mux)(nil)

// Port is the one that it listens on.
func (m *Mux) Port() int { return m.listener.Addr().(*net.TCPAddr).Port }

// breath is how long is waited when the system has no more descriptors.
const breath = 100 * time.Millisecond

func (m *Mux) accept() {
	for {
		c, err := m.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			m.logger.Warn("a viewer's TCP connection was not accepted", "error", err)
			select {
			case <-m.done:
				return
			case <-time.After(breath):
			}
			continue
		}
		if s := m.admit(c); s == nil {
			m.Counters.Refused.Add(1)
			_ = c.Close()
		} else {
			m.running.Go(s.read)
		}
	}
}

// admit counts a connection in; nil when there are too many.
func (m *Mux) admit(c net.Conn) *stream {
	s := newStream(m, c)
	m.mu.Lock()
	defer m.mu.Unlock()
	same := 0
	for other := range m.streams {
		if source(other.from.Addr()) == source(s.from.Addr()) {
			same++
		}
	}
	if m.closed || len(m.streams) >= m.b.streams || same >= m.b.perSource {
		return nil
	}
	if len(m.silent) >= m.b.silent {
		goes := m.yielding(source(s.from.Addr()))
		_ = m.silent[goes].conn.Close() // its goroutine clears it away, and counts it
		m.silent = slices.Delete(m.silent, goes, goes+1)
	}
	m.streams[s] = true
	m.silent = append(m.silent, s)
	m.Counters.Streams.Add(1)
	return s
}

// yielding is which silent connection makes place for one from there: the oldest, but whoever has many takes their own, and keeps
// nobody else out by opening ever more. It needs the lock.
func (m *Mux) yielding(from netip.Prefix) int {
	same, oldest := 0, 0
	for i, s := range slices.Backward(m.silent) {
		if source(s.from.Addr()) == from {
			same++
			oldest = i
		}
	}
	if same < m.b.silent/4 {
		return 0
	}
	return oldest
}

// source is an address as bounds have it: of IPv6 the /64, which one client has whole.
func source(a netip.Addr) netip.Prefix {
	bits := 32
	if a.Is6() {
		bits = 64
	}
	return netip.PrefixFrom(a, bits).Masked()
}

// known gives a connection to the viewer whose it says it is; nil when there is none, or it has enough.
func (m *Mux) known(s *stream, ufrag string) *endpoint {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.silent = slices.DeleteFunc(m.silent, func(other *stream) bool { return other == s })
	e := m.endpoints[key{ufrag, s.local}]
	if e == nil {
		return nil
	}
	same := 0
	for other := range m.streams {
		if other.endpoint != nil && other.endpoint.key.ufrag == ufrag {
			same++
		}
	}
	if same >= m.b.perViewer {
		return nil
	}
	s.endpoint = e
	e.add(s)
	return e
}

func (m *Mux) forget(s *stream) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.streams, s)
	m.silent = slices.DeleteFunc(m.silent, func(other *stream) bool { return other == s })
	if s.endpoint != nil {
		s.endpoint.remove(s)
	}
	m.Counters.Streams.Add(-1)
}

// GetConnByUfrag implements ice.TCPMux: the viewer with that fragment may come to local from now on.
func (m *Mux) GetConnByUfrag(ufrag string, _ bool, local net.IP) (net.PacketConn, error) {
	address, ok := netip.AddrFromSlice(local)
	if !ok {
		return nil, fmt.Errorf("icetcp: %v is no address", local)
	}
	k := key{ufrag, address.Unmap()}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, net.ErrClosed
	}
	if m.endpoints[k] != nil {
		return nil, errTaken
	}
	e := newEndpoint(m, k)
	m.endpoints[k] = e
	return e, nil
}

// RemoveConnByUfrag implements ice.TCPMux.
func (m *Mux) RemoveConnByUfrag(ufrag string) {
	m.mu.Lock()
	var gone []*endpoint
	for k, e := range m.endpoints {
		if k.ufrag == ufrag {
			gone = append(gone, e)
		}
	}
	m.mu.Unlock()
	for _, e := range gone {
		_ = e.Close()
	}
}

// Close ends everything, and waits for it.
func (m *Mux) Close() error {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return nil
	}
	m.closed = true
	close(m.done)
	err := m.listener.Close()
	for s := range m.streams {
		_ = s.conn.Close()
	}
	var all []*endpoint
	for _, e := range m.endpoints {
		all = append(all, e)
	}
	m.mu.Unlock()
	for _, e := range all {
		_ = e.Close()
	}
	m.running.Wait()
	return err
}
