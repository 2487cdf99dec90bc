package browsers

import (
	"net/netip"
	"time"

	"github.com/google/uuid"

	"turtus/services/rooms"
	"turtus/services/wire"
)

// The hub calls these; hub.Browsers says what they mean.

// Connected says that the run's agent is there as peer. ErrRunEnded refuses it.
func (s *Service) Connected(room rooms.ID, id uuid.UUID, peer string, connection int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if room.IsZero() {
		return s.warmConnected(id, connection)
	}
	r := s.byID[id]
	if r == nil || r.room != room {
		return ErrRunEnded
	}
	if connection < r.connection {
		return nil // a newer one was told before
	}
	r.connection, r.connected, r.joined = connection, true, true
	if r.joinTimer != nil {
		r.joinTimer.Stop()
	}
	if r.lostTimer != nil {
		r.lostTimer.Stop()
	}
	r.browser.Peer = &peer
	s.changed(r)
	return nil
}

// Status takes over the agent's word on itself.
func (s *Service) Status(room rooms.ID, id uuid.UUID, status wire.VBStatus) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if room.IsZero() {
		s.warmStatus(id, status)
		return
	}
	if r := s.byID[id]; r != nil && r.room == room && status.State.Valid() {
		status.Detail = words(status.Detail)
		if status.Step != nil && !status.Step.Valid() {
			status.Step = nil
		}
		first := r.readyAt == nil
		r.apply(status, s.o.Now())
		if first && r.readyAt != nil {
			s.pool.roomReady(s.o.Now())
			wake(s.wakeWarm)
		}
		if r.readyAt != nil && !r.stopping && r.lastWord == nil {
			s.beginSession(r)
		}
		s.changed(r)
	}
}

// Ending takes the agent's last word; its processes are waited for, and helped along where they stay.
func (s *Service) Ending(room rooms.ID, id uuid.UUID, ending wire.VBEnding) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.byID[id]
	if r == nil || r.room != room || r.lastWord != nil || r.stopping {
		return
	}
	if !ending.Reason.Valid() {
		ending.Reason = wire.EndReasonFailed
	}
	ending.Detail = words(ending.Detail)
	r.lastWord = &ending
	r.stopTimers()
	b := &r.browser
	b.State, b.Step, b.Progress, b.EndsAt, b.Session, b.Detail = wire.BrowserStateStopping, nil, nil, nil, nil, ending.Detail
	s.changed(r)
	if s.closing {
		return // Shutdown has seen to it
	}
	s.work(func() {
		s.waitFor(r, s.o.StopGrace+s.o.KillGrace)
		<-r.launched
		s.makeSure(r)
	})
}

// Media are the addresses that the run's agent may name as its own; none where the launcher doesn't know them.
func (s *Service) Media(room rooms.ID, id uuid.UUID) []netip.AddrPort {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.byID[id]; r != nil && r.room == room {
		return r.media
	}
	return nil
}

// Disconnected says that a connection of the agent is gone. It has SignalTimeout to come back.
func (s *Service) Disconnected(room rooms.ID, id uuid.UUID, connection int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if room.IsZero() {
		s.warmDisconnected(id, connection)
		return
	}
	r := s.byID[id]
	if r == nil || r.room != room || connection < r.connection || !r.connected {
		return
	}
	s.lost(r, "The browser has lost its connection to the server and may come back.")
}

// lost waits for an agent without connection. It needs the lock.
func (s *Service) lost(r *run, detail string) {
	r.connected, r.browser.Peer = false, nil
	if !r.stopping && r.lastWord == nil {
		if r.readyAt != nil {
			r.browser.State, r.browser.Detail, r.browser.Step, r.browser.Progress = wire.BrowserStateDegraded, &detail, nil, nil
		}
		r.browser.EndsAt = nil
		if r.lostTimer != nil {
			r.lostTimer.Stop()
		}
		r.lostTimer = time.AfterFunc(s.o.Spec.SignalTimeout+s.o.Margin, func() { s.lostTooLong(r) })
	}
	s.changed(r)
}

func (s *Service) lostTooLong(r *run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !r.connected && !s.closing {
		s.stop(r, wire.EndReasonSignalLost, "The browser lost its connection to the server and did not come back.")
	}
}
