// Package relay is the STUN and TURN server (RFC 8489, RFC 8656) of Turtus, on one UDP and one TCP port: what a page uses whose network
// reaches nothing else of this server. It also says which ICE servers a peer is told of, its own and those of the settings.
//
// The command opens it; the hub asks it for a peer's servers and tells it where the agents are. What always holds: nobody without a
// credential of this server has anything relayed; a datagram goes to another relayed address of this server, or to an address of an agent
// that this agent itself told this very viewer, and comes from there, whatever permissions the client made: so it is no way into the
// operator's network, and none to strangers.
//
// The files: credentials.go makes and checks credentials; targets.go knows the agents' addresses; leg.go is a relayed address; stream.go
// is the TCP port; servers.go makes the lists.
package relay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/pion/turn/v5"
	"golang.org/x/time/rate"
)

const (
	realm = "turtus"
	// maxDatagram is the largest that is relayed; WebRTC's have 1200 bytes or so.
	maxDatagram = 1500
)

// Options of a Relay. The zero of everything is good for a server, but for Secret.
type Options struct {
	// Off has it relay nothing: it only lists External.
	Off bool
	// Hosts are the addresses that it listens on, 0.0.0.0 and :: when empty.
	Hosts []netip.Addr
	// Secure are listeners for TURN over TLS, with the handshake behind them; the relay closes them. Peers that opened the server itself by
	// HTTPS find them on the same port.
	Secure []net.Listener
	// Port is that of UDP and TCP both; 0 takes a free one.
	Port int
	// PublicAddress is the name or address that peers are told; when empty, the one that they opened the server under.
	PublicAddress string
	// Secret signs the credentials. Kept over restarts, credentials last over them too.
	Secret []byte
	// External are servers besides.
	External []External

	CredentialLife time.Duration // 12 hours when 0

	MaxAllocations        int // relayed addresses at once, 5000 when 0: each is an open file
	MaxAllocationsPerPeer int // the same of one peer, 128 when 0: a page has one for each network, transport and connection
	MaxStreams            int // TCP connections at once, 2000 when 0
	MaxStreamsPerAddress  int // the same from one address, 100 when 0
	// PeerRate bounds what is relayed for one peer, in bytes a second each way, and PeerBurst at once: 6.25 MB and 2 MB when 0. More is lost.
	PeerRate  rate.Limit
	PeerBurst int

	Now func() time.Time
	Log *slog.Logger
}

func (o *Options) setDefaults() {
	if len(o.Hosts) == 0 {
		o.Hosts = []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}
	}
	o.CredentialLife = cmp.Or(o.CredentialLife, 12*time.Hour)
	o.MaxAllocations = cmp.Or(o.MaxAllocations, 5000)
	o.MaxAllocationsPerPeer = cmp.Or(o.MaxAllocationsPerPeer, 128)
	o.MaxStreams = cmp.Or(o.MaxStreams, 2000)
	o.MaxStreamsPerAddress = cmp.Or(o.MaxStreamsPerAddress, 100)
	o.PeerRate = cmp.Or(o.PeerRate, 50_000_000/8)
	o.PeerBurst = cmp.Or(o.PeerBurst, 2_000_000)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
}

// Relay is safe for concurrent use. Make it by Open, end it by Close.
type Relay struct {
	o        Options
	port     int
	udp, tcp bool // what it listens on
	tls      bool
	server   *turn.Server
	counters counters
	targets  targets

	mu      sync.RWMutex
	closed  bool
	legs    map[netip.AddrPort]*leg
	users   map[string]*user // who has legs
	streams map[*stream]bool
	serving sync.WaitGroup // the legs and streams
}

