package hub

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"turtus/services/rooms"
	"turtus/services/wire"
)

func TestBadMessagesAreAnsweredAndChangeNothing(t *testing.T) {
	h := newHouse(t, nil)
	owner := h.person()
	room := h.room(owner)
	a, b := h.join(room, owner), h.join(room, h.person())
	vb, _ := h.agent(room)
	a.await(wire.TypePeerJoined)
	a.await(wire.TypePeerJoined)
	b.await(wire.TypePeerJoined)

	for name, c := range map[string]struct {
		text string
		code wire.ErrorCode
		re   string
	}{
		"not JSON":             {`{`, wire.ErrorCodeMalformedJSON, ""},
		"no object":            {`[1]`, wire.ErrorCodeMalformedJSON, ""},
		"not UTF-8":            {"{\"type\":\"signal\",\"id\":\"1\",\"target\":\"" + b.identity.Peer + "\",\"payload\":{\"session\":\"\xff\"}}", wire.ErrorCodeMalformedJSON, "1"},
		"no type":              {`{"id":"1","payload":{}}`, wire.ErrorCodeUnknownType, "1"},
		"an unknown type":      {`{"type":"nonsense","id":"1","payload":{}}`, wire.ErrorCodeUnknownType, "1"},
		"a server's type":      {`{"type":"identity","id":"1","payload":{}}`, wire.ErrorCodeUnknownType, "1"},
		"a second hello":       {`{"type":"hello","id":"1","payload":{"token":"x","kind":"viewer"}}`, wire.ErrorCodeBadRequest, "1"},
		"no payload":           {`{"type":"control.take","id":"1"}`, wire.ErrorCodeInvalidField, "1"},
		"an empty payload":     {`{"type":"control.take","id":"1","payload":null}`, wire.ErrorCodeInvalidField, "1"},
		"a wrong payload":      {`{"type":"chat.send","id":"1","payload":{"key":1,"text":"x"}}`, wire.ErrorCodeInvalidField, "1"},
		"a field too many":     {`{"type":"control.take","id":"1","payload":{"force":true}}`, wire.ErrorCodeInvalidField, "1"},
		"a wrong signal":       {`{"type":"signal","id":"1","target":"x","payload":{"session":"s","description":{"type":"bogus","sdp":""}}}`, wire.ErrorCodeInvalidField, "1"},
		"a target too long":    {`{"type":"signal","id":"1","target":"` + strings.Repeat("x", 65) + `","payload":{"session":"s"}}`, wire.ErrorCodeInvalidField, "1"},
		"another kind's":       {`{"type":"vb.status","id":"1","payload":{"state":"ready"}}`, wire.ErrorCodeNotForKind, "1"},
		"an agent's last word": {`{"type":"vb.ending","id":"1","payload":{"reason":"requested"}}`, wire.ErrorCodeNotForKind, "1"},
		"an id too long":       {`{"type":"nonsense","id":"` + strings.Repeat("x", 65) + `","payload":{}}`, wire.ErrorCodeUnknownType, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a.sendText(c.text)
			e := a.next()
			require.Equal(t, wire.TypeError, e.Type)
			require.Equal(t, c.re, e.Re)
			got := decode[wire.WSError](t, e)
			require.Equal(t, c.code, got.Code, got.Detail)
			if name == "a wrong payload" {
				require.Contains(t, got.Detail, "key")
			}
		})
	}
	require.NoError(t, a.ws.WriteMessage(websocket.BinaryMessage, []byte(`{}`)))
	a.awaitError(wire.ErrorCodeMalformedJSON)
	for _, viewers := range []string{wire.TypeControlTake, wire.TypeChatSend, wire.TypeStreamRequest, wire.TypePresenceUpdate} {
		vb.refused(wire.ErrorCodeNotForKind, viewers, wire.Empty{}, "")
	}
	a.quiet()
	b.quiet()
}

