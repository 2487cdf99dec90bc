package hub

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

func TestALostSeatIsHeldAndTakenAgain(t *testing.T) {
	h := newHouse(t, nil)
	owner, friend := h.person(), h.person()
	room := h.room(owner)
	a, b := h.join(room, owner), h.join(room, friend)
	a.await(wire.TypePeerJoined)
	b.ok(wire.TypePresenceUpdate, wire.PresenceUpdate{Media: &wire.MediaState{Microphone: true}}, "")

	b.drop()
	for {
		lost := decode[wire.PeerEvent](t, a.await(wire.TypePeerUpdated)).Peer
		if lost.Connected {
			require.True(t, lost.Media.Microphone)
			continue
		}
		require.Equal(t, b.identity.Peer, lost.Id)
		break
	}
	a.refused(wire.ErrorCodeTargetNotFound, wire.TypeSignal, wire.Signal{Session: "call"}, b.identity.Peer)
	require.Equal(t, 2, h.hub.People(room.ID))
	require.Equal(t, 1, h.hub.ViewerCount(room.ID))
	a.call(wire.TypeChatSend, wire.ChatSend{Key: "1", Text: "where are you?"}, "")

	again := h.resume(room, friend, b.identity)
	require.True(t, again.identity.Resumed)
	require.Equal(t, b.identity.Peer, again.identity.Peer)
	require.Equal(t, wire.RoleMember, again.identity.Role)
	require.Equal(t, "where are you?", again.identity.Snapshot.Messages[0].Text, "what was missed is in the snapshot")
	require.True(t, decode[wire.PeerEvent](t, a.await(wire.TypePeerUpdated)).Peer.Connected)
	require.Equal(t, 2, h.hub.ViewerCount(room.ID))
	a.ok(wire.TypeSignal, wire.Signal{Session: "call"}, again.identity.Peer)
	require.Equal(t, wire.TypeSignal, again.next().Type)
}

func TestASeatIsTakenFromAConnectionThatSeemsAlive(t *testing.T) {
	h := newHouse(t, nil)
	owner := h.person()
	room := h.room(owner)
	old := h.join(room, owner)
	fresh := h.resume(room, owner, old.identity)
	require.True(t, fresh.identity.Resumed)
	require.Equal(t, old.identity.Peer, fresh.identity.Peer)
	old.awaitClose(wire.CloseCodeSeatTaken)
	require.Len(t, fresh.identity.Snapshot.Peers, 1)
	fresh.quiet()
	require.Equal(t, 1, h.hub.ViewerCount(room.ID))
}

func TestASeatIsTakenByItsOwnPersonAndKeyAlone(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.RestoreWindow = time.Nanosecond })
	owner, thief := h.person(), h.person()
	room, elsewhere := h.room(owner), h.room(owner)
	a := h.join(room, owner)
	wrongKey := a.identity
	wrongKey.ResumeKey = wrongKey.ResumeKey[1:] + "x"
	gone := a.identity
	gone.Peer = "somebody"
	for name, got := range map[string]*client{
		"a wrong key":     h.resume(room, owner, wrongKey),
		"another person":  h.resume(room, thief, a.identity),
		"another room":    h.resume(elsewhere, owner, a.identity),
		"an unknown peer": h.resume(room, owner, gone),
	} {
		require.False(t, got.identity.Resumed, name)
		require.NotEqual(t, a.identity.Peer, got.identity.Peer, name)
	}
	a.echo()
}

func TestASeatIsGivenUpAfterItsGrace(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.SeatGrace, o.RestoreWindow = 20*time.Millisecond, time.Nanosecond })
	owner, friend := h.person(), h.person()
	room := h.room(owner)
	a, b := h.join(room, owner), h.join(room, friend)
	b.drop()
	left := decode[wire.PeerLeft](t, a.await(wire.TypePeerLeft))
	require.Equal(t, wire.PeerLeft{Peer: b.identity.Peer, Reason: wire.PeerLeftReasonLost}, left)
	again := h.resume(room, friend, b.identity)
	require.False(t, again.identity.Resumed)
	require.NotEqual(t, b.identity.Peer, again.identity.Peer)
}

func TestWhoLeavesIsGoneAtOnce(t *testing.T) {
	h := newHouse(t, nil)
	owner, friend := h.person(), h.person()
	room := h.room(owner)
	a, b := h.join(room, owner), h.join(room, friend)
	b.leave()
	require.Equal(t, wire.PeerLeftReasonLeft, decode[wire.PeerLeft](t, a.await(wire.TypePeerLeft)).Reason)
	require.Equal(t, 1, h.hub.People(room.ID))
}

