package hub

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/services/accounts"
	"turtus/services/rooms"
	"turtus/services/wire"
)

// acts are what a viewer does over the WebSocket by a permission, and how it is taken back.
var acts = []struct {
	need              wire.Permission
	messageType, undo string
	payload, undoWith any
	besidesOk         string // the typed answer, where it is not ok
	announces         bool
}{
	{need: wire.PermissionControl, messageType: wire.TypeControlTake, payload: wire.Empty{}, undo: wire.TypeControlRelease, undoWith: wire.Empty{}},
	{need: wire.PermissionControl, messageType: wire.TypeControlRequest, payload: wire.Empty{}, undo: wire.TypeControlRelease, undoWith: wire.Empty{}},
	{need: wire.PermissionVoice, messageType: wire.TypePresenceUpdate, payload: wire.PresenceUpdate{Media: &wire.MediaState{Microphone: true}},
		undo: wire.TypePresenceUpdate, undoWith: wire.PresenceUpdate{Media: &wire.MediaState{}}},
	{need: wire.PermissionVideo, messageType: wire.TypePresenceUpdate, payload: wire.PresenceUpdate{Media: &wire.MediaState{Camera: true}},
		undo: wire.TypePresenceUpdate, undoWith: wire.PresenceUpdate{Media: &wire.MediaState{}}},
	{need: wire.PermissionScreen, messageType: wire.TypePresenceUpdate, payload: wire.PresenceUpdate{Media: &wire.MediaState{Screen: "s1"}},
		undo: wire.TypePresenceUpdate, undoWith: wire.PresenceUpdate{Media: &wire.MediaState{}}},
	{need: wire.PermissionModerate, messageType: wire.TypeDoorAnswer, payload: wire.DoorAnswer{Id: "nobody is there"}, besidesOk: wire.TypeError},
	{need: wire.PermissionChat, messageType: wire.TypeChatSend, besidesOk: wire.TypeChatStored},
	{need: wire.PermissionModerate, messageType: wire.TypeChatSend, besidesOk: wire.TypeChatStored, announces: true},
	{need: wire.PermissionChat, messageType: wire.TypeChatTyping, payload: wire.Typing{Typing: true}},
	{need: wire.PermissionReact, messageType: wire.TypeReaction, payload: wire.FloatingReaction{Emoji: "🐢"}},
	{need: wire.PermissionReact, messageType: wire.TypeChatReact, payload: wire.ChatReact{Seq: 1, Emoji: "🐢", On: true},
		undo: wire.TypeChatReact, undoWith: wire.ChatReact{Seq: 1, Emoji: "🐢"}},
	{need: wire.PermissionReact, messageType: wire.TypePointerMove, payload: wire.PointerMove{At: &wire.PicturePoint{X: 1, Y: 1}},
		undo: wire.TypePointerMove, undoWith: wire.PointerMove{}},
	{need: wire.PermissionReact, messageType: wire.TypeHandRaise, payload: wire.Empty{}, undo: wire.TypeHandLower, undoWith: wire.HandLower{}},
	{need: wire.PermissionModerate, messageType: wire.TypeHandLower, payload: wire.HandLower{All: true}},
	{need: wire.PermissionModerate, messageType: wire.TypeChatSlow, payload: wire.SlowMode{Seconds: 5}, undo: wire.TypeChatSlow, undoWith: wire.SlowMode{}},
}

// grantable are what a room's owner gives and takes.
var grantable = []wire.Permission{
	wire.PermissionControl, wire.PermissionNavigate, wire.PermissionVoice, wire.PermissionVideo, wire.PermissionScreen, wire.PermissionChat,
	wire.PermissionReact, wire.PermissionPin, wire.PermissionInvite,
}

func without(p wire.Permission) []wire.Permission {
	return slices.DeleteFunc(slices.Clone(grantable), func(other wire.Permission) bool { return other == p })
}

// policies are the rooms of the table: everything, nothing, and each permission alone and alone missing.
func policies() []wire.RolePermissions {
	none := []wire.Permission{}
	list := []wire.RolePermissions{{Member: grantable, Guest: grantable}, {Member: grantable, Guest: none}, {Member: none, Guest: none}}
	for _, p := range grantable {
		only := []wire.Permission{p}
		list = append(list, wire.RolePermissions{Member: only, Guest: only}, wire.RolePermissions{Member: without(p), Guest: without(p)})
	}
	return list
}

