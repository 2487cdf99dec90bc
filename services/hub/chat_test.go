package hub

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"turtus/services/accounts"
	"turtus/services/rooms"
	"turtus/services/wire"
)

func TestChatIsStoredBeforeAnybodyHearsOfIt(t *testing.T) {
	h := newHouse(t, nil)
	owner, friend := h.person(), h.person()
	room := h.room(owner)
	a, b := h.join(room, owner), h.join(room, friend)
	a.await(wire.TypePeerJoined)

	answer := a.call(wire.TypeChatSend, wire.ChatSend{Key: "k1", Text: "hello"}, "")
	require.Equal(t, wire.TypeChatStored, answer.Type)
	require.NotZero(t, answer.Version)
	message := decode[wire.ChatEvent](t, answer).Message
	require.Equal(t, "k1", *message.Key)
	require.EqualValues(t, 1, message.Seq)
	heard := b.next()
	require.Equal(t, wire.TypeChatMessage, heard.Type)
	require.Equal(t, "hello", decode[wire.ChatEvent](t, heard).Message.Text)
	require.Equal(t, owner.DisplayName, decode[wire.ChatEvent](t, heard).Message.Author.DisplayName)
	require.Nil(t, decode[wire.ChatEvent](t, heard).Message.Key, "the key is the author's")
	page, _, err := h.rooms.Messages(context.Background(), room.ID, owner.ID, 0, 10)
	require.NoError(t, err)
	require.Len(t, page, 1)

	t.Run("a retry is answered and not said again", func(t *testing.T) {
		retry := a.call(wire.TypeChatSend, wire.ChatSend{Key: "k1", Text: "hello"}, "")
		require.Equal(t, wire.TypeChatStored, retry.Type)
		require.Zero(t, retry.Version)
		require.Equal(t, message.Id, decode[wire.ChatEvent](t, retry).Message.Id)
		b.quiet()
	})
	t.Run("a retry on the next connection too", func(t *testing.T) {
		again := h.resume(room, owner, a.identity)
		require.Equal(t, wire.TypeChatStored, again.call(wire.TypeChatSend, wire.ChatSend{Key: "k1", Text: "hello"}, "").Type)
		require.Equal(t, wire.TypePeerUpdated, b.next().Type)
		b.quiet()
		a = again
	})
	t.Run("a key is for one message", func(t *testing.T) {
		a.refused(wire.ErrorCodeKeyReused, wire.TypeChatSend, wire.ChatSend{Key: "k1", Text: "something else"}, "")
		b.quiet()
	})
	t.Run("what cannot be stored is refused", func(t *testing.T) {
		a.refused(wire.ErrorCodeInvalidField, wire.TypeChatSend, wire.ChatSend{Key: "k2", Text: ""}, "")
		a.refused(wire.ErrorCodeInvalidField, wire.TypeChatSend, wire.ChatSend{Key: "k2", Text: strings.Repeat("x", 4001)}, "")
		b.quiet()
	})
	t.Run("what is said over REST is heard by all", func(t *testing.T) {
		m, _, err := h.rooms.Append(context.Background(), room.ID, friend.ID, rooms.NewMessage{Key: "rest", Text: "from afar"})
		require.NoError(t, err)
		h.hub.MessageStored(room.ID, m.Wire(), false)
		for _, c := range []*client{a, b} {
			require.Equal(t, "from afar", decode[wire.ChatEvent](t, c.await(wire.TypeChatMessage)).Message.Text)
		}
		h.hub.MessageStored(room.ID, m.Wire(), true)
		b.quiet()
	})
	t.Run("without permission nothing is said", func(t *testing.T) {
		room := rooms.Room{ID: room.ID, Role: wire.RoleGuest}
		token, _, err := h.tokens.Viewer(room, accounts.Caller{Person: friend, Session: accounts.SessionID(friend.ID)})
		require.NoError(t, err)
		mute := h.enter(wire.Hello{Token: token, Kind: wire.PeerKindViewer})
		r := h.hub.live(room.ID)
		r.mu.Lock()
		r.seats[PeerID(mute.identity.Peer)].permissions = 0
		r.mu.Unlock()
		mute.refused(wire.ErrorCodeForbidden, wire.TypeChatSend, wire.ChatSend{Key: "k", Text: "x"}, "")
		mute.refused(wire.ErrorCodeForbidden, wire.TypeControlTake, wire.Empty{}, "")
		mute.refused(wire.ErrorCodeForbidden, wire.TypePresenceUpdate, wire.PresenceUpdate{Media: &wire.MediaState{Microphone: true}}, "")
		mute.refused(wire.ErrorCodeForbidden, wire.TypePresenceUpdate, wire.PresenceUpdate{Media: &wire.MediaState{Camera: true}}, "")
	})
}