func TestHelloComesFirst(t *testing.T) {
	hasty := newHouse(t, nil).connect()
	hasty.sendText(`{"type":"control.take","id":"7","payload":{}}`)
	e := hasty.next()
	require.Equal(t, wire.TypeError, e.Type)
	require.Equal(t, "7", e.Re)
	require.Equal(t, wire.ErrorCodeHelloNeeded, decode[wire.WSError](t, e).Code)
	hasty.sendText(`{"type":"hello","id":"8","payload":{"kind":"viewer"}}`)
	hasty.awaitError(wire.ErrorCodeInvalidField)
	hasty.sendText(`{"type":"echo","id":"9","payload":{}}`)
	hasty.awaitError(wire.ErrorCodeHelloNeeded)
}

func TestHelloComesSoon(t *testing.T) {
	slow := newHouse(t, func(o *Options) { o.HelloTimeout = time.Millisecond }).connect()
	slow.awaitError(wire.ErrorCodeHelloNeeded)
	slow.awaitClose(wire.CloseCodeProtocolError)
}

func TestALargeMessageIsNotRead(t *testing.T) {
	h := newHouse(t, nil)
	owner := h.person()
	room := h.room(owner)
	a, b := h.join(room, owner), h.join(room, owner)
	a.await(wire.TypePeerJoined)
	// The hub may close before all of it is written.
	_ = a.ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"echo","payload":{"data":"`+strings.Repeat("x", 1<<20)+`"}}`))
	a.awaitError(wire.ErrorCodeMessageTooLarge)
	a.awaitClose(wire.CloseCodeProtocolError)
	require.Equal(t, a.identity.Peer, decode[wire.PeerLeft](t, b.await(wire.TypePeerLeft)).Peer)

	frame := `{"type":"signal","target":"x","payload":{"session":"s","description":{"type":"offer","sdp":"` // exactly the bound is read
	end := `"}}}`
	b.sendText(frame + strings.Repeat("x", wire.MaxMessageBytes-len(frame)-len(end)) + end)
	b.awaitError(wire.ErrorCodeInvalidField)
	b.quiet()
}

func TestTooManyMessagesAreRefusedAndThenTheConnection(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Rate, o.Burst, o.Strikes = 0.001, 10, 5 })
	owner := h.person()
	a := h.join(h.room(owner), owner)
	for range 9 {
		a.quiet()
	}
	refusal := a.refused(wire.ErrorCodeRateLimited, wire.TypeEcho, wire.Echo{}, "")
	require.Positive(t, *refusal.RetryAfter)
	for range 5 {
		_ = a.ws.WriteJSON(wire.Envelope{Type: wire.TypeEcho, Payload: []byte("{}")})
	}
	a.awaitClose(wire.CloseCodeRateLimited)
}

// deaf says hello and reads nothing but what the test reads.
func (h *house) deaf(hello wire.Hello) *websocket.Conn {
	h.Helper()
	ws, response, err := websocket.DefaultDialer.Dial(h.url, nil)
	require.NoError(h, err)
	response.Body.Close()
	h.Cleanup(func() { _ = ws.Close() })
	require.NoError(h, ws.WriteJSON(wire.NewEnvelope(wire.TypeHello, hello)))
	return ws
}

func TestASlowReaderIsClosedAndNobodyWaitsForIt(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.QueueMessages, o.Rate, o.Burst, o.WriteTimeout = 16, 1e9, 1e9, time.Hour })
	owner := h.person()
	room := h.room(owner)
	a := h.join(room, owner)
	slow := h.deaf(wire.Hello{Token: h.token(room, h.person()), Kind: "viewer"})
	seat := decode[wire.PeerEvent](t, a.await(wire.TypePeerJoined)).Peer.Id

	// The kernel's buffers fill, then the queue; a gets everything meanwhile.
	long := wire.Browser{State: wire.BrowserStateStarting, Detail: wire.Ptr(strings.Repeat("x", 30<<10))}
	for told := 0; h.hub.connected(room, seat); told++ {
		require.Less(t, told, 10_000, "the slow one was never closed")
		h.hub.BrowserChanged(room.ID, long)
		a.await(wire.TypeBrowserChanged)
	}
	// Once it reads again it is told why.
	require.NoError(t, slow.SetReadDeadline(time.Now().Add(patience)))
	var err error
	for err == nil {
		_, _, err = slow.ReadMessage()
	}
	require.True(t, websocket.IsCloseError(err, int(wire.CloseCodeSlowReader)), "%v", err)
}

