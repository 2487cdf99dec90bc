package hub

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"turtus/services/accounts"
	"turtus/services/hub/control"
	"turtus/services/rooms"
	"turtus/services/wire"
)

// room is a live room: its seats, and what a snapshot of it needs. Its lock is held for memory alone; sending is queueing.
type room struct {
	id   rooms.ID
	hub  *Hub
	pins int // under hub.mu: joins under way and seats

	mu      sync.Mutex
	loading *load
	loaded  bool
	deleted bool
	frozen  bool // the hub shuts down
	version int64
	seats   map[PeerID]*seat
	// memberChanges counts what MemberChanged was told, infoChanges what changed info.
	memberChanges, infoChanges int
	// infoMissed says that info could not be read after it was changed.
	infoMissed bool

	info    wire.Room
	policy  rooms.Policy
	control *control.State
	idle    *time.Timer
	browser wire.Browser
	// infoKnown and browserKnown say that somebody told what is newer than what load reads.
	infoKnown, browserKnown bool
	chat                    chat

	pointers pointers
	links    links
	door     []*visitor // who ask to be let in, the first first
	attended bool       // those at the door were told that somebody may answer
	// askAgain is when who was answered lately may ask again.
	askAgain map[accounts.PersonID]time.Time
}

// load is one reading of what the database has of a room; those who enter at the same time share it.
type load struct {
	done chan struct{}
	err  error
}

func newRoom(h *Hub, id rooms.ID) *room {
	now := h.o.Now()
	return &room{
		id: id, hub: h, seats: make(map[PeerID]*seat), askAgain: make(map[accounts.PersonID]time.Time),
		// Versions and epochs go on above those of the same room before it vanished, or before the server restarted.
		version: now.UnixMilli(), control: control.New(firstEpoch(now)), chat: chat{paces: make(map[accounts.PersonID]*pace)},
	}
}

// epochsBegin and epochsPerSecond make first epochs that no earlier life of a room has reached, unless its control changed hands four
// times a second all the while. Epochs are 32 bits on the wire; these last until 2059.
var epochsBegin = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

const epochsPerSecond = 4

func firstEpoch(now time.Time) uint32 {
	return uint32(max(0, now.Sub(epochsBegin)/(time.Second/epochsPerSecond)))
}

// load reads the room once; after an error, the next to enter tries again.
func (r *room) load() error {
	r.mu.Lock()
	if r.loaded {
		r.mu.Unlock()
		return nil
	}
	l := r.loading
	if l != nil {
		r.mu.Unlock()
		<-l.done
		return l.err
	}
	l = &load{done: make(chan struct{})}
	r.loading = l
	r.mu.Unlock()

	l.err = errPanicked // until reading has come to its end
	var stored rooms.Room
	var page []rooms.Message
	var more bool
	var browser wire.Browser
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		defer close(l.done)
		r.loading = nil
		if l.err == nil {
			r.take(stored, page, more, browser)
		}
	}()
	ctx, cancel := context.WithTimeout(r.hub.ctx, r.hub.o.CallTimeout)
	defer cancel()
	var err error
	stored, err = r.hub.o.Rooms.ByID(ctx, r.id)
	if err == nil {
		page, more, err = r.hub.o.Rooms.Latest(ctx, r.id, mostRemembered) // with whispers among them
	}
	browser = r.hub.o.Browsers.State(r.id)
	l.err = err
	return err
}

// take is the end of load. It needs the lock.
func (r *room) take(stored rooms.Room, page []rooms.Message, more bool, browser wire.Browser) {
	r.loaded = true
	if !r.infoKnown {
		r.info, r.policy = stored.Wire(), stored.Policy
	}
	if !r.browserKnown {
		r.browser = browser
	}
	r.chat.take(stored, page, more)
}

// snapshot is the room as a seat may see it. It needs the lock.
func (r *room) snapshot(s *seat) wire.RoomSnapshot {
	snap := wire.RoomSnapshot{
		Room: r.infoFor(s), Peers: make([]wire.Peer, 0, len(r.seats)), Control: r.controlFor(s), Browser: r.browser,
		Messages: []wire.ChatMessage{},
	}
	for _, other := range r.seats {
		snap.Peers = append(snap.Peers, other.wire())
	}
	slices.SortFunc(snap.Peers, func(a, b wire.Peer) int { return a.JoinedAt.Compare(b.JoinedAt) })
	if s.kind == wire.PeerKindViewer { // what people say is no business of a browser
		r.chat.snapshot(s, &snap)
	}
	if s.kind == wire.PeerKindViewer {
		snap.Links = wire.Ptr(r.linkBoard())
	}
	if requests := r.requests(s); requests != nil {
		snap.Door = &requests
	}
	return snap
}

