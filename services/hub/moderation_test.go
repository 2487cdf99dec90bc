package hub

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"turtus/services/accounts"
	"turtus/services/rooms"
	"turtus/services/wire"
)

func (h *house) mute(r rooms.Room, by, target accounts.Person, to rooms.Muted) {
	h.Helper()
	_, _, err := h.rooms.Mute(context.Background(), r.ID.String(), by, target.ID, rooms.MuteChange{Chat: &to.Chat, Call: &to.Call})
	require.NoError(h, err)
	h.hub.MemberChanged(r.ID, target.ID)
}

func (h *house) ban(r rooms.Room, by, target accounts.Person) rooms.Ban {
	h.Helper()
	_, b, err := h.rooms.Ban(context.Background(), r.ID.String(), by, target.ID, "", false)
	require.NoError(h, err)
	h.hub.MemberChanged(r.ID, target.ID)
	return b
}

func TestWhoIsBannedIsOutAtOnceAndStaysOut(t *testing.T) {
	h := newHouse(t, nil)
	room, people := h.seated()
	guest := people[wire.RoleGuest]
	owner := h.join(room, people[wire.RoleOwner])
	tabs := []*client{h.join(room, guest), h.join(room, guest)}
	agent, _ := h.agent(room)
	tabs[0].ok(wire.TypeControlTake, wire.Empty{}, "")
	driven := decode[wire.Control](t, agent.await(wire.TypeControlChanged))
	tabs[0].ok(wire.TypePresenceUpdate, wire.PresenceUpdate{Media: &wire.MediaState{Microphone: true}}, "")
	token := h.token(room, guest)

	ban := h.ban(room, people[wire.RoleModerator], guest)
	for _, tab := range tabs {
		tab.awaitClose(wire.CloseCodeBanned)
		require.Equal(t, wire.PeerLeftReasonKicked, decode[wire.PeerLeft](t, owner.await(wire.TypePeerLeft)).Reason)
	}
	released := decode[wire.Control](t, agent.await(wire.TypeControlChanged))
	require.Nil(t, released.Holder, "the agent takes no more input of theirs")
	require.Greater(t, released.Epoch, driven.Epoch)
	refused := func(hello wire.Hello) {
		t.Helper()
		late := h.connect()
		late.send(wire.TypeHello, hello, "")
		late.awaitError(wire.ErrorCodeBanned)
		late.awaitClose(wire.CloseCodeBanned)
	}
	refused(wire.Hello{Token: token, Kind: wire.PeerKindViewer})
	seat := &wire.Resume{Peer: tabs[0].identity.Peer, Key: tabs[0].identity.ResumeKey, Control: new(true)}
	refused(wire.Hello{Token: token, Kind: wire.PeerKindViewer, Resume: seat})

	t.Run("also after a restart", func(t *testing.T) {
		h.start(nil)
		refused(wire.Hello{Token: token, Kind: wire.PeerKindViewer, Resume: seat})
	})
	t.Run("until it is lifted", func(t *testing.T) {
		require.NoError(t, h.rooms.LiftBan(context.Background(), room.ID.String(), people[wire.RoleModerator], ban.ID))
		late := h.connect()
		late.send(wire.TypeHello, wire.Hello{Token: token, Kind: wire.PeerKindViewer}, "")
		late.awaitError(wire.ErrorCodeRoomMembersOnly)
	})
}

func TestABanDuringHelloIsNotMissed(t *testing.T) {
	members := &changing{}
	h := newHouse(t, func(o *Options) { members.Rooms, o.Rooms = o.Rooms, members })
	room, people := h.seated()
	h.join(room, people[wire.RoleOwner])
	token := h.token(room, people[wire.RoleGuest])
	members.whileRead = func() { h.ban(room, people[wire.RoleOwner], people[wire.RoleGuest]) }
	late := h.connect()
	late.send(wire.TypeHello, wire.Hello{Token: token, Kind: wire.PeerKindViewer}, "")
	late.awaitError(wire.ErrorCodeBanned)
	late.awaitClose(wire.CloseCodeBanned)
}

