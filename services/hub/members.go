package hub

import (
	"context"
	"maps"
	"slices"

	"turtus/services/accounts"
	"turtus/services/rooms"
	"turtus/services/wire"
)

// MemberChanged gives a person's seats in a room what they are there now. Tell it after the change was stored. It reads that, so it takes as
// long as the database, but waits for no peer. Who is no member any more is closed with CloseCodeKicked, or CloseCodeBanned.
func (h *Hub) MemberChanged(id rooms.ID, person accounts.PersonID) {
	r := h.live(id)
	if r == nil {
		return
	}
	for change := r.beginMemberChange(); ; {
		ctx, cancel := context.WithTimeout(h.ctx, h.o.CallTimeout)
		standing, err := h.o.Rooms.Standing(ctx, id, person)
		cancel()
		if err != nil {
			h.o.Log.Warn("a member's new role could not be read", "room", id.String(), "error", err)
			// What they may do is not known: they come back by a hello, which reads it.
			r.evict(func(s *seat) bool { return s.kind == wire.PeerKindViewer && s.personID == person },
				wire.PeerLeftReasonLost, wire.CloseCodeInternal, "your role in the room could not be read")
			return
		}
		if change = r.setStanding(person, standing, change); change == 0 {
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

// setStanding gives a person's seats what was read after a change began, and returns 0; or, if another has begun since, does nothing and
// returns that one: what was read may be out of date.
func (r *room) setStanding(person accounts.PersonID, standing rooms.Standing, change int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if change != r.memberChanges {
		return r.memberChanges
	}
	asks := func(v *visitor) bool { return v.personID == person }
	switch {
	case standing.Banned:
		r.closeVisitors(asks, wire.CloseCodeBanned, "you were banned from this room")
	case standing.Role != "": // by an invite, while they asked
		r.answerAll(asks, wire.DoorAnsweredAnswerIn)
	}
	if standing.Role == "" {
		r.dropLinksOf(person)
	}
	for _, s := range r.holderLast() {
		switch {
		case s.kind != wire.PeerKindViewer || s.personID != person || s.standing == standing:
		case standing.Role == "":
			code, why := wire.CloseCodeKicked, "you are no member of this room any more"
			if standing.Banned {
				code, why = wire.CloseCodeBanned, "you were banned from this room"
			}
			if s.conn != nil {
				s.conn.close(code, why)
			}
			r.remove(s, wire.PeerLeftReasonKicked)
		default:
			s.standing = standing
			r.tellStanding(s)
		}
	}
	r.followLinks()
	return 0
}

// reconsider finds out what everybody may do after the room's policy has changed, and tells those for whom that is something else. It needs the lock.
func (r *room) reconsider() {
	for _, s := range r.holderLast() {
		if s.kind == wire.PeerKindViewer && s.permissions != s.standing.Permissions(r.policy) {
			r.tellStanding(s)
		}
	}
	r.followLinks()
}

// holderLast are all seats, so that control goes on to nobody who loses it in the same step. It needs the lock.
func (r *room) holderLast() []*seat {
	holder := r.control.ForViewers().Holder
	last := func(s *seat) bool { return holder != nil && *holder == string(s.id) }
	return slices.SortedFunc(maps.Values(r.seats), func(a, b *seat) int {
		switch {
		case last(a) == last(b):
			return a.joined.Compare(b.joined)
		case last(b):
			return -1
		}
		return 1
	})
}

// tellStanding gives a seat what it may do, ends what it may do no more, and tells it and the others. It needs the lock.
func (r *room) tellStanding(s *seat) {
	moderated := s.permissions.Has(rooms.Moderate)
	s.permissions = s.standing.Permissions(r.policy)
	if s.conn != nil {
		s.conn.send(encode(wire.NewEnvelope(wire.TypeSelfUpdated, wire.SelfUpdate{Role: s.standing.Role, Permissions: s.permissions.Names()})))
	}
	if moderated != s.permissions.Has(rooms.Moderate) && len(r.door) > 0 {
		r.tellDoorTo(s)
		r.attend()
	}
	if !s.permissions.Has(rooms.React) {
		r.dropPointer(s)
	}
	s.switchOff()
	r.tell(nil, wire.TypePeerUpdated, wire.PeerEvent{Peer: s.wire()})
	if !s.permissions.Has(rooms.Control) && r.control.Left(s.id, r.hub.o.Now()) {
		r.tellControl(nil)
	}
}

// switchOff says to be off what the seat's person may not have on, and lowers a hand that they may not raise. It needs the room's lock.
func (s *seat) switchOff() {
	s.media.Microphone = s.media.Microphone && s.permissions.Has(rooms.Voice)
	s.media.Camera = s.media.Camera && s.permissions.Has(rooms.Video)
	if !s.permissions.Has(rooms.Screen) {
		s.media.Screen = ""
	}
	if !s.permissions.Has(rooms.React) {
		s.hand = 0
	}
}
