package hub

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"turtus/services/accounts"
	"turtus/services/rooms"
	"turtus/services/wire"
)

func TestPeersAreIntroducedAndSignalledByTheHub(t *testing.T) {
	h := newHouse(t, nil)
	owner, friend := h.person(), h.person()
	room := h.room(owner)

	a := h.join(room, owner)
	id := a.identity
	require.NotEmpty(t, id.Peer)
	require.NotEmpty(t, id.ResumeKey)
	require.Equal(t, wire.PeerKindViewer, id.Kind)
	require.Equal(t, wire.RoleOwner, id.Role)
	require.Contains(t, id.Permissions, wire.PermissionModerate)
	require.Empty(t, id.IceServers)
	require.False(t, id.Resumed)
	require.Len(t, id.Snapshot.Peers, 1)
	require.Equal(t, room.ID.UUID(), id.Snapshot.Room.Id)
	require.Equal(t, 1, id.Snapshot.Room.People)
	require.Equal(t, wire.RoleOwner, *id.Snapshot.Room.Role)
	require.Nil(t, id.Snapshot.Control.Holder)
	require.Empty(t, id.Snapshot.Messages)

	b := h.join(room, friend)
	require.NotEqual(t, a.identity.Peer, b.identity.Peer)
	require.Equal(t, wire.RoleMember, b.identity.Role)
	require.Len(t, b.identity.Snapshot.Peers, 2)
	joined := decode[wire.PeerEvent](t, a.next())
	require.Equal(t, b.identity.Peer, joined.Peer.Id)
	require.Equal(t, friend.DisplayName, joined.Peer.Person.DisplayName)
	require.Equal(t, 2, h.hub.People(room.ID))

	t.Run("the browser is asked and answers", func(t *testing.T) {
		vb, run := h.agent(room)
		require.Equal(t, run.String(), vb.identity.Peer)
		require.Equal(t, wire.PeerKindVb, decode[wire.PeerEvent](t, a.await(wire.TypePeerJoined)).Peer.Kind)
		require.Equal(t, 2, h.hub.People(room.ID), "a browser is nobody")

		b.ok(wire.TypeStreamRequest, wire.StreamRequest{Session: "s1"}, "")
		request := vb.next()
		require.Equal(t, wire.TypeStreamRequest, request.Type)
		require.Equal(t, b.identity.Peer, request.Sender)
		require.Zero(t, request.Version)

		vb.ok(wire.TypeSignal, wire.Signal{Session: "s1", Description: &wire.SessionDescription{Type: "offer", Sdp: "v=0"}}, b.identity.Peer)
		offer := b.await(wire.TypeSignal)
		require.Equal(t, vb.identity.Peer, offer.Sender)
		require.Equal(t, "v=0", decode[wire.Signal](t, offer).Description.Sdp)
		b.ok(wire.TypeStreamStop, wire.StreamStop{Session: "s1"}, "")
		require.Equal(t, b.identity.Peer, vb.next().Sender)

		vb.ok(wire.TypeVBStatus, wire.VBStatus{State: "ready"}, "")
		vb.ok(wire.TypeVBEnding, wire.VBEnding{Reason: "no_viewers"}, "")
		require.Equal(t, []string{"connected " + run.String(), "status ready", "ending no_viewers"}, h.browsers.heard())
		vb.leave()
		require.Equal(t, wire.PeerLeftReasonLeft, decode[wire.PeerLeft](t, a.await(wire.TypePeerLeft)).Reason)
		require.Eventually(t, func() bool { return len(h.browsers.heard()) == 4 }, patience, time.Millisecond)
	})

	t.Run("a sender cannot be forged", func(t *testing.T) {
		a.sendText(`{"type":"signal","id":"f","sender":"` + b.identity.Peer + `","version":99,"target":"` + b.identity.Peer + `","payload":{"session":"call"}}`)
		require.Equal(t, "f", a.await(wire.TypeOK).Re)
		got := b.await(wire.TypeSignal)
		require.Equal(t, a.identity.Peer, got.Sender)
		require.Zero(t, got.Version)
	})

	t.Run("no signal leaves the room", func(t *testing.T) {
		other := h.join(h.room(friend), friend)
		a.refused(wire.ErrorCodeTargetNotFound, wire.TypeSignal, wire.Signal{Session: "call"}, other.identity.Peer)
		a.refused(wire.ErrorCodeTargetNotFound, wire.TypeSignal, wire.Signal{Session: "call"}, "nobody")
		a.refused(wire.ErrorCodeTargetNeeded, wire.TypeSignal, wire.Signal{Session: "call"}, "")
		other.quiet()
	})

	t.Run("no browser, no stream, and why", func(t *testing.T) {
		refusal := a.refused(wire.ErrorCodeTargetNotFound, wire.TypeStreamRequest, wire.StreamRequest{Session: "s"}, "")
		require.Contains(t, refusal.Detail, "not running")
		h.hub.BrowserChanged(room.ID, wire.Browser{State: wire.BrowserStateStarting})
		refusal = a.refused(wire.ErrorCodeTargetNotFound, wire.TypeStreamRequest, wire.StreamRequest{Session: "s"}, "")
		require.Contains(t, refusal.Detail, "starting")
	})

	t.Run("the round trip is measured", func(t *testing.T) {
		answer := a.call(wire.TypeEcho, wire.Echo{Data: wire.Ptr("x")}, "")
		require.Equal(t, wire.TypeEcho, answer.Type)
		require.Equal(t, "x", *decode[wire.Echo](t, answer).Data)
		require.WithinDuration(t, time.Now(), *decode[wire.Echo](t, answer).ServerTime, time.Hour)
	})
}