// Open listens. A port that is taken is no error: the log says so, and what to do, and the relay does without it.
func Open(o Options) (*Relay, error) {
	o.setDefaults()
	r := &Relay{
		o: o, targets: newTargets(),
		legs: make(map[netip.AddrPort]*leg), users: make(map[string]*user), streams: make(map[*stream]bool),
	}
	if o.Off {
		closeAll(o.Secure)
		return r, nil
	}
	packets, listeners := r.listen()
	config := turn.ServerConfig{
		Realm: realm, AuthHandler: r.authenticate, QuotaHandler: r.quota, LoggerFactory: logs{o.Log}, InboundMTU: maxDatagram + 100,
		EventHandler: turn.EventHandler{OnAuth: r.authenticated, OnAllocationCreated: r.allocated},
	}
	for _, c := range packets {
		config.PacketConnConfigs = append(config.PacketConnConfigs, turn.PacketConnConfig{
			PacketConn: c, RelayAddressGenerator: generator{r}, PermissionHandler: r.permit,
		})
	}
	for _, l := range append(listeners, o.Secure...) {
		config.ListenerConfigs = append(config.ListenerConfigs, turn.ListenerConfig{
			Listener: &listener{l, r}, RelayAddressGenerator: generator{r}, PermissionHandler: r.permit,
		})
	}
	r.udp, r.tcp, r.tls = len(packets) > 0, len(listeners) > 0, len(o.Secure) > 0
	if !r.udp && !r.tcp && !r.tls {
		return r, nil
	}
	var err error
	if r.server, err = turn.NewServer(config); err != nil {
		closeAll(packets)
		closeAll(listeners)
		closeAll(o.Secure)
		return nil, fmt.Errorf("start the relay: %w", err)
	}
	return r, nil
}

// listen takes the ports that it can get: of a transport on all hosts, or on none, for a peer is told of a transport and not of hosts. A
// machine without IPv6 has one host less.
func (r *Relay) listen() (packets []net.PacketConn, listeners []net.Listener) {
	r.port = r.o.Port
	var noUDP, noTCP bool
	for _, host := range r.o.Hosts {
		// The address family is named, or :: would listen on IPv4 too.
		family := "6"
		if host.Is4() {
			family = "4"
		}
		if packet, err := net.ListenPacket("udp"+family, r.at(host)); err == nil {
			packets = append(packets, packet)
			r.port = packet.LocalAddr().(*net.UDPAddr).Port
		} else {
			noUDP = r.refused("UDP", host, err) || noUDP
		}
		if stream, err := net.Listen("tcp"+family, r.at(host)); err == nil {
			listeners = append(listeners, stream)
			r.port = stream.Addr().(*net.TCPAddr).Port
		} else {
			noTCP = r.refused("TCP", host, err) || noTCP
		}
	}
	if noUDP {
		closeAll(packets)
		packets = nil
	}
	if noTCP {
		closeAll(listeners)
		listeners = nil
	}
	return packets, listeners
}

func closeAll[T io.Closer](all []T) {
	for _, c := range all {
		_ = c.Close()
	}
}

func (r *Relay) at(host netip.Addr) string {
	return net.JoinHostPort(host.String(), strconv.Itoa(r.port))
}

// refused logs why a port could not be had, and says whether the relay does without the transport for it.
func (r *Relay) refused(transport string, host netip.Addr, err error) bool {
	what := fmt.Sprintf("the relay does without %s: port %d on %s: ", transport, r.port, host)
	const then = ". People whose network reaches no browser directly may get no picture"
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		r.o.Log.Warn(what + "another program has it. End that one, or set TURTUS_RELAY_PORT to a free port that people can reach" + then)
	case errors.Is(err, syscall.EACCES):
		r.o.Log.Warn(what + "this user may not listen there. Set TURTUS_RELAY_PORT to a port from 1024 up" + then)
	case host.Is6() && len(r.o.Hosts) > 1:
		r.o.Log.Debug("the relay does without IPv6", "error", err)
		return false
	default:
		r.o.Log.Warn(what + err.Error() + then)
	}
	return true
}

// Close ends all that is relayed and waits until it has ended or ctx ends.
func (r *Relay) Close(ctx context.Context) error {
	r.mu.Lock()
	r.closed = true
	var open []interface{ Close() error }
	for _, l := range r.legs {
		open = append(open, l)
	}
	for s := range r.streams {
		open = append(open, s)
	}
	r.mu.Unlock()
	var err error
	if r.server != nil {
		err = r.server.Close()
	}
	for _, o := range open {
		_ = o.Close()
	}
	gone := make(chan struct{})
	go func() {
		r.serving.Wait()
		close(gone)
	}()
	select {
	case <-gone:
		return err
	case <-ctx.Done():
		return errors.Join(err, context.Cause(ctx))
	}
}

// Port is the one that it listens on; 0 when it relays nothing.
func (r *Relay) Port() int {
	if !r.udp && !r.tcp {
		return 0
	}
	return r.port
}

// Listens says which transports it has its port by.
func (r *Relay) Listens() (udp, tcp bool) { return r.udp, r.tcp }