func TestWhoIsMutedIsHeardAndReadByNobody(t *testing.T) {
	h := newHouse(t, nil)
	room, people := h.seated()
	moderator, loud := people[wire.RoleModerator], people[wire.RoleMember]
	third, speaker := h.join(room, people[wire.RoleGuest]), h.join(room, loud)
	on := wire.PresenceUpdate{Media: &wire.MediaState{Microphone: true, Camera: true, Screen: "s1"}}
	speaker.ok(wire.TypePresenceUpdate, on, "")
	seen := func() wire.Peer {
		t.Helper()
		return decode[wire.PeerEvent](t, third.await(wire.TypePeerUpdated)).Peer
	}
	require.True(t, seen().Media.Microphone)

	h.mute(room, moderator, loud, rooms.Muted{Chat: true, Call: true})
	peer := seen()
	require.Equal(t, &wire.Muted{Chat: true, Call: true}, peer.Muted)
	require.Equal(t, wire.MediaState{}, peer.Media, "whatever the speaker's page still sends")
	require.Equal(t, []wire.Permission{wire.PermissionControl, wire.PermissionNavigate, wire.PermissionPin, wire.PermissionInvite},
		decode[wire.SelfUpdate](t, speaker.await(wire.TypeSelfUpdated)).Permissions)
	speaker.refused(wire.ErrorCodeForbidden, wire.TypePresenceUpdate, on, "")
	speaker.refused(wire.ErrorCodeForbidden, wire.TypeChatSend, wire.ChatSend{Key: "1", Text: "hello"}, "")

	t.Run("nor when they come again", func(t *testing.T) {
		speaker.leave()
		third.await(wire.TypePeerLeft)
		again := h.join(room, loud)
		again.refused(wire.ErrorCodeForbidden, wire.TypePresenceUpdate, on, "")
		require.NotNil(t, decode[wire.PeerEvent](t, third.await(wire.TypePeerJoined)).Peer.Muted)
	})
	t.Run("nor after a restart, with the old seat", func(t *testing.T) {
		h.start(nil)
		again := h.resume(room, loud, speaker.identity)
		again.refused(wire.ErrorCodeForbidden, wire.TypeChatSend, wire.ChatSend{Key: "2", Text: "hello"}, "")
		require.Equal(t, &wire.Muted{Chat: true, Call: true}, again.identity.Snapshot.Peers[0].Muted)

		h.mute(room, moderator, loud, rooms.Muted{Call: true})
		require.Equal(t, wire.TypeSelfUpdated, again.next().Type)
		require.Equal(t, wire.TypeChatStored, again.call(wire.TypeChatSend, wire.ChatSend{Key: "3", Text: "hello"}, "").Type)
		again.refused(wire.ErrorCodeForbidden, wire.TypePresenceUpdate, on, "")
		h.mute(room, moderator, loud, rooms.Muted{})
		again.ok(wire.TypePresenceUpdate, on, "")
	})
}

// lock does what the REST API does.
func (h *house) lock(r rooms.Room, by accounts.Person, c rooms.LockChange) {
	h.Helper()
	_, err := h.rooms.SetLocks(context.Background(), r.ID.String(), by, c, h.hub.Present(r.ID))
	require.NoError(h, err)
	h.hub.RoomUpdated(r.ID)
	require.NoError(h, h.rooms.LetStay(context.Background(), r.ID, h.hub.Present(r.ID)))
}