func TestHelloIsRefusedForABadToken(t *testing.T) {
	h := newHouse(t, nil)
	owner := h.person()
	room := h.room(owner)
	run := uuid.New()
	h.browsers.begin(room.ID, run)
	agentToken, _, err := h.tokens.Browser(room.ID, run)
	require.NoError(t, err)
	endedToken, _, err := h.tokens.Browser(room.ID, uuid.New())
	require.NoError(t, err)
	elsewhere, _, err := h.tokens.Browser(h.room(owner).ID, run)
	require.NoError(t, err)
	deleted := h.room(owner)
	deletedToken := h.token(deleted, owner)
	require.NoError(t, h.rooms.Delete(context.Background(), deleted.ID, owner))

	for name, c := range map[string]struct {
		hello wire.Hello
		code  wire.ErrorCode
		close wire.CloseCode
	}{
		"garbage":               {wire.Hello{Token: "garbage", Kind: "viewer"}, wire.ErrorCodeUnauthenticated, wire.CloseCodeBadToken},
		"a viewer's as vb":      {wire.Hello{Token: h.token(room, owner), Kind: "vb"}, wire.ErrorCodeUnauthenticated, wire.CloseCodeBadToken},
		"a vb's as viewer":      {wire.Hello{Token: agentToken, Kind: "viewer"}, wire.ErrorCodeUnauthenticated, wire.CloseCodeBadToken},
		"of an ended run":       {wire.Hello{Token: endedToken, Kind: "vb"}, wire.ErrorCodeBrowserNotRunning, wire.CloseCodeBrowserEnded},
		"of another room's run": {wire.Hello{Token: elsewhere, Kind: "vb"}, wire.ErrorCodeBrowserNotRunning, wire.CloseCodeBrowserEnded},
		"of a deleted room":     {wire.Hello{Token: deletedToken, Kind: "viewer"}, wire.ErrorCodeNotFound, wire.CloseCodeRoomDeleted},
		"a bot":                 {wire.Hello{Token: "x", Kind: "bot"}, wire.ErrorCodeNotForKind, wire.CloseCodeProtocolError},
		"a device":              {wire.Hello{Token: "x", Kind: "device"}, wire.ErrorCodeNotForKind, wire.CloseCodeProtocolError},
	} {
		t.Run(name, func(t *testing.T) {
			peer := h.connect()
			peer.send(wire.TypeHello, c.hello, "")
			peer.awaitError(c.code)
			peer.awaitClose(c.close)
		})
	}
	t.Run("expired", func(t *testing.T) {
		keys, err := accounts.OpenKeys(t.TempDir(), func() time.Time { return time.Now().Add(-time.Hour) })
		require.NoError(t, err)
		old := h.tokens
		old.Keys = keys
		joined, err := h.rooms.Join(context.Background(), room.ID.String(), owner, nil)
		require.NoError(t, err)
		token, _, err := old.Viewer(joined, accounts.Caller{Person: owner, Session: accounts.SessionID(owner.ID)})
		require.NoError(t, err)
		h.start(func(o *Options) { o.Tokens = expired{old} })
		peer := h.connect()
		peer.send(wire.TypeHello, wire.Hello{Token: token, Kind: "viewer"}, "")
		peer.awaitError(wire.ErrorCodeTokenExpired)
		peer.awaitClose(wire.CloseCodeTokenExpired)
	})
}

