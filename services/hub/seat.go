package hub

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"github.com/google/uuid"

	"turtus/services/accounts"
	"turtus/services/hub/control"
	"turtus/services/rooms"
	"turtus/services/wire"
)

// seat is a peer's place in a room. It outlives its connection by a grace, so that a reload or a lost network costs nothing. Its
// fields are under the room's lock.
type seat struct {
	id          PeerID
	kind        wire.PeerKind
	person      *wire.PublicPerson // of a viewer, as the next four
	personID    accounts.PersonID
	session     accounts.SessionID
	standing    rooms.Standing
	permissions rooms.Permissions
	run         uuid.UUID // of a vb
	joined      time.Time
	media       wire.MediaState
	hand        int64 // 0, or higher for each that is raised later
	pointers    bool  // the connection wants to be told those of others

	host   string    // that the server was opened under
	secure bool      // by TLS that ends here
	served time.Time // when the peer was told its ICE servers

	conn  *conn // nil while the seat is held for a lost connection
	grace *time.Timer
	// losses counts lost connections, so that an old grace that fires late does nothing.
	losses int
}

func (s *seat) wire() wire.Peer {
	return wire.Peer{
		Id: string(s.id), Kind: s.kind, Person: s.person, Role: s.standing.Role, Connected: s.conn != nil, JoinedAt: s.joined.UTC(), Media: s.media,
		Muted: s.standing.Muted.Wire(), Hand: s.hand,
	}
}

// controlPeer is a seat as control sees it. It needs the lock.
func (r *room) controlPeer(s *seat) control.Peer {
	p := control.Peer{
		ID: s.id, MayControl: s.kind == wire.PeerKindViewer && s.permissions.Has(rooms.Control), MayModerate: s.permissions.Has(rooms.Moderate),
	}
	for _, other := range r.seats {
		if s.kind == wire.PeerKindViewer && other.kind == s.kind && other.personID == s.personID && other != s {
			p.Own = append(p.Own, other.id)
		}
	}
	return p
}

func (s *seat) stopGrace() {
	if s.grace != nil {
		s.grace.Stop()
	}
}

func newPeerID() PeerID { return PeerID(strings.ToLower(rand.Text())) }

// errSuperseded is for what a connection said that had lost its seat by then; the connection is closed, so nobody reads it.
var errSuperseded = wire.Errorf(wire.ErrorCodeUnavailable, "This connection has no seat any more.")

// sits says whether the connection still has its seat. It needs the room's lock.
func (p *peer) sits() bool { return p.seat.conn == p.conn }