func (r *room) infoFor(s *seat) wire.Room {
	info := r.info
	info.People, info.BrowserState, info.BrowserEndsAt = r.people(), r.browser.State, r.browser.EndsAt
	info.Role = nil
	if s.kind == wire.PeerKindViewer {
		info.Role = &s.standing.Role
	}
	return info
}

func (r *room) controlFor(s *seat) wire.Control {
	if s.kind == wire.PeerKindVb {
		return r.control.ForAgent()
	}
	return r.control.ForViewers()
}

// people counts persons; it needs the lock.
func (r *room) people() int {
	persons := make(map[accounts.PersonID]bool)
	for _, s := range r.seats {
		if s.kind == wire.PeerKindViewer {
			persons[s.personID] = true
		}
	}
	return len(persons)
}

// agent is the seat of the room's browser, or nil; it needs the lock.
func (r *room) agent() *seat {
	for _, s := range r.seats {
		if s.kind == wire.PeerKindVb {
			return s
		}
	}
	return nil
}

// tell sends an increment to all connected peers but one: the payload is the same for all. It needs the lock, as do the next two.
func (r *room) tell(except *seat, messageType string, payload any) {
	r.version++
	e := wire.NewEnvelope(messageType, payload)
	e.Version = r.version
	frame := encode(e)
	for _, s := range r.seats {
		if s != except && s.conn != nil {
			s.conn.send(frame)
		}
	}
}

// tellEach sends an increment whose payload depends on who sees it.
func (r *room) tellEach(messageType string, payload func(*seat) any) {
	r.version++
	for _, s := range r.seats {
		if s.conn != nil {
			e := wire.NewEnvelope(messageType, payload(s))
			e.Version = r.version
			s.conn.send(encode(e))
		}
	}
}

// beginInfoChange numbers a change of what the room is, from 1 on.
func (r *room) beginInfoChange() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.infoChanges++
	r.infoMissed = false
	return r.infoChanges
}

// missedInfo says whether info is to be read again.
func (r *room) missedInfo() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.infoMissed
}

// updateInfo takes what was read after a change began, and returns 0; or, if another has begun since, does nothing and returns that
// one: what was read may be out of date.
func (r *room) updateInfo(stored rooms.Room, change int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if change != r.infoChanges {
		return r.infoChanges
	}
	info := stored.Wire()
	resized := r.info.Screen != info.Screen
	r.info, r.policy, r.infoKnown = info, stored.Policy, true
	r.tellEach(wire.TypeRoomUpdated, func(s *seat) any { return wire.RoomEvent{Room: r.infoFor(s)} })
	r.reconsider()
	if info.Entry != wire.EntryAsk {
		r.answerAll(everyVisitor, wire.DoorAnsweredAnswerChanged)
	}
	if agent := r.agent(); resized && agent != nil {
		r.tellScreen(agent)
	}
	return 0
}

// tellScreen has the agent show the room's screen; one that does already has nothing to do. It needs the lock.
func (r *room) tellScreen(agent *seat) {
	if agent.conn != nil {
		agent.conn.send(encode(wire.NewEnvelope(wire.TypeVBScreen, r.info.Screen)))
	}
}

func (r *room) updateBrowser(b wire.Browser) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.browser, r.browserKnown = b, true
	r.tell(nil, wire.TypeBrowserChanged, wire.BrowserEvent{Browser: b})
}

func (r *room) updatePerson(id accounts.PersonID, p wire.PublicPerson) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.seats {
		if s.kind == wire.PeerKindViewer && s.personID == id {
			s.person = &p
			r.tell(nil, wire.TypePeerUpdated, wire.PeerEvent{Peer: s.wire()})
		}
	}
	if v := r.visitorOf(id); v != nil {
		v.person = p
		r.tellDoor()
	}
	if r.infoKnown || r.loaded {
		if accounts.PersonID(r.info.Owner.Id) == id {
			r.info.Owner = p
			r.infoChanges++ // a reading under way may have the old name
			r.tellEach(wire.TypeRoomUpdated, func(s *seat) any { return wire.RoomEvent{Room: r.infoFor(s)} })
		}
	}
}

// freeze gives up held seats and stops the room's timers for good: the hub shuts down.
func (r *room) freeze() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.frozen = true
	if r.idle != nil {
		r.idle.Stop()
	}
	r.pointers.stop()
	for _, s := range r.seats {
		if s.conn == nil {
			r.remove(s, wire.PeerLeftReasonLost)
		}
	}
}

func encode(e wire.Envelope) []byte {
	frame, err := json.Marshal(e)
	if err != nil {
		panic("hub: marshal an envelope: " + err.Error()) // its payload was marshalled or validated before
	}
	return frame
}
