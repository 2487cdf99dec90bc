package hub

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"turtus/services/accounts"
	"turtus/services/rooms"
	"turtus/services/wire"
)

func idOf(p accounts.Person) *uuid.UUID { return new(p.ID.UUID()) }

// echoed takes in what was sent before, none of it of the types that it must not be.
func (c *client) echoed(not ...string) {
	c.Helper()
	c.n++
	id := fmt.Sprint("echoed", c.n)
	c.sendEnvelope(wire.Envelope{Type: wire.TypeEcho, Id: id, Payload: wire.NewEnvelope("", wire.Echo{}).Payload})
	for e := c.next(); e.Re != id; e = c.next() {
		require.NotContains(c, not, e.Type)
	}
}

func texts(messages []wire.ChatMessage) (all []string) {
	for _, m := range messages {
		all = append(all, m.Text)
	}
	return all
}

func TestAWhisperReachesItsTwoAlone(t *testing.T) {
	h := newHouse(t, nil)
	owner, ada, grace := h.person(), h.person(), h.person()
	room := h.room(owner)
	o, a, second, g := h.join(room, owner), h.join(room, ada), h.join(room, ada), h.join(room, grace)
	agent, _ := h.agent(room)
	for _, c := range []*client{o, a, second, g} {
		c.echoed()
	}
	answer := a.call(wire.TypeChatSend, wire.ChatSend{Key: "1", Text: "to you", To: idOf(grace)}, "")
	require.Equal(t, wire.TypeChatStored, answer.Type, "%s", answer.Payload)
	whisper := decode[wire.ChatEvent](t, answer).Message
	for _, c := range []*client{g, second} {
		heard := c.next()
		require.Equal(t, wire.TypeChatMessage, heard.Type)
		require.Zero(t, heard.Version, "the others know of no increment")
		require.Equal(t, "to you", decode[wire.ChatEvent](t, heard).Message.Text)
		require.Equal(t, grace.ID.UUID(), decode[wire.ChatEvent](t, heard).Message.To.Id)
	}
	g.send(wire.TypeChatSend, wire.ChatSend{Key: "2", Text: "and you", ReplyTo: &whisper.Seq}, "")
	require.Equal(t, "and you", decode[wire.ChatEvent](t, a.await(wire.TypeChatMessage)).Message.Text)
	a.ok(wire.TypeChatEdit, wire.ChatEdit{Seq: whisper.Seq, Text: "to you alone"}, "")
	g.ok(wire.TypeChatReact, wire.ChatReact{Seq: whisper.Seq, Emoji: "🐢", On: true}, "")
	require.Equal(t, "to you alone", second.changed().Text)
	o.quiet()
	agent.quiet()
	for _, act := range []struct {
		messageType string
		payload     any
	}{
		{wire.TypeChatReact, wire.ChatReact{Seq: whisper.Seq, Emoji: "🐢", On: true}},
		{wire.TypeChatDelete, wire.ChatRef{Seq: whisper.Seq}},
		{wire.TypeChatEdit, wire.ChatEdit{Seq: whisper.Seq, Text: "x"}},
	} {
		o.refused(wire.ErrorCodeNotFound, act.messageType, act.payload, "")
	}
	o.refused(wire.ErrorCodeInvalidField, wire.TypeChatSend, wire.ChatSend{Key: "3", Text: "x", ReplyTo: &whisper.Seq}, "")
	h.said(room, o, "4", "to all", nil)

	for who, want := range map[*accounts.Person][]string{&owner: {"to all"}, &ada: {"to you alone", "and you", "to all"}, &grace: {"to you alone", "and you", "to all"}} {
		require.Equal(t, want, texts(h.join(room, *who).identity.Snapshot.Messages), who.DisplayName)
	}
	// Also of a hub that reads it anew, and told by REST.
	m, _, err := h.rooms.Append(context.Background(), room.ID, ada.ID, rooms.NewMessage{Key: "5", Text: "by REST", To: grace.ID})
	require.NoError(t, err)
	h.hub.MessageStored(room.ID, m.Wire(), false)
	o.echoed(wire.TypeChatMessage)
	h.start(nil)
	require.Equal(t, []string{"to all"}, texts(h.join(room, owner).identity.Snapshot.Messages))
	require.Equal(t, []string{"to you alone", "and you", "to all", "by REST"}, texts(h.join(room, grace).identity.Snapshot.Messages))
}

func TestWhispersTakeNoPlaceFromWhatIsForAll(t *testing.T) {
	c := chat{}
	seq := int64(0)
	say := func(to *wire.PublicPerson) {
		seq++
		c.remember(wire.ChatMessage{Seq: seq, Text: fmt.Sprint(seq), To: to})
	}
	grace := &wire.PublicPerson{Id: uuid.New()}
	for range historyLength {
		say(nil)
		say(grace)
	}
	require.Len(t, c.messages, 2*historyLength)
	require.False(t, c.more)
	say(nil)
	require.True(t, c.more)
	require.EqualValues(t, 2, c.messages[0].Seq, "all after the one that went")
	for range 2 * mostRemembered {
		say(grace)
	}
	require.Len(t, c.messages, mostRemembered)
}

