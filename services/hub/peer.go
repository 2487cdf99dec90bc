package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"runtime/debug"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"golang.org/x/time/rate"

	"turtus/services/hub/control"
	"turtus/services/wire"
	"turtus/services/wire/contract"
)

// peer is one connection's conversation: it reads messages, checks them, and hands them to who decides. It belongs to the reader.
type peer struct {
	hub  *Hub
	conn *conn
	log  *slog.Logger
	// limit bounds the messages, strikes how many too many are forgiven, relayed the bytes for other peers.
	limit, strikes, relayed *rate.Limiter
	room                    *room      // nil before hello, as seat
	seat                    *seat      // its id, kind and run never change
	connection              int64      // of an agent, as Browsers counts them
	waits                   *uuid.UUID // the run of an agent that waits for a room; it has no seat
	asks                    *visitor   // of who asks to be let in, and has none either
	remote, host            string     // its address, and the one that it opened the server under
	secure                  bool       // by TLS that ends here
	agentsOnly              bool       // it came by the agents' own door, and has no address
}

func newPeer(h *Hub, c *conn, r *http.Request) *peer {
	return &peer{
		hub: h, conn: c, log: h.o.Log.With("remote", r.RemoteAddr), remote: r.RemoteAddr, host: r.Host, secure: r.TLS != nil,
		limit: rate.NewLimiter(h.o.Rate, h.o.Burst), strikes: rate.NewLimiter(1, h.o.Strikes),
		relayed: rate.NewLimiter(h.o.RelayRate, h.o.RelayBurst),
	}
}

// handler says who may send a message type and what it does.
type handler struct {
	kind wire.PeerKind // empty: every kind
	// do returns the error to answer, or nil, which is answered by ok where the message had an id.
	do func(*peer, wire.Envelope) error
	// answers says that do answers by itself.
	answers bool
	// waiting says that an agent without a room may send it.
	waiting bool
}

var handlers = map[string]handler{
	wire.TypeHello:          {do: sayHello, answers: true},
	wire.TypeEcho:           {do: echo, answers: true, waiting: true},
	wire.TypeSignal:         {do: signal},
	wire.TypeStreamRequest:  {kind: wire.PeerKindViewer, do: toAgent},
	wire.TypeStreamPrefer:   {kind: wire.PeerKindViewer, do: toAgent},
	wire.TypeStreamStop:     {kind: wire.PeerKindViewer, do: toAgent},
	wire.TypeChatSend:       {kind: wire.PeerKindViewer, do: sendChat, answers: true},
	wire.TypeChatEdit:       {kind: wire.PeerKindViewer, do: editChat},
	wire.TypeChatDelete:     {kind: wire.PeerKindViewer, do: deleteChat},
	wire.TypeChatReact:      {kind: wire.PeerKindViewer, do: reactToChat},
	wire.TypeChatTyping:     {kind: wire.PeerKindViewer, do: typing},
	wire.TypeChatSlow:       {kind: wire.PeerKindViewer, do: setSlowMode},
	wire.TypeChatClear:      {kind: wire.PeerKindViewer, do: clearChat},
	wire.TypeReaction:       {kind: wire.PeerKindViewer, do: floatReaction},
	wire.TypePresenceUpdate: {kind: wire.PeerKindViewer, do: updatePresence},
	wire.TypePointerMove:    {kind: wire.PeerKindViewer, do: movePointer},
	wire.TypePointersWant:   {kind: wire.PeerKindViewer, do: wantPointers},
	wire.TypeHandRaise:      {kind: wire.PeerKindViewer, do: raiseHand},
	wire.TypeHandLower:      {kind: wire.PeerKindViewer, do: lowerHand},
	wire.TypeControlTake: {kind: wire.PeerKindViewer, do: steer(func(c *control.State, by control.Peer, now time.Time) (bool, error) {
		return c.Take(by, now)
	})},
	wire.TypeControlRequest: {kind: wire.PeerKindViewer, do: askForControl},
	wire.TypeControlCancel: {kind: wire.PeerKindViewer, do: steer(func(c *control.State, by control.Peer, _ time.Time) (bool, error) {
		return c.Cancel(by.ID)
	})},
	wire.TypeControlRelease: {kind: wire.PeerKindViewer, do: steer(func(c *control.State, by control.Peer, now time.Time) (bool, error) {
		return c.Release(by.ID, now)
	})},
	wire.TypeControlGive:  {kind: wire.PeerKindViewer, do: giveControl},
	wire.TypeLinkSuggest:  {kind: wire.PeerKindViewer, do: suggestLink},
	wire.TypeLinkVote:     {kind: wire.PeerKindViewer, do: voteLink},
	wire.TypeLinkOpen:     {kind: wire.PeerKindViewer, do: openLink},
	wire.TypeLinkWithdraw: {kind: wire.PeerKindViewer, do: withdrawLink},
	wire.TypeDoorAnswer:   {kind: wire.PeerKindViewer, do: answerDoor},
	wire.TypeControlDeny:  {kind: wire.PeerKindViewer, do: denyControl},
	wire.TypeVBStatus:     {kind: wire.PeerKindVb, do: agentStatus, waiting: true},
	wire.TypeVBActivity:   {kind: wire.PeerKindVb, do: activity},
	wire.TypeVBEnding:     {kind: wire.PeerKindVb, do: agentEnding, waiting: true},
}

