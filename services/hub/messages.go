package hub

import (
	"math"
	"net/netip"
	"strings"

	"turtus/services/relay"
	"turtus/services/rooms"
	"turtus/services/wire"
)

// echo answers with the server's time, to measure the round trip.
func echo(p *peer, e wire.Envelope) error {
	payload, err := wire.Decode[wire.Echo](e)
	if err != nil {
		return err
	}
	payload.ServerTime = wire.Ptr(p.hub.o.Now().UTC())
	answer := wire.NewEnvelope(wire.TypeEcho, payload)
	answer.Re = e.Id
	p.send(answer)
	return nil
}

// callSession begins the session of every signal between two viewers, and of no other.
const callSession = "call"

// callSize is how many of a room may have microphone or camera on at a time: each of them sends to each of the others.
const callSize = 8

// signal relays WebRTC negotiation to its target within the room: between two viewers for a call, or a viewer and the agent for a stream. What an
// agent tells a viewer to find it at, the viewer may also reach through the relay.
func signal(p *peer, e wire.Envelope) error {
	if e.Target == "" {
		return wire.Errorf(wire.ErrorCodeTargetNeeded, "Say by target which peer is meant.")
	}
	payload, err := wire.Decode[wire.Signal](e)
	if err != nil {
		return err
	}
	var addresses []netip.AddrPort
	if p.seat.kind == wire.PeerKindVb {
		addresses = p.candidates(payload)
	}
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	if !p.sits() {
		return errSuperseded
	}
	to, err := p.room.connected(PeerID(e.Target))
	if err != nil {
		return err
	}
	viewers := p.seat.kind == wire.PeerKindViewer && to.kind == wire.PeerKindViewer
	offers := payload.Description != nil && payload.Description.Type == wire.SessionDescriptionTypeOffer
	switch {
	case viewers != strings.HasPrefix(payload.Session, callSession):
		return wire.Errorf(wire.ErrorCodeNotForKind, "Calls are between viewers, and viewers have nothing else between them.")
	case viewers && offers && !sends(p.seat) && !sends(to):
		// Whose page answers an offer tells where it is.
		return wire.Errorf(wire.ErrorCodeForbidden, "Neither of you has microphone, camera or a shared screen on. Turn one on first.")
	}
	if viewers && p.room.info.RelayOnly {
		if !hideAddresses(&payload, p.hub.o.Relay.Relayed) {
			return nil // nobody is to learn of it; for its sender it was handed on
		}
		e.Payload = marshal(payload)
	}
	if addresses != nil {
		p.hub.o.Relay.Reach(e.Target, addresses)
	}
	return p.relay(to, e)
}

// candidates are the addresses of its own that an agent names. It is believed what it comes from, or what its launcher says of it.
func (p *peer) candidates(s wire.Signal) []netip.AddrPort {
	if p.agentsOnly {
		return relay.CandidatesOf(s, p.hub.o.Browsers.Media(p.room.id, p.seat.run))
	}
	return relay.Candidates(s, p.remote)
}

// toAgent relays a viewer's wish to the room's browser.
func toAgent(p *peer, e wire.Envelope) error {
	r := p.room
	r.mu.Lock()
	defer r.mu.Unlock()
	agent := r.agent()
	switch {
	case !p.sits():
		return errSuperseded
	case agent != nil && agent.conn != nil:
		return p.relay(agent, e)
	case agent != nil:
		return wire.Errorf(wire.ErrorCodeTargetNotFound, "The room's browser has lost its connection and may come back.")
	case r.browser.State == wire.BrowserStateStarting:
		return wire.Errorf(wire.ErrorCodeTargetNotFound, "The room's browser is still starting.")
	}
	return wire.Errorf(wire.ErrorCodeTargetNotFound, "The room's browser is not running.")
}

// relay hands a message on: its type and payload, and the sender as the hub knows it. One that the target has no place for is refused to
// its sender. It needs the room's lock.
func (p *peer) relay(to *seat, e wire.Envelope) error {
	frame := encode(wire.Envelope{Type: e.Type, Sender: string(p.seat.id), Payload: e.Payload})
	now := p.hub.o.Now()
	if !p.relayed.AllowN(now, len(frame)) {
		err := wire.Errorf(wire.ErrorCodeRateLimited, "Too much at once for other peers. Wait a moment.")
		missing := float64(len(frame)) - p.relayed.TokensAt(now)
		err.RetryAfter = max(1, int(math.Ceil(missing/float64(p.relayed.Limit()))))
		return err
	}
	if !to.conn.relay(frame) {
		err := wire.Errorf(wire.ErrorCodeRateLimited, "That peer has not read yet what was sent before. Wait a moment.")
		err.RetryAfter = 1
		return err
	}
	return nil
}

// updatePresence shows whether microphone, camera and a shared screen are on. It is the hub's word that others go by.
func updatePresence(p *peer, e wire.Envelope) error {
	payload, err := wire.Decode[wire.PresenceUpdate](e)
	if err != nil || payload.Media == nil {
		return err
	}
	r := p.room
	r.mu.Lock()
	defer r.mu.Unlock()
	s := p.seat
	switch {
	case !p.sits():
		return errSuperseded
	case payload.Media.Microphone && !s.permissions.Has(rooms.Voice):
		return s.permissions.Require(rooms.Voice)
	case payload.Media.Camera && !s.permissions.Has(rooms.Video):
		return s.permissions.Require(rooms.Video)
	case payload.Media.Screen != "" && !s.permissions.Has(rooms.Screen):
		return s.permissions.Require(rooms.Screen)
	case s.media == *payload.Media:
		return nil
	case payload.Media.Screen != "" && r.sharing(s) != nil:
		return wire.Errorf(wire.ErrorCodeScreenTaken, "%s shares a screen, and there is place for one. It is yours when theirs ends.", r.sharing(s).person.DisplayName)
	case !sends(s) && *payload.Media != (wire.MediaState{}) && r.sending() >= callSize:
		return wire.Errorf(wire.ErrorCodeCallFull, "%d people here have microphone or camera on, and more do not fit in one call.", callSize)
	}
	s.media = *payload.Media
	r.tell(nil, wire.TypePeerUpdated, wire.PeerEvent{Peer: s.wire()})
	return nil
}

// sends says whether a seat has something on. It needs the lock.
func sends(s *seat) bool { return s.media != wire.MediaState{} }

// sharing is who but s shares a screen; a seat that is held for a lost connection keeps it, for the media go on without the hub. It
// needs the lock.
func (r *room) sharing(s *seat) *seat {
	for _, other := range r.seats {
		if other != s && other.media.Screen != "" {
			return other
		}
	}
	return nil
}

// sending counts those who are here and have something on; who comes back to a seat that had is let in beyond the limit. It needs the lock.
func (r *room) sending() int {
	n := 0
	for _, s := range r.seats {
		if s.conn != nil && sends(s) {
			n++
		}
	}
	return n
}
