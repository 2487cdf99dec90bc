package hub

import (
	"turtus/services/rooms"
	"turtus/services/wire"
)

// reactToChat puts an emoji on a message, or takes it away.
func reactToChat(p *peer, e wire.Envelope) error {
	payload, err := wire.Decode[wire.ChatReact](e)
	if err != nil {
		return err
	}
	if err := p.countReaction(); err != nil {
		return err
	}
	ctx, cancel := p.callContext()
	defer cancel()
	m, err := p.hub.o.Rooms.React(ctx, p.room.id, p.seat.personID, payload.Seq, payload.Emoji, payload.On)
	if err != nil {
		return err
	}
	p.room.changeMessage(m.Wire())
	return nil
}

func (p *peer) countReaction() error {
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	return p.mayReact()
}

// mayReact counts a reaction against the person's pace. It needs the room's lock.
func (p *peer) mayReact() error {
	if !p.sits() {
		return errSuperseded
	}
	if err := p.seat.permissions.Require(rooms.React); err != nil {
		return err
	}
	if limit := p.room.paceOf(p.seat.personID).reactions; !limit.Allow() {
		return p.tooMany("reactions", limit)
	}
	return nil
}

// floatReaction shows an emoji over everybody's picture.
func floatReaction(p *peer, e wire.Envelope) error {
	payload, err := wire.Decode[wire.FloatingReaction](e)
	if err != nil {
		return err
	}
	if !rooms.IsEmoji(payload.Emoji) {
		return fieldError("emoji", "is no emoji")
	}
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	if err := p.mayReact(); err != nil {
		return err
	}
	p.handOn(e.Type, payload, true)
	return nil
}

// typing tells the others that somebody writes.
func typing(p *peer, e wire.Envelope) error {
	payload, err := wire.Decode[wire.Typing](e)
	if err != nil {
		return err
	}
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	if !p.sits() {
		return errSuperseded
	}
	if err := p.seat.permissions.Require(rooms.Chat); err != nil {
		return err
	}
	if limit := p.room.paceOf(p.seat.personID).typing; !limit.Allow() {
		return p.tooMany("signs of writing", limit)
	}
	p.handOn(e.Type, payload, false)
	return nil
}

// handOn gives the other viewers what passes and is no part of the room's state: no version, and nothing for whom it finds no place. It needs
// the room's lock. What came is written anew: it may be longer than what it says.
func (p *peer) handOn(messageType string, payload any, toSender bool) {
	e := wire.NewEnvelope(messageType, payload)
	e.Sender = string(p.seat.id)
	frame := encode(e)
	for _, s := range p.room.seats {
		if s.kind == wire.PeerKindViewer && s.conn != nil && (toSender || s != p.seat) {
			s.conn.relay(frame)
		}
	}
}