func TestASnapshotHasTheLastMessages(t *testing.T) {
	h := newHouse(t, nil)
	owner := h.person()
	room := h.room(owner)
	say := func(n int) {
		_, _, err := h.rooms.Append(context.Background(), room.ID, owner.ID, rooms.NewMessage{Key: fmt.Sprint("key", n), Text: fmt.Sprint("message ", n)})
		require.NoError(t, err)
	}
	for n := range historyLength {
		say(n + 1)
	}
	a := h.join(room, owner)
	require.Len(t, a.identity.Snapshot.Messages, historyLength)
	require.False(t, a.identity.Snapshot.MoreMessages)
	a.call(wire.TypeChatSend, wire.ChatSend{Key: "x", Text: "one more"}, "")
	b := h.join(room, owner)
	require.Len(t, b.identity.Snapshot.Messages, historyLength)
	require.EqualValues(t, 2, b.identity.Snapshot.Messages[0].Seq)
	require.Equal(t, "one more", b.identity.Snapshot.Messages[historyLength-1].Text)
	require.True(t, b.identity.Snapshot.MoreMessages)
}

// cutShort is a database whose answer to one key is lost after the commit.
type cutShort struct {
	Rooms
	key  string
	lost atomic.Bool
}

func (c *cutShort) Append(ctx context.Context, room rooms.ID, author accounts.PersonID, n rooms.NewMessage) (rooms.Message, bool, error) {
	m, duplicate, err := c.Rooms.Append(ctx, room, author, n)
	if err == nil && n.Key == c.key && c.lost.CompareAndSwap(false, true) {
		return rooms.Message{}, false, wire.Errorf(wire.ErrorCodeUnavailable, "The connection to the database was lost.")
	}
	return m, duplicate, err
}

func TestAMessageWhoseStoringWasCutShortIsHeardByTheRetry(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Rooms = &cutShort{Rooms: o.Rooms, key: "lost"} })
	owner, friend := h.person(), h.person()
	room := h.room(owner)
	a, b := h.join(room, owner), h.join(room, friend)
	a.await(wire.TypePeerJoined)

	a.refused(wire.ErrorCodeUnavailable, wire.TypeChatSend, wire.ChatSend{Key: "lost", Text: "first"}, "")
	b.call(wire.TypeChatSend, wire.ChatSend{Key: "k", Text: "second"}, "")
	answer := a.call(wire.TypeChatSend, wire.ChatSend{Key: "lost", Text: "first"}, "")
	require.Equal(t, wire.TypeChatStored, answer.Type)
	require.NotZero(t, answer.Version, "the room's next version")
	heard := b.next()
	require.Equal(t, wire.TypeChatMessage, heard.Type)
	require.EqualValues(t, 1, decode[wire.ChatEvent](t, heard).Message.Seq)
	require.Nil(t, decode[wire.ChatEvent](t, heard).Message.Key)
	a.call(wire.TypeChatSend, wire.ChatSend{Key: "lost", Text: "first"}, "")
	b.quiet()
	late := h.join(room, friend)
	require.Len(t, late.identity.Snapshot.Messages, 2)
	require.Equal(t, "first", late.identity.Snapshot.Messages[0].Text, "in order")
}

func TestARetryOfAMessageThatTheRoomRemembersNoMoreIsTheAuthorsAlone(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.ChatBurst = 2 * historyLength })
	owner, friend := h.person(), h.person()
	room := h.room(owner)
	a := h.join(room, owner)
	for n := range historyLength + 1 {
		a.call(wire.TypeChatSend, wire.ChatSend{Key: fmt.Sprint(n), Text: "x"}, "")
	}
	b := h.join(room, friend)
	retry := a.call(wire.TypeChatSend, wire.ChatSend{Key: "0", Text: "x"}, "")
	require.Equal(t, wire.TypeChatStored, retry.Type)
	require.Zero(t, retry.Version)
	m, duplicate, err := h.rooms.Append(context.Background(), room.ID, owner.ID, rooms.NewMessage{Key: "0", Text: "x"})
	require.NoError(t, err)
	require.True(t, duplicate)
	h.hub.MessageStored(room.ID, m.Wire(), true)
	b.quiet()
}

func TestAMessageThatManyOvertookIsHeardAllTheSame(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.ChatBurst = 2 * historyLength })
	owner, friend := h.person(), h.person()
	room := h.room(owner)
	a, b := h.join(room, owner), h.join(room, friend)
	slow, _, err := h.rooms.Append(context.Background(), room.ID, owner.ID, rooms.NewMessage{Key: "slow", Text: "stored first, told last"})
	require.NoError(t, err)
	for n := range historyLength + 1 {
		a.call(wire.TypeChatSend, wire.ChatSend{Key: fmt.Sprint(n), Text: "x"}, "")
		b.await(wire.TypeChatMessage)
	}
	h.hub.MessageStored(room.ID, slow.Wire(), false)
	require.Equal(t, slow.Seq, decode[wire.ChatEvent](t, b.await(wire.TypeChatMessage)).Message.Seq)
	h.hub.MessageStored(room.ID, slow.Wire(), true)
	b.quiet()
	require.Greater(t, h.join(room, friend).identity.Snapshot.Messages[0].Seq, slow.Seq, "it is none of the last ones")
}

func TestChatIsBounded(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.ChatRate, o.ChatBurst = 0.001, 2 })
	owner := h.person()
	a := h.join(h.room(owner), owner)
	for n := range 2 {
		a.call(wire.TypeChatSend, wire.ChatSend{Key: fmt.Sprint(n), Text: "x"}, "")
	}
	refusal := a.refused(wire.ErrorCodeRateLimited, wire.TypeChatSend, wire.ChatSend{Key: "3", Text: "x"}, "")
	require.Positive(t, *refusal.RetryAfter)
	a.quiet()
}
