package relay

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

// end is one side of a peer connection on this machine.
type end struct {
	*webrtc.PeerConnection
	arrived chan string
}

func newEnd(t *testing.T, server *wire.ICEServer) *end {
	t.Helper()
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true) // for machines with no other address
	// A container engine's bridges of this machine translate addresses, of what begins at them too.
	settings.SetInterfaceFilter(func(name string) bool { return !strings.HasPrefix(name, "docker") && !strings.HasPrefix(name, "br-") })
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	settings.SetICEMaxBindingRequests(1000) // seven go out within 1.4 s, and a busy machine may stand still for longer
	configuration := webrtc.Configuration{}
	if server != nil {
		configuration.ICETransportPolicy = webrtc.ICETransportPolicyRelay
		configuration.ICEServers = []webrtc.ICEServer{{URLs: server.Urls, Username: *server.Username, Credential: *server.Credential}}
	}
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(configuration)
	require.NoError(t, err)
	e := &end{pc, make(chan string, 1)}
	pc.OnDataChannel(func(c *webrtc.DataChannel) {
		c.OnMessage(func(m webrtc.DataChannelMessage) { e.arrived <- string(m.Data) })
	})
	t.Cleanup(func() { require.NoError(t, pc.GracefulClose()) })
	return e
}

// connect negotiates, with all candidates in the descriptions; told sees those of the offer.
func connect(t *testing.T, offerer, answerer *end, told func(wire.Signal)) {
	t.Helper()
	channel, err := offerer.CreateDataChannel("words", nil)
	require.NoError(t, err)
	channel.OnOpen(func() { _ = channel.SendText("hello") })
	describe := func(e *end, make func() (webrtc.SessionDescription, error)) webrtc.SessionDescription {
		d, err := make()
		require.NoError(t, err)
		gathered := webrtc.GatheringCompletePromise(e.PeerConnection)
		require.NoError(t, e.SetLocalDescription(d))
		select {
		case <-gathered:
		case <-time.After(patience):
			require.FailNow(t, "candidates are not gathered")
		}
		return *e.LocalDescription()
	}
	offer := describe(offerer, func() (webrtc.SessionDescription, error) { return offerer.CreateOffer(nil) })
	if told != nil {
		told(wire.Signal{Description: &wire.SessionDescription{Type: "offer", Sdp: offer.SDP}})
	}
	require.NoError(t, answerer.SetRemoteDescription(offer))
	require.NoError(t, offerer.SetRemoteDescription(describe(answerer, func() (webrtc.SessionDescription, error) { return answerer.CreateAnswer(nil) })))
	select {
	case text := <-answerer.arrived:
		require.Equal(t, "hello", text)
	case <-time.After(patience):
		require.FailNow(t, "nothing arrived", "%s, %s", offerer.ICEConnectionState(), answerer.ICEConnectionState())
	}
}

// only keeps what a network lets through.
func only(server wire.ICEServer, transport string) *wire.ICEServer {
	var urls []string
	for _, u := range server.Urls {
		if strings.HasSuffix(u, "transport="+transport) {
			urls = append(urls, u)
		}
	}
	server.Urls = urls
	return &server
}

// localType is the kind of the candidate that an end's connection goes by.
func localType(t *testing.T, e *end) webrtc.ICECandidateType {
	t.Helper()
	pair, err := e.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	require.NoError(t, err)
	return pair.Local.Typ
}

func TestAPageReachesTheBrowserThroughTheRelay(t *testing.T) {
	for _, transport := range []string{"udp", "tcp"} {
		t.Run(transport, func(t *testing.T) {
			r := open(t, nil)
			agent, page := newEnd(t, nil), newEnd(t, only(turnServer(t, r, "ann"), transport))
			connect(t, agent, page, func(s wire.Signal) {
				addresses := Candidates(s, "127.0.0.1:40000")
				require.NotEmpty(t, addresses)
				r.Reach("ann", addresses)
			})
			require.Equal(t, webrtc.ICECandidateTypeRelay, localType(t, page))
			s := r.Statistics()
			require.NotZero(t, s.SentBytes)
			require.NotZero(t, s.ReceivedBytes)
			require.Equal(t, transport == "tcp", s.StreamsAccepted > 0)
		})
	}
}

func TestTheBrowserKnowsTheRelayByItsAddress(t *testing.T) {
	// If the agent saw datagrams come from elsewhere, it would take the relay for a direct path, and prefer it to none.
	r := open(t, nil)
	agent, page := newEnd(t, nil), newEnd(t, only(turnServer(t, r, "ann"), "udp"))
	connect(t, agent, page, func(s wire.Signal) { r.Reach("ann", Candidates(s, "127.0.0.1:40000")) })
	pair, err := agent.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	require.NoError(t, err)
	// Where the page's check comes before its candidate, the agent calls the address peer-reflexive.
	require.Contains(t, page.LocalDescription().SDP, fmt.Sprintf(" %s %d typ relay ", pair.Remote.Address, pair.Remote.Port))
}