func TestALockedRoomKeepsItsSeatsAndNoOthers(t *testing.T) {
	h := newHouse(t, nil)
	room, people := h.seated()
	owner, member := h.join(room, people[wire.RoleOwner]), h.join(room, people[wire.RoleMember])
	h.lock(room, people[wire.RoleOwner], rooms.LockChange{Room: new(true)})
	require.True(t, decode[wire.RoomEvent](t, member.await(wire.TypeRoomUpdated)).Room.Locked)
	refused := func() {
		t.Helper()
		late := h.connect()
		late.send(wire.TypeHello, wire.Hello{Token: h.token(room, people[wire.RoleGuest]), Kind: wire.PeerKindViewer}, "")
		late.awaitError(wire.ErrorCodeRoomLocked)
		late.awaitClose(wire.CloseCodeRoomLocked)
	}
	refused()
	require.Equal(t, wire.RoleModerator, h.join(room, people[wire.RoleModerator]).identity.Role)
	member.leave()
	owner.await(wire.TypePeerLeft)
	again := h.join(room, people[wire.RoleMember])
	require.False(t, again.identity.Resumed, "not the seat lets them in: they were there")

	t.Run("also after a restart", func(t *testing.T) {
		h.start(nil)
		refused()
		require.True(t, h.resume(room, people[wire.RoleMember], again.identity).identity.Resumed)
	})
	t.Run("until it is opened", func(t *testing.T) {
		h.lock(room, people[wire.RoleModerator], rooms.LockChange{Room: new(false)})
		h.join(room, people[wire.RoleGuest])
	})
}

func TestWhoSitsDownWhileTheRoomIsLockedMayReturn(t *testing.T) {
	members := &changing{}
	h := newHouse(t, func(o *Options) { members.Rooms, o.Rooms = o.Rooms, members })
	room, people := h.seated()
	h.join(room, people[wire.RoleOwner])
	lock := rooms.LockChange{Room: new(true)}
	token := h.token(room, people[wire.RoleGuest])
	members.whileRead = func() { // what they are was read before, and they have no seat yet
		h.lock(room, people[wire.RoleOwner], lock)
	}
	late := h.connect()
	late.send(wire.TypeHello, wire.Hello{Token: token, Kind: wire.PeerKindViewer}, "")
	late.awaitError(wire.ErrorCodeRoomLocked)

	h.lock(room, people[wire.RoleOwner], rooms.LockChange{Room: new(false)})
	present := h.hub.Present(room.ID)
	guest := h.join(room, people[wire.RoleGuest])
	_, err := h.rooms.SetLocks(context.Background(), room.ID.String(), people[wire.RoleOwner], lock, present)
	require.NoError(t, err)
	guest = h.resume(room, people[wire.RoleGuest], guest.identity)
	require.NoError(t, h.rooms.LetStay(context.Background(), room.ID, h.hub.Present(room.ID)))
	guest.leave()
	require.Equal(t, wire.RoleGuest, h.join(room, people[wire.RoleGuest]).identity.Role)
}

func TestALockedControlIsTakenFromWhoDrives(t *testing.T) {
	h := newHouse(t, nil)
	room, people := h.seated()
	moderator, member, guest := h.join(room, people[wire.RoleModerator]), h.join(room, people[wire.RoleMember]), h.join(room, people[wire.RoleGuest])
	agent, _ := h.agent(room)
	member.ok(wire.TypeControlTake, wire.Empty{}, "")
	guest.ok(wire.TypeControlRequest, wire.Empty{}, "")
	lock := rooms.LockChange{Control: new(true)}
	h.lock(room, people[wire.RoleModerator], lock)
	member.refused(wire.ErrorCodeForbidden, wire.TypeControlTake, wire.Empty{}, "")
	guest.refused(wire.ErrorCodeForbidden, wire.TypeControlRequest, wire.Empty{}, "")
	moderator.ok(wire.TypeControlTake, wire.Empty{}, "")
	moderator.refused(wire.ErrorCodeForbidden, wire.TypeControlGive, wire.ControlPeer{Peer: member.identity.Peer}, "")
	var last wire.Control
	for last.Holder == nil || *last.Holder != moderator.identity.Peer {
		last = decode[wire.Control](t, agent.await(wire.TypeControlChanged))
		require.NotEqual(t, &guest.identity.Peer, last.Holder, "who asked gets it no more")
	}
	require.Empty(t, last.Requests)

	h.lock(room, people[wire.RoleModerator], lock)
	moderator.echo()
	require.Equal(t, moderator.identity.Peer, *h.join(room, people[wire.RoleModerator]).identity.Snapshot.Control.Holder, "who may drive keeps it")
	h.lock(room, people[wire.RoleModerator], rooms.LockChange{Control: new(false)})
	member.ok(wire.TypeControlRequest, wire.Empty{}, "")
}