func TestASnapshotIsNoLongerByWhispers(t *testing.T) {
	grace := accounts.NewPersonID()
	c := chat{}
	for seq := range int64(3 * historyLength) {
		c.remember(wire.ChatMessage{Seq: seq + 1, To: &wire.PublicPerson{Id: grace.UUID()}})
	}
	var got wire.RoomSnapshot
	c.snapshot(&seat{kind: wire.PeerKindViewer, personID: grace}, &got)
	require.Len(t, got.Messages, historyLength)
	require.EqualValues(t, 2*historyLength+1, got.Messages[0].Seq)
	require.EqualValues(t, 3*historyLength, got.Messages[historyLength-1].Seq)
	require.True(t, got.MoreMessages)
}

func TestWhispersHideNothingFromWhoComesIn(t *testing.T) {
	h := newHouse(t, nil)
	owner, ada, grace := h.person(), h.person(), h.person()
	room := h.room(owner)
	a := h.join(room, ada)
	h.join(room, grace)
	h.said(room, a, "1", "to all", nil)
	for i := range historyLength + 1 {
		_, _, err := h.rooms.Append(context.Background(), room.ID, ada.ID, rooms.NewMessage{Key: fmt.Sprint("w", i), Text: "psst", To: grace.ID})
		require.NoError(t, err)
	}
	h.start(nil)
	require.Equal(t, []string{"to all"}, texts(h.join(room, owner).identity.Snapshot.Messages))
}

func TestWhoseAccountIsGoneLeavesNoWhisperInMemory(t *testing.T) {
	h := newHouse(t, nil)
	owner, ada, grace := h.person(), h.person(), h.person()
	room := h.room(owner)
	o, a, g := h.join(room, owner), h.join(room, ada), h.join(room, grace)
	h.said(room, o, "1", "to all", nil)
	for c, to := range map[*client]accounts.Person{o: ada, a: owner, g: owner} {
		answer := c.call(wire.TypeChatSend, wire.ChatSend{Key: "w", Text: "psst", To: idOf(to)}, "")
		require.Equal(t, wire.TypeChatStored, answer.Type, "%s", answer.Payload)
	}
	require.Len(t, h.join(room, owner).identity.Snapshot.Messages, 4)
	h.hub.PersonGone(ada.ID)
	left := h.join(room, owner).identity.Snapshot.Messages
	require.Equal(t, []string{"to all", "psst"}, texts(left))
	require.Equal(t, grace.ID.UUID(), left[1].Author.Id)
}

func TestTheChatIsClearedForAll(t *testing.T) {
	h := newHouse(t, nil)
	owner, friend := h.person(), h.person()
	room := h.room(owner)
	a, b := h.join(room, owner), h.join(room, friend)
	m := h.said(room, b, "1", "hello", nil)
	late, _, err := h.rooms.Append(context.Background(), room.ID, friend.ID, rooms.NewMessage{Key: "late", Text: "told after it is gone"})
	require.NoError(t, err)
	b.echoed()
	b.refused(wire.ErrorCodeForbidden, wire.TypeChatClear, wire.Empty{}, "")
	a.ok(wire.TypeChatClear, wire.Empty{}, "")
	cleared := decode[wire.ChatCleared](t, b.await(wire.TypeChatCleared))
	require.EqualValues(t, 2, cleared.Seq)
	require.Equal(t, owner.DisplayName, cleared.By.DisplayName)
	h.hub.MessageStored(room.ID, late.Wire(), false)
	h.hub.MessageChanged(room.ID, late.Wire())
	b.quiet()
	b.refused(wire.ErrorCodeNotFound, wire.TypeChatEdit, wire.ChatEdit{Seq: m.Seq, Text: "x"}, "")
	for range 2 {
		snapshot := h.join(room, friend).identity.Snapshot
		require.Empty(t, snapshot.Messages)
		require.False(t, snapshot.MoreMessages)
		require.EqualValues(t, 2, snapshot.ClearedSeq)
		h.start(nil) // also of a hub that reads it anew
	}
}

func TestSlowModeIsToldToAllAndObeyed(t *testing.T) {
	h := newHouse(t, nil)
	owner, friend := h.person(), h.person()
	room := h.room(owner)
	a, b := h.join(room, owner), h.join(room, friend)
	b.refused(wire.ErrorCodeForbidden, wire.TypeChatSlow, wire.SlowMode{Seconds: 3600}, "")
	a.ok(wire.TypeChatSlow, wire.SlowMode{Seconds: 3600}, "")
	require.Equal(t, 3600, decode[wire.RoomEvent](t, b.await(wire.TypeRoomUpdated)).Room.SlowMode)
	h.said(room, b, "1", "hello", nil)
	refusal := b.refused(wire.ErrorCodeSlowMode, wire.TypeChatSend, wire.ChatSend{Key: "2", Text: "again"}, "")
	require.InDelta(t, 3600, *refusal.RetryAfter, 600)
	h.said(room, a, "1", "hello", nil)
	h.said(room, a, "2", "again", nil)
}
