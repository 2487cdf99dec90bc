package stream

import (
	"net"
	"net/netip"
	"strconv"
	"testing"

	"github.com/pion/webrtc/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"turtus/services/wire"
	"turtus/vb/desktop/desktoptest"
	"turtus/vb/link"
)

// hear takes a candidate of the agent's.
func (p *page) hear(c wire.ICECandidate) {
	at, _ := link.Target(*c.Candidate)
	p.mu.Lock()
	p.told = append(p.told, at)
	p.mu.Unlock()
	if p.only == "" || at == p.only {
		_ = p.pc.AddICECandidate(webrtc.ICECandidateInit{Candidate: *c.Candidate, SDPMid: c.SdpMid})
	}
}

func TestAPageReachesUsByAnAddressOfTheMachineAroundUs(t *testing.T) {
	display := desktoptest.StartXvfb(t, 320, 240)
	port := freePort(t)
	// The machine's address, which forwards the port to us as a container's engine does.
	forwarded := net.JoinHostPort("127.0.0.77", strconv.Itoa(port))
	l, err := link.New(link.Config{Listen: forwarded, To: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))})
	require.NoError(t, err)
	t.Cleanup(l.Close)
	r := newRoom(t, display, func(cfg *Config) {
		cfg.UDPPort = port
		cfg.Addresses = []netip.Addr{netip.MustParseAddr("127.0.0.77"), netip.MustParseAddr("192.0.2.1")}
	})
	r.only = forwarded
	p := r.open("ann", "s1")
	p.decoder().decode(p.next())
	pair, err := p.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	require.NoError(t, err)
	assert.Equal(t, "127.0.0.77", pair.Remote.Address)
	p.mu.Lock()
	defer p.mu.Unlock()
	assert.Contains(t, p.told, net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), "its own is told too")
	assert.Contains(t, p.told, net.JoinHostPort("192.0.2.1", strconv.Itoa(port)))
	seen := map[string]int{}
	for _, address := range p.told {
		seen[address]++
	}
	assert.Equal(t, 1, seen[forwarded], "once, however many addresses we have ourselves")
}

func TestAPageWithoutUDPReachesUsByTCP(t *testing.T) {
	display := desktoptest.StartXvfb(t, 320, 240)
	port := freePort(t)
	r := newRoom(t, display, func(cfg *Config) { cfg.UDPPort, cfg.TCPPort = port, port })
	r.networks = []webrtc.NetworkType{webrtc.NetworkTypeTCP4}
	p := r.open("ann", "s1")
	p.decoder().decode(p.next())
	pair, err := p.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	require.NoError(t, err)
	assert.Equal(t, webrtc.ICEProtocolTCP, pair.Remote.Protocol)
	assert.Equal(t, port, int(pair.Remote.Port))
	told, err := wire.Decode[wire.StatisticsEvent](p.event(wire.EventStatistics))
	require.NoError(t, err)
	assert.Equal(t, wire.Ptr(wire.StatisticsEventTransportTcp), told.Transport)
	assert.Positive(t, r.transport.tcp.Counters.Streams.Load())
}

func TestAPageIsReachedByUDPWhereTCPIsOfferedToo(t *testing.T) {
	display := desktoptest.StartXvfb(t, 320, 240)
	port := freePort(t)
	r := newRoom(t, display, func(cfg *Config) { cfg.UDPPort, cfg.TCPPort = port, port })
	r.networks = []webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeTCP4}
	p := r.open("ann", "s1")
	p.decoder().decode(p.next())
	pair, err := p.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	require.NoError(t, err)
	assert.Equal(t, webrtc.ICEProtocolUDP, pair.Remote.Protocol)
}

func TestAnOpeningIsPreferredLessThanWhatItIsFor(t *testing.T) {
	own := webrtc.ICECandidate{Foundation: "1", Priority: 2130706431, Address: "172.20.0.2", Port: 5000, Typ: webrtc.ICECandidateTypeHost, Protocol: webrtc.ICEProtocolUDP, Component: 1}
	found := openings(own, []netip.Addr{
		netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("172.20.0.2"), netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("198.51.100.1"),
	})
	require.Len(t, found, 2, "neither our own, nor of the other family")
	assert.Less(t, found[0].Priority, own.Priority)
	assert.Less(t, found[1].Priority, found[0].Priority)
	assert.NotEqual(t, found[0].Foundation, own.Foundation)
	assert.Equal(t, uint16(5000), found[1].Port)
	own.Typ = webrtc.ICECandidateTypeSrflx
	assert.Empty(t, openings(own, []netip.Addr{netip.MustParseAddr("192.0.2.1")}))
}

func TestOnePortIsNotListenedToOnAddressesThatComeAndGo(t *testing.T) {
	for address, worth := range map[string]bool{
		"192.168.1.7": true, "169.254.3.4": true, "127.0.0.1": true, "::1": true, "2001:db8::7": true, "fd00::7": true, "fe80::7": false,
	} {
		assert.Equal(t, worth, worthListening(net.ParseIP(address)), address)
	}
}
