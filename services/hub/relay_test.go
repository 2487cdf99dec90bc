package hub

import (
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/services/accounts"
	"turtus/services/wire"
)

// fakeRelay notes what it is told.
type fakeRelay struct {
	mu      sync.Mutex
	reached map[string][]netip.AddrPort
}

func (f *fakeRelay) Servers(peer string, kind wire.PeerKind, host string, _ bool) []wire.ICEServer {
	return []wire.ICEServer{{Urls: []string{"stun:" + host, string(kind), peer}}}
}

func (f *fakeRelay) Reach(viewer string, addresses []netip.AddrPort) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reached[viewer] = append(f.reached[viewer], addresses...)
}

func (f *fakeRelay) Forget(viewer string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.reached, viewer)
}

func (f *fakeRelay) Relayed(a netip.AddrPort) bool { return isRelayed(a) }

func (f *fakeRelay) reach(viewer string) []netip.AddrPort {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.reached[viewer]
}

func TestTheRelayKnowsWhichViewerMayReachWhichAgent(t *testing.T) {
	relay := &fakeRelay{reached: map[string][]netip.AddrPort{}}
	h := newHouse(t, func(o *Options) { o.Relay = relay })
	owner, friend := h.person(), h.person()
	room := h.room(owner)
	a, b := h.join(room, owner), h.join(room, friend)
	vb, run := h.agent(room)
	host := h.url[len("ws://"):]
	require.Equal(t, []string{"stun:" + host, "viewer", a.identity.Peer}, a.identity.IceServers[0].Urls)
	require.Equal(t, []string{"stun:" + host, "vb", run.String()}, vb.identity.IceServers[0].Urls)

	offer := wire.Signal{Session: "s", Candidate: &wire.ICECandidate{
		Candidate: wire.Ptr("candidate:1 1 udp 2130706431 127.0.0.1 5000 typ host"), SdpMid: wire.Ptr("0"),
	}}
	at := []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:5000")}
	for _, viewer := range []*client{a, b} {
		vb.ok(wire.TypeSignal, offer, viewer.identity.Peer)
		require.Equal(t, at, relay.reach(viewer.identity.Peer))
	}
	t.Run("of nobody's else", func(t *testing.T) {
		relay.Forget(b.identity.Peer)
		call := offer
		call.Session = "call"
		a.ok(wire.TypeSignal, call, b.identity.Peer)
		require.Empty(t, relay.reach(b.identity.Peer), "a viewer's word")
		vb.refused(wire.ErrorCodeTargetNotFound, wire.TypeSignal, offer, "nobody")
		require.Empty(t, relay.reach("nobody"))
		vb.ok(wire.TypeSignal, offer, b.identity.Peer)
	})
	t.Run("until the viewer leaves", func(t *testing.T) {
		b.leave()
		a.await(wire.TypePeerLeft)
		require.Empty(t, relay.reach(b.identity.Peer))
		require.NotEmpty(t, relay.reach(a.identity.Peer))
	})
	t.Run("or the agent", func(t *testing.T) {
		h.hub.BrowserChanged(room.ID, wire.Browser{State: wire.BrowserStateStopped})
		vb.awaitClose(wire.CloseCodeBrowserEnded)
		require.Empty(t, relay.reach(a.identity.Peer))
	})
}

func TestTheAgentsDoorIsForAgentsAlone(t *testing.T) {
	relay := &fakeRelay{reached: map[string][]netip.AddrPort{}}
	h := newHouse(t, func(o *Options) { o.Relay = relay })
	owner := h.person()
	room := h.room(owner)
	viewer := h.join(room, owner)
	door := httptest.NewServer(h.hub.Agents())
	t.Cleanup(door.Close)
	h.url = "ws" + strings.TrimPrefix(door.URL, "http")

	h.browsers.media = []netip.AddrPort{netip.MustParseAddrPort("172.20.0.2:5000"), netip.MustParseAddrPort("192.0.2.1:5000")}
	vb, _ := h.agent(room)
	for _, line := range []string{
		"candidate:1 1 udp 2130706431 172.20.0.2 5000 typ host", "candidate:11 1 udp 2130706175 192.0.2.1 5000 typ host",
		"candidate:2 1 udp 2130706431 192.0.2.1 53 typ host", "candidate:3 1 udp 2130706431 127.0.0.1 5000 typ host",
		"candidate:4 1 udp 2130706431 172.20.0.3 5000 typ host",
	} {
		vb.ok(wire.TypeSignal, wire.Signal{Session: "s", Candidate: &wire.ICECandidate{Candidate: &line, SdpMid: wire.Ptr("0")}}, viewer.identity.Peer)
	}
	require.Equal(t, h.browsers.media, relay.reach(viewer.identity.Peer), "what the launcher knows of it, whatever it says")

	token, _, err := h.tokens.Viewer(room, accounts.Caller{Person: owner, Session: accounts.SessionID(owner.ID)})
	require.NoError(t, err)
	c := h.connect()
	c.send(wire.TypeHello, wire.Hello{Token: token, Kind: wire.PeerKindViewer}, "")
	refusal := decode[wire.WSError](h, c.next())
	require.Equal(t, wire.ErrorCodeNotForKind, refusal.Code)
	c.awaitClose(wire.CloseCodeProtocolError)
}

func TestServersAreToldAnewBeforeTheyAreOld(t *testing.T) {
	now := time.Now()
	var mu sync.Mutex
	forward := func(d time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(d)
	}
	h := newHouse(t, func(o *Options) {
		o.Relay, o.SessionCheck = &fakeRelay{reached: map[string][]netip.AddrPort{}}, time.Millisecond
		o.Now = func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return now
		}
	})
	owner := h.person()
	room := h.room(owner)
	a := h.join(room, owner)
	vb, _ := h.agent(room)
	a.await(wire.TypePeerJoined)
	for range 2 {
		forward(6*time.Hour - time.Second)
		a.quiet()
		forward(time.Second)
		for _, peer := range []*client{a, vb} {
			e := peer.await(wire.TypeICEServers)
			require.Zero(t, e.Version, "it is nobody else's business")
			require.Equal(t, peer.identity.IceServers, decode[wire.ICEUpdate](t, e).IceServers)
		}
		a.quiet()
	}
}
