package hub

import (
	"turtus/services/rooms"
	"turtus/services/wire"
)

// setSlowMode bounds how often each person says something; everybody hears it with what else the room is.
func setSlowMode(p *peer, e wire.Envelope) error {
	payload, err := wire.Decode[wire.SlowMode](e)
	if err != nil {
		return err
	}
	if _, err := p.mayOrder(); err != nil {
		return err
	}
	ctx, cancel := p.callContext()
	defer cancel()
	if err := p.hub.o.Rooms.SetSlowMode(ctx, p.room.id, p.seat.personID, payload.Seconds); err != nil {
		return err
	}
	p.room.readInfo(p.hub.ctx)
	return nil
}

// clearChat takes all messages away from everybody.
func clearChat(p *peer, _ wire.Envelope) error {
	by, err := p.mayOrder()
	if err != nil {
		return err
	}
	ctx, cancel := p.callContext()
	defer cancel()
	seq, err := p.hub.o.Rooms.ClearChat(ctx, p.room.id, p.seat.personID)
	if err != nil {
		return err
	}
	p.room.clearChat(wire.ChatCleared{Seq: seq, By: by})
	return nil
}

func (r *room) clearChat(cleared wire.ChatCleared) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.chat.clear(cleared.Seq) {
		r.tellViewers(wire.TypeChatCleared, cleared)
	}
}

// mayOrder counts what somebody who moderates does to the chat as a whole, and says who they are.
func (p *peer) mayOrder() (*wire.PublicPerson, error) {
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	if !p.sits() {
		return nil, errSuperseded
	}
	if err := p.seat.permissions.Require(rooms.Moderate); err != nil {
		return nil, err
	}
	if limit := p.room.paceOf(p.seat.personID).removals; !limit.Allow() {
		return nil, p.tooMany("changes of the chat", limit)
	}
	return p.seat.person, nil
}

// tellViewers sends an increment that is no business of a browser. It needs the lock.
func (r *room) tellViewers(messageType string, payload any) {
	r.version++
	e := wire.NewEnvelope(messageType, payload)
	e.Version = r.version
	frame := encode(e)
	for _, s := range r.seats {
		if s.kind == wire.PeerKindViewer && s.conn != nil {
			s.conn.send(frame)
		}
	}
}
