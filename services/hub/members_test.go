package hub

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"turtus/services/accounts"
	"turtus/services/postgres/db"
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
	_, _, err = h.rooms.AcceptInvite(context.Background(), invitation.Code, friend, "")
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

func TestAGuestWhoMakesAnAccountIsAMemberAtOnce(t *testing.T) {
	h := newHouse(t, nil)
	owner := h.person()
	room := h.room(owner)
	invitation, err := h.rooms.CreateInvite(context.Background(), room.ID.String(), owner, rooms.NewInvite{})
	require.NoError(t, err)
	var guest accounts.Person
	_, err = h.rooms.AcceptInviteAsGuest(context.Background(), invitation.Code, "Grace", "", func(_ *db.Queries, p accounts.Person) error {
		guest = p
		return nil
	})
	require.NoError(t, err)
	h.signIn(guest)
	a, b := h.join(room, owner), h.join(room, guest)
	require.Equal(t, wire.RoleGuest, b.identity.Role)

	claimed, err := h.people.Claim(context.Background(), accounts.Caller{Person: guest}, "grace", "a long password", "")
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{room.ID.UUID()}, claimed.Rooms)
	h.hub.MemberChanged(room.ID, guest.ID)
	h.hub.PersonUpdated(guest.ID, claimed.Person.Public())
	self := decode[wire.SelfUpdate](t, b.await(wire.TypeSelfUpdated))
	require.Equal(t, wire.RoleMember, self.Role)
	require.Contains(t, self.Permissions, wire.PermissionInvite)
	require.Equal(t, wire.RoleMember, decode[wire.PeerEvent](t, a.await(wire.TypePeerUpdated)).Peer.Role)
	require.False(t, decode[wire.PeerEvent](t, a.await(wire.TypePeerUpdated)).Peer.Person.Guest)
}

// changing are rooms whose members change while a role is read. Without a role, it is the stored one.
type changing struct {
	Rooms
	role      func() wire.Role
	whileRead func()
}

func (c *changing) Standing(ctx context.Context, room rooms.ID, person accounts.PersonID) (rooms.Standing, error) {
	var standing rooms.Standing
	if c.role == nil {
		var err error
		if standing, err = c.Rooms.Standing(ctx, room, person); err != nil {
			return rooms.Standing{}, err
		}
	} else {
		standing.Role = c.role()
	}
	if once := c.whileRead; once != nil {
		c.whileRead = nil
		once()
	}
	return standing, nil
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

// setRole stores a role, or takes it away, and tells nobody.
func (h *house) setRole(r rooms.Room, p accounts.Person, role wire.Role) {
	h.Helper()
	change, args := "UPDATE members SET role = $3 WHERE room_id = $1 AND person_id = $2", []any{r.ID.UUID(), p.ID.UUID(), role}
	if role == "" {
		change, args = "DELETE FROM members WHERE room_id = $1 AND person_id = $2", args[:2]
	}
	tag, err := h.pool.Exec(context.Background(), change, args...)
	require.NoError(h, err)
	require.EqualValues(h, 1, tag.RowsAffected())
}

func TestATokenGivesTheRoleOfNow(t *testing.T) {
	h := newHouse(t, nil)
	owner, friend := h.person(), h.person()
	room := h.room(owner)
	a := h.join(room, owner)
	h.token(room, friend) // a member from now on
	h.setRole(room, friend, wire.RoleModerator)
	old := h.token(room, friend)

	h.setRole(room, friend, wire.RoleGuest)
	b := h.enter(wire.Hello{Token: old, Kind: wire.PeerKindViewer})
	require.Equal(t, wire.RoleGuest, b.identity.Role)
	require.Equal(t, rooms.UsualPolicy.Of(wire.RoleGuest).Names(), b.identity.Permissions)
	require.Equal(t, wire.RoleGuest, decode[wire.PeerEvent](t, a.await(wire.TypePeerJoined)).Peer.Role)
	a.ok(wire.TypeControlTake, wire.Empty{}, "")
	b.refused(wire.ErrorCodeControlTaken, wire.TypeControlTake, wire.Empty{}, "")

	h.setRole(room, friend, wire.RoleMember)
	require.Equal(t, wire.RoleMember, h.enter(wire.Hello{Token: old, Kind: wire.PeerKindViewer}).identity.Role, "also a higher one")

	h.setRole(room, friend, "")
	c := h.connect()
	c.send(wire.TypeHello, wire.Hello{Token: old, Kind: wire.PeerKindViewer}, "")
	c.awaitError(wire.ErrorCodeRoomMembersOnly)
	c.awaitClose(wire.CloseCodeKicked)
}

func TestARoleThatChangesDuringHelloIsNotMissed(t *testing.T) {
	members := &changing{}
	h := newHouse(t, func(o *Options) {
		members.Rooms = o.Rooms
		o.Rooms = members
	})
	owner, friend := h.person(), h.person()
	room := h.room(owner)
	h.join(room, owner)
	h.token(room, friend)
	h.setRole(room, friend, wire.RoleModerator)
	token := h.token(room, friend)
	members.whileRead = func() {
		h.setRole(room, friend, wire.RoleGuest)
		h.hub.MemberChanged(room.ID, friend.ID) // finds no seat of theirs yet
	}
	require.Equal(t, wire.RoleGuest, h.enter(wire.Hello{Token: token, Kind: wire.PeerKindViewer}).identity.Role)
}

func TestAHelloAmongMembersWhoNeverStopChangingIsToldToComeBack(t *testing.T) {
	members := &changing{}
	h := newHouse(t, func(o *Options) {
		members.Rooms = o.Rooms
		o.Rooms = members
	})
	owner, friend := h.person(), h.person()
	room := h.room(owner)
	h.join(room, owner)
	token := h.token(room, friend)
	var another func()
	another = func() {
		members.whileRead = another
		h.hub.live(room.ID).beginMemberChange()
	}
	members.whileRead = another
	c := h.connect()
	c.send(wire.TypeHello, wire.Hello{Token: token, Kind: wire.PeerKindViewer}, "")
	c.awaitError(wire.ErrorCodeUnavailable)
	c.awaitClose(wire.CloseCodeInternal)
}