// expired has keys whose clock is right again.
type expired struct{ rooms.Tokens }

func (e expired) Verify(token string, kind wire.PeerKind) (rooms.Claims, error) {
	if _, err := e.Tokens.Verify(token, kind); err != nil {
		return rooms.Claims{}, err
	}
	return rooms.Claims{}, wire.Errorf(wire.ErrorCodeTokenExpired, "The token has expired.")
}

func TestPagesOfOtherSitesAreRefused(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.AllowedOrigins = []string{"https://friend.example"} })
	dial := func(url, origin string) error {
		ws, response, err := websocket.DefaultDialer.Dial(url, http.Header{"Origin": {origin}})
		if ws != nil {
			ws.Close()
		}
		if err != nil {
			require.Equal(t, http.StatusForbidden, response.StatusCode)
		}
		return err
	}
	own := "http" + h.url[len("ws"):]
	require.NoError(t, dial(h.url, own))
	require.NoError(t, dial(h.url, "https://friend.example"))
	require.Error(t, dial(h.url, "https://evil.example"))
	require.Error(t, dial(h.url, "null"))
	h.start(func(o *Options) { o.PublicOrigin = "https://watch.example" })
	require.NoError(t, dial(h.url, "https://watch.example"))
	require.Error(t, dial(h.url, "http"+h.url[len("ws"):]))
}

func TestWhatChangesElsewhereIsTold(t *testing.T) {
	h := newHouse(t, nil)
	owner, friend := h.person(), h.person()
	room := h.room(owner)
	a, b := h.join(room, owner), h.join(room, friend)
	a.await(wire.TypePeerJoined)

	_, err := h.rooms.Update(context.Background(), room.Slug, owner, rooms.Change{Title: wire.Ptr("Documentaries")})
	require.NoError(t, err)
	h.hub.RoomUpdated(room.ID)
	for c, role := range map[*client]wire.Role{a: wire.RoleOwner, b: wire.RoleMember} {
		got := decode[wire.RoomEvent](t, c.await(wire.TypeRoomUpdated)).Room
		require.Equal(t, "Documentaries", got.Title)
		require.Equal(t, role, *got.Role)
		require.Equal(t, 2, got.People)
	}
	h.hub.PersonUpdated(friend.ID, wire.PublicPerson{Id: friend.ID.UUID(), DisplayName: "Fred", AvatarColor: "red"})
	require.Equal(t, "Fred", decode[wire.PeerEvent](t, a.await(wire.TypePeerUpdated)).Peer.Person.DisplayName)

	h.hub.BrowserChanged(room.ID, wire.Browser{State: wire.BrowserStateReady})
	require.Equal(t, wire.BrowserStateReady, decode[wire.BrowserEvent](t, a.await(wire.TypeBrowserChanged)).Browser.State)
	late := h.join(room, owner)
	require.Equal(t, "Documentaries", late.identity.Snapshot.Room.Title)
	require.Equal(t, wire.BrowserStateReady, late.identity.Snapshot.Browser.State)
	require.Equal(t, 2, h.hub.People(room.ID), "two tabs are one person")
	require.Equal(t, 3, h.hub.ViewerCount(room.ID))

	t.Run("who signs out is closed", func(t *testing.T) {
		token := h.token(room, friend)
		h.hub.SessionEnded(accounts.SessionID(friend.ID))
		b.awaitClose(wire.CloseCodeSignedOut)
		require.Equal(t, b.identity.Peer, decode[wire.PeerLeft](t, a.await(wire.TypePeerLeft)).Peer)
		again := h.connect()
		again.send(wire.TypeHello, wire.Hello{Token: token, Kind: "viewer"}, "")
		again.awaitError(wire.ErrorCodeUnauthenticated)
		again.awaitClose(wire.CloseCodeSignedOut)
	})
	t.Run("a deleted account is closed", func(t *testing.T) {
		third := h.person()
		c := h.join(room, third)
		h.hub.PersonGone(third.ID)
		c.awaitClose(wire.CloseCodeSignedOut)
	})
	t.Run("a deleted room is closed", func(t *testing.T) {
		vb, _ := h.agent(room)
		h.hub.RoomDeleted(room.ID)
		for _, c := range []*client{a, late, vb} {
			c.awaitClose(wire.CloseCodeRoomDeleted)
		}
		require.Zero(t, h.hub.People(room.ID))
	})
}

