package hub

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"turtus/services/rooms"
	"turtus/services/wire"
)

// wait connects as a browser that has no room.
func (h *house) wait(run uuid.UUID) *client {
	h.Helper()
	token, _, err := h.tokens.Waiting(run)
	require.NoError(h, err)
	c := h.connect()
	c.send(wire.TypeHello, wire.Hello{Token: token, Kind: wire.PeerKindVb}, "")
	return c
}

func TestABrowserWaitsAndIsGivenARoom(t *testing.T) {
	h := newHouse(t, nil)
	owner := h.person()
	room := h.room(owner)
	viewer := h.join(room, owner)
	run := uuid.New()
	require.False(t, h.hub.AssignBrowser(run, wire.VBAssign{}), "nobody waits")
	h.browsers.begin(rooms.ID{}, run)
	c := h.wait(run)
	require.Equal(t, wire.TypeVBWaiting, c.next().Type)
	c.ok(wire.TypeVBStatus, wire.VBStatus{State: wire.VBStatusStateReady}, "")

	t.Run("it may do nothing that has to do with a room", func(t *testing.T) {
		c.refused(wire.ErrorCodeNotForKind, wire.TypeSignal, wire.Signal{Session: "s"}, viewer.identity.Peer)
		c.refused(wire.ErrorCodeNotForKind, wire.TypeChatSend, wire.ChatSend{Key: "1", Text: "hello"}, "")
		c.refused(wire.ErrorCodeNotForKind, wire.TypeVBActivity, wire.VBActivity{}, "")
		token, _, err := h.tokens.Browser(room.ID, run)
		require.NoError(t, err)
		c.refused(wire.ErrorCodeNotForKind, wire.TypeHello, wire.Hello{Token: token, Kind: wire.PeerKindVb}, "")
	})

	given := wire.VBAssign{Token: "token", StartUrl: "https://a.example/", Screen: wire.Screen{Width: 640, Height: 480, FrameRate: 10}}
	require.True(t, h.hub.AssignBrowser(run, given))
	require.Equal(t, given, decode[wire.VBAssign](h, c.await(wire.TypeVBAssign)))
	h.browsers.begin(room.ID, run)
	c.leave()
	vb := h.agentOf(room, run)
	require.Equal(t, run.String(), vb.identity.Peer)
	viewer.await(wire.TypePeerJoined)
	require.Eventually(t, func() bool { return !h.hub.AssignBrowser(run, given) }, patience, time.Millisecond)
}

func TestABrowserThatWaitsAndComesAgainTakesItsOwnPlace(t *testing.T) {
	h := newHouse(t, nil)
	run := uuid.New()
	h.browsers.begin(rooms.ID{}, run)
	first := h.wait(run)
	require.Equal(t, wire.TypeVBWaiting, first.next().Type)
	second := h.wait(run)
	require.Equal(t, wire.TypeVBWaiting, second.next().Type)
	first.awaitClose(wire.CloseCodeSeatTaken)
	require.True(t, h.hub.AssignBrowser(run, wire.VBAssign{}))
	require.Equal(t, wire.TypeVBAssign, second.next().Type)
}

func TestABrowserThatNobodyWantsMayNotWait(t *testing.T) {
	h := newHouse(t, nil)
	c := h.wait(uuid.New())
	c.awaitError(wire.ErrorCodeBrowserNotRunning)
	c.awaitClose(wire.CloseCodeBrowserEnded)
}

func TestAWaitingTokenIsGoodForNoRoomAndNoViewer(t *testing.T) {
	h := newHouse(t, nil)
	run := uuid.New()
	token, _, err := h.tokens.Waiting(run)
	require.NoError(t, err)
	claims, err := h.tokens.Verify(token, wire.PeerKindVb)
	require.NoError(t, err)
	require.Equal(t, rooms.Claims{Kind: wire.PeerKindVb, Browser: run}, claims)
	_, err = h.tokens.Verify(token, wire.PeerKindViewer)
	require.Equal(t, wire.ErrorCodeUnauthenticated, wire.CodeOf(err))
}