// resumeKey is what takes a seat again: good for one peer id of one person in one room. Being computed, it needs no memory, so a
// hub with the same secret knows the keys of the hub before it.
func (h *Hub) resumeKey(room rooms.ID, peer PeerID, person accounts.PersonID) string {
	mac := hmac.New(sha256.New, h.o.ResumeSecret)
	for _, part := range []string{"seat", room.String(), string(peer), person.String()} {
		mac.Write([]byte(part))
		mac.Write([]byte{0})
	}
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// resumes says whether key is the one of that seat, in constant time.
func (h *Hub) resumes(room rooms.ID, peer PeerID, person accounts.PersonID, key string) bool {
	return hmac.Equal([]byte(h.resumeKey(room, peer, person)), []byte(key))
}

// sit gives a peer that said hello its seat, tells the others, and queues identity as its first message. A fresh
// seat takes over the caller's pin. A viewer's standing was read after the change of members of that number; where another has begun
// since, there is no seat but errMembersChanged.
func (r *room) sit(p *peer, claims rooms.Claims, standing rooms.Standing, person *wire.PublicPerson, resume *wire.Resume, change int) (fresh bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.deleted:
		return false, wire.Errorf(wire.ErrorCodeNotFound, "The room was deleted.")
	case r.frozen:
		return false, wire.Errorf(wire.ErrorCodeUnavailable, "The server restarts.")
	case r.hub.signedOut(claims): // it may have happened since hello was checked
		return false, errSignedOut
	case claims.Kind == wire.PeerKindViewer && change != r.memberChanges:
		return false, errMembersChanged
	case standing.Banned:
		return false, wire.Errorf(wire.ErrorCodeBanned, "You were banned from this room.")
	case claims.Kind == wire.PeerKindViewer && standing.Role == "":
		return false, wire.Errorf(wire.ErrorCodeRoomMembersOnly, "You are no member of this room any more.")
	case standing.LockedOut && !r.holds(claims.Person):
		return false, wire.Errorf(wire.ErrorCodeRoomLocked, "The room is locked: nobody new comes in just now.")
	}
	now := r.hub.o.Now()
	id, resumed := r.seatFor(claims, resume, now)
	s := r.seats[id]
	taken := s != nil
	if !taken {
		if claims.Kind == wire.PeerKindViewer && !r.makePlace(claims, standing) {
			return false, wire.Errorf(wire.ErrorCodeRoomFull, "The room is full.")
		}
		s = &seat{id: id, kind: claims.Kind, joined: now, run: claims.Browser}
		r.seats[id] = s
	}
	s.stopGrace()
	if s.conn != nil {
		s.conn.close(wire.CloseCodeSeatTaken, "the seat was taken by a newer connection")
	}
	s.conn, s.person, s.personID, s.session = p.conn, person, claims.Person, claims.Session
	s.standing, s.permissions = standing, standing.Permissions(r.policy)
	if s.kind == wire.PeerKindVb {
		s.standing, s.permissions = rooms.Standing{Role: wire.RoleGuest}, 0 // the contract wants a role; it allows nothing
	}
	s.pointers = false
	r.dropPointer(s)
	p.room, p.seat = r, s
	s.host, s.secure, s.served = p.host, p.secure, now

	if taken {
		// Their role may have been lowered and MemberChanged be still under way: it finds nothing to change then.
		s.switchOff()
		r.tell(s, wire.TypePeerUpdated, wire.PeerEvent{Peer: s.wire()})
		step := r.control.Back
		if !s.permissions.Has(rooms.Control) {
			step = r.control.Left
		}
		if step(s.id, now) {
			r.tellControl(s)
		}
	} else {
		r.tell(s, wire.TypePeerJoined, wire.PeerEvent{Peer: s.wire()})
		// A restarted hub knows of no holder. That this one held control is the peer's word alone, but it gains nothing by it that
		// control.take would not give.
		if resumed && resume != nil && resume.Control != nil && *resume.Control && r.control.Restore(r.controlPeer(s), now) {
			r.tellControl(s)
		}
	}
	p.conn.send(encode(wire.NewEnvelope(wire.TypeIdentity, wire.Identity{
		Peer: string(s.id), Kind: s.kind, Role: s.standing.Role, Permissions: s.permissions.Names(),
		ResumeKey: r.hub.resumeKey(r.id, s.id, s.personID), Resumed: resumed, IceServers: r.hub.o.Relay.Servers(string(s.id), s.kind, p.host, p.secure),
		Version: r.version, ServerTime: now.UTC(), Snapshot: r.snapshot(s),
	})))
	r.attend()
	r.followLinks()
	if s.kind == wire.PeerKindVb {
		r.tellScreen(s) // it may have been changed since the agent was started, or while it was away
	}
	return !taken, nil
}

// holds says whether a person has a seat, be its connection lost. It needs the lock.
func (r *room) holds(person accounts.PersonID) bool {
	for _, s := range r.seats {
		if s.kind == wire.PeerKindViewer && s.personID == person {
			return true
		}
	}
	return false
}

// seatFor finds which seat a hello means. It needs the lock.
func (r *room) seatFor(claims rooms.Claims, resume *wire.Resume, now time.Time) (id PeerID, resumed bool) {
	if claims.Kind == wire.PeerKindVb {
		id = PeerID(claims.Browser.String())
		return id, r.seats[id] != nil
	}
	if resume == nil || !r.hub.resumes(r.id, PeerID(resume.Peer), claims.Person, resume.Key) {
		return newPeerID(), false
	}
	id = PeerID(resume.Peer)
	if r.seats[id] != nil || now.Sub(r.hub.started) < r.hub.o.RestoreWindow {
		return id, true
	}
	return newPeerID(), false
}

