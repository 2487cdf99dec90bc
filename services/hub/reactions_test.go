package hub

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/services/rooms"
	"turtus/services/wire"
)

// forbid takes permissions from a seat.
func (h *house) forbid(room rooms.Room, c *client, what rooms.Permissions) {
	r := h.hub.live(room.ID)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seats[PeerID(c.identity.Peer)].permissions &^= what
}

func TestReactionsToAMessageAreHeardByAll(t *testing.T) {
	h := newHouse(t, nil)
	owner, friend := h.person(), h.person()
	room := h.room(owner)
	a, b := h.join(room, owner), h.join(room, friend)
	a.await(wire.TypePeerJoined)
	m := h.said(room, a, "1", "hello", nil)
	b.ok(wire.TypeChatReact, wire.ChatReact{Seq: m.Seq, Emoji: "🐢", On: true}, "")
	heard := *a.changed().Reactions
	require.Equal(t, "🐢", heard[0].Emoji)
	require.Equal(t, friend.DisplayName, heard[0].People[0].DisplayName)
	b.ok(wire.TypeChatReact, wire.ChatReact{Seq: m.Seq, Emoji: "🐢", On: true}, "")
	a.quiet()
	b.ok(wire.TypeChatReact, wire.ChatReact{Seq: m.Seq, Emoji: "🐢", On: false}, "")
	require.Nil(t, a.changed().Reactions)
	b.refused(wire.ErrorCodeInvalidField, wire.TypeChatReact, wire.ChatReact{Seq: m.Seq, Emoji: "<b>", On: true}, "")
	b.refused(wire.ErrorCodeNotFound, wire.TypeChatReact, wire.ChatReact{Seq: 9, Emoji: "🐢", On: true}, "")
	h.forbid(room, b, rooms.React)
	b.refused(wire.ErrorCodeForbidden, wire.TypeChatReact, wire.ChatReact{Seq: m.Seq, Emoji: "🐢", On: true}, "")
	b.refused(wire.ErrorCodeForbidden, wire.TypeReaction, wire.FloatingReaction{Emoji: "🐢"}, "")
	a.quiet()
}

func TestAFloatingReactionPassesAndIsKeptByNobody(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.ReactionRate, o.ReactionBurst = 0.001, 2 })
	owner, friend := h.person(), h.person()
	room := h.room(owner)
	a, b := h.join(room, owner), h.join(room, friend)
	agent, _ := h.agent(room)
	a.await(wire.TypePeerJoined)
	a.await(wire.TypePeerJoined)
	b.await(wire.TypePeerJoined)
	b.sendEnvelope(wire.Envelope{Type: wire.TypeReaction, Sender: a.identity.Peer, Payload: wire.NewEnvelope("", wire.FloatingReaction{Emoji: "🎉"}).Payload})
	for _, c := range []*client{a, b} {
		heard := c.next()
		require.Equal(t, wire.TypeReaction, heard.Type)
		require.Equal(t, b.identity.Peer, heard.Sender)
		require.Zero(t, heard.Version)
	}
	b.refused(wire.ErrorCodeInvalidField, wire.TypeReaction, wire.FloatingReaction{Emoji: "hi"}, "")
	b.ok(wire.TypeReaction, wire.FloatingReaction{Emoji: "🎉"}, "")
	a.next()
	refusal := b.refused(wire.ErrorCodeRateLimited, wire.TypeReaction, wire.FloatingReaction{Emoji: "🎉"}, "")
	require.Positive(t, *refusal.RetryAfter)
	a.quiet()
	agent.quiet()
}

