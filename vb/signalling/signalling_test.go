package signalling

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"turtus/services/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second

type events struct {
	identities chan wire.Identity
	messages   chan wire.Envelope
	lost       chan error
}

func (e *events) Identity(i wire.Identity) { e.identities <- i }
func (e *events) Message(m wire.Envelope)  { e.messages <- m }
func (e *events) Lost(err error)           { e.lost <- err }

// start runs a client against a hub that handles each connection by the function given.
func start(t *testing.T, timeout time.Duration, handle func(*websocket.Conn, wire.Hello)) (*Client, *events, <-chan error) {
	t.Helper()
	return startWith(t, timeout, func(e *events) Handler { return e }, handle, func(*Client) {})
}

// startWith has another handler hear what events hear; made is given the client before it runs.
func startWith(t *testing.T, timeout time.Duration, handler func(*events) Handler, handle func(*websocket.Conn, wire.Hello), made func(*Client)) (*Client, *events, <-chan error) {
	t.Helper()
	upgrader := websocket.Upgrader{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		var e wire.Envelope
		if err := conn.ReadJSON(&e); err != nil || e.Type != wire.TypeHello {
			t.Errorf("first message %q: %v", e.Type, err)
			return
		}
		hello, err := wire.Decode[wire.Hello](e)
		if err != nil {
			t.Error(err)
		}
		handle(conn, hello)
	}))
	t.Cleanup(server.Close)
	h := &events{make(chan wire.Identity, 10), make(chan wire.Envelope, 1000), make(chan error, 10)}
	c := New(Config{URL: "ws" + strings.TrimPrefix(server.URL, "http"), Token: "t", Timeout: timeout, Handler: handler(h), Logger: slog.New(slog.DiscardHandler)})
	made(c)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		done <- c.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return c, h, done
}

func identify(conn *websocket.Conn, peer string) {
	_ = conn.WriteJSON(wire.NewEnvelope(wire.TypeIdentity, wire.Identity{Peer: peer, ResumeKey: "key-of-" + peer}))
}

func receive[T any](t *testing.T, from <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(patience):
		t.Fatal("nothing came")
	}
	return v
}

func TestItComesBackToItsSeat(t *testing.T) {
	hellos := make(chan wire.Hello, 10)
	_, h, _ := start(t, 0, func(conn *websocket.Conn, hello wire.Hello) {
		hellos <- hello
		identify(conn, "vb-1")
		if hello.Resume == nil {
			_ = conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(int(wire.CloseCodeServerRestarting), "soon back"))
			return
		}
		_, _, _ = conn.ReadMessage()
	})
	first := receive(t, hellos)
	assert.Equal(t, wire.Hello{Kind: wire.PeerKindVb, Token: "t"}, first)
	receive(t, h.identities)
	require.Error(t, receive(t, h.lost))
	again := receive(t, hellos)
	assert.Equal(t, &wire.Resume{Peer: "vb-1", Key: "key-of-vb-1"}, again.Resume)
	receive(t, h.identities)
}

func TestMessagesGoBothWaysInTheirOrder(t *testing.T) {
	asked := make(chan struct{})
	c, h, _ := start(t, 0, func(conn *websocket.Conn, _ wire.Hello) {
		select {
		case <-asked:
		case <-t.Context().Done():
		}
		identify(conn, "vb-1")
		_ = conn.WriteJSON(wire.NewEnvelope(wire.TypeError, wire.WSError{Code: wire.ErrorCodeTargetNotFound}))
		for {
			var e wire.Envelope
			if conn.ReadJSON(&e) != nil || conn.WriteJSON(e) != nil {
				return
			}
		}
	})
	assert.False(t, c.Send(wire.NewEnvelope(wire.TypeEcho, wire.Echo{})), "nothing is taken before the hub took us in")
	close(asked)
	receive(t, h.identities)
	for i := range 100 {
		require.True(t, c.Send(wire.NewEnvelope(wire.TypeEcho, i)))
	}
	for i := range 100 {
		e := receive(t, h.messages)
		n, err := wire.Decode[int](e)
		require.NoError(t, err)
		require.Equal(t, i, n)
	}
}