// The expectation here is written down anew, and not taken from rooms: who may what is the contract's word.
func mayUnder(role wire.Role, policy wire.RolePermissions) []wire.Permission {
	switch role {
	case wire.RoleOwner:
		return append(slices.Clone(grantable), wire.PermissionModerate, wire.PermissionManage)
	case wire.RoleModerator:
		return append(slices.Clone(grantable), wire.PermissionModerate)
	case wire.RoleMember:
		return policy.Member
	default:
		return policy.Guest
	}
}

func TestEveryRoleMayOverTheWebSocketWhatTheRoomGivesIt(t *testing.T) {
	h := newHouse(t, func(o *Options) {
		o.ChatBurst, o.ReactionBurst, o.TypingBurst, o.AskBurst, o.Burst = 10_000, 10_000, 10_000, 10_000, 100_000
		o.PointerBurst, o.HandBurst = 10_000, 10_000
	})
	room, people := h.seated()
	_, _, err := h.rooms.Append(context.Background(), room.ID, people[wire.RoleOwner].ID, rooms.NewMessage{Key: "first", Text: "to be reacted to"})
	require.NoError(t, err)
	clients := map[wire.Role]*client{}
	for role, p := range people {
		clients[role] = h.join(room, p)
	}
	told := map[wire.Role][]wire.Permission{} // what each page knows of its own
	for role, c := range clients {
		require.Equal(t, role, c.identity.Role)
		require.ElementsMatch(t, mayUnder(role, room.Policy.Wire()), c.identity.Permissions)
		told[role] = c.identity.Permissions
	}
	keys := 0
	for i, policy := range policies() {
		_, err := h.rooms.Update(context.Background(), room.ID.String(), people[wire.RoleOwner], rooms.Change{Policy: &policy})
		require.NoError(t, err)
		h.hub.RoomUpdated(room.ID)
		for role, c := range clients {
			may := mayUnder(role, policy)
			for _, update := range c.selfUpdates() {
				require.Equal(t, role, update.Role)
				told[role] = update.Permissions
			}
			require.ElementsMatch(t, may, told[role], "policy %d: what the page of a %s shows", i, role)
			for _, act := range acts {
				payload := act.payload
				if payload == nil {
					keys++
					payload = wire.ChatSend{Key: fmt.Sprint("k", keys), Text: "hello", Announcement: &act.announces}
				}
				name := fmt.Sprintf("policy %d, %s: %s for %s", i, role, act.messageType, act.need)
				if !slices.Contains(may, act.need) {
					c.refused(wire.ErrorCodeForbidden, act.messageType, payload, "")
					continue
				}
				answer := c.call(act.messageType, payload, "")
				want := wire.TypeOK
				if act.besidesOk != "" {
					want = act.besidesOk
				}
				require.Equal(t, want, answer.Type, "%s: %s", name, answer.Payload)
				if act.undo != "" {
					c.ok(act.undo, act.undoWith, "")
				}
			}
		}
	}
}

// selfUpdates takes in what waits and returns what the client was told of itself.
func (c *client) selfUpdates() (updates []wire.SelfUpdate) {
	c.Helper()
	c.n++
	id := fmt.Sprintf("call%d", c.n)
	c.sendEnvelope(wire.Envelope{Type: wire.TypeEcho, Id: id, Payload: wire.NewEnvelope("", wire.Echo{}).Payload})
	for {
		e := c.next()
		switch {
		case e.Re == id:
			return updates
		case e.Type == wire.TypeSelfUpdated:
			updates = append(updates, decode[wire.SelfUpdate](c.house, e))
		}
	}
}

// seated is a room with somebody of each role.
func (h *house) seated() (rooms.Room, map[wire.Role]accounts.Person) {
	h.Helper()
	people := map[wire.Role]accounts.Person{wire.RoleOwner: h.person(), wire.RoleModerator: h.person(), wire.RoleMember: h.person(), wire.RoleGuest: h.person()}
	room := h.room(people[wire.RoleOwner])
	for role, p := range people {
		if role != wire.RoleOwner {
			h.token(room, p)
			_, _, err := h.rooms.SetRole(context.Background(), room.ID.String(), people[wire.RoleOwner], p.ID, role)
			require.NoError(h, err)
		}
	}
	return room, people
}

