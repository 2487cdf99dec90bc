package hub

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"turtus/services/rooms"
	"turtus/services/wire"
)

// overtaken are rooms that change once while they are read.
type overtaken struct {
	Rooms
	whileRead func()
}

func (o *overtaken) ByID(ctx context.Context, id rooms.ID) (rooms.Room, error) {
	r, err := o.Rooms.ByID(ctx, id)
	if once := o.whileRead; once != nil {
		o.whileRead = nil
		once()
	}
	return r, err
}

func TestTheNewestRoomWins(t *testing.T) {
	read := &overtaken{}
	h := newHouse(t, func(o *Options) {
		read.Rooms = o.Rooms
		o.Rooms = read
	})
	owner := h.person()
	room := h.room(owner)
	viewer := h.join(room, owner)
	vb, _ := h.agent(room)
	viewer.await(wire.TypePeerJoined)
	small, large := wire.Screen{Width: 640, Height: 480, FrameRate: 10}, wire.Screen{Width: 1920, Height: 1080, FrameRate: 60}
	resize := func(s wire.Screen) {
		_, err := h.rooms.Update(context.Background(), room.Slug, owner, rooms.Change{Screen: wire.ScreenChange{Set: true, To: &s}})
		require.NoError(t, err)
		h.hub.RoomUpdated(room.ID)
	}
	read.whileRead = func() { resize(large) }
	resize(small)
	require.Equal(t, large, decode[wire.Screen](t, vb.await(wire.TypeVBScreen)))
	for range 2 { // both changes are told, as what the room is now
		require.Equal(t, large, decode[wire.RoomEvent](t, viewer.await(wire.TypeRoomUpdated)).Room.Screen)
	}
	viewer.quiet()
	require.Equal(t, wire.TypeRoomUpdated, vb.next().Type)
	vb.quiet()

	t.Run("an owner's new name outlasts the reading of the old one", func(t *testing.T) {
		read.whileRead = func() {
			renamed, err := h.people.UpdateProfile(context.Background(), owner.ID, wire.Ptr("Olga"), nil)
			require.NoError(t, err)
			h.hub.PersonUpdated(owner.ID, renamed.Public())
		}
		h.hub.RoomUpdated(room.ID)
		viewer.await(wire.TypePeerUpdated)
		for range 2 {
			require.Equal(t, "Olga", decode[wire.RoomEvent](t, viewer.await(wire.TypeRoomUpdated)).Room.Owner.DisplayName)
		}
	})
}
