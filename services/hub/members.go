package hub

import (
	"context"

	"turtus/services/accounts"
	"turtus/services/rooms"
	"turtus/services/wire"
)

// MemberChanged gives a person's seats in a room the role that they have there now. Tell it after the change was stored. It reads the
// role, so it takes as long as the database, but waits for no peer. Who is no member any more is closed with CloseCodeKicked.
func (h *Hub) MemberChanged(id rooms.ID, person accounts.PersonID) {
	r := h.live(id)
	if r == nil {
		return
	}
	for change := r.beginMemberChange(); ; {
		ctx, cancel := context.WithTimeout(h.ctx, h.o.CallTimeout)
		role, err := h.o.Rooms.Membership(ctx, id, person)
		cancel()
		if err != nil {
			h.o.Log.Warn("a member's new role could not be read", "room", id.String(), "error", err)
			// What they may do is not known: they come back by a hello, which reads it.
			r.evict(func(s *seat) bool { return s.kind == wire.PeerKindViewer && s.personID == person },
				wire.PeerLeftReasonLost, wire.CloseCodeInternal, "your role in the room could not be read")
			return
		}
		if change = r.setRole(person, role, change); change == 0 {
			return
		}
	}
}

// beginMemberChange numbers a change of members, from 1 on.
func (r *room) beginMemberChange() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.memberChanges++
	return r.memberChanges
}

// lastMemberChange is the number of the newest change of members.
func (r *room) lastMemberChange() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.memberChanges
}

// setRole gives a person's seats a role that was read after a change began, and returns 0; or, if another has begun since, does nothing and
// returns that one: the role may be out of date.
func (r *room) setRole(person accounts.PersonID, role wire.Role, change int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if change != r.memberChanges {
		return r.memberChanges
	}
	for _, s := range r.seats {
		switch {
		case s.kind != wire.PeerKindViewer || s.personID != person || s.role == role:
		case role == "":
			if s.conn != nil {
				s.conn.close(wire.CloseCodeKicked, "you are no member of this room any more")
			}
			r.remove(s, wire.PeerLeftReasonKicked)
		default:
			r.changeRole(s, role)
		}
	}
	return 0
}

// changeRole tells the seat what it may do now, and the others its role. It needs the lock.
func (r *room) changeRole(s *seat, role wire.Role) {
	s.role = role
	r.tellStanding(s)
}

// reconsider finds out what everybody may do after the room's policy has changed, and tells those for whom that is something else. It needs the lock.
func (r *room) reconsider() {
	for _, s := range r.seats {
		if s.kind == wire.PeerKindViewer && s.permissions != r.policy.Of(s.role) {
			r.tellStanding(s)
		}
	}
}

// tellStanding gives a seat what its role may do, ends what it may do no more, and tells it and the others. It needs the lock.
func (r *room) tellStanding(s *seat) {
	s.permissions = r.policy.Of(s.role)
	if s.conn != nil {
		s.conn.send(encode(wire.NewEnvelope(wire.TypeSelfUpdated, wire.SelfUpdate{Role: s.role, Permissions: s.permissions.Names()})))
	}
	s.mute()
	r.tell(nil, wire.TypePeerUpdated, wire.PeerEvent{Peer: s.wire()})
	if !s.permissions.Has(rooms.Control) && r.control.Left(s.id, r.hub.o.Now()) {
		r.tellControl(nil)
	}
}

// mute says to be off what the seat's person may not have on. It needs the room's lock.
func (s *seat) mute() {
	s.media.Microphone = s.media.Microphone && s.permissions.Has(rooms.Voice)
	s.media.Camera = s.media.Camera && s.permissions.Has(rooms.Video)
}