func TestTwoTabsAreTwoPeers(t *testing.T) {
	h := newHouse(t, nil)
	owner := h.person()
	room := h.room(owner)
	a, b := h.join(room, owner), h.join(room, owner)
	require.NotEqual(t, a.identity.Peer, b.identity.Peer)
	require.Equal(t, 1, h.hub.People(room.ID))
}

func TestPeersKeepTheirIDsOverARestart(t *testing.T) {
	h := newHouse(t, nil)
	owner := h.person()
	room := h.room(owner)
	a := h.join(room, owner)
	vb, run := h.agent(room)
	a.ok(wire.TypeControlTake, wire.Empty{}, "")
	before := decode[wire.Control](t, vb.await(wire.TypeControlChanged))

	later := func() time.Time { return time.Now().Add(time.Second) } // a restart takes longer
	h.start(func(o *Options) { o.Now = later })                      // the first lives on, nobody asks it any more
	again := h.resume(room, owner, a.identity)
	require.True(t, again.identity.Resumed)
	require.Equal(t, a.identity.Peer, again.identity.Peer)
	require.Greater(t, again.identity.Version, a.version)
	require.Equal(t, vb.identity.Peer, h.agentOf(room, run).identity.Peer)
	require.Greater(t, again.identity.Snapshot.Control.Epoch, before.Epoch)
}

func TestAFullRoomTakesNobodyMore(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.RoomSize = 2 })
	owner, friend, third := h.person(), h.person(), h.person()
	room := h.room(owner)
	a, b := h.join(room, owner), h.join(room, friend)
	refuse := func() {
		t.Helper()
		c := h.connect()
		c.send(wire.TypeHello, wire.Hello{Token: h.token(room, third), Kind: "viewer"}, "")
		c.awaitError(wire.ErrorCodeRoomFull)
		c.awaitClose(wire.CloseCodeRoomFull)
	}
	refuse()
	h.agent(room) // the browser needs no chair
	b.drop()
	for decode[wire.PeerEvent](t, a.await(wire.TypePeerUpdated)).Peer.Connected {
	}
	refuse() // a held seat is a seat
	b = h.join(room, friend)
	require.False(t, b.identity.Resumed, "one's own held seat makes place")
	require.Equal(t, 2, h.hub.People(room.ID))
	require.Len(t, b.identity.Snapshot.Peers, 3)
	b.leave()
	a.await(wire.TypePeerLeft)
	a.await(wire.TypePeerLeft)
	h.join(room, third)
}

func TestOnePersonCannotFillARoom(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.RoomSize, o.SeatsPerPerson = 4, 3 })
	owner, greedy, friend := h.person(), h.person(), h.person()
	room := h.room(owner)
	var tabs []*client
	for range 5 {
		tabs = append(tabs, h.join(room, greedy))
	}
	tabs[0].awaitClose(wire.CloseCodeSeatTaken)
	tabs[1].awaitClose(wire.CloseCodeSeatTaken)
	require.Equal(t, 3, h.hub.ViewerCount(room.ID))
	h.join(room, friend) // the room's last seat
	h.join(room, greedy) // takes the place of another of theirs
	tabs[2].awaitClose(wire.CloseCodeSeatTaken)
	require.Equal(t, 4, h.hub.ViewerCount(room.ID))

	t.Run("a held seat is given up before one in use", func(t *testing.T) {
		tabs[4].drop()
		require.Eventually(t, func() bool { return h.hub.ViewerCount(room.ID) == 3 }, patience, time.Millisecond)
		h.join(room, greedy)
		require.Equal(t, 4, h.hub.ViewerCount(room.ID))
		tabs[3].echo()
	})
}

func TestTheOwnerGetsIntoAFullRoom(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.RoomSize = 2 })
	owner, friend, third := h.person(), h.person(), h.person()
	room := h.room(owner)
	h.join(room, friend)
	b := h.join(room, third)
	require.Len(t, h.join(room, owner).identity.Snapshot.Peers, 3)
	late := h.connect()
	late.send(wire.TypeHello, wire.Hello{Token: h.token(room, h.person()), Kind: wire.PeerKindViewer}, "")
	late.awaitError(wire.ErrorCodeRoomFull)
	late.awaitClose(wire.CloseCodeRoomFull)

	b.drop()
	require.Eventually(t, func() bool { return h.hub.ViewerCount(room.ID) == 2 }, patience, time.Millisecond)
	h.join(room, third) // one's own held seat makes place there too
}