func TestSomeClosesAreForGood(t *testing.T) {
	_, _, done := start(t, 0, func(conn *websocket.Conn, _ wire.Hello) {
		_ = conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(int(wire.CloseCodeRoomDeleted), "gone"))
	})
	closed, ok := errors.AsType[*ClosedError](receive(t, done))
	require.True(t, ok)
	assert.Equal(t, wire.CloseCodeRoomDeleted, closed.Code)
}

func TestItGivesUpAfterTheTimeout(t *testing.T) {
	_, h, done := start(t, 300*time.Millisecond, func(conn *websocket.Conn, hello wire.Hello) {
		if hello.Resume == nil {
			identify(conn, "vb-1")
		}
	})
	receive(t, h.identities)
	assert.ErrorIs(t, receive(t, done), ErrLost)
}

func TestWhatWasSentBeforeTheEndIsDelivered(t *testing.T) {
	got := make(chan string, 100)
	closes := make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	upgrader := websocket.Upgrader{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		identify(conn, "vb-1")
		for {
			var e wire.Envelope
			if err := conn.ReadJSON(&e); err != nil {
				closes <- err
				return
			}
			got <- e.Type
		}
	}))
	defer server.Close()
	h := &events{make(chan wire.Identity, 1), make(chan wire.Envelope, 1), make(chan error, 1)}
	c := New(Config{URL: "ws" + strings.TrimPrefix(server.URL, "http"), Handler: h, Logger: slog.New(slog.DiscardHandler)})
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	receive(t, h.identities)
	for range 50 {
		require.True(t, c.Send(wire.NewEnvelope(wire.TypeVBEnding, wire.VBEnding{Reason: wire.EndReasonRequested})))
	}
	cancel()
	require.NoError(t, receive(t, done))
	assert.Equal(t, wire.TypeHello, receive(t, got))
	for range 50 {
		assert.Equal(t, wire.TypeVBEnding, receive(t, got))
	}
	assert.True(t, websocket.IsCloseError(receive(t, closes), websocket.CloseNormalClosure), "and it says goodbye")
	assert.False(t, c.Send(wire.Envelope{}), "nothing is taken after the end")
}

// roomTaker has the client become somebody else when it is given a room.
type roomTaker struct {
	*events
	client *Client
}

func (r *roomTaker) Message(e wire.Envelope) {
	r.events.Message(e)
	if e.Type == wire.TypeVBAssign {
		r.client.Switch("the room's")
	}
}

func TestAnAgentThatWaitsComesAtOnceToItsRoom(t *testing.T) {
	hellos := make(chan wire.Hello, 10)
	heard := make(chan wire.Envelope, 10)
	var taker *roomTaker
	c, _, _ := startWith(t, time.Minute, func(e *events) Handler {
		taker = &roomTaker{events: e}
		return taker
	}, func(conn *websocket.Conn, hello wire.Hello) {
		hellos <- hello
		if hello.Token == "t" {
			_ = conn.WriteJSON(wire.NewEnvelope(wire.TypeVBWaiting, wire.Empty{}))
			var e wire.Envelope
			_ = conn.ReadJSON(&e)
			heard <- e
			_ = conn.WriteJSON(wire.NewEnvelope(wire.TypeVBAssign, wire.VBAssign{Token: "the room's"}))
			_, _, err := conn.ReadMessage()
			if !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
				t.Errorf("it left with %v", err)
			}
			return
		}
		identify(conn, "vb-1")
		_, _, _ = conn.ReadMessage()
	}, func(c *Client) { taker.client = c })
	require.Equal(t, wire.TypeVBWaiting, receive(t, taker.messages).Type)
	require.True(t, c.Send(wire.NewEnvelope(wire.TypeVBStatus, wire.VBStatus{State: wire.VBStatusStateReady})), "it may say how it is")
	require.Equal(t, wire.TypeVBStatus, receive(t, heard).Type)
	receive(t, taker.identities)
	require.Equal(t, "t", receive(t, hellos).Token)
	second := receive(t, hellos)
	require.Equal(t, "the room's", second.Token)
	require.Nil(t, second.Resume)
	require.Empty(t, taker.lost, "nothing was lost")
}