func TestTwoPagesMeetAtTheRelay(t *testing.T) {
	r := open(t, nil)
	a, b := newEnd(t, only(turnServer(t, r, "ann"), "tcp")), newEnd(t, only(turnServer(t, r, "ben"), "udp"))
	connect(t, a, b, nil)
	require.Equal(t, webrtc.ICECandidateTypeRelay, localType(t, a))
	require.Equal(t, webrtc.ICECandidateTypeRelay, localType(t, b))
}

func TestAnAgentsWordIsGoodForItsOwnAddressesAlone(t *testing.T) {
	candidates := func(remote string, lines ...string) []netip.AddrPort {
		first := wire.ICECandidate{Candidate: &lines[0]}
		return Candidates(wire.Signal{
			Candidate:   &first,
			Description: &wire.SessionDescription{Sdp: "v=0\r\na=" + strings.Join(lines[1:], "\r\na=") + "\r\n"},
		}, remote)
	}
	line := func(transport, address, port string) string {
		return "candidate:1 1 " + transport + " 2130706431 " + address + " " + port + " typ host"
	}
	lines := []string{
		line("udp", "172.17.0.5", "5000"), line("UDP", "172.17.0.5", "5001"), line("udp", "198.18.0.1", "53"), line("udp", "192.168.0.1", "53"),
		line("udp", "127.0.0.1", "6000"), line("tcp", "172.17.0.5", "9"), line("udp", "172.17.0.5", "0"), line("udp", "172.17.0.5", "70000"),
		line("udp", "0d4e.local", "5002"), line("udp", "169.254.169.254", "80"), "candidate:1", "mid:0", "",
	}
	require.Equal(t, []netip.AddrPort{netip.MustParseAddrPort("172.17.0.5:5000"), netip.MustParseAddrPort("172.17.0.5:5001")},
		candidates("172.17.0.5:41000", lines...))
	require.Equal(t, []netip.AddrPort{netip.MustParseAddrPort("172.17.0.5:5000"), netip.MustParseAddrPort("172.17.0.5:5001")},
		candidates("172.17.0.5", lines...), "a trusted proxy told the address")
	require.Equal(t, []netip.AddrPort{netip.MustParseAddrPort("[2001:db8::7]:5000")},
		candidates("2001:db8::7", line("udp", "2001:db8::7", "5000"), line("udp", "2001:db8::8", "5000")))
	require.Equal(t, []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:6000")}, candidates("127.0.0.1:41000", lines...), "this machine's")
	require.Equal(t, []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:6000")}, candidates(localAddress(false).String()+":41000", lines...))
	require.Empty(t, candidates("", lines...))
	require.Empty(t, candidates("203.0.113.9:41000", lines...))
}

func TestAnAgentWhoseLauncherKnowsItNamesThoseAddressesAlone(t *testing.T) {
	own := []netip.AddrPort{netip.MustParseAddrPort("172.20.0.2:5000"), netip.MustParseAddrPort("192.0.2.1:5000")}
	signal := func(candidate string) wire.Signal {
		return wire.Signal{Candidate: &wire.ICECandidate{Candidate: &candidate}}
	}
	for _, a := range own {
		line := fmt.Sprintf("candidate:1 1 udp 2130706431 %s %d typ host", a.Addr(), a.Port())
		require.Equal(t, []netip.AddrPort{a}, CandidatesOf(signal(line), own))
	}
	for _, elsewhere := range []string{"192.0.2.1 53", "172.20.0.3 5000", "127.0.0.1 5000", "0.0.0.0 5000"} {
		require.Empty(t, CandidatesOf(signal("candidate:1 1 udp 2130706431 "+elsewhere+" typ host"), own), elsewhere)
	}
	require.Empty(t, CandidatesOf(signal("candidate:1 1 udp 2130706431 172.20.0.2 5000 typ host"), nil))
}

func TestOneViewersAddressesAreBounded(t *testing.T) {
	r := open(t, func(o *Options) { o.Off = true })
	at := func(port int) netip.AddrPort { return netip.AddrPortFrom(netip.MustParseAddr(localhost), uint16(port)) }
	for port := 1; port <= 2*maxTargets; port++ {
		r.Reach("ann", []netip.AddrPort{at(port), at(port)})
	}
	require.False(t, r.targets.has("ann", at(maxTargets)))
	require.True(t, r.targets.has("ann", at(maxTargets+1)))
	require.True(t, r.targets.has("ann", at(2*maxTargets)))
	r.Forget("ann")
	require.Empty(t, r.targets.byViewer)
}

func TestWhatIsARelaysAddressIsKnown(t *testing.T) {
	r := open(t, nil)
	own := allocate(t, r, "ann").LocalAddr().(*net.UDPAddr).AddrPort()
	require.True(t, r.Relayed(own))
	require.True(t, r.Relayed(netip.AddrPortFrom(netip.AddrFrom16(own.Addr().As16()), own.Port())), "however it is written")
	require.False(t, r.Relayed(netip.AddrPortFrom(own.Addr(), own.Port()^1)))
	require.False(t, r.Relayed(netip.MustParseAddrPort("198.51.100.7:4000")))
	for url, any := range map[string]bool{"stun:stun.example.org": false, "turns:turn.example.org": true} {
		besides := open(t, func(o *Options) { o.External = []External{{URLs: []string{url}}} })
		require.Equal(t, any, besides.Relayed(netip.MustParseAddrPort("198.51.100.7:4000")), url)
	}
}
