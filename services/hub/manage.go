package hub

import (
	"turtus/services/accounts"
	"turtus/services/wire"
)

// What an administrator of the server does to all rooms at once.

// SetRoomSize bounds how many are in a room from now on; who sits there already stays.
func (h *Hub) SetRoomSize(n int) { h.roomSize.Store(int64(n)) }

// PersonDisabled closes all connections of somebody whose account was disabled. Their sessions end besides, which keeps them out.
func (h *Hub) PersonDisabled(id accounts.PersonID) {
	for _, r := range h.allLive() {
		r.evict(func(s *seat) bool { return s.kind == wire.PeerKindViewer && s.personID == id },
			wire.PeerLeftReasonLeft, wire.CloseCodeAccountDisabled, "the account was disabled")
	}
}

// ShowNotice shows every page in a room the notice that holds from now on; nil takes it away.
func (h *Hub) ShowNotice(n *wire.Notice) {
	for _, r := range h.allLive() {
		r.mu.Lock()
		frame := encode(wire.NewEnvelope(wire.TypeNotice, wire.NoticeEvent{Notice: n}))
		for _, s := range r.seats {
			if s.kind == wire.PeerKindViewer && s.conn != nil {
				s.conn.send(frame)
			}
		}
		r.mu.Unlock()
	}
}

// Load counts the people in rooms, somebody in two rooms in each, and the rooms with somebody in them.
func (h *Hub) Load() (people, rooms int) {
	for _, r := range h.allLive() {
		r.mu.Lock()
		n := r.people()
		r.mu.Unlock()
		people += n
		if n > 0 {
			rooms++
		}
	}
	return people, rooms
}
