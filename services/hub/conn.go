package hub

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"turtus/services/wire"
)

// linger is how long a closed connection may take to read what was said last, and how much of what it still sends is thrown
// away meanwhile: closing a socket with unread data would destroy the close frame on its way.
const (
	linger      = time.Second
	lingerBytes = 4 << 20
)

var (
	errClosed   = errors.New("the connection is closed")
	errTooLarge = errors.New("the message is too large")
	errBinary   = errors.New("the message is binary")
)

// conn is one WebSocket: a bounded queue outward, one message at a time inward. It knows nothing of rooms. Two goroutines work
// on it: the reader, which owns it, calls next; the writer runs write.
type conn struct {
	ws *websocket.Conn
	o  *Options
	// out is what waits to be written.
	out *queue

	once sync.Once
	// closed is closed by the first close or abort; then code, reason and flush are valid. Code 0 sends no close frame.
	closed chan struct{}
	code   wire.CloseCode
	reason string
	flush  bool
	// read is closed when the reader has ended, written when the writer has.
	read, written chan struct{}
}

func newConn(ws *websocket.Conn, o *Options) *conn {
	c := &conn{
		ws: ws, o: o, out: newQueue(o.QueueMessages, o.QueueBytes),
		closed: make(chan struct{}), read: make(chan struct{}), written: make(chan struct{}),
	}
	ws.SetPongHandler(func(string) error {
		c.extend()
		return nil
	})
	c.extend()
	return c
}

// send queues a message. A peer whose queue is full is closed with CloseCodeSlowReader, and false returned.
func (c *conn) send(frame []byte) bool {
	if c.isClosed() {
		return false
	}
	if !c.out.put(frame) {
		c.end(wire.CloseCodeSlowReader, "you read too slowly", false)
		return false
	}
	return true
}

// relay queues what another peer says, and says false, closing nothing, where there is no place for it.
func (c *conn) relay(frame []byte) bool { return c.out.relay(frame) }

// pass queues what is old soon; a peer that reads too slowly misses it, and nothing else for it.
func (c *conn) pass(frame []byte) { c.out.pass(frame) }

// close ends the connection after what is queued was written. It returns at once, and only the first call counts.
func (c *conn) close(code wire.CloseCode, reason string) { c.end(code, reason, true) }

// abort ends the connection with no word.
func (c *conn) abort() {
	c.end(0, "", false)
	_ = c.ws.NetConn().Close()
}

func (c *conn) end(code wire.CloseCode, reason string, flush bool) {
	c.once.Do(func() {
		c.code, c.reason, c.flush = code, reason, flush
		close(c.closed)
		_ = c.ws.SetReadDeadline(time.Now()) // wakes the reader
	})
}

func (c *conn) isClosed() bool {
	select {
	case <-c.closed:
		return true
	default:
		return false
	}
}

// extend gives the peer PongTimeout from now for its next sign of life.
func (c *conn) extend() {
	if c.isClosed() {
		return
	}
	_ = c.ws.SetReadDeadline(time.Now().Add(c.o.PongTimeout))
	if c.isClosed() {
		_ = c.ws.SetReadDeadline(time.Now()) // end came between
	}
}

// next reads one message of at most wire.MaxMessageBytes; of a larger one it keeps nothing. Only the reader calls it.
func (c *conn) next() ([]byte, error) {
	if c.isClosed() {
		return nil, errClosed
	}
	kind, r, err := c.ws.NextReader()
	if err != nil {
		return nil, c.explain(err)
	}
	data, err := io.ReadAll(io.LimitReader(r, wire.MaxMessageBytes+1))
	if err != nil {
		return nil, c.explain(err)
	}
	if len(data) > wire.MaxMessageBytes {
		return nil, errTooLarge
	}
	c.extend()
	if kind != websocket.TextMessage {
		return nil, errBinary
	}
	return data, nil
}

func (c *conn) explain(err error) error {
	if c.isClosed() {
		return errClosed
	}
	return err
}

// finish ends the reader's part: it throws away what still comes and waits for the writer.
func (c *conn) finish() {
	_ = c.ws.NetConn().SetReadDeadline(time.Now().Add(c.o.WriteTimeout + linger))
	_, _ = io.CopyN(io.Discard, c.ws.NetConn(), lingerBytes)
	close(c.read)
	<-c.written
}

// write is the writer: it runs until the connection is closed, and closes the socket.
func (c *conn) write() {
	defer close(c.written)
	defer c.ws.Close()
	ping := time.NewTicker(c.o.PingInterval)
	defer ping.Stop()
	for {
		select {
		case <-c.closed:
			c.farewell()
			return
		case <-c.out.wake:
			if !c.drain() {
				c.abort()
				return
			}
		case <-ping.C:
			if err := c.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(c.o.WriteTimeout)); err != nil {
				c.abort()
				return
			}
		}
	}
}

// drain writes what waits; false says that the connection is broken.
func (c *conn) drain() bool {
	for frame := c.out.next(); frame != nil; frame = c.out.next() {
		if c.isClosed() && !c.flush {
			return true
		}
		_ = c.ws.SetWriteDeadline(time.Now().Add(c.o.WriteTimeout))
		if err := c.ws.WriteMessage(websocket.TextMessage, frame); err != nil {
			return false
		}
		c.out.done()
	}
	return true
}

// farewell writes the close frame and gives the peer a moment to read it.
func (c *conn) farewell() {
	if c.code == 0 || (c.flush && !c.drain()) {
		return
	}
	frame := websocket.FormatCloseMessage(int(c.code), c.reason)
	if err := c.ws.WriteControl(websocket.CloseMessage, frame, time.Now().Add(c.o.WriteTimeout)); err != nil {
		return
	}
	if half, ok := c.ws.NetConn().(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	wait := time.NewTimer(linger)
	defer wait.Stop()
	select {
	case <-c.read:
	case <-wait.C:
	}
}

// left says whether the peer closed the connection to leave for good: by code 1000. A page that is reloaded or closed says 1001.
func left(err error) bool { return websocket.IsCloseError(err, websocket.CloseNormalClosure) }

// timedOut says whether the peer gave no sign of life for PongTimeout.
func timedOut(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}
