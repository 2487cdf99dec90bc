package hub

import (
	"turtus/services/rooms"
	"turtus/services/wire"
)

// raiseHand shows everybody that somebody would like to say something. The hand stays up until it is lowered or the seat is over.
func raiseHand(p *peer, _ wire.Envelope) error {
	r := p.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if !p.sits() {
		return errSuperseded
	}
	if err := p.seat.permissions.Require(rooms.React); err != nil {
		return err
	}
	if p.seat.hand != 0 {
		return nil
	}
	if limit := r.paceOf(p.seat.personID).hand; !limit.Allow() {
		return p.tooMany("raised hands", limit)
	}
	r.setHand(p.seat, r.version+1)
	return nil
}

// lowerHand lowers one's own hand, one of somebody of a lower role, or all that one may.
func lowerHand(p *peer, e wire.Envelope) error {
	payload, err := wire.Decode[wire.HandLower](e)
	if err != nil {
		return err
	}
	r := p.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if !p.sits() {
		return errSuperseded
	}
	switch {
	case payload.All:
		return r.lowerAllHands(p.seat)
	case payload.Peer == "":
		r.setHand(p.seat, 0)
		return nil
	}
	target := r.seats[PeerID(payload.Peer)]
	if target == nil || target.kind != wire.PeerKindViewer {
		return wire.Errorf(wire.ErrorCodeTargetNotFound, "There is no such person in this room.")
	}
	if err := mayLower(p.seat, target); err != nil {
		return err
	}
	r.setHand(target, 0)
	return nil
}

// lowerAllHands leaves those up that by may not lower. It needs the lock, as does setHand.
func (r *room) lowerAllHands(by *seat) error {
	if err := by.permissions.Require(rooms.Moderate); err != nil {
		return err
	}
	for _, s := range r.seats {
		if s.kind == wire.PeerKindViewer && mayLower(by, s) == nil {
			r.setHand(s, 0)
		}
	}
	return nil
}

// mayLower is as with everything that one person does about another, and one's own hand is one's own in each tab.
func mayLower(by, target *seat) error {
	if by.personID == target.personID {
		return nil
	}
	if err := by.permissions.Require(rooms.Moderate); err != nil {
		return err
	}
	return by.standing.MayActOn(target.standing)
}

func (r *room) setHand(s *seat, to int64) {
	if s.hand == to {
		return
	}
	s.hand = to
	r.tell(nil, wire.TypePeerUpdated, wire.PeerEvent{Peer: s.wire()})
}
