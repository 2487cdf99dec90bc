package hub

import (
	"errors"
	"fmt"
	"sync/atomic"

	"golang.org/x/time/rate"

	"turtus/services/rooms"
	"turtus/services/wire"
)

// agentRates is how many times a viewer's rate an agent has, which negotiates with everybody at once.
const agentRates = 10

// sayHello checks a peer's token and gives it its seat. A refusal is answered by an error and a close code that says whether to come back.
func sayHello(p *peer, e wire.Envelope) error {
	hello, err := wire.Decode[wire.Hello](e)
	if err != nil {
		return err
	}
	if hello.Kind != wire.PeerKindViewer && hello.Kind != wire.PeerKindVb {
		return p.refuse(e.Id, wire.CloseCodeProtocolError, wire.Errorf(wire.ErrorCodeNotForKind, "Peers of kind %s cannot connect yet.", hello.Kind))
	}
	if p.agentsOnly && hello.Kind != wire.PeerKindVb {
		return p.refuse(e.Id, wire.CloseCodeProtocolError, wire.Errorf(wire.ErrorCodeNotForKind, "Only the agents of browsers connect here."))
	}
	claims, err := p.hub.o.Tokens.Verify(hello.Token, hello.Kind)
	if err != nil {
		return p.refuse(e.Id, wire.CloseCodeBadToken, err)
	}
	if claims.Room.IsZero() {
		return p.wait(e.Id, claims.Browser)
	}
	var person *wire.PublicPerson
	if claims.Kind == wire.PeerKindViewer {
		ctx, cancel := p.callContext()
		defer cancel()
		lives, err := p.hub.sessionLives(ctx, claims.Session)
		switch {
		case err != nil:
			return p.refuse(e.Id, wire.CloseCodeInternal, err)
		case !lives:
			return p.refuse(e.Id, wire.CloseCodeSignedOut, errSignedOut)
		}
		known, err := p.hub.o.People.Person(ctx, claims.Person)
		if err != nil {
			return p.refuse(e.Id, wire.CloseCodeSignedOut, err)
		}
		person = wire.Ptr(known.Public())
	}
	if claims.Asks {
		return p.ask(e.Id, claims, *person)
	}

	r := p.hub.enter(claims.Room)
	fresh := false
	defer func() {
		if !fresh {
			p.hub.leave(r) // a fresh seat keeps the pin
		}
	}()
	if fresh, err = p.join(r, claims, person, hello.Resume); err != nil {
		return p.refuse(e.Id, wire.CloseCodeInternal, err)
	}
	p.log = p.log.With("room", r.id.String(), "peer", string(p.seat.id), "kind", string(p.seat.kind))
	p.log.Debug("a peer has said hello", "fresh", fresh)
	return nil
}

// join takes a seat in the room.
func (p *peer) join(r *room, claims rooms.Claims, person *wire.PublicPerson, resume *wire.Resume) (fresh bool, err error) {
	if err := r.load(); err != nil {
		return false, err
	}
	if claims.Kind == wire.PeerKindViewer {
		return p.joinAsMember(r, claims, person, resume)
	}
	p.connection = connections.Add(1)
	if err := p.hub.o.Browsers.Connected(r.id, claims.Browser, claims.Browser.String(), p.connection); err != nil {
		return false, errRunEnded
	}
	// At most one agent: a run that is followed by another is over, whatever became of its agent.
	r.evict(func(s *seat) bool { return s.kind == wire.PeerKindVb && s.run != claims.Browser },
		wire.PeerLeftReasonEnded, wire.CloseCodeBrowserEnded, "the browser has ended")
	fresh, err = r.sit(p, claims, rooms.Standing{}, nil, resume, 0)
	if err != nil {
		p.hub.o.Browsers.Disconnected(r.id, claims.Browser, p.connection)
		return false, err
	}
	p.limit = rate.NewLimiter(p.hub.o.Rate*agentRates, p.hub.o.Burst*agentRates)
	p.relayed = rate.NewLimiter(p.hub.o.RelayRate*agentRates, p.hub.o.RelayBurst*agentRates)
	return fresh, nil
}

// helloTries is how often a role is read anew when members change meanwhile.
const helloTries = 8

// joinAsMember takes a viewer's seat with the role that the person has now: the token says which one they had when it was issued.
func (p *peer) joinAsMember(r *room, claims rooms.Claims, person *wire.PublicPerson, resume *wire.Resume) (fresh bool, err error) {
	ctx, cancel := p.callContext()
	defer cancel()
	for range helloTries {
		change := r.lastMemberChange()
		standing, err := p.hub.o.Rooms.Standing(ctx, r.id, claims.Person)
		if err != nil {
			return false, err
		}
		if fresh, err = r.sit(p, claims, standing, person, resume, change); !errors.Is(err, errMembersChanged) {
			return fresh, err
		}
	}
	return false, wire.Errorf(wire.ErrorCodeUnavailable, "The members of the room change too fast. Try again.")
}

// connections numbers the connections of agents, over all hubs of this process.
var connections atomic.Int64

var (
	errRunEnded = errors.New("the agent's run has ended")
	// errMembersChanged says that a role was read that may be out of date.
	errMembersChanged = errors.New("a member of the room has changed")
)

// closeCodes are the codes by which a refused hello is closed; for others the caller knows better.
var closeCodes = map[wire.ErrorCode]wire.CloseCode{
	wire.ErrorCodeTokenExpired:    wire.CloseCodeTokenExpired,
	wire.ErrorCodeRoomFull:        wire.CloseCodeRoomFull,
	wire.ErrorCodeRoomMembersOnly: wire.CloseCodeKicked,
	wire.ErrorCodeBanned:          wire.CloseCodeBanned,
	wire.ErrorCodeRoomLocked:      wire.CloseCodeRoomLocked,
	wire.ErrorCodeUnavailable:     wire.CloseCodeInternal,
	wire.ErrorCodeStorageFull:     wire.CloseCodeInternal,
}

// refuse answers a hello by an error and closes. It returns nil: the error is answered.
func (p *peer) refuse(re string, code wire.CloseCode, err error) error {
	var coded *wire.Error
	switch {
	case errors.Is(err, errRunEnded):
		code, err = wire.CloseCodeBrowserEnded, wire.Errorf(wire.ErrorCodeBrowserNotRunning, "The run of this browser has ended.")
	case errors.Is(err, errSignedOut):
		code, err = wire.CloseCodeSignedOut, wire.Errorf(wire.ErrorCodeUnauthenticated, "You have signed out.")
	case !errors.As(err, &coded):
		code, err = wire.CloseCodeInternal, fmt.Errorf("say hello: %w", err)
	case coded.Code == wire.ErrorCodeNotFound && code == wire.CloseCodeInternal:
		code = wire.CloseCodeRoomDeleted
	default:
		if known, ok := closeCodes[coded.Code]; ok {
			code = known
		}
	}
	p.fail(re, err)
	p.conn.close(code, "hello was refused")
	return nil
}

// agentStatus and agentEnding hand the agent's word on, with no lock held.
func agentStatus(p *peer, e wire.Envelope) error {
	status, err := wire.Decode[wire.VBStatus](e)
	if err != nil {
		return err
	}
	room, run := p.browser()
	p.hub.o.Browsers.Status(room, run, status)
	return nil
}

func agentEnding(p *peer, e wire.Envelope) error {
	ending, err := wire.Decode[wire.VBEnding](e)
	if err != nil {
		return err
	}
	room, run := p.browser()
	p.hub.o.Browsers.Ending(room, run, ending)
	return nil
}
