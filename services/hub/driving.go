package hub

import (
	"time"

	"turtus/services/hub/control"
	"turtus/services/rooms"
	"turtus/services/wire"
)

// steer makes a message of a viewer about control a step of the state machine.
func steer(step func(c *control.State, by control.Peer, now time.Time) (bool, error)) func(*peer, wire.Envelope) error {
	return func(p *peer, _ wire.Envelope) error {
		p.room.mu.Lock()
		defer p.room.mu.Unlock()
		if !p.sits() {
			return errSuperseded
		}
		changed, err := step(p.room.control, p.room.controlPeer(p.seat), p.hub.o.Now())
		if changed {
			p.room.tellControl(nil)
		}
		return err
	}
}

// askForControl counts against the person's pace, so that nobody is asked again and again.
func askForControl(p *peer, e wire.Envelope) error {
	p.room.mu.Lock()
	limit := p.room.paceOf(p.seat.personID).asks
	allowed := !p.seat.permissions.Has(rooms.Control) || limit.Allow() // who may not is told so
	p.room.mu.Unlock()
	if !allowed {
		return p.tooMany("requests for control", limit)
	}
	return steer(func(c *control.State, by control.Peer, now time.Time) (bool, error) { return c.Request(by, now) })(p, e)
}

func giveControl(p *peer, e wire.Envelope) error {
	payload, err := wire.Decode[wire.ControlPeer](e)
	if err != nil {
		return err
	}
	r := p.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if !p.sits() {
		return errSuperseded
	}
	to, err := r.connected(PeerID(payload.Peer))
	if err != nil {
		return err
	}
	changed, err := r.control.Give(p.seat.id, r.controlPeer(to), p.hub.o.Now())
	if changed {
		r.tellControl(nil)
	}
	return err
}

// denyControl tells the one who asked, by the holder's id in both sender and payload.
func denyControl(p *peer, e wire.Envelope) error {
	payload, err := wire.Decode[wire.ControlPeer](e)
	if err != nil {
		return err
	}
	r := p.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if !p.sits() {
		return errSuperseded
	}
	requester := PeerID(payload.Peer)
	changed, err := r.control.Deny(p.seat.id, requester)
	if !changed {
		return err
	}
	if s := r.seats[requester]; s != nil && s.conn != nil {
		denied := wire.NewEnvelope(wire.TypeControlDenied, wire.ControlPeer{Peer: string(p.seat.id)})
		denied.Sender = string(p.seat.id)
		s.conn.send(encode(denied))
	}
	r.tellControl(nil)
	return nil
}

// activity is the agent's word that the controller of an epoch is not idle.
func activity(p *peer, e wire.Envelope) error {
	payload, err := wire.Decode[wire.VBActivity](e)
	if err != nil {
		return err
	}
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	p.room.control.Used(payload.Epoch, p.hub.o.Now())
	return nil
}

// tellControl says who drives, to people and agent each what they need, but not to the one whose identity will say it. It needs the lock.
func (r *room) tellControl(except *seat) {
	r.version++
	for _, s := range r.seats {
		if s == except || s.conn == nil {
			continue
		}
		e := wire.NewEnvelope(wire.TypeControlChanged, r.controlFor(s))
		e.Version = r.version
		s.conn.send(encode(e))
	}
	if holder := r.control.ForViewers().Holder; holder != nil && r.seats[PeerID(*holder)] != nil {
		r.dropPointer(r.seats[PeerID(*holder)])
	}
	r.armIdle()
}

// armIdle sets the clock that releases an unused control. It needs the lock.
func (r *room) armIdle() {
	if r.idle != nil {
		r.idle.Stop()
	}
	at, held := r.control.IdleAt(r.hub.o.ControlIdle)
	if !held || r.frozen {
		return
	}
	r.idle = time.AfterFunc(at.Sub(r.hub.o.Now()), r.releaseIdle)
}

func (r *room) releaseIdle() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.frozen {
		return
	}
	if r.control.Idle(r.hub.o.Now(), r.hub.o.ControlIdle) {
		r.tellControl(nil)
		return
	}
	r.armIdle()
}

// connected finds a peer that can be reached now. It needs the lock.
func (r *room) connected(id PeerID) (*seat, error) {
	s := r.seats[id]
	switch {
	case s == nil:
		return nil, wire.Errorf(wire.ErrorCodeTargetNotFound, "There is no such peer in this room.")
	case s.conn == nil:
		return nil, wire.Errorf(wire.ErrorCodeTargetNotFound, "That peer has lost its connection and may come back.")
	}
	return s, nil
}