// serve runs the connection to its end: the reader is this goroutine, the writer another. A handler that panics ends its own connection alone.
func (p *peer) serve() {
	go p.conn.write()
	late := time.AfterFunc(p.hub.o.HelloTimeout, p.helloLate)
	defer p.conn.finish()
	err := errPanicked
	defer func() {
		late.Stop()
		if err == errPanicked {
			p.log.Error("a handler panicked", "panic", recover(), "stack", string(debug.Stack()))
			p.conn.close(wire.CloseCodeInternal, "something went wrong on the server")
		}
		p.part(err)
	}()
	err = p.converse(late)
}

var errPanicked = errors.New("a handler panicked")

// converse reads until the connection ends.
func (p *peer) converse(late *time.Timer) error {
	for {
		data, err := p.conn.next()
		switch {
		case errors.Is(err, errBinary):
			p.fail("", wire.Errorf(wire.ErrorCodeMalformedJSON, "Messages are JSON text, not binary."))
		case err != nil:
			return err
		default:
			p.receive(data)
			if p.seat != nil || p.waits != nil || p.asks != nil {
				late.Stop()
				if c, ok := p.conn.ws.NetConn().(*caller); ok {
					c.welcome()
				}
			}
		}
	}
}

// helloLate runs on a timer's goroutine and touches nothing but the connection.
func (p *peer) helloLate() {
	p.fail("", wire.Errorf(wire.ErrorCodeHelloNeeded, "No hello came within %s.", p.hub.o.HelloTimeout))
	p.conn.close(wire.CloseCodeProtocolError, "no hello came")
}

// part says why the connection ended to the peer, where it can still hear it, and to the room.
func (p *peer) part(err error) {
	switch {
	case errors.Is(err, errClosed), errors.Is(err, errPanicked):
	case errors.Is(err, errTooLarge):
		p.fail("", wire.Errorf(wire.ErrorCodeMessageTooLarge, "A message may have %d KiB at most.", wire.MaxMessageBytes>>10))
		p.conn.close(wire.CloseCodeProtocolError, "the message was too large")
	case timedOut(err):
		p.conn.close(wire.CloseCodePongTimeout, "you did not answer pings")
	default:
		p.conn.end(0, "", false)
	}
	if p.waits != nil {
		p.hub.endWait(p)
	}
	if p.asks != nil {
		p.room.withdraw(p)
	}
	if p.seat == nil {
		return
	}
	p.log.Debug("a peer's connection ended", "reason", err, "code", p.conn.code)
	// Who closed to leave, or was closed so as not to come back, needs no grace.
	p.room.lose(p, left(err) || (p.conn.code != 0 && !p.conn.code.Reconnects()))
	if p.seat.kind == wire.PeerKindVb {
		p.hub.o.Browsers.Disconnected(p.room.id, p.seat.run, p.connection)
	}
}

