package hub

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/services/accounts"
	"turtus/services/rooms"
	"turtus/services/wire"
)

// decide does over REST's way what somebody may try against another, and tells the hub as REST does.
func (h *house) decide(room rooms.Room, by, target accounts.Person, rnd *rand.Rand) error {
	ctx, slug := context.Background(), room.ID.String()
	var err error
	switch rnd.IntN(7) {
	case 0:
		_, _, err = h.rooms.Ban(ctx, slug, by, target.ID, "", false)
	case 1:
		_, err = h.rooms.Remove(ctx, slug, by, target.ID)
	case 2:
		_, _, err = h.rooms.Mute(ctx, slug, by, target.ID, rooms.MuteChange{Chat: new(rnd.IntN(2) == 0), Call: new(rnd.IntN(2) == 0)})
	case 3:
		_, _, err = h.rooms.SetRole(ctx, slug, by, target.ID, []wire.Role{wire.RoleModerator, wire.RoleMember, wire.RoleGuest}[rnd.IntN(3)])
	case 4:
		if _, err = h.rooms.HandOver(ctx, slug, by, target.ID); err == nil {
			h.hub.RoomUpdated(room.ID)
			h.hub.MemberChanged(room.ID, by.ID)
		}
	default:
		if _, err = h.rooms.SetLocks(ctx, slug, by, rooms.LockChange{Control: new(rnd.IntN(2) == 0)}, nil); err == nil {
			h.hub.RoomUpdated(room.ID)
			return nil
		}
	}
	if err == nil {
		h.hub.MemberChanged(room.ID, target.ID)
	}
	return err
}

// try is what somebody may try over their WebSocket. A connection that has been closed meanwhile hears nothing of it.
func (c *client) try(others []*client, rnd *rand.Rand) {
	target := others[rnd.IntN(len(others))].identity.Peer
	all := []wire.Envelope{
		wire.NewEnvelope(wire.TypeControlTake, wire.Empty{}), wire.NewEnvelope(wire.TypeControlRelease, wire.Empty{}), wire.NewEnvelope(wire.TypeControlRequest, wire.Empty{}),
		wire.NewEnvelope(wire.TypeControlGive, wire.ControlPeer{Peer: target}), wire.NewEnvelope(wire.TypeControlDeny, wire.ControlPeer{Peer: target}),
		wire.NewEnvelope(wire.TypePresenceUpdate, wire.PresenceUpdate{Media: &wire.MediaState{Microphone: true}}),
		wire.NewEnvelope(wire.TypeChatSlow, wire.SlowMode{Seconds: 30 * rnd.IntN(2)}), wire.NewEnvelope(wire.TypeChatClear, wire.Empty{}),
	}
	e := all[rnd.IntN(len(all))]
	e.Id = "x"
	_ = c.ws.WriteJSON(e)
}

func TestOwnerAndModeratorsAgainstEachOtherOverBothDoors(t *testing.T) {
	h := newHouse(t, nil)
	room, people := h.seated()
	second := h.person()
	h.token(room, second)
	_, _, err := h.rooms.SetRole(context.Background(), room.ID.String(), people[wire.RoleOwner], second.ID, wire.RoleModerator)
	require.NoError(t, err)
	everybody := []accounts.Person{people[wire.RoleOwner], people[wire.RoleModerator], second, people[wire.RoleMember], people[wire.RoleGuest]}
	var pages []*client
	for _, p := range everybody {
		pages = append(pages, h.join(room, p))
	}
	h.agent(room)

	var group sync.WaitGroup
	faults := make(chan error, 1000)
	for i, by := range everybody {
		group.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(i), 1))
			for range 30 {
				// A refusal has a code.
				err := h.decide(room, by, everybody[rnd.IntN(len(everybody))], rnd)
				if _, coded := errors.AsType[*wire.Error](err); err != nil && (!coded || wire.CodeOf(err) == wire.ErrorCodeUnavailable) {
					faults <- err
				}
			}
		})
		group.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(i), 2))
			for range 60 {
				pages[i].try(pages, rnd)
			}
		})
	}
	group.Wait()
	close(faults)
	for err := range faults {
		require.NoError(t, err)
	}

	// What each page said is behind this, and what it was told before it.
	open := map[accounts.PersonID]*client{}
	for i, page := range pages {
		standing, err := h.rooms.Standing(context.Background(), room.ID, everybody[i].ID)
		require.NoError(t, err)
		if standing.Role == "" || page.gone() {
			continue
		}
		open[everybody[i].ID] = page
	}
	live := h.hub.live(room.ID)
	require.NotNil(t, live)
	stored, err := h.rooms.ByID(context.Background(), room.ID)
	require.NoError(t, err)
	live.mu.Lock()
	defer live.mu.Unlock()
	require.Equal(t, stored.Policy.ControlLocked, live.info.ControlLocked)
	require.Equal(t, stored.Owner, live.info.Owner)
	holder := live.control.ForViewers().Holder
	for _, s := range live.seats {
		if s.kind != wire.PeerKindViewer {
			continue
		}
		standing, err := h.rooms.Standing(context.Background(), room.ID, s.personID)
		require.NoError(t, err)
		require.NotEmpty(t, standing.Role, "nobody sits who is no member")
		require.Equal(t, standing, s.standing, "each has the role that is stored")
		require.Equal(t, standing.Permissions(live.policy), s.permissions)
		require.Contains(t, open, s.personID)
		require.False(t, s.media.Microphone && !s.permissions.Has(rooms.Voice), "nobody is heard who is muted")
		if holder != nil && *holder == string(s.id) {
			require.True(t, s.permissions.Has(rooms.Control), "nobody drives who may not")
		}
	}
	if holder != nil {
		require.Contains(t, live.seats, PeerID(*holder), "who drives is here")
	}
}

