package hub

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"turtus/services/rooms"
	"turtus/services/wire"
)

func (h *house) said(r rooms.Room, c *client, key, text string, replyTo *int64) wire.ChatMessage {
	h.Helper()
	answer := c.call(wire.TypeChatSend, wire.ChatSend{Key: key, Text: text, ReplyTo: replyTo}, "")
	require.Equal(h, wire.TypeChatStored, answer.Type, "%s", answer.Payload)
	return decode[wire.ChatEvent](h, answer).Message
}

func (c *client) changed() wire.ChatMessage {
	c.Helper()
	return decode[wire.ChatEvent](c.house, c.await(wire.TypeChatChanged)).Message
}

func TestAMessageIsChangedAndRemovedForAll(t *testing.T) {
	h := newHouse(t, nil)
	owner, friend := h.person(), h.person()
	room := h.room(owner)
	a, b := h.join(room, owner), h.join(room, friend)
	a.await(wire.TypePeerJoined)
	first := h.said(room, b, "1", "helo", nil)
	reply := h.said(room, a, "2", "hm?", &first.Seq)
	require.Equal(t, "helo", reply.ReplyTo.Text)

	b.ok(wire.TypeChatEdit, wire.ChatEdit{Seq: first.Seq, Text: "hello"}, "")
	heard := a.changed()
	require.Equal(t, "hello", heard.Text)
	require.NotNil(t, heard.EditedAt)
	require.Nil(t, heard.Key)
	b.ok(wire.TypeChatEdit, wire.ChatEdit{Seq: first.Seq, Text: "hello"}, "")
	a.quiet()
	a.refused(wire.ErrorCodeForbidden, wire.TypeChatEdit, wire.ChatEdit{Seq: first.Seq, Text: "mine"}, "")
	b.refused(wire.ErrorCodeForbidden, wire.TypeChatDelete, wire.ChatRef{Seq: reply.Seq}, "")
	b.refused(wire.ErrorCodeNotFound, wire.TypeChatDelete, wire.ChatRef{Seq: 99}, "")

	a.ok(wire.TypeChatDelete, wire.ChatRef{Seq: first.Seq}, "") // who moderates
	gone := b.changed()
	require.NotNil(t, gone.DeletedAt)
	require.Empty(t, gone.Text)
	b.quiet()
	late := h.join(room, friend).identity.Snapshot
	require.EqualValues(t, 2, late.Revision)
	require.NotNil(t, late.Messages[0].DeletedAt)
	require.NotNil(t, late.Messages[1].ReplyTo.DeletedAt, "a quote goes with what it quotes")
	require.Empty(t, late.Messages[1].ReplyTo.Text)

	m, err := h.rooms.EditMessage(context.Background(), room.ID, owner.ID, reply.Seq, "by REST")
	require.NoError(t, err)
	h.hub.MessageChanged(room.ID, m.Wire())
	require.Equal(t, "by REST", b.changed().Text)
}

func TestAChangeThatIsHeardBeforeItsMessageHolds(t *testing.T) {
	h := newHouse(t, nil)
	owner, friend := h.person(), h.person()
	room := h.room(owner)
	a := h.join(room, owner)
	said, _, err := h.rooms.Append(context.Background(), room.ID, owner.ID, rooms.NewMessage{Key: "1", Text: "helo"})
	require.NoError(t, err)
	edited, err := h.rooms.EditMessage(context.Background(), room.ID, owner.ID, said.Seq, "hello")
	require.NoError(t, err)
	h.hub.MessageChanged(room.ID, edited.Wire())
	h.hub.MessageStored(room.ID, said.Wire(), false)
	require.Equal(t, "hello", a.changed().Text)
	a.quiet()
	require.Equal(t, "hello", h.join(room, friend).identity.Snapshot.Messages[0].Text)
}

func TestAReplyThatIsToldAfterWhatItQuotesWasRemovedKeepsNothingOfIt(t *testing.T) {
	h := newHouse(t, nil)
	owner, friend := h.person(), h.person()
	room := h.room(owner)
	a := h.join(room, owner)
	first := h.said(room, a, "1", "oops", nil)
	reply, _, err := h.rooms.Append(context.Background(), room.ID, owner.ID, rooms.NewMessage{Key: "2", Text: "hm?", ReplyTo: first.Seq})
	require.NoError(t, err)
	a.ok(wire.TypeChatDelete, wire.ChatRef{Seq: first.Seq}, "")
	h.hub.MessageStored(room.ID, reply.Wire(), false)
	require.Empty(t, decode[wire.ChatEvent](t, a.await(wire.TypeChatMessage)).Message.ReplyTo.Text)
	require.Empty(t, h.join(room, friend).identity.Snapshot.Messages[1].ReplyTo.Text)
}

func TestWhatIsNotRememberedIsChangedForAllTheSame(t *testing.T) {
	h := newHouse(t, nil)
	owner, friend := h.person(), h.person()
	room := h.room(owner)
	for n := range historyLength + 1 {
		_, _, err := h.rooms.Append(context.Background(), room.ID, owner.ID, rooms.NewMessage{Key: fmt.Sprint(n), Text: "x"})
		require.NoError(t, err)
	}
	a, c := h.join(room, owner), h.join(room, friend)
	a.ok(wire.TypeChatEdit, wire.ChatEdit{Seq: 1, Text: "old"}, "")
	require.Equal(t, "old", c.changed().Text)
	b := h.join(room, owner)
	require.EqualValues(t, 1, b.identity.Snapshot.Revision)
	require.Len(t, b.identity.Snapshot.Messages, historyLength)
	require.EqualValues(t, 2, b.identity.Snapshot.Messages[0].Seq)
}

func TestAPersonsPaceIsThatOfAllTheirConnections(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.ChatRate, o.ChatBurst = 0.001, 2 })
	owner, friend := h.person(), h.person()
	room := h.room(owner)
	a, b := h.join(room, friend), h.join(room, friend)
	m := h.said(room, a, "1", "x", nil)
	b.ok(wire.TypeChatEdit, wire.ChatEdit{Seq: m.Seq, Text: "y"}, "")
	refusal := a.refused(wire.ErrorCodeRateLimited, wire.TypeChatDelete, wire.ChatRef{Seq: m.Seq}, "")
	require.Positive(t, *refusal.RetryAfter)
	again := h.resume(room, friend, a.identity)
	again.refused(wire.ErrorCodeRateLimited, wire.TypeChatDelete, wire.ChatRef{Seq: m.Seq}, "")
	h.said(room, h.join(room, owner), "1", "of my own", nil)
}

func TestWhoClearsUpAfterAFloodIsNotSilenced(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.ChatRate, o.ChatBurst, o.RemovalRate, o.RemovalBurst = 0.001, 1, 0.001, 3 })
	owner, friend := h.person(), h.person()
	room := h.room(owner)
	for n := range 4 {
		_, _, err := h.rooms.Append(context.Background(), room.ID, friend.ID, rooms.NewMessage{Key: fmt.Sprint(n), Text: "x"})
		require.NoError(t, err)
	}
	a := h.join(room, owner)
	for seq := range int64(3) {
		a.ok(wire.TypeChatDelete, wire.ChatRef{Seq: seq + 1}, "")
	}
	a.refused(wire.ErrorCodeRateLimited, wire.TypeChatDelete, wire.ChatRef{Seq: 4}, "")
	h.said(room, a, "1", "be kind", nil)
}
