package hub

import (
	"github.com/google/uuid"

	"turtus/services/rooms"
	"turtus/services/wire"
)

// wait lets in an agent whose browser has no room yet. It has no seat and hears of no room; it may say how it is, and is told by AssignBrowser
// whose browser it becomes. Then it connects anew, with the token of that room.
func (p *peer) wait(re string, run uuid.UUID) error {
	p.connection = connections.Add(1)
	if err := p.hub.o.Browsers.Connected(rooms.ID{}, run, run.String(), p.connection); err != nil {
		return p.refuse(re, wire.CloseCodeBrowserEnded, errRunEnded)
	}
	p.waits = &run
	p.log = p.log.With("browser", run.String())
	h := p.hub
	h.mu.Lock()
	older := h.waiting[run]
	if older != nil && older.connection > p.connection {
		older = p
	} else {
		h.waiting[run] = p
	}
	h.mu.Unlock()
	if older != nil {
		older.conn.close(wire.CloseCodeSeatTaken, "the same browser has connected again")
	}
	e := wire.NewEnvelope(wire.TypeVBWaiting, wire.Empty{})
	e.Re = re
	p.send(e)
	return nil
}

// endWait is for the connection's end.
func (h *Hub) endWait(p *peer) {
	h.mu.Lock()
	if h.waiting[*p.waits] == p {
		delete(h.waiting, *p.waits)
	}
	h.mu.Unlock()
	h.o.Browsers.Disconnected(rooms.ID{}, *p.waits, p.connection)
}

// AssignBrowser tells the agent that waits as run which room it belongs to from now on, and says whether there is one to tell.
func (h *Hub) AssignBrowser(run uuid.UUID, a wire.VBAssign) bool {
	h.mu.Lock()
	p := h.waiting[run]
	h.mu.Unlock()
	return p != nil && p.conn.send(encode(wire.NewEnvelope(wire.TypeVBAssign, a)))
}

// browser is the room and run of an agent; the room is zero while it waits for one.
func (p *peer) browser() (rooms.ID, uuid.UUID) {
	if p.waits != nil {
		return rooms.ID{}, *p.waits
	}
	return p.room.id, p.seat.run
}
