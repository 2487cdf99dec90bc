package relay

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/pion/turn/v5"
	"golang.org/x/time/rate"
)

var (
	errOnlyUDP = errors.New("only UDP is relayed")
	errNoPort  = errors.New("relayed ports can't be chosen")
	errQuota   = errors.New("too many relayed addresses")
	errClosed  = errors.New("the relay is closed")
)

// user is one peer's share of the relay, for as long as it has a leg.
type user struct {
	peer     string
	legs     int // under Relay.mu
	out, in  *rate.Limiter
	exceeded sync.Once
}

// leg is a relayed address: a socket of this machine that one client sends and receives through. It lets nothing through that the rules
// of the package do not allow; what it holds back is as if lost.
type leg struct {
	*net.UDPConn
	relay   *Relay
	user    *user
	address netip.AddrPort
	once    sync.Once
}

// generator makes legs for the TURN server.
type generator struct{ r *Relay }

func (generator) Validate() error { return nil }

func (generator) AllocateListener(turn.AllocateListenerConfig) (net.Listener, net.Addr, error) {
	return nil, nil, errOnlyUDP
}

func (generator) AllocateConn(turn.AllocateConnConfig) (net.Conn, error) { return nil, errOnlyUDP }

func (g generator) AllocatePacketConn(c turn.AllocateListenerConfig) (net.PacketConn, net.Addr, error) {
	if c.UserID == "" || c.RequestedPort != 0 { // EVEN-PORT, which WebRTC has no use for
		return nil, nil, errNoPort
	}
	// The machine's own address is what an agent beside us sees datagrams come from, so it knows them for the relay candidate that the
	// page has told it. Nobody else has to reach the address: other legs are on it too.
	local := localAddress(c.Network == "udp6")
	socket, err := net.ListenUDP(c.Network, net.UDPAddrFromAddrPort(netip.AddrPortFrom(local, 0)))
	if err != nil {
		return nil, nil, fmt.Errorf("open a relayed address: %w", err)
	}
	bound := socket.LocalAddr().(*net.UDPAddr).AddrPort()
	l := &leg{UDPConn: socket, relay: g.r, address: netip.AddrPortFrom(bound.Addr().Unmap(), bound.Port())}
	if err := g.r.add(l, c.UserID); err != nil {
		_ = socket.Close()
		return nil, nil, err
	}
	return l, socket.LocalAddr(), nil
}

// localAddress is this machine's address towards everybody else, as of now: laptops move.
func localAddress(six bool) netip.Addr {
	network, elsewhere, loopback := "udp4", "192.0.2.1:9", netip.AddrFrom4([4]byte{127, 0, 0, 1})
	if six {
		network, elsewhere, loopback = "udp6", "[2001:db8::1]:9", netip.IPv6Loopback()
	}
	if c, err := net.Dial(network, elsewhere); err == nil { // it sends nothing
		defer c.Close()
		return c.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap()
	}
	for _, a := range machineAddresses() {
		if a.Is6() == six && a.IsGlobalUnicast() {
			return a
		}
	}
	return loopback
}

func (r *Relay) add(l *leg, peer string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return errClosed
	}
	if !r.mayAllocate(peer) {
		return errQuota
	}
	u := r.users[peer]
	if u == nil {
		u = &user{peer: peer, out: rate.NewLimiter(r.o.PeerRate, r.o.PeerBurst), in: rate.NewLimiter(r.o.PeerRate, r.o.PeerBurst)}
		r.users[peer] = u
	}
	u.legs++
	l.user = u
	r.legs[l.address] = l
	r.serving.Add(1)
	r.counters.allocations.Add(1)
	return nil
}

// mayAllocate needs the lock.
func (r *Relay) mayAllocate(peer string) bool {
	u := r.users[peer]
	return len(r.legs) < r.o.MaxAllocations && (u == nil || u.legs < r.o.MaxAllocationsPerPeer)
}

// quota refuses with the code that says why.
func (r *Relay) quota(peer, _ string, _ net.Addr) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.mayAllocate(peer) {
		return true
	}
	r.counters.quotas.Add(1)
	return false
}

// Close gives the relayed address up.
func (l *leg) Close() error {
	var err error
	l.once.Do(func() {
		r := l.relay
		r.mu.Lock()
		delete(r.legs, l.address)
		if l.user.legs--; l.user.legs == 0 {
			delete(r.users, l.user.peer)
		}
		r.mu.Unlock()
		err = l.UDPConn.Close()
		r.serving.Done()
	})
	return err
}

// relaysAt says whether there are legs at an address.
func (r *Relay) relaysAt(a netip.Addr) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for at := range r.legs {
		if at.Addr() == a {
			return true
		}
	}
	return false
}

// Relayed says whether an address may be that of a relay: one here, or any where peers are told of TURN servers besides.
func (r *Relay) Relayed(a netip.AddrPort) bool {
	for _, e := range r.o.External {
		if slices.ContainsFunc(e.URLs, func(u string) bool { return strings.HasPrefix(u, "turn") }) {
			return true
		}
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.legs[netip.AddrPortFrom(a.Addr().Unmap(), a.Port())] != nil
}

// reaches says whether the leg's user may exchange datagrams with an address.
func (l *leg) reaches(a netip.AddrPort) bool {
	a = netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
	r := l.relay
	r.mu.RLock()
	_, relayed := r.legs[a]
	r.mu.RUnlock()
	if relayed || r.targets.has(l.user.peer, a) {
		return true
	}
	r.counters.refusedTargets.Add(1)
	return false
}

// within says whether the user's rate allows it.
func (l *leg) within(limit *rate.Limiter, bytes int) bool {
	if limit.AllowN(l.relay.o.Now(), bytes) {
		return true
	}
	l.relay.counters.overRate.Add(1)
	l.user.exceeded.Do(func() {
		l.relay.o.Log.Info("what the relay carries for a peer is more than TURTUS_RELAY_BANDWIDTH; the rest is lost", "peer", l.user.peer)
	})
	return false
}

// WriteTo sends what the client has for a peer.
func (l *leg) WriteTo(p []byte, to net.Addr) (int, error) {
	udp, ok := to.(*net.UDPAddr)
	if !ok || !l.reaches(udp.AddrPort()) || !l.within(l.user.out, len(p)) {
		return len(p), nil
	}
	n, err := l.UDPConn.WriteTo(p, to)
	if err == nil {
		l.relay.counters.sentPackets.Add(1)
		l.relay.counters.sentBytes.Add(uint64(n))
	}
	return n, err
}

// ReadFrom receives what a peer has for the client.
func (l *leg) ReadFrom(p []byte) (int, net.Addr, error) {
	for {
		n, from, err := l.UDPConn.ReadFromUDPAddrPort(p)
		if err != nil {
			return n, nil, err
		}
		if n > maxDatagram || !l.reaches(from) || !l.within(l.user.in, n) {
			continue
		}
		l.relay.counters.receivedPackets.Add(1)
		l.relay.counters.receivedBytes.Add(uint64(n))
		return n, net.UDPAddrFromAddrPort(from), nil
	}
}