// makePlace says whether one more viewer may sit down. Somebody with SeatsPerPerson of them gives up the first of them for it; in a full
// room, so does whoever has one that is held for a lost connection. A room is full of people: who is there already, and who moderates, always
// finds place. It needs the lock.
func (r *room) makePlace(claims rooms.Claims, standing rooms.Standing) bool {
	own := 0
	var first *seat // to give up: a held one before others, then the oldest
	for _, s := range r.seats {
		if s.kind != wire.PeerKindViewer || s.personID != claims.Person {
			continue
		}
		own++
		if first == nil || (s.conn == nil && first.conn != nil) || ((s.conn == nil) == (first.conn == nil) && s.joined.Before(first.joined)) {
			first = s
		}
	}
	full := r.people() >= r.size()
	switch {
	case own >= r.hub.o.SeatsPerPerson && first.conn != nil:
		first.conn.close(wire.CloseCodeSeatTaken, "you have too many connections to this room")
		r.remove(first, wire.PeerLeftReasonLeft)
	case own >= r.hub.o.SeatsPerPerson, full && first != nil && first.conn == nil:
		r.remove(first, wire.PeerLeftReasonLost)
	case full && own == 0:
		return standing.Permissions(r.policy).Has(rooms.Moderate)
	}
	return true
}

// size is how many people may be here: what the owner chose, and no more than the server has.
func (r *room) size() int {
	most := int(r.hub.roomSize.Load())
	if r.info.Size > 0 {
		return min(r.info.Size, most)
	}
	return most
}

// lose takes a connection off its seat. The seat is gone at once where the peer left, and held for a while where it was lost.
func (r *room) lose(p *peer, deliberate bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := p.seat
	if s.conn != p.conn { // taken again, or evicted
		return
	}
	s.conn = nil
	r.dropPointer(s)
	if deliberate || r.frozen {
		r.remove(s, wire.PeerLeftReasonLeft)
		return
	}
	s.losses++
	grace := r.hub.o.SeatGrace
	if s.kind == wire.PeerKindVb {
		grace = r.hub.o.AgentGrace
	}
	losses := s.losses
	s.grace = time.AfterFunc(grace, func() { r.expire(s, losses) })
	r.attend()
	r.tell(s, wire.TypePeerUpdated, wire.PeerEvent{Peer: s.wire()})
	if r.control.Lost(s.id) {
		r.tellControl(nil)
	}
}

// expire gives up a seat whose grace is over.
func (r *room) expire(s *seat, losses int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.frozen && r.seats[s.id] == s && s.conn == nil && s.losses == losses {
		r.remove(s, wire.PeerLeftReasonLost)
	}
}

// remove takes a seat and its pin away and tells who stays. It needs the lock.
func (r *room) remove(s *seat, reason wire.PeerLeftReason) {
	s.stopGrace()
	s.conn = nil
	delete(r.seats, s.id)
	r.hub.o.Relay.Forget(string(s.id))
	if s.kind == wire.PeerKindVb { // its addresses may be somebody else's from now on
		for viewer := range r.seats {
			r.hub.o.Relay.Forget(string(viewer))
		}
	}
	r.dropPointer(s)
	r.attend()
	r.tell(nil, wire.TypePeerLeft, wire.PeerLeft{Peer: string(s.id), Reason: reason})
	r.followLinks()
	if r.control.Left(s.id, r.hub.o.Now()) {
		r.tellControl(nil)
	}
	r.hub.leave(r)
}

// evict removes seats and closes their connections.
func (r *room) evict(which func(*seat) bool, reason wire.PeerLeftReason, code wire.CloseCode, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.seats {
		if !which(s) {
			continue
		}
		if s.conn != nil {
			s.conn.close(code, text)
		}
		r.remove(s, reason)
	}
}

// renewServers tells those their ICE servers anew whose credentials are getting old.
func (r *room) renewServers() {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.hub.o.Now()
	for _, s := range r.seats {
		if s.conn != nil && now.Sub(s.served) >= r.hub.o.ServersLife {
			s.served = now
			s.conn.send(encode(wire.NewEnvelope(wire.TypeICEServers, wire.ICEUpdate{IceServers: r.hub.o.Relay.Servers(string(s.id), s.kind, s.host, s.secure)})))
		}
	}
}