func TestWhoMayNoMoreLosesWhatTheyHaveAtOnce(t *testing.T) {
	h := newHouse(t, nil)
	room, people := h.seated()
	owner, member := h.join(room, people[wire.RoleOwner]), h.join(room, people[wire.RoleMember])
	agent, _ := h.agent(room)
	member.ok(wire.TypeControlTake, wire.Empty{}, "")
	member.ok(wire.TypePresenceUpdate, wire.PresenceUpdate{Media: &wire.MediaState{Microphone: true, Camera: true}}, "")
	driven := decode[wire.Control](t, agent.await(wire.TypeControlChanged))
	require.Equal(t, member.identity.Peer, *driven.Holder)

	change := func(policy wire.RolePermissions) {
		_, err := h.rooms.Update(context.Background(), room.ID.String(), people[wire.RoleOwner], rooms.Change{Policy: &policy})
		require.NoError(t, err)
		h.hub.RoomUpdated(room.ID)
	}
	change(wire.RolePermissions{Member: without(wire.PermissionControl), Guest: []wire.Permission{}})
	require.NotContains(t, decode[wire.SelfUpdate](t, member.await(wire.TypeSelfUpdated)).Permissions, wire.PermissionControl)
	released := decode[wire.Control](t, agent.await(wire.TypeControlChanged))
	require.Nil(t, released.Holder, "the agent takes no more input of theirs")
	require.Greater(t, released.Epoch, driven.Epoch)

	owner.echo()
	change(wire.RolePermissions{Member: []wire.Permission{wire.PermissionChat, wire.PermissionVideo}, Guest: []wire.Permission{}})
	require.Equal(t, []wire.Permission{wire.PermissionVideo, wire.PermissionChat}, decode[wire.SelfUpdate](t, member.await(wire.TypeSelfUpdated)).Permissions)
	for {
		peer := decode[wire.PeerEvent](t, owner.await(wire.TypePeerUpdated)).Peer
		if peer.Id == member.identity.Peer && !peer.Media.Microphone {
			require.True(t, peer.Media.Camera, "nobody plays what is said to be off, and the camera may stay")
			break
		}
	}

	t.Run("also who has it by their role", func(t *testing.T) {
		moderator := h.join(room, people[wire.RoleModerator])
		moderator.ok(wire.TypeControlTake, wire.Empty{}, "")
		require.Equal(t, moderator.identity.Peer, *decode[wire.Control](t, agent.await(wire.TypeControlChanged)).Holder)
		_, _, err := h.rooms.SetRole(context.Background(), room.ID.String(), people[wire.RoleOwner], people[wire.RoleModerator].ID, wire.RoleMember)
		require.NoError(t, err)
		h.hub.MemberChanged(room.ID, people[wire.RoleModerator].ID)
		require.Nil(t, decode[wire.Control](t, agent.await(wire.TypeControlChanged)).Holder)
		moderator.refused(wire.ErrorCodeForbidden, wire.TypeControlTake, wire.Empty{}, "")
	})

	t.Run("and who is removed everything", func(t *testing.T) {
		token := h.token(room, people[wire.RoleMember])
		_, err := h.rooms.Remove(context.Background(), room.ID.String(), people[wire.RoleOwner], people[wire.RoleMember].ID)
		require.NoError(t, err)
		h.hub.MemberChanged(room.ID, people[wire.RoleMember].ID)
		member.awaitClose(wire.CloseCodeKicked)
		late := h.connect()
		late.send(wire.TypeHello, wire.Hello{Token: token, Kind: wire.PeerKindViewer}, "")
		late.awaitError(wire.ErrorCodeRoomMembersOnly)
		late.awaitClose(wire.CloseCodeKicked)
	})
}

