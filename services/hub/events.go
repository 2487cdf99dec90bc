package hub

import (
	"context"

	"turtus/services/accounts"
	"turtus/services/rooms"
	"turtus/services/wire"
)

// People counts the people in a room now, those included whose connection was just lost. Somebody with two tabs counts once.
func (h *Hub) People(id rooms.ID) int {
	if r := h.live(id); r != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.people()
	}
	return 0
}

// Present are the people who have a seat in a room now. A hello that is under way reads anew what its person is in the room: what was stored
// before Present is called holds for all who are not in its answer.
func (h *Hub) Present(id rooms.ID) (people []accounts.PersonID) {
	r := h.live(id)
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.memberChanges++
	for _, s := range r.seats {
		if s.kind == wire.PeerKindViewer {
			people = append(people, s.personID)
		}
	}
	return people
}

// Asks says whether somebody asks to be let into a room now.
func (h *Hub) Asks(id rooms.ID, person accounts.PersonID) bool {
	r := h.live(id)
	if r == nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.visitorOf(person) != nil
}

// ViewerCount counts the viewers of a room that are connected.
func (h *Hub) ViewerCount(id rooms.ID) int {
	r := h.live(id)
	if r == nil {
		return 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, s := range r.seats {
		if s.kind == wire.PeerKindViewer && s.conn != nil {
			n++
		}
	}
	return n
}

// RoomUpdated tells a room's people what it is now, and its agent its screen. Tell it after the change was stored. It reads the room,
// so it takes as long as the database, but waits for no peer: of two changes at once the newer wins, whichever is told first.
func (h *Hub) RoomUpdated(id rooms.ID) {
	r := h.live(id)
	if r == nil {
		return
	}
	r.readInfo(h.ctx)
}

// readInfo takes what the room is now. What could not be read is asked again by recheckSessions: who may do no more what they could is not told else.
func (r *room) readInfo(ctx context.Context) {
	for change := r.beginInfoChange(); ; {
		call, cancel := context.WithTimeout(ctx, r.hub.o.CallTimeout)
		stored, err := r.hub.o.Rooms.ByID(call, r.id)
		cancel()
		if wire.CodeOf(err) == wire.ErrorCodeNotFound {
			return // deleted meanwhile, and RoomDeleted says so
		}
		if err != nil {
			r.hub.o.Log.Warn("a changed room could not be read", "room", r.id.String(), "error", err)
			r.mu.Lock()
			r.infoMissed = true
			r.mu.Unlock()
			return
		}
		if change = r.updateInfo(stored, change); change == 0 {
			return
		}
	}
}

// RoomDeleted closes everybody in the room with CloseCodeRoomDeleted.
func (h *Hub) RoomDeleted(id rooms.ID) {
	if r := h.live(id); r != nil {
		r.mu.Lock()
		r.deleted = true
		r.closeVisitors(everyVisitor, wire.CloseCodeRoomDeleted, "the room was deleted")
		r.mu.Unlock()
		r.evict(func(*seat) bool { return true }, wire.PeerLeftReasonEnded, wire.CloseCodeRoomDeleted, "the room was deleted")
	}
}

// PersonUpdated shows a person's new name or picture in the rooms they are in.
func (h *Hub) PersonUpdated(id accounts.PersonID, p wire.PublicPerson) {
	for _, r := range h.allLive() {
		r.updatePerson(id, p)
	}
}

// MessageStored shows the room a message that was stored by somebody else than the hub. Tell it of a message whose key came again too, as
// repeated: nobody may have been told when it was stored, and the room hears nothing twice.
func (h *Hub) MessageStored(id rooms.ID, m wire.ChatMessage, repeated bool) {
	if r := h.live(id); r != nil {
		r.addMessage(m, repeated, nil, "", "")
	}
}

// MessageChanged shows the room what became of a message by somebody else than the hub, after it was stored.
func (h *Hub) MessageChanged(id rooms.ID, m wire.ChatMessage) {
	if r := h.live(id); r != nil {
		r.changeMessage(m)
	}
}

// ChatCleared shows the room that its messages were removed by somebody else than the hub, after it was stored.
func (h *Hub) ChatCleared(id rooms.ID, cleared wire.ChatCleared) {
	if r := h.live(id); r != nil {
		r.clearChat(cleared)
	}
}

// BrowserChanged shows the room its browser. The agent of a run that has ended is closed with CloseCodeBrowserEnded.
func (h *Hub) BrowserChanged(id rooms.ID, b wire.Browser) {
	r := h.live(id)
	if r == nil {
		return
	}
	r.updateBrowser(b)
	if b.State == wire.BrowserStateStopped || b.State == wire.BrowserStateFailed {
		r.evict(func(s *seat) bool { return s.kind == wire.PeerKindVb },
			wire.PeerLeftReasonEnded, wire.CloseCodeBrowserEnded, "the browser has ended")
	}
}

// StopBrowser tells the room's agent to end, and says whether there is one to tell.
func (h *Hub) StopBrowser(id rooms.ID, reason wire.EndReason) bool {
	return h.tellAgent(id, wire.NewEnvelope(wire.TypeVBStop, wire.VBStop{Reason: reason}))
}

// KeepAliveBrowser tells the room's agent to begin its countdown anew, and says whether there is one to tell.
func (h *Hub) KeepAliveBrowser(id rooms.ID) bool {
	return h.tellAgent(id, wire.NewEnvelope(wire.TypeVBKeepAlive, wire.Empty{}))
}

func (h *Hub) tellAgent(id rooms.ID, e wire.Envelope) bool {
	r := h.live(id)
	if r == nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	agent := r.agent()
	return agent != nil && agent.conn != nil && agent.conn.send(encode(e))
}