// gone says whether the hub has closed the connection; else what was said by it has been handled.
func (c *client) gone() bool {
	if c.ws.WriteJSON(wire.Envelope{Type: wire.TypeEcho, Id: "last", Payload: []byte("{}")}) != nil {
		return true
	}
	for {
		select {
		case e := <-c.messages:
			if e.Re == "last" {
				return false
			}
		case <-c.closed:
			return true
		case <-time.After(patience):
			require.FailNow(c, "neither answered nor closed")
		}
	}
}

func TestAGuestWhoIsRemovedWhileDrivingLeavesNothingBehind(t *testing.T) {
	h := newHouse(t, nil)
	room, people := h.seated()
	guest := people[wire.RoleGuest]
	owner, driver := h.join(room, people[wire.RoleOwner]), h.join(room, guest)
	agent, _ := h.agent(room)
	driver.ok(wire.TypeControlTake, wire.Empty{}, "")
	driven := decode[wire.Control](t, agent.await(wire.TypeControlChanged))
	token := h.token(room, guest)

	_, err := h.rooms.Remove(context.Background(), room.ID.String(), people[wire.RoleModerator], guest.ID)
	require.NoError(t, err)
	h.hub.MemberChanged(room.ID, guest.ID)
	driver.awaitClose(wire.CloseCodeKicked)
	released := decode[wire.Control](t, agent.await(wire.TypeControlChanged))
	require.Nil(t, released.Holder)
	require.Greater(t, released.Epoch, driven.Epoch, "by which the agent lets go of all keys and refuses what is still under way")
	owner.await(wire.TypeControlChanged) // that the guest drives
	require.Nil(t, decode[wire.Control](t, owner.await(wire.TypeControlChanged)).Holder)
	owner.ok(wire.TypeControlTake, wire.Empty{}, "")

	for _, resume := range []*wire.Resume{nil, {Peer: driver.identity.Peer, Key: driver.identity.ResumeKey, Control: new(true)}} {
		late := h.connect()
		late.send(wire.TypeHello, wire.Hello{Token: token, Kind: wire.PeerKindViewer, Resume: resume}, "")
		late.awaitError(wire.ErrorCodeRoomMembersOnly)
		late.awaitClose(wire.CloseCodeKicked)
	}
}

func TestARoomThatIsDeletedUnderEverybodyTellsAllAndTakesNobodyBack(t *testing.T) {
	h := newHouse(t, nil)
	room, people := h.seated()
	var pages []*client
	tokens := map[*client]string{}
	for _, p := range people {
		page := h.join(room, p)
		tokens[page] = h.token(room, p)
		pages = append(pages, page)
	}
	agent, _ := h.agent(room)
	require.Equal(t, wire.TypeChatStored, pages[0].call(wire.TypeChatSend, wire.ChatSend{Key: "k", Text: "soon gone"}, "").Type)

	require.NoError(t, h.rooms.Delete(context.Background(), room.ID, people[wire.RoleOwner]))
	h.hub.RoomDeleted(room.ID)
	for _, page := range append(pages, agent) {
		page.awaitClose(wire.CloseCodeRoomDeleted)
	}
	for _, page := range pages {
		late := h.connect()
		late.send(wire.TypeHello, wire.Hello{Token: tokens[page], Kind: wire.PeerKindViewer, Resume: &wire.Resume{Peer: page.identity.Peer, Key: page.identity.ResumeKey}}, "")
		late.awaitError(wire.ErrorCodeNotFound)
		late.awaitClose(wire.CloseCodeRoomDeleted)
	}
	var left int
	require.NoError(t, h.pool.QueryRow(context.Background(), "SELECT count(*) FROM messages WHERE room_id = $1", room.ID.UUID()).Scan(&left))
	require.Zero(t, left, "the chat goes with the room")
}
