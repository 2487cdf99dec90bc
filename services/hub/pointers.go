package hub

import (
	"slices"
	"time"

	"turtus/services/rooms"
	"turtus/services/wire"
)

const (
	// mostPointers are shown in a room at a time. Whoever has one keeps it while it moves, else two would flicker in one place.
	mostPointers = 24
	// pointerRest is how long a pointer is still before one that moves takes its place.
	pointerRest = time.Second
	// pointerInterval is between two frames; crowdInterval in a room of more than crowd.
	pointerInterval, crowdInterval = 50 * time.Millisecond, 100 * time.Millisecond
	crowd                          = 20
)

// pointers are where people point in the picture who do not drive. Of what they say between two frames the newest counts. Nothing runs while
// nobody moves. They are under the room's lock.
type pointers struct {
	out  map[PeerID]*pointer
	gone []string  // of those that were told; so they are no more than there are places
	told time.Time // when the last frame was
	// waiting says that timer will tell; without it there is nothing to tell.
	waiting bool
	timer   *time.Timer
}

type pointer struct {
	x, y  int
	moved time.Time
	// known to those who want it, and news since.
	known, news bool
}

// move says whether there is something new to tell.
func (p *pointers) move(id PeerID, to wire.PicturePoint, now time.Time) bool {
	at := p.out[id]
	switch {
	case at == nil && !p.place(now):
		return false
	case at == nil:
		if p.out == nil {
			p.out = make(map[PeerID]*pointer)
		}
		at = &pointer{}
		p.out[id] = at
	case at.x == to.X && at.y == to.Y:
		return false
	}
	at.x, at.y, at.moved, at.news = to.X, to.Y, now, true
	return true
}

// place makes room for one more, in the place of the one that rests for longest.
func (p *pointers) place(now time.Time) bool {
	if len(p.out) < mostPointers {
		return true
	}
	var oldest PeerID
	for id, at := range p.out {
		if now.Sub(at.moved) >= pointerRest && (oldest == "" || at.moved.Before(p.out[oldest].moved)) {
			oldest = id
		}
	}
	if oldest == "" {
		return false
	}
	p.drop(oldest)
	return true
}

// drop says whether there is something new to tell.
func (p *pointers) drop(id PeerID) bool {
	at := p.out[id]
	delete(p.out, id)
	if at == nil || !at.known {
		return false
	}
	p.gone = append(p.gone, string(id))
	return true
}

// frame takes what there is to tell.
func (p *pointers) frame(interval time.Duration) wire.PointersMoved {
	said := wire.PointersMoved{Interval: int(interval.Milliseconds()), Moved: []wire.PointerAt{}, Gone: p.gone}
	p.gone = nil
	for id, at := range p.out {
		if at.news {
			at.known, at.news = true, false
			said.Moved = append(said.Moved, wire.PointerAt{Peer: string(id), X: at.x, Y: at.y})
		}
	}
	return said
}

func (p *pointers) stop() {
	if p.timer != nil {
		p.timer.Stop()
	}
}

// movePointer takes a place from somebody who watches. Whoever drives has the browser's own cursor: what comes from them was on its way.
func movePointer(p *peer, e wire.Envelope) error {
	payload, err := wire.Decode[wire.PointerMove](e)
	if err != nil {
		return err
	}
	r := p.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if !p.sits() {
		return errSuperseded
	}
	if err := p.seat.permissions.Require(rooms.React); err != nil {
		return err
	}
	if limit := r.paceOf(p.seat.personID).pointer; !limit.Allow() {
		return p.tooMany("moves of the pointer", limit)
	}
	switch holder := r.control.ForViewers().Holder; {
	case payload.At == nil || holder != nil && *holder == string(p.seat.id):
		r.dropPointer(p.seat)
	case r.pointers.move(p.seat.id, *payload.At, r.hub.o.Now()):
		r.tellPointersSoon()
	}
	return nil
}

// wantPointers says whether this connection shows them.
func wantPointers(p *peer, e wire.Envelope) error {
	payload, err := wire.Decode[wire.PointersWant](e)
	if err != nil {
		return err
	}
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	if !p.sits() {
		return errSuperseded
	}
	p.seat.pointers = payload.Want
	return nil
}

// dropPointer takes a seat's pointer away. It needs the lock, as do those below.
func (r *room) dropPointer(s *seat) {
	if r.pointers.drop(s.id) {
		r.tellPointersSoon()
	}
}

// pointersEvery is how often they are told.
func (r *room) pointersEvery() time.Duration {
	viewers := 0
	for _, s := range r.seats {
		if s.kind == wire.PeerKindViewer && s.conn != nil {
			viewers++
		}
	}
	if viewers > crowd {
		return crowdInterval
	}
	return pointerInterval
}

// tellPointersSoon tells at once what comes after a rest, and else when the time for the next frame has come.
func (r *room) tellPointersSoon() {
	p := &r.pointers
	if p.waiting || r.frozen {
		return
	}
	every := r.pointersEvery()
	wait := every - r.hub.o.Now().Sub(p.told)
	if wait <= 0 {
		r.tellPointers(every)
		return
	}
	p.waiting = true
	p.timer = time.AfterFunc(wait, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		p.waiting = false
		if !r.frozen {
			r.tellPointers(r.pointersEvery())
		}
	})
}

func (r *room) tellPointers(every time.Duration) {
	r.pointers.told = r.hub.o.Now()
	said := r.pointers.frame(every)
	if len(said.Moved) == 0 && len(said.Gone) == 0 {
		return
	}
	frame := encode(wire.NewEnvelope(wire.TypePointersMoved, said))
	for _, s := range r.seats {
		if s.pointers && s.conn != nil && !onlyOf(said, s.id) {
			s.conn.pass(frame)
		}
	}
}

// onlyOf says whether a frame has nothing but a peer's own pointer.
func onlyOf(said wire.PointersMoved, id PeerID) bool {
	own := string(id)
	return !slices.ContainsFunc(said.Moved, func(at wire.PointerAt) bool { return at.Peer != own }) &&
		!slices.ContainsFunc(said.Gone, func(peer string) bool { return peer != own })
}
