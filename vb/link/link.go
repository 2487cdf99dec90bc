// Package link is a bad network between two programs of one machine: a UDP forwarder with delay, loss, a rate and the
// buffer in front of it. Tests and benchmarks put it between the agent and a viewer; it needs no privilege and no kernel
// module, so that it is the same everywhere.
//
//	viewer ◀─ down ─ Link ◀─ down ─ To
//	viewer ─── up ─▶ Link ─── up ─▶ To
//
// What always holds:
//
//   - Each address that sends to the link gets a socket of its own towards To, which so sees each as another client.
//   - Both ways of the link have a queue each, shared by all clients as the line of a home is. Within it nothing overtakes.
//   - What the link drops, it counts; which packets are lost is the same for the same seed and the same order of packets.
//   - Every goroutine has ended when Close returns.
//
// A packet leaves when its delay is over, at most some milliseconds late (Go's timers), never early. A WebRTC peer finds
// every path it is told of: to keep it on the link, give it only the candidate that Link.Candidate returns, and give
// the other side none of its own.
package link

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Conditions of one way of a link. The zero value is a perfect one.
type Conditions struct {
	// Delay is how long a packet flies, beside what the rate makes it wait.
	Delay time.Duration `json:"delay"`
	// Loss is the part of the packets that gets lost, 0 to 1. 1 is an outage.
	Loss float64 `json:"loss"`
	// Burst is the mean number of packets lost in a row (Gilbert's model, in which Loss stays the part that is lost).
	// At most 1: each is lost or not by itself.
	Burst float64 `json:"burst"`
	// Rate in bits of UDP payload per second; 0: as fast as it comes.
	Rate int `json:"rate"`
	// Buffer is how many bytes may wait for the rate; what comes when it is full is dropped. 0: a fifth of a second of
	// the rate, but no less than 16 KiB.
	Buffer int `json:"buffer"`
}

// Config of a Link. Its conditions are those of both ways; SetUp and SetDown make them differ.
type Config struct {
	// To is the UDP address that clients are to reach, "host:port".
	To string
	// Listen is the UDP address for the clients; a free port of 127.0.0.1 when empty.
	Listen string
	// Seed of the loss.
	Seed uint64

	Delay  time.Duration
	Loss   float64
	Burst  float64
	Rate   int
	Buffer int
}

// Counters of one way since New.
type Counters struct {
	Received   uint64 `json:"received"`
	Delivered  uint64 `json:"delivered"`
	Lost       uint64 `json:"lost"`       // by Loss
	Overflowed uint64 `json:"overflowed"` // by a full Buffer
	Bytes      uint64 `json:"bytes"`      // delivered
}

// Link forwards until Close. All methods may be called at any time.
type Link struct {
	to       *net.UDPAddr
	listener *net.UDPConn
	up, down *way
	parts    sync.WaitGroup

	mu      sync.Mutex
	clients map[netip.AddrPort]*net.UDPConn
	closed  bool
}

const (
	// maxPacket is the longest UDP payload.
	maxPacket = 65507
	// socketBuffer is asked of the kernel, which may give less: what overflows there is lost without being counted.
	socketBuffer = 4 << 20
)

// New opens the link; the caller closes it.
func New(cfg Config) (*Link, error) {
	conditions := Conditions{Delay: cfg.Delay, Loss: cfg.Loss, Burst: cfg.Burst, Rate: cfg.Rate, Buffer: cfg.Buffer}
	if err := conditions.check(); err != nil {
		return nil, err
	}
	to, err := net.ResolveUDPAddr("udp", cfg.To)
	if err != nil {
		return nil, fmt.Errorf("the link's target: %w", err)
	}
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	listen, err := net.ResolveUDPAddr("udp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("the link's own address: %w", err)
	}
	listener, err := net.ListenUDP("udp", listen)
	if err != nil {
		return nil, fmt.Errorf("listen for the link's clients: %w", err)
	}
	_ = listener.SetReadBuffer(socketBuffer)
	l := &Link{
		to: to, listener: listener, clients: make(map[netip.AddrPort]*net.UDPConn),
		up: newWay(conditions, cfg.Seed, 1), down: newWay(conditions, cfg.Seed, 2),
	}
	l.parts.Go(l.up.run)
	l.parts.Go(l.down.run)
	l.parts.Go(l.readClients)
	return l, nil
}

// Addr is where clients send to.
func (l *Link) Addr() netip.AddrPort {
	a := l.listener.LocalAddr().(*net.UDPAddr).AddrPort()
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// Set changes both ways from the next packet on; what waits for the rate goes on at the new one.
func (l *Link) Set(c Conditions) error { return errors.Join(l.SetUp(c), l.SetDown(c)) }

// SetUp changes the way from the clients.
func (l *Link) SetUp(c Conditions) error { return l.up.set(c) }

// SetDown changes the way to the clients.
func (l *Link) SetDown(c Conditions) error { return l.down.set(c) }

// Up counts what came from the clients.
func (l *Link) Up() Counters { return l.up.counters() }

// Down counts what went to the clients.
func (l *Link) Down() Counters { return l.down.counters() }

// Close drops what is on its way and frees everything.
func (l *Link) Close() {
	l.mu.Lock()
	l.closed = true
	for _, socket := range l.clients {
		socket.Close()
	}
	l.mu.Unlock()
	l.listener.Close()
	l.up.stop()
	l.down.stop()
	l.parts.Wait()
}

func (l *Link) readClients() {
	buffer := make([]byte, maxPacket)
	for {
		n, from, err := l.listener.ReadFromUDPAddrPort(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // what ICMP told of a client that went
		}
		if socket := l.socket(from); socket != nil {
			l.up.enter(buffer[:n], func(packet []byte) { _, _ = socket.Write(packet) })
		}
	}
}

// socket is a client's towards To; nil when there is none to be had.
func (l *Link) socket(client netip.AddrPort) *net.UDPConn {
	l.mu.Lock()
	defer l.mu.Unlock()
	if socket := l.clients[client]; socket != nil || l.closed {
		return socket
	}
	socket, err := net.DialUDP("udp", nil, l.to)
	if err != nil {
		return nil
	}
	_ = socket.SetReadBuffer(socketBuffer)
	l.clients[client] = socket
	l.parts.Go(func() { l.readTarget(socket, client) })
	return socket
}

func (l *Link) readTarget(socket *net.UDPConn, client netip.AddrPort) {
	buffer := make([]byte, maxPacket)
	send := func(packet []byte) { _, _ = l.listener.WriteToUDPAddrPort(packet, client) }
	for {
		n, err := socket.Read(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // refused: nobody listens there yet, or no longer
		}
		l.down.enter(buffer[:n], send)
	}
}