// receive handles one message.
func (p *peer) receive(data []byte) {
	var e wire.Envelope
	// A relayed payload that is not UTF-8 would end the receiver's connection (RFC 6455, section 8.1).
	malformed := json.Unmarshal(data, &e) != nil || !utf8.Valid(data)
	if len(e.Id) > 64 {
		e.Id = ""
	}
	if !p.limit.Allow() {
		if !p.strikes.Allow() {
			p.conn.close(wire.CloseCodeRateLimited, "too many messages")
			return
		}
		p.fail(e.Id, p.tooMany("messages", p.limit))
		return
	}
	if malformed {
		p.fail(e.Id, wire.Errorf(wire.ErrorCodeMalformedJSON, "The message is not a JSON object with type and payload."))
		return
	}
	if err := p.handle(e); err != nil {
		p.fail(e.Id, err)
	}
}

func (p *peer) handle(e wire.Envelope) error {
	h, known := handlers[e.Type]
	switch {
	case !known:
		return wire.Errorf(wire.ErrorCodeUnknownType, "There is no message type %q.", cut(e.Type, 64))
	case p.waits != nil && !h.waiting:
		return wire.Errorf(wire.ErrorCodeNotForKind, "A browser that waits for a room may not send %s.", e.Type)
	case p.asks != nil && e.Type != wire.TypeEcho:
		return wire.Errorf(wire.ErrorCodeNotForKind, "Who asks to be let in may not send %s.", cut(e.Type, 64))
	case p.asks == nil && p.seat == nil && p.waits == nil && e.Type != wire.TypeHello:
		return wire.Errorf(wire.ErrorCodeHelloNeeded, "Say hello first.")
	case p.seat != nil && e.Type == wire.TypeHello:
		return wire.Errorf(wire.ErrorCodeBadRequest, "You have said hello already.")
	case p.seat != nil && h.kind != "" && h.kind != p.seat.kind:
		return wire.Errorf(wire.ErrorCodeNotForKind, "A %s may not send %s.", p.seat.kind, e.Type)
	}
	if len(e.Payload) == 0 {
		return fieldError("payload", "is missing")
	}
	if len(e.Target) > 64 {
		return fieldError("target", "has more than 64 characters")
	}
	checked, err := contract.ClientPayload(e.Type, e.Payload)
	if err != nil {
		var field *contract.FieldError
		if errors.As(err, &field) {
			return fieldError(field.Field, field.Detail)
		}
		return fmt.Errorf("validate %s: %w", e.Type, err)
	}
	e.Payload = checked
	if err := h.do(p, e); err != nil {
		return err
	}
	if !h.answers && e.Id != "" {
		p.send(wire.Envelope{Type: wire.TypeOK, Re: e.Id, Payload: json.RawMessage("{}")})
	}
	return nil
}

// send queues a message that no other peer gets.
func (p *peer) send(e wire.Envelope) { p.conn.send(encode(e)) }

// fail answers an error: a coded one as it is, any other as internal, with its cause for the log.
func (p *peer) fail(re string, err error) {
	var coded *wire.Error
	if errors.As(err, &coded) {
		if error(coded) != err { // a wrapped one has a cause that the peer is not told
			p.log.Warn("a message could not be handled", "error", err)
		}
	} else {
		p.log.Error("a message could not be handled", "error", err)
		coded = wire.Errorf(wire.ErrorCodeInternal, "Something went wrong on the server. Try again.")
	}
	payload := wire.WSError{Code: coded.Code, Detail: coded.Detail}
	if coded.RetryAfter > 0 {
		payload.RetryAfter = &coded.RetryAfter
	}
	e := wire.NewEnvelope(wire.TypeError, payload)
	e.Re = re
	p.send(e)
}

func (p *peer) tooMany(what string, limit *rate.Limiter) error {
	now := time.Now()
	missing := limit.ReserveN(now, 1)
	wait := max(1, int(math.Ceil(missing.DelayFrom(now).Seconds())))
	missing.CancelAt(now)
	err := wire.Errorf(wire.ErrorCodeRateLimited, "Too many %s at once. Try again in %s.", what, time.Duration(wait)*time.Second)
	err.RetryAfter = wait
	return err
}

// callContext bounds a call to another package.
func (p *peer) callContext() (context.Context, context.CancelFunc) {
	return context.WithTimeout(p.hub.ctx, p.hub.o.CallTimeout)
}

func fieldError(field, detail string) error {
	err := wire.Errorf(wire.ErrorCodeInvalidField, "%s: %s", field, detail)
	if field == "" {
		err.Detail = detail
	}
	err.Fields = []wire.FieldProblem{{Field: field, Detail: detail}}
	return err
}

func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}