// connected says whether a seat has a connection.
func (h *Hub) connected(room rooms.Room, seat string) bool {
	r := h.live(room.ID)
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seats[PeerID(seat)].conn != nil
}

func offerOf(bytes int) wire.Signal {
	return wire.Signal{Session: "call", Description: &wire.SessionDescription{Type: "offer", Sdp: strings.Repeat("x", bytes)}}
}

func TestNobodyIsThrownOutByWhatOthersSendThem(t *testing.T) {
	h := newHouse(t, func(o *Options) {
		o.Rate, o.Burst, o.RelayRate, o.RelayBurst, o.WriteTimeout = 1e9, 1e9, 1e9, 1e9, time.Hour
	})
	owner := h.person()
	room := h.room(owner)
	a := h.join(room, owner)
	slow := h.deaf(wire.Hello{Token: h.token(room, h.person()), Kind: "viewer"})
	seat := decode[wire.PeerEvent](t, a.await(wire.TypePeerJoined)).Peer.Id

	a.ok(wire.TypePresenceUpdate, wire.PresenceUpdate{Media: &wire.MediaState{Microphone: true}}, "") // or there is nothing to offer

	refused := 0
	for sent := 0; refused < 50; sent++ {
		require.Less(t, sent, 10_000, "nothing was ever refused")
		if answer := a.call(wire.TypeSignal, offerOf(30<<10), seat); answer.Type == wire.TypeError {
			refusal := decode[wire.WSError](t, answer)
			require.Equal(t, wire.ErrorCodeRateLimited, refusal.Code)
			require.Positive(t, *refusal.RetryAfter)
			refused++
		}
	}
	// What the hub has to say still has its place, and once the slow one reads, what others say too.
	long := wire.Browser{State: wire.BrowserStateStarting, Detail: wire.Ptr(strings.Repeat("x", 30<<10))}
	for range 100 {
		h.hub.BrowserChanged(room.ID, long)
		a.await(wire.TypeBrowserChanged)
	}
	require.True(t, h.hub.connected(room, seat))
	require.NoError(t, slow.SetReadDeadline(time.Now().Add(patience)))
	for told := 0; told < 100; {
		var e wire.Envelope
		require.NoError(t, slow.ReadJSON(&e))
		if e.Type == wire.TypeBrowserChanged {
			told++
		}
	}
	a.ok(wire.TypeSignal, offerOf(30<<10), seat)
}

func TestWhatAViewerSendsToOthersIsBounded(t *testing.T) {
	began := time.Now()
	h := newHouse(t, func(o *Options) {
		o.RelayRate, o.RelayBurst, o.Now = 1<<10, 40<<10, func() time.Time { return began } // no time passes
	})
	owner := h.person()
	room := h.room(owner)
	a, b := h.join(room, owner), h.join(room, owner)
	a.ok(wire.TypePresenceUpdate, wire.PresenceUpdate{Media: &wire.MediaState{Microphone: true}}, "")
	a.ok(wire.TypeSignal, offerOf(30<<10), b.identity.Peer)
	refusal := a.refused(wire.ErrorCodeRateLimited, wire.TypeSignal, offerOf(30<<10), b.identity.Peer)
	require.InDelta(t, 20, *refusal.RetryAfter, 4, "until there is place for it")
	a.ok(wire.TypeSignal, offerOf(1<<10), b.identity.Peer)
	b.await(wire.TypeSignal)
	require.Len(t, decode[wire.Signal](t, b.next()).Description.Sdp, 1<<10, "what was refused was not sent")

	vb, _ := h.agent(room)
	for range 10 { // an agent answers everybody
		offer := offerOf(30 << 10)
		offer.Session = "s1"
		vb.ok(wire.TypeSignal, offer, b.identity.Peer)
	}
}

// panicky are rooms and browsers with a bug.
type panicky struct {
	Rooms
	Browsers
	once atomic.Bool
}