func TestTheBrowsersServiceReachesTheAgent(t *testing.T) {
	h := newHouse(t, nil)
	owner := h.person()
	room := h.room(owner)
	require.False(t, h.hub.StopBrowser(room.ID, wire.EndReasonRequested))
	a := h.join(room, owner)
	require.False(t, h.hub.KeepAliveBrowser(room.ID))
	vb, run := h.agent(room)
	require.Empty(t, vb.identity.Snapshot.Messages)

	require.True(t, h.hub.KeepAliveBrowser(room.ID))
	require.Equal(t, wire.TypeVBKeepAlive, vb.next().Type)
	require.True(t, h.hub.StopBrowser(room.ID, wire.EndReasonRequested))
	require.Equal(t, wire.EndReasonRequested, decode[wire.VBStop](t, vb.await(wire.TypeVBStop)).Reason)

	t.Run("what people say is no business of it", func(t *testing.T) {
		a.call(wire.TypeChatSend, wire.ChatSend{Key: "1", Text: "secret"}, "")
		vb.quiet()
	})
	t.Run("the same run comes again and keeps its seat", func(t *testing.T) {
		again := h.agentOf(room, run)
		require.True(t, again.identity.Resumed)
		require.Equal(t, vb.identity.Peer, again.identity.Peer)
		vb.awaitClose(wire.CloseCodeSeatTaken)
		vb = again
	})
	t.Run("another run takes its place", func(t *testing.T) {
		h.browsers.end(run)
		next, _ := h.agent(room)
		vb.awaitClose(wire.CloseCodeBrowserEnded)
		vb = next
	})
	t.Run("the end of the run closes it", func(t *testing.T) {
		h.hub.BrowserChanged(room.ID, wire.Browser{State: wire.BrowserStateStopped})
		vb.awaitClose(wire.CloseCodeBrowserEnded)
	})
}

func TestTheAgentIsToldTheRoomsScreenAndItsChanges(t *testing.T) {
	h := newHouse(t, nil)
	owner := h.person()
	room := h.room(owner)
	viewer := h.join(room, owner)
	vb, run := h.agent(room)
	require.Equal(t, wire.Screen{Width: 1280, Height: 720, FrameRate: 30}, vb.screen)

	change := func(c rooms.Change) {
		_, err := h.rooms.Update(context.Background(), room.Slug, owner, c)
		require.NoError(t, err)
		h.hub.RoomUpdated(room.ID)
	}
	large := wire.Screen{Width: 1920, Height: 1080, FrameRate: 60}
	change(rooms.Change{Screen: wire.ScreenChange{Set: true, To: &large}})
	require.Equal(t, large, decode[wire.RoomEvent](t, viewer.await(wire.TypeRoomUpdated)).Room.Screen)
	require.Equal(t, large, decode[wire.Screen](t, vb.await(wire.TypeVBScreen)))
	change(rooms.Change{Title: wire.Ptr("Series")})
	require.Equal(t, "Series", decode[wire.RoomEvent](t, vb.await(wire.TypeRoomUpdated)).Room.Title)
	vb.quiet() // the screen is as it was

	vb.drop()
	viewer.await(wire.TypePeerUpdated)
	small := wire.Screen{Width: 640, Height: 480, FrameRate: 10}
	change(rooms.Change{Screen: wire.ScreenChange{Set: true, To: &small}})
	require.Equal(t, small, h.agentOf(room, run).screen, "what changed while it was away")
	require.Equal(t, small, h.join(room, owner).identity.Snapshot.Room.Screen)
}

func TestShutdownSendsEverybodyToComeBack(t *testing.T) {
	h := newHouse(t, nil)
	owner := h.person()
	room := h.room(owner)
	a, silent := h.join(room, owner), h.connect()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	require.NoError(t, h.hub.Shutdown(ctx))
	a.awaitClose(wire.CloseCodeServerRestarting)
	silent.awaitClose(wire.CloseCodeServerRestarting)
	_, response, err := websocket.DefaultDialer.Dial(h.url, nil)
	require.Error(t, err)
	require.Equal(t, http.StatusServiceUnavailable, response.StatusCode)
}
