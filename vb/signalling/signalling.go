// Package signalling is the agent's end of the WebSocket to the hub. It says hello, hands over what the hub sends, and
// comes back by itself when the connection is lost, to the same seat. Package agent calls it.
//
// What always holds: messages are handed over one at a time, in their order, by the goroutine of Run; Send never waits;
// when Run has returned, nothing of it is left.
package signalling

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"turtus/services/wire"
)

const (
	sendQueue    = 256 // messages
	writeTimeout = 10 * time.Second
	dialTimeout  = 10 * time.Second
	firstBackoff = 250 * time.Millisecond
	maxBackoff   = 8 * time.Second
	// maxMessage is larger than what the hub takes, for identity holds the room.
	maxMessage = 4 << 20
	// silence is how long the hub, which pings, may say nothing.
	silence = wire.PongTimeout
)

// ErrLost: the hub was away for longer than Config.Timeout.
var ErrLost = errors.New("signalling: the hub is away")

// ClosedError says that the hub closed the connection for good.
type ClosedError struct {
	Code wire.CloseCode
	Text string
}

func (e *ClosedError) Error() string {
	if e.Text == "" {
		return fmt.Sprintf("signalling: the hub closed the connection for good, code %d", e.Code)
	}
	return fmt.Sprintf("signalling: the hub closed the connection for good, code %d: %s", e.Code, e.Text)
}

// Handler gets what the hub sends.
type Handler interface {
	// Identity comes first on each connection, unless the token is one to wait with: then Message(vb.waiting) does.
	Identity(wire.Identity)
	// Message is every other message.
	Message(wire.Envelope)
	// Lost says that the connection broke; Identity follows if it comes back.
	Lost(error)
}

// Config says where the hub is and who we are.
type Config struct {
	// URL is ws or wss, or unix with the path of the hub's socket.
	URL   string
	Token string // never logged
	// Timeout is how long the hub may be away before Run gives up; zero: never.
	Timeout time.Duration
	Handler Handler
	Logger  *slog.Logger // slog.Default() when nil
}

// Client is a connection to the hub that heals itself. Run has its goroutines.
type Client struct {
	cfg Config

	mu       sync.Mutex
	token    string
	resume   *wire.Resume
	switched bool               // the connection is another identity's, and has to end
	queue    chan wire.Envelope // of the present connection, nil while there is none
}

// New prepares a Client.
func New(cfg Config) *Client {
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	return &Client{cfg: cfg, token: cfg.Token}
}

// Switch has the client say hello anew at once with another token, as somebody else: an agent that waited and has got its room. Only the
// handler calls it.
func (c *Client) Switch(token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.token, c.resume, c.queue, c.switched = token, nil, nil, true
}

// errSwitched ends a connection whose identity has changed.
var errSwitched = errors.New("signalling: another identity")

// hello is what to say first on a new connection.
func (c *Client) hello() wire.Envelope {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.switched = false
	return wire.NewEnvelope(wire.TypeHello, wire.Hello{Kind: wire.PeerKindVb, Token: c.token, Resume: c.resume})
}

func (c *Client) hasSwitched() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.switched
}

// takenIn opens the way for Send. resume is nil where there is no seat to come back to.
func (c *Client) takenIn(queue chan wire.Envelope, resume *wire.Resume) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queue, c.resume = queue, resume
}

// Send queues a message and tells whether there was a connection with room for it.
func (c *Client) Send(e wire.Envelope) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.queue == nil {
		return false
	}
	select {
	case c.queue <- e:
		return true
	default:
		return false
	}
}