func (p *panicky) ByID(ctx context.Context, id rooms.ID) (rooms.Room, error) {
	if p.once.CompareAndSwap(false, true) {
		panic("a bug")
	}
	return p.Rooms.ByID(ctx, id)
}

func (p *panicky) Status(rooms.ID, uuid.UUID, wire.VBStatus) { panic("a bug") }

func TestAPanicEndsItsOwnConnectionAlone(t *testing.T) {
	h := newHouse(t, func(o *Options) {
		bug := &panicky{Rooms: o.Rooms, Browsers: o.Browsers}
		o.Rooms, o.Browsers = bug, bug
	})
	owner := h.person()
	room := h.room(owner)
	early := h.connect()
	early.send(wire.TypeHello, wire.Hello{Token: h.token(room, owner), Kind: wire.PeerKindViewer}, "")
	early.awaitClose(wire.CloseCodeInternal)

	a := h.join(room, owner)
	vb, run := h.agent(room)
	vb.send(wire.TypeVBStatus, wire.VBStatus{State: "ready"}, "")
	vb.awaitClose(wire.CloseCodeInternal)
	require.False(t, decode[wire.PeerEvent](t, a.await(wire.TypePeerUpdated)).Peer.Connected, "its seat is held, not taken")
	require.True(t, h.agentOf(room, run).identity.Resumed)
	require.Eventually(t, func() bool {
		h.hub.mu.Lock()
		defer h.hub.mu.Unlock()
		return len(h.hub.conns) == 2
	}, patience, time.Millisecond)
}

func TestARoomIsReadAgainAfterAPanic(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Rooms = &panicky{Rooms: o.Rooms} })
	stored := h.room(h.person())
	r := h.hub.enter(stored.ID)
	defer h.hub.leave(r)
	require.Panics(t, func() { _ = r.load() })
	again := make(chan error, 1)
	go func() { again <- r.load() }()
	select {
	case err := <-again:
		require.NoError(t, err)
		require.Equal(t, stored.Title, r.info.Title)
	case <-time.After(patience):
		require.FailNow(t, "it waits for the one that panicked")
	}
}

func TestAPeerThatAnswersNoPingIsClosed(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.PingInterval, o.PongTimeout = 10*time.Millisecond, 300*time.Millisecond })
	owner := h.person()
	dead := h.deaf(wire.Hello{Token: h.token(h.room(owner), owner), Kind: "viewer"})
	dead.SetPingHandler(func(string) error { return nil })
	require.NoError(t, dead.SetReadDeadline(time.Now().Add(patience)))
	var err error
	for err == nil {
		_, _, err = dead.ReadMessage()
	}
	require.True(t, websocket.IsCloseError(err, int(wire.CloseCodePongTimeout)), "%v", err)
}

// patient is a connection that tells until when its reader waits.
type patient struct {
	net.Conn
	until chan time.Time
}

func (p patient) SetReadDeadline(t time.Time) error {
	p.until <- t
	return p.Conn.SetReadDeadline(t)
}

type patientListener struct {
	net.Listener
	until chan time.Time
}

func (l patientListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return patient{c, l.until}, err
}

func TestEachPongIsASignOfLife(t *testing.T) {
	o := Options{PingInterval: time.Millisecond, PongTimeout: time.Hour}
	o.setDefaults()
	until := make(chan time.Time, 10_000)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := new(websocket.Upgrader).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		c := newConn(ws, &o)
		go c.write()
		_, _ = c.next()
		c.abort()
		<-c.written
	}))
	server.Listener = patientListener{server.Listener, until}
	server.Start()
	t.Cleanup(server.Close)
	ws, response, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http"), nil)
	require.NoError(t, err)
	response.Body.Close()
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _, _ = ws.ReadMessage() // answers pings
	}()
	t.Cleanup(func() {
		_ = ws.Close()
		<-read
	})
	var last time.Time
	for longer := 0; longer < 4; { // the first for the connection itself, the others for pongs
		select {
		case next := <-until:
			if time.Until(next) > o.PongTimeout/2 && next.After(last) {
				last = next
				longer++
			}
		case <-time.After(patience):
			require.FailNow(t, "a pong was of no use")
		}
	}
}
