package hub

import (
	"context"
	"errors"
	"time"

	"turtus/services/accounts"
	"turtus/services/rooms"
	"turtus/services/wire"
)

// errSignedOut refuses a hello whose sign-in or account is gone.
var errSignedOut = errors.New("the sign-in has ended")

// gone remembers ids for as long as a room token that names them may live. It needs the hub's lock.
type gone[ID comparable] map[ID]time.Time

func (g gone[ID]) add(id ID, now time.Time) {
	for old, until := range g {
		if now.After(until) {
			delete(g, old)
		}
	}
	g[id] = now.Add(rooms.ViewerTokenLife + time.Minute)
}

// PersonGone closes all connections of somebody who deleted their account, and refuses their room tokens.
func (h *Hub) PersonGone(id accounts.PersonID) {
	h.mu.Lock()
	h.gonePeople.add(id, h.o.Now())
	h.mu.Unlock()
	for _, r := range h.allLive() {
		r.evict(func(s *seat) bool { return s.kind == wire.PeerKindViewer && s.personID == id },
			wire.PeerLeftReasonLeft, wire.CloseCodeSignedOut, "the account was deleted")
		r.forgetWhispers(id)
		r.sendAway(func(v *visitor) bool { return v.personID == id })
		r.mu.Lock()
		r.dropLinksOf(id)
		r.mu.Unlock()
	}
}

// SessionEnded closes the connections that came from a sign-in that has ended, and refuses its room tokens.
func (h *Hub) SessionEnded(session accounts.SessionID) {
	h.mu.Lock()
	h.endedSessions.add(session, h.o.Now())
	h.mu.Unlock()
	for _, r := range h.allLive() {
		r.evict(func(s *seat) bool { return s.kind == wire.PeerKindViewer && s.session == session },
			wire.PeerLeftReasonLeft, wire.CloseCodeSignedOut, "signed out")
		r.sendAway(func(v *visitor) bool { return v.session == session })
	}
}

// signedOut says whether the hub was told that the token's sign-in or account is gone. Asked under the room's lock by who then sits
// there, no end is missed: one told later finds the seat.
func (h *Hub) signedOut(claims rooms.Claims) bool {
	if claims.Kind != wire.PeerKindViewer {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	_, ended := h.endedSessions[claims.Session]
	_, deleted := h.gonePeople[claims.Person]
	return ended || deleted
}

// sessionLives asks the database: a sign-in may have ended by another process, or before the hub started.
func (h *Hub) sessionLives(ctx context.Context, session accounts.SessionID) (bool, error) {
	live, err := h.o.Sessions.Live(ctx, []accounts.SessionID{session})
	return len(live) > 0, err
}

// recheckSessions closes those whose sign-in has ended without the hub being told, renews what ages with those who stay, reads what could not be
// read, and sets the clock for the next time.
func (h *Hub) recheckSessions() {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return
	}
	h.running.Add(1)
	h.mu.Unlock()
	defer h.running.Done()
	defer h.armRecheck()

	sitting := make(map[accounts.SessionID]bool)
	for _, r := range h.allLive() {
		r.renewServers()
		if r.missedInfo() {
			r.readInfo(h.recheckContext)
		}
		h.prolongVisits(r)
		r.sessions(sitting)
	}
	if len(sitting) == 0 {
		return
	}
	ids := make([]accounts.SessionID, 0, len(sitting))
	for id := range sitting {
		ids = append(ids, id)
	}
	ctx, cancel := context.WithTimeout(h.recheckContext, h.o.CallTimeout)
	defer cancel()
	live, err := h.o.Sessions.Live(ctx, ids)
	if err != nil { // whether they live is not known: nobody is sent away for that
		h.o.Log.Warn("the sign-ins of those who are connected could not be checked", "error", err)
		return
	}
	for _, id := range live {
		delete(sitting, id)
	}
	for id := range sitting {
		h.SessionEnded(id)
	}
}

// prolongVisits keeps the visits of guests from ending while they sit in the room.
func (h *Hub) prolongVisits(r *room) {
	guests := r.guests()
	if len(guests) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(h.recheckContext, h.o.CallTimeout)
	defer cancel()
	if err := h.o.Rooms.Stay(ctx, r.id, guests); err != nil {
		h.o.Log.Warn("the visits of guests could not be prolonged", "room", r.id.String(), "error", err)
	}
}

// guests are the people with that role who have a seat.
func (r *room) guests() (people []accounts.PersonID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.seats {
		if s.kind == wire.PeerKindViewer && s.standing.Role == wire.RoleGuest {
			people = append(people, s.personID)
		}
	}
	return people
}

func (h *Hub) armRecheck() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.recheck = time.AfterFunc(h.o.SessionCheck, h.recheckSessions)
	}
}

// sendAway closes those who ask to be let in and are signed out.
func (r *room) sendAway(which func(*visitor) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closeVisitors(which, wire.CloseCodeSignedOut, "signed out")
}

// sessions adds the sign-ins of the room's viewers, and of those who ask to be let in.
func (r *room) sessions(to map[accounts.SessionID]bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.seats {
		if s.kind == wire.PeerKindViewer {
			to[s.session] = true
		}
	}
	for _, v := range r.door {
		to[v.session] = true
	}
}