// Run connects and stays connected until the context ends (nil), the hub closes for good (*ClosedError) or is away too
// long (ErrLost). When the context ends, what was sent before is still delivered, for a second at most.
func (c *Client) Run(ctx context.Context) error {
	since := time.Now() // there has been no connection
	backoff := firstBackoff
	for {
		identified, err := c.connect(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if closed, ok := errors.AsType[*ClosedError](err); ok {
			return closed
		}
		if errors.Is(err, errSwitched) {
			since, backoff = time.Now(), firstBackoff
			continue
		}
		if identified {
			since, backoff = time.Now(), firstBackoff
			c.cfg.Handler.Lost(err)
		}
		c.cfg.Logger.Warn("no connection to the hub, trying again", "error", err)
		// Half of it by chance, so that all the agents of a hub that restarts don't come at once.
		pause := backoff/2 + rand.N(backoff/2)
		backoff = min(2*backoff, maxBackoff)
		if c.cfg.Timeout > 0 {
			left := c.cfg.Timeout - time.Since(since)
			if left <= 0 {
				return fmt.Errorf("%w since %s: %w", ErrLost, time.Since(since).Round(time.Second), err)
			}
			pause = min(pause, left)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// connect has one connection, and tells whether the hub took us in.
func (c *Client) connect(ctx context.Context) (identified bool, err error) {
	dialer, address := dialerFor(c.cfg.URL)
	conn, response, err := dialer.DialContext(ctx, address, nil)
	if err != nil {
		if response != nil {
			return false, fmt.Errorf("connect to the hub: it answered %s", response.Status)
		}
		return false, fmt.Errorf("connect to the hub: %w", err)
	}
	defer conn.Close()
	conn.SetReadLimit(maxMessage)
	extend := func() { _ = conn.SetReadDeadline(time.Now().Add(silence)) }
	extend()
	conn.SetPingHandler(func(data string) error {
		extend()
		err := conn.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(writeTimeout))
		if errors.Is(err, websocket.ErrCloseSent) {
			return nil
		}
		return err
	})

	queue := make(chan wire.Envelope, sendQueue)
	queue <- c.hello()
	writing, stop := context.WithCancel(ctx)
	written := make(chan struct{})
	go func() {
		defer close(written)
		c.write(writing, conn, queue)
	}()
	defer func() {
		c.mu.Lock()
		c.queue = nil
		c.mu.Unlock()
		stop()
		<-written
	}()
	for {
		var e wire.Envelope
		if err := conn.ReadJSON(&e); err != nil {
			return identified, readError(err)
		}
		extend()
		switch e.Type {
		case wire.TypeIdentity:
			identity, err := wire.Decode[wire.Identity](e)
			if err != nil {
				return identified, err
			}
			c.takenIn(queue, &wire.Resume{Peer: identity.Peer, Key: identity.ResumeKey})
			identified = true
			c.cfg.Handler.Identity(identity)
		case wire.TypeError:
			c.refused(e)
		case wire.TypeVBWaiting:
			c.takenIn(queue, nil)
			identified = true
			c.cfg.Handler.Message(e)
		default:
			c.cfg.Handler.Message(e)
		}
		if c.hasSwitched() {
			return identified, errSwitched
		}
	}
}

// dialerFor says how a hub is reached. One at a Unix socket has no name: it is told that of a neighbour, since it is one.
func dialerFor(hub string) (dialer websocket.Dialer, address string) {
	socket, ok := strings.CutPrefix(hub, "unix://")
	if !ok {
		return websocket.Dialer{HandshakeTimeout: dialTimeout, Proxy: http.ProxyFromEnvironment}, hub
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}
	return websocket.Dialer{HandshakeTimeout: dialTimeout, NetDialContext: dial}, "ws://localhost" + wire.HubPath
}

func (c *Client) refused(e wire.Envelope) {
	refusal, err := wire.Decode[wire.WSError](e)
	if err != nil {
		c.cfg.Logger.Warn("the hub sent an error we can't read", "error", err)
		return
	}
	level := slog.LevelWarn
	if refusal.Code == wire.ErrorCodeTargetNotFound {
		level = slog.LevelDebug // a viewer that left while we answered
	}
	c.cfg.Logger.Log(context.Background(), level, "the hub refused a message", "code", refusal.Code, "detail", refusal.Detail)
}

func readError(err error) error {
	closed, ok := errors.AsType[*websocket.CloseError](err)
	// 1000 to 2999 belong to the protocol (RFC 6455 section 7.4.2): they come from proxies too and mean nothing final.
	if ok && closed.Code >= 3500 && closed.Code < 4000 {
		return &ClosedError{Code: wire.CloseCode(closed.Code), Text: closed.Text}
	}
	return fmt.Errorf("read from the hub: %w", err)
}

// write sends what is queued until the context ends; then the rest, and goodbye, within a second.
func (c *Client) write(ctx context.Context, conn *websocket.Conn, queue chan wire.Envelope) {
	defer conn.Close() // and reading ends
	for {
		select {
		case e := <-queue:
			_ = conn.SetWriteDeadline(time.Now().Add(writeTimeout))
			if conn.WriteJSON(e) != nil {
				return
			}
		case <-ctx.Done():
			_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
			for {
				select {
				case e := <-queue:
					if conn.WriteJSON(e) != nil {
						return
					}
					continue
				default:
				}
				goodbye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
				_ = conn.WriteControl(websocket.CloseMessage, goodbye, time.Now().Add(time.Second))
				return
			}
		}
	}
}
