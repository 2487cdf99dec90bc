package hub

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"turtus/services/rooms"
	"turtus/services/wire"
)

const (
	relayed    = "candidate:3 1 udp 41885439 203.0.113.9 50001 typ relay raddr 198.51.100.7 rport 61000 generation 0 ufrag a"
	relayedTCP = "candidate:4 1 udp 8331263 203.0.113.9 50002 typ relay raddr 2001:db8::7 rport 61001"
)

// isRelayed is the word of a relay at that address.
func isRelayed(a netip.AddrPort) bool { return a.Addr() == netip.MustParseAddr("203.0.113.9") }

var ofTheirOwn = []string{
	"candidate:1 1 udp 2122260223 192.168.1.7 61000 typ host generation 0 ufrag a",
	"candidate:1 1 udp 2122260223 5d1b0b9e-61a4-4a3c-9d40-6c6a7a3b2c1d.local 61000 typ host",
	"candidate:2 1 udp 1686052607 198.51.100.7 61000 typ srflx raddr 192.168.1.7 rport 61000",
	"candidate:2 1 udp 1686052607 198.51.100.7 61000 typ prflx raddr 192.168.1.7 rport 61000",
	"candidate:5 1 tcp 1518280447 192.168.1.7 9 typ host tcptype active",
	"candidate:6 1 udp 1 2001:db8::7 61000 TYP HOST",
	"candidate: 198.51.100.7",
	"candidate:7 1 udp 1 198.51.100.7 4000 typ relay raddr 0.0.0.0 rport 0",
	"candidate:8 1 udp 1 somebody.local 4000 typ relay raddr 0.0.0.0 rport 0",
	"candidate:9 1 udp 1 2001:db8::7 4000 typ relay",
}

// telling is an SDP that says where its sender is in every way that there is.
func telling(candidates ...string) string {
	lines := []string{"v=0", "o=- 46117 2 IN IP4 192.168.1.7", "s=-", "t=0 0", "m=audio 61000 UDP/TLS/RTP/SAVPF 111", "c=IN IP4 198.51.100.7",
		"a=rtcp:61000 IN IP6 2001:db8::7", "a=ice-ufrag:a", "a=rtpmap:111 opus/48000/2", "a=remote-candidates:1 198.51.100.7 61000"}
	for _, c := range candidates {
		lines = append(lines, "a="+c)
	}
	return strings.Join(append(lines, "a=end-of-candidates"), "\r\n") + "\r\n"
}

var secrets = []string{"192.168.1.7", "198.51.100.7", "2001:db8::7", ".local", "61001"}

func tellsNothing(t *testing.T, text string) {
	t.Helper()
	for _, secret := range secrets {
		require.NotContains(t, text, secret)
	}
}

func TestARelaysCandidateGoesOnWithoutTheAddressBehindIt(t *testing.T) {
	for _, line := range []string{relayed, relayedTCP} {
		s := wire.Signal{Candidate: &wire.ICECandidate{Candidate: new(line)}}
		require.True(t, hideAddresses(&s, isRelayed))
		require.Contains(t, *s.Candidate.Candidate, " 203.0.113.9 5000")
		require.Contains(t, *s.Candidate.Candidate, "raddr 0.0.0.0 rport 0")
		tellsNothing(t, *s.Candidate.Candidate)
	}
	for _, line := range ofTheirOwn {
		s := wire.Signal{Candidate: &wire.ICECandidate{Candidate: new(line)}}
		require.False(t, hideAddresses(&s, isRelayed), line)
	}
	end := wire.Signal{Candidate: &wire.ICECandidate{Candidate: new("")}}
	require.True(t, hideAddresses(&end, isRelayed), "the end of the candidates tells no address")
}

func TestADescriptionTellsNoAddressButTheRelays(t *testing.T) {
	s := wire.Signal{Description: &wire.SessionDescription{Type: wire.SessionDescriptionTypeOffer, Sdp: telling(append(ofTheirOwn, relayed)...)}}
	require.True(t, hideAddresses(&s, isRelayed))
	tellsNothing(t, s.Description.Sdp)
	require.Equal(t, 1, strings.Count(s.Description.Sdp, "a=candidate:"))
	for _, kept := range []string{"v=0\r\n", "a=rtpmap:111 opus/48000/2\r\n", "a=ice-ufrag:a\r\n", "a=end-of-candidates\r\n", "m=audio 61000"} {
		require.Contains(t, s.Description.Sdp, kept)
	}
}

func TestInARoomOfRelayedCallsTheHubHandsOnNoOtherAddresses(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Relay = &fakeRelay{reached: map[string][]netip.AddrPort{}} })
	owner := h.person()
	room := h.room(owner)
	a, b := h.join(room, owner), h.join(room, h.person())
	a.ok(wire.TypePresenceUpdate, wire.PresenceUpdate{Media: &wire.MediaState{Microphone: true}}, "")
	offer := wire.Signal{Session: "call:a1:", Description: &wire.SessionDescription{Type: wire.SessionDescriptionTypeOffer, Sdp: telling(append(ofTheirOwn, relayed)...)}}
	trickle := func(line string) wire.Signal {
		return wire.Signal{Session: "call:a1:", Candidate: &wire.ICECandidate{Candidate: new(line), SdpMid: new("0")}}
	}

	a.ok(wire.TypeSignal, offer, b.identity.Peer)
	require.Equal(t, offer, decode[wire.Signal](t, b.await(wire.TypeSignal)), "elsewhere friends may connect directly")

	_, err := h.rooms.Update(t.Context(), room.ID.String(), owner, rooms.Change{RelayOnly: new(true)})
	require.NoError(t, err)
	h.hub.RoomUpdated(room.ID)
	require.True(t, decode[wire.RoomEvent](t, b.await(wire.TypeRoomUpdated)).Room.RelayOnly)

	a.ok(wire.TypeSignal, offer, b.identity.Peer)
	got := decode[wire.Signal](t, b.await(wire.TypeSignal))
	require.Equal(t, "call:a1:", got.Session)
	tellsNothing(t, got.Description.Sdp)
	for _, line := range ofTheirOwn {
		a.ok(wire.TypeSignal, trickle(line), b.identity.Peer)
	}
	a.ok(wire.TypeSignal, trickle(relayed), b.identity.Peer)
	got = decode[wire.Signal](t, b.await(wire.TypeSignal))
	require.Contains(t, *got.Candidate.Candidate, "typ relay", "the ones before it were not handed on")
	require.Equal(t, "0", *got.Candidate.SdpMid)
	tellsNothing(t, *got.Candidate.Candidate)
}
