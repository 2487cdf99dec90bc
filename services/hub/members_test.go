package hub

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"turtus/services/accounts"
	"turtus/services/rooms"
	"turtus/services/wire"
)

func TestARaisedRoleIsKnownToLivePeers(t *testing.T) {
	h := newHouse(t, nil)
	owner, friend := h.person(), h.person()
	room := h.room(owner)
	a := h.join(room, owner)
	tabs := []*client{h.join(room, friend), h.join(room, friend)}
	a.ok(wire.TypeControlTake, wire.Empty{}, "")
	tabs[0].refused(wire.ErrorCodeControlTaken, wire.TypeControlTake, wire.Empty{}, "")

	invitation, err := h.rooms.CreateInvite(context.Background(), room.ID.String(), owner, rooms.NewInvite{Role: wire.RoleModerator})
	require.NoError(t, err)
	_, err = h.rooms.AcceptInvite(context.Background(), invitation.Code, friend)
	require.NoError(t, err)
	h.hub.MemberChanged(room.ID, friend.ID)

	for _, tab := range tabs {
		self := decode[wire.SelfUpdate](t, tab.await(wire.TypeSelfUpdated))
		require.Equal(t, wire.RoleModerator, self.Role)
		require.Contains(t, self.Permissions, wire.PermissionModerate)
		require.Equal(t, wire.RoleModerator, decode[wire.PeerEvent](t, a.await(wire.TypePeerUpdated)).Peer.Role)
	}
	tabs[0].ok(wire.TypeControlTake, wire.Empty{}, "")
	tabs[1].echo()

	t.Run("what did not change is not told", func(t *testing.T) {
		a.call(wire.TypeEcho, wire.Echo{}, "")
		h.hub.MemberChanged(room.ID, friend.ID)
		h.hub.MemberChanged(room.ID, owner.ID)
		h.hub.MemberChanged(rooms.NewID(), owner.ID)
		a.quiet()
	})
}

// changing are rooms whose members change while a role is read.
type changing struct {
	Rooms
	role      func() wire.Role
	whileRead func()
}

func (c *changing) Membership(context.Context, rooms.ID, accounts.PersonID) (wire.Role, error) {
	role := c.role()
	if once := c.whileRead; once != nil {
		c.whileRead = nil
		once()
	}
	return role, nil
}

func TestTheNewestRoleWins(t *testing.T) {
	members := &changing{}
	h := newHouse(t, func(o *Options) {
		members.Rooms = o.Rooms
		o.Rooms = members
	})
	owner, friend := h.person(), h.person()
	room := h.room(owner)
	a, b := h.join(room, owner), h.join(room, friend)
	a.await(wire.TypePeerJoined)
	role := wire.RoleGuest
	members.role = func() wire.Role { return role }
	members.whileRead = func() {
		role = wire.RoleModerator
		h.hub.MemberChanged(room.ID, friend.ID)
	}
	h.hub.MemberChanged(room.ID, friend.ID)
	require.Equal(t, wire.RoleModerator, decode[wire.SelfUpdate](t, b.await(wire.TypeSelfUpdated)).Role)
	require.Equal(t, wire.TypePeerUpdated, b.next().Type)
	b.quiet()

	t.Run("who is no member any more is sent away", func(t *testing.T) {
		b.ok(wire.TypeControlTake, wire.Empty{}, "")
		role = ""
		h.hub.MemberChanged(room.ID, friend.ID)
		b.awaitClose(wire.CloseCodeKicked)
		require.Equal(t, wire.PeerLeftReasonKicked, decode[wire.PeerLeft](t, a.await(wire.TypePeerLeft)).Reason)
		require.Nil(t, decode[wire.Control](t, a.await(wire.TypeControlChanged)).Holder)
	})
}
