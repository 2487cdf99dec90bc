package hub

import (
	"testing"

	"github.com/stretchr/testify/require"

	"turtus/services/rooms"
	"turtus/services/wire"
)

func TestCallsAreBetweenViewersAndStreamsAreNot(t *testing.T) {
	h := newHouse(t, nil)
	owner := h.person()
	room := h.room(owner)
	a, b := h.join(room, owner), h.join(room, h.person())
	vb, _ := h.agent(room)
	call, stream := wire.Signal{Session: "call:a1:b1"}, wire.Signal{Session: "s1"}

	a.ok(wire.TypeSignal, call, b.identity.Peer)
	got := b.await(wire.TypeSignal)
	require.Equal(t, a.identity.Peer, got.Sender)
	require.Equal(t, call, decode[wire.Signal](t, got))
	vb.ok(wire.TypeSignal, stream, b.identity.Peer)
	b.await(wire.TypeSignal)

	a.refused(wire.ErrorCodeNotForKind, wire.TypeSignal, stream, b.identity.Peer)
	vb.refused(wire.ErrorCodeNotForKind, wire.TypeSignal, call, b.identity.Peer)
	a.refused(wire.ErrorCodeNotForKind, wire.TypeSignal, call, vb.identity.Peer)
}

func TestAnOfferNeedsSomebodyWhoHasSomethingOn(t *testing.T) {
	h := newHouse(t, nil)
	owner := h.person()
	room := h.room(owner)
	a, b := h.join(room, owner), h.join(room, h.person())
	offer := wire.Signal{Session: "call:a1:", Description: &wire.SessionDescription{Type: wire.SessionDescriptionTypeOffer, Sdp: "v=0"}}

	a.refused(wire.ErrorCodeForbidden, wire.TypeSignal, offer, b.identity.Peer)
	b.ok(wire.TypePresenceUpdate, wire.PresenceUpdate{Media: &wire.MediaState{Microphone: true}}, "")
	a.ok(wire.TypeSignal, offer, b.identity.Peer)
	b.ok(wire.TypeSignal, offer, a.identity.Peer)
	b.ok(wire.TypePresenceUpdate, wire.PresenceUpdate{Media: &wire.MediaState{}}, "")
	b.refused(wire.ErrorCodeForbidden, wire.TypeSignal, offer, a.identity.Peer)
}

func TestEightMayHaveSomethingOnAtATime(t *testing.T) {
	h := newHouse(t, nil)
	owner := h.person()
	room := h.room(owner)
	voice := wire.PresenceUpdate{Media: &wire.MediaState{Microphone: true}}
	first := h.join(room, owner)
	first.ok(wire.TypePresenceUpdate, voice, "")
	for range callSize - 1 {
		h.join(room, h.person()).ok(wire.TypePresenceUpdate, voice, "")
	}
	ninth := h.join(room, h.person())
	ninth.refused(wire.ErrorCodeCallFull, wire.TypePresenceUpdate, voice, "")
	first.ok(wire.TypePresenceUpdate, wire.PresenceUpdate{Media: &wire.MediaState{Microphone: true, Camera: true}}, "") // has its place
	first.ok(wire.TypePresenceUpdate, wire.PresenceUpdate{Media: &wire.MediaState{}}, "")
	ninth.ok(wire.TypePresenceUpdate, voice, "")
	first.refused(wire.ErrorCodeCallFull, wire.TypePresenceUpdate, voice, "")

	ninth.drop()
	for gone := false; !gone; {
		peer := decode[wire.PeerEvent](t, first.await(wire.TypePeerUpdated)).Peer
		gone = peer.Id == ninth.identity.Peer && !peer.Connected
	}
	first.ok(wire.TypePresenceUpdate, voice, "")
	h.resume(room, h.personOf(ninth), ninth.identity).ok(wire.TypePresenceUpdate, voice, "")
}

func TestOneSharesAScreenAtATime(t *testing.T) {
	h := newHouse(t, nil)
	owner := h.person()
	room := h.room(owner)
	share := func(stream string) wire.PresenceUpdate {
		return wire.PresenceUpdate{Media: &wire.MediaState{Screen: stream}}
	}
	a, b := h.join(room, owner), h.join(room, h.person())
	a.ok(wire.TypePresenceUpdate, share("s1"), "")
	require.Equal(t, "s1", decode[wire.PeerEvent](t, b.await(wire.TypePeerUpdated)).Peer.Media.Screen)
	b.refused(wire.ErrorCodeScreenTaken, wire.TypePresenceUpdate, share("s2"), "")
	a.ok(wire.TypePresenceUpdate, share("s3"), "") // the same person shares another window

	late := h.join(room, h.person())
	require.Equal(t, "s3", late.identity.Snapshot.Peers[0].Media.Screen, "who comes later is told")

	a.drop()
	for gone := false; !gone; {
		peer := decode[wire.PeerEvent](t, b.await(wire.TypePeerUpdated)).Peer
		gone = peer.Id == a.identity.Peer && !peer.Connected
	}
	b.refused(wire.ErrorCodeScreenTaken, wire.TypePresenceUpdate, share("s2"), "") // the media go on while the hub is away
	back := h.resume(room, owner, a.identity)
	require.Equal(t, "s3", back.identity.Snapshot.Peers[0].Media.Screen)
	back.ok(wire.TypePresenceUpdate, share(""), "")
	b.ok(wire.TypePresenceUpdate, share("s2"), "")

	// Who may no more, has it off, and the place is free.
	_, err := h.rooms.Update(t.Context(), room.ID.String(), owner, rooms.Change{Policy: &wire.RolePermissions{Member: []wire.Permission{wire.PermissionVoice}, Guest: []wire.Permission{}}})
	require.NoError(t, err)
	h.hub.RoomUpdated(room.ID)
	b.await(wire.TypeSelfUpdated)
	b.refused(wire.ErrorCodeForbidden, wire.TypePresenceUpdate, share("s2"), "")
	back.ok(wire.TypePresenceUpdate, share("s4"), "")
}
