// Package control decides who drives a room's browser. It is a state machine without clock, network or lock: the hub
// calls it, publishes what it says, and the agent enforces it.
//
// What always holds: at most one peer holds control; the epoch grows whenever the set of input that the agent may take
// changes, so a frame of an older epoch is known to be stale; the holder never stands in the queue, and nobody twice; while control
// is free, only those whose connection is lost stand in it.
package control

import (
	"slices"
	"time"

	"turtus/services/wire"
)

// PeerID names a peer of the room.
type PeerID string

// Peer is who asks: an id and what the room's permissions allow it.
type Peer struct {
	ID PeerID
	// MayControl is the permission control, MayModerate the permission moderate.
	MayControl, MayModerate bool
	// Own are the same person's other seats, as of a second tab: what one of them holds need not be asked for.
	Own []PeerID
}

// State is the control of one room. Make it by New. It is not safe for concurrent use.
type State struct {
	holder PeerID
	// away says that the holder's connection is lost: the holder keeps control, but nobody drives.
	away     bool
	epoch    uint32
	used     time.Time
	requests []PeerID
	absent   map[PeerID]bool // those in the queue whose connection is lost
}

// New makes a free control whose epochs follow epoch. A room that is made anew has to begin above every epoch that an
// agent may have seen, so the hub makes epoch of the time.
func New(epoch uint32) *State { return &State{epoch: epoch, absent: make(map[PeerID]bool)} }

// Take gives control to p when it is free, when p's person holds it on another seat, or when p may take it from others. Taking what one
// holds changes nothing.
func (s *State) Take(p Peer, now time.Time) (changed bool, err error) {
	switch {
	case !p.MayControl:
		return false, errForbidden()
	case s.holder == p.ID:
		return false, nil
	case s.holder != "" && !p.MayModerate && !slices.Contains(p.Own, s.holder):
		return false, wire.Errorf(wire.ErrorCodeControlTaken, "Somebody else has control. Ask for it.")
	}
	s.hand(p.ID, now)
	return true, nil
}

// Restore gives a free control to p, who held it in an earlier life of the room that this State knows nothing of.
func (s *State) Restore(p Peer, now time.Time) (changed bool) {
	if !p.MayControl || s.holder != "" {
		return false
	}
	s.hand(p.ID, now)
	return true
}

// Request puts p into the queue of a held control, and takes one that is free, which it may have become while p asked, or that p's person
// holds on another seat.
func (s *State) Request(p Peer, now time.Time) (changed bool, err error) {
	switch {
	case !p.MayControl:
		return false, errForbidden()
	case s.holder == p.ID:
		return false, nil
	case s.holder == "" || slices.Contains(p.Own, s.holder):
		delete(s.absent, p.ID) // who asks is there
		s.hand(p.ID, now)
		return true, nil
	case slices.Contains(s.requests, p.ID):
		return false, nil
	}
	s.requests = append(s.requests, p.ID)
	return true, nil
}

// Cancel takes p out of the queue.
func (s *State) Cancel(p PeerID) (changed bool, err error) {
	if !s.forget(p) {
		return false, errNotRequested("You have not asked for control.")
	}
	return true, nil
}

// Give hands control from its holder to another peer, who need not have asked.
func (s *State) Give(by PeerID, to Peer, now time.Time) (changed bool, err error) {
	switch {
	case s.holder != by:
		return false, errNotHeld()
	case to.ID == by:
		return false, nil
	case !to.MayControl:
		return false, wire.Errorf(wire.ErrorCodeForbidden, "That person may not control the browser in this room.")
	}
	s.hand(to.ID, now)
	return true, nil
}

// Deny refuses a request to the holder.
func (s *State) Deny(by, requester PeerID) (changed bool, err error) {
	if s.holder != by {
		return false, errNotHeld()
	}
	if !s.forget(requester) {
		return false, errNotRequested("That person does not ask for control any more.")
	}
	return true, nil
}

// Release lets go of control. The first in the queue whose connection lives gets it.
func (s *State) Release(by PeerID, now time.Time) (changed bool, err error) {
	if s.holder != by {
		return false, errNotHeld()
	}
	s.next(now)
	return true, nil
}

// Lost says that a peer's connection is gone while its seat is held. Its control stays its own, but nobody drives.
func (s *State) Lost(p PeerID) (changed bool) {
	if slices.Contains(s.requests, p) {
		s.absent[p] = true
	}
	if s.holder != p || s.away {
		return false
	}
	s.away = true
	s.epoch++
	return true
}

// Back says that a peer took its seat again, be it that its old connection was known to be lost or not: whatever the old one
// held down is let go of by the new epoch. Who still asks for a control that became free meanwhile gets it.
func (s *State) Back(p PeerID, now time.Time) (changed bool) {
	delete(s.absent, p)
	switch {
	case s.holder == "" && slices.Contains(s.requests, p):
		s.hand(p, now)
		return true
	case s.holder != p:
		return false
	}
	s.away = false
	s.epoch++
	s.used = now
	return true
}

// Left says that a peer's seat is gone.
func (s *State) Left(p PeerID, now time.Time) (changed bool) {
	changed = s.forget(p)
	if s.holder == p {
		s.next(now)
		return true
	}
	return changed
}

// Used says that the holder of epoch moved or typed. An older epoch's word counts for nothing.
func (s *State) Used(epoch int64, now time.Time) {
	if s.holder != "" && epoch == int64(s.epoch) {
		s.used = now
	}
}

// Idle releases a control that was not used for limit.
func (s *State) Idle(now time.Time, limit time.Duration) (changed bool) {
	if s.holder == "" || now.Sub(s.used) < limit {
		return false
	}
	s.next(now)
	return true
}

// IdleAt is when Idle would release, and false while control is free.
func (s *State) IdleAt(limit time.Duration) (time.Time, bool) {
	return s.used.Add(limit), s.holder != ""
}

// ForViewers is what people see: a holder whose connection is lost is still the holder.
func (s *State) ForViewers() wire.Control {
	c := wire.Control{Epoch: int64(s.epoch), Requests: make([]string, 0, len(s.requests))}
	if s.holder != "" {
		c.Holder = wire.Ptr(string(s.holder))
	}
	for _, p := range s.requests {
		c.Requests = append(c.Requests, string(p))
	}
	return c
}

// ForAgent is what the agent enforces: nobody drives while the holder's connection is lost.
func (s *State) ForAgent() wire.Control {
	c := s.ForViewers()
	if s.away {
		c.Holder = nil
	}
	return c
}

// hand makes p the holder.
func (s *State) hand(p PeerID, now time.Time) {
	s.away = p != "" && s.absent[p]
	s.forget(p)
	s.holder, s.used = p, now
	s.epoch++
}

// next hands control to the first in the queue who is there, or to nobody.
func (s *State) next(now time.Time) {
	for _, p := range s.requests {
		if !s.absent[p] {
			s.hand(p, now)
			return
		}
	}
	s.hand("", now)
}

func (s *State) forget(p PeerID) bool {
	delete(s.absent, p)
	i := slices.Index(s.requests, p)
	if i < 0 {
		return false
	}
	s.requests = slices.Delete(s.requests, i, i+1)
	return true
}
