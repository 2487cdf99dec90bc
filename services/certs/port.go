package certs

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	// greeting is how long a client may take for its handshake, and for its first byte where that decides what it speaks.
	greeting = 10 * time.Second
	// maxGreetings bounds the clients that have not said yet what they speak; more wait to be accepted. So that nobody has all places,
	// one address has maxGreetingsOfOne; more are closed.
	maxGreetings      = 4000
	maxGreetingsOfOne = 100
)

// Port is a port of TLS for HTTP and for TURN both, for people behind firewalls that let nothing else out: a client that names no protocol
// by ALPN speaks TURN when it begins with a STUN message, whose first two bits are 0 (RFC 8489, section 5); a method of HTTP never does.
type Port struct {
	listener net.Listener
	config   *tls.Config
	web      *queue
	turn     *queue
	patience time.Duration
	done     chan struct{}
	accepted sync.WaitGroup

	mu     sync.Mutex
	greets map[net.Conn]netip.Prefix
	of     map[netip.Prefix]int // how many greets an address has
}

// NewPort serves l, which it closes at its end. Nothing is accepted twice, and nobody waits for anybody else's handshake.
func (c *Certs) NewPort(l net.Listener) *Port {
	p := &Port{
		listener: l, config: c.TLSConfig(), patience: c.o.greeting, done: make(chan struct{}), greets: make(map[net.Conn]netip.Prefix), of: make(map[netip.Prefix]int),
		web: newQueue(l.Addr()), turn: newQueue(l.Addr()),
	}
	p.accepted.Go(p.accept)
	return p
}

// Web has the connections that speak HTTP, with their handshakes behind them, and TURN those that speak TURN. Closing one of them ends it
// alone: its clients are closed from then on.
func (p *Port) Web() net.Listener  { return p.web }
func (p *Port) TURN() net.Listener { return p.turn }

// Addr is where it listens.
func (p *Port) Addr() net.Addr { return p.listener.Addr() }

// Close ends both and returns when nothing of them runs any more; connections that were handed out go on.
func (p *Port) Close() error {
	p.mu.Lock()
	select {
	case <-p.done:
	default:
		close(p.done)
	}
	for c := range p.greets {
		_ = c.Close()
	}
	p.mu.Unlock()
	err := p.listener.Close()
	_ = p.web.Close()
	_ = p.turn.Close()
	p.accepted.Wait()
	return err
}

func (p *Port) accept() {
	places := make(chan struct{}, maxGreetings)
	pause := 5 * time.Millisecond
	for {
		c, err := p.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of open files, most likely: others are closed meanwhile
			select {
			case <-time.After(pause):
			case <-p.done:
				return
			}
			pause = min(2*pause, time.Second)
			continue
		}
		pause = 5 * time.Millisecond
		select {
		case places <- struct{}{}:
		case <-p.done:
			_ = c.Close()
			return
		}
		p.accepted.Go(func() {
			defer func() { <-places }()
			p.greet(c)
		})
	}
}

// greet hands a connection to whom it is for, or closes it.
func (p *Port) greet(c net.Conn) {
	if !p.enter(c) {
		_ = c.Close()
		return
	}
	conn, to := p.part(c)
	p.leave(c)
	if to == nil || !to.push(conn) {
		_ = c.Close()
	}
}

// enter counts a client in; false where its address has enough, or all is over.
func (p *Port) enter(c net.Conn) bool {
	from := origin(c.RemoteAddr())
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.done:
		return false
	default:
	}
	if p.of[from] >= maxGreetingsOfOne {
		return false
	}
	p.greets[c] = from
	p.of[from]++
	return true
}

func (p *Port) leave(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	from := p.greets[c]
	delete(p.greets, c)
	if p.of[from]--; p.of[from] == 0 {
		delete(p.of, from)
	}
}

// origin is a client's address; of IPv6 the /64, which one client has whole.
func origin(a net.Addr) netip.Prefix {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Prefix{}
	}
	address := tcp.AddrPort().Addr().Unmap().WithZone("")
	bits := 32
	if address.Is6() {
		bits = 64
	}
	return netip.PrefixFrom(address, bits).Masked()
}

// part makes the handshake and finds out what the client speaks; to is nil where that is nothing.
func (p *Port) part(c net.Conn) (conn net.Conn, to *queue) {
	ctx, cancel := context.WithTimeout(context.Background(), p.patience)
	defer cancel()
	if c.SetDeadline(time.Now().Add(p.patience)) != nil {
		return nil, nil
	}
	secure := tls.Server(c, p.config)
	if secure.HandshakeContext(ctx) != nil {
		return nil, nil
	}
	conn = secure
	switch secure.ConnectionState().NegotiatedProtocol {
	case protocolHTTP2, protocolHTTP1:
		to = p.web
	case protocolTURN:
		to = p.turn
	case "":
		begun := &begun{secure, bufio.NewReaderSize(secure, 512)}
		first, err := begun.reader.Peek(1)
		if err != nil {
			return nil, nil
		}
		if conn, to = begun, p.web; first[0]>>6 == 0 {
			to = p.turn
		}
	}
	if to == nil || c.SetDeadline(time.Time{}) != nil {
		return nil, nil
	}
	return conn, to
}

// begun is a connection of which the beginning was read to see what it is.
type begun struct {
	*tls.Conn
	reader *bufio.Reader
}

func (b *begun) Read(p []byte) (int, error) { return b.reader.Read(p) }

// queue is a listener of connections that were accepted already.
type queue struct {
	address net.Addr
	conns   chan net.Conn
	done    chan struct{}
	once    sync.Once
}

func newQueue(address net.Addr) *queue {
	return &queue{address: address, conns: make(chan net.Conn), done: make(chan struct{})}
}

// push waits until somebody accepts it; false when nobody will.
func (q *queue) push(c net.Conn) bool {
	select {
	case q.conns <- c:
		return true
	case <-q.done:
		return false
	}
}

func (q *queue) Accept() (net.Conn, error) {
	select {
	case c := <-q.conns:
		return c, nil
	case <-q.done:
		return nil, net.ErrClosed
	}
}

func (q *queue) Close() error {
	q.once.Do(func() { close(q.done) })
	return nil
}

func (q *queue) Addr() net.Addr { return q.address }