func TestWhoComesBackWhileTheirRoleIsTakenKeepsNothingOfIt(t *testing.T) {
	h := newHouse(t, nil)
	room, people := h.seated()
	_, err := h.rooms.Update(context.Background(), room.ID.String(), people[wire.RoleOwner],
		rooms.Change{Policy: &wire.RolePermissions{Member: []wire.Permission{wire.PermissionChat}, Guest: []wire.Permission{}}})
	require.NoError(t, err)
	h.join(room, people[wire.RoleOwner])
	moderator := h.join(room, people[wire.RoleModerator])
	agent, _ := h.agent(room)
	moderator.ok(wire.TypeControlTake, wire.Empty{}, "")
	require.NotNil(t, decode[wire.Control](t, agent.await(wire.TypeControlChanged)).Holder)
	moderator.ok(wire.TypePresenceUpdate, wire.PresenceUpdate{Media: &wire.MediaState{Microphone: true, Camera: true}}, "")

	h.setRole(room, people[wire.RoleModerator], wire.RoleMember) // stored, and nobody told yet
	back := h.resume(room, people[wire.RoleModerator], moderator.identity)
	require.Equal(t, moderator.identity.Peer, back.identity.Peer)
	require.Nil(t, back.identity.Snapshot.Control.Holder)
	for _, peer := range back.identity.Snapshot.Peers {
		require.Equal(t, wire.MediaState{}, peer.Media)
	}
	require.Nil(t, decode[wire.Control](t, agent.await(wire.TypeControlChanged)).Holder)
	h.hub.MemberChanged(room.ID, people[wire.RoleModerator].ID)
	back.refused(wire.ErrorCodeForbidden, wire.TypeControlTake, wire.Empty{}, "")
}

// unread are rooms of which nothing can be read for a while.
type unread struct {
	Rooms
	now atomic.Bool
}

var errUnread = errors.New("the database is away")

func (u *unread) Standing(ctx context.Context, room rooms.ID, person accounts.PersonID) (rooms.Standing, error) {
	if u.now.Load() {
		return rooms.Standing{}, errUnread
	}
	return u.Rooms.Standing(ctx, room, person)
}

func (u *unread) ByID(ctx context.Context, id rooms.ID) (rooms.Room, error) {
	if u.now.Load() {
		return rooms.Room{}, errUnread
	}
	return u.Rooms.ByID(ctx, id)
}

func TestWhoseNewRoleCannotBeReadComesBackWithIt(t *testing.T) {
	read := &unread{}
	h := newHouse(t, func(o *Options) { read.Rooms, o.Rooms = o.Rooms, read })
	room, people := h.seated()
	owner := h.join(room, people[wire.RoleOwner])
	moderator := h.join(room, people[wire.RoleModerator])
	owner.await(wire.TypePeerJoined)
	h.setRole(room, people[wire.RoleModerator], wire.RoleMember)
	read.now.Store(true)
	h.hub.MemberChanged(room.ID, people[wire.RoleModerator].ID)
	moderator.awaitClose(wire.CloseCodeInternal)
	require.Equal(t, wire.PeerLeftReasonLost, decode[wire.PeerLeft](t, owner.await(wire.TypePeerLeft)).Reason)
	owner.quiet()
	read.now.Store(false)
	require.Equal(t, wire.RoleMember, h.resume(room, people[wire.RoleModerator], moderator.identity).identity.Role)
}

func TestARoomThatCouldNotBeReadIsReadAgain(t *testing.T) {
	read := &unread{}
	h := newHouse(t, func(o *Options) {
		read.Rooms, o.Rooms = o.Rooms, read
		o.SessionCheck = 10 * time.Millisecond
	})
	room, people := h.seated()
	member := h.join(room, people[wire.RoleMember])
	_, err := h.rooms.Update(context.Background(), room.ID.String(), people[wire.RoleOwner],
		rooms.Change{Policy: &wire.RolePermissions{Member: []wire.Permission{wire.PermissionChat}, Guest: []wire.Permission{}}})
	require.NoError(t, err)
	read.now.Store(true)
	h.hub.RoomUpdated(room.ID)
	read.now.Store(false)
	require.Equal(t, []wire.Permission{wire.PermissionChat}, decode[wire.SelfUpdate](t, member.await(wire.TypeSelfUpdated)).Permissions)
	member.refused(wire.ErrorCodeForbidden, wire.TypeControlTake, wire.Empty{}, "")
}