func TestWhatPassesIsWrittenAnew(t *testing.T) {
	h := newHouse(t, nil)
	room := h.room(h.person())
	a, b := h.join(room, h.person()), h.join(room, h.person())
	b.sendEnvelope(wire.Envelope{Type: wire.TypeReaction, Payload: json.RawMessage(`{` + strings.Repeat(`"emoji":"🐢",`, 3000) + `"emoji":"🐢"}`)})
	require.Equal(t, `{"emoji":"🐢"}`, string(a.await(wire.TypeReaction).Payload))
	b.sendEnvelope(wire.Envelope{Type: wire.TypeChatTyping, Payload: json.RawMessage(`{` + strings.Repeat(`"typing":true,`, 3000) + `"typing":true}`)})
	require.Equal(t, `{"typing":true}`, string(a.await(wire.TypeChatTyping).Payload))
}

func TestWhoWritesIsShownToTheOthers(t *testing.T) {
	h := newHouse(t, nil)
	owner, friend := h.person(), h.person()
	room := h.room(owner)
	a, b := h.join(room, owner), h.join(room, friend)
	a.await(wire.TypePeerJoined)
	b.ok(wire.TypeChatTyping, wire.Typing{Typing: true}, "")
	heard := a.next()
	require.Equal(t, wire.TypeChatTyping, heard.Type)
	require.Equal(t, b.identity.Peer, heard.Sender)
	require.True(t, decode[wire.Typing](t, heard).Typing)
	b.quiet()
	h.forbid(room, b, rooms.Chat)
	b.refused(wire.ErrorCodeForbidden, wire.TypeChatTyping, wire.Typing{Typing: true}, "")
}

func TestNobodyIsThrownOutByWhatFloatsOrByWhoWrites(t *testing.T) {
	h := newHouse(t, func(o *Options) {
		o.Rate, o.Burst, o.ReactionRate, o.ReactionBurst, o.TypingRate, o.TypingBurst = 1e9, 1e9, 1e9, 1e9, 1e9, 1e9
		o.RelayRate, o.RelayBurst, o.WriteTimeout = 1e9, 1e9, time.Hour
	})
	owner := h.person()
	room := h.room(owner)
	a := h.join(room, owner)
	slow := h.deaf(wire.Hello{Token: h.token(room, h.person()), Kind: "viewer"})
	seat := decode[wire.PeerEvent](t, a.await(wire.TypePeerJoined)).Peer.Id

	// The kernel's buffers and the share of the queue fill.
	a.ok(wire.TypePresenceUpdate, wire.PresenceUpdate{Media: &wire.MediaState{Microphone: true}}, "")
	for sent := 0; a.call(wire.TypeSignal, offerOf(30<<10), seat).Type != wire.TypeError; sent++ {
		require.Less(t, sent, 10_000, "nothing was ever refused")
	}
	for range 2 * h.hub.o.QueueMessages {
		a.ok(wire.TypeReaction, wire.FloatingReaction{Emoji: "🎉"}, "")
	}
	for range 100 {
		a.ok(wire.TypeChatTyping, wire.Typing{Typing: true}, "")
	}
	require.True(t, h.hub.connected(room, seat))
	h.hub.BrowserChanged(room.ID, wire.Browser{State: wire.BrowserStateStarting})
	require.NoError(t, slow.SetReadDeadline(time.Now().Add(patience)))
	for {
		var e wire.Envelope
		require.NoError(t, slow.ReadJSON(&e))
		if e.Type == wire.TypeBrowserChanged {
			break
		}
	}
}

func TestAPersonsSignsOfWritingAreBoundedOverAllOfTheirConnections(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.TypingRate, o.TypingBurst = 0.001, 2 })
	owner := h.person()
	room := h.room(owner)
	a, b, c := h.join(room, owner), h.join(room, owner), h.join(room, h.person())
	a.ok(wire.TypeChatTyping, wire.Typing{Typing: true}, "")
	b.ok(wire.TypeChatTyping, wire.Typing{Typing: false}, "")
	for _, own := range []*client{a, b} {
		require.Positive(t, *own.refused(wire.ErrorCodeRateLimited, wire.TypeChatTyping, wire.Typing{Typing: true}, "").RetryAfter)
	}
	c.ok(wire.TypeChatTyping, wire.Typing{Typing: true}, "")
}
