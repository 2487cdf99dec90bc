package browsers

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"turtus/services/accounts"
	"turtus/services/postgres/db"
	"turtus/services/rooms"
	"turtus/services/wire"
)

// restore makes a run of what the database has of it.
func (s *Service) restore(ctx context.Context, row db.Browser) *run {
	room := rooms.ID(row.RoomID)
	var owner accounts.PersonID
	if row.EndedAt == nil { // it counts for a quota
		if info, err := s.o.Rooms.ByID(ctx, room); err == nil {
			owner = info.OwnerID
		}
	}
	r := newRun(row.ID, room, owner, row.StartedAt)
	r.handle, r.readyAt, r.endedAt, r.extensions = Handle(row.Handle), row.ReadyAt, row.EndedAt, int(row.Extensions)
	if row.SessionEndsAt != nil {
		r.sessionEnds = *row.SessionEndsAt
	}
	close(r.launched)
	r.browser.State, r.browser.StartedBy = wire.BrowserState(row.State), s.personOf(ctx, row.StartedBy)
	if row.Detail != "" {
		r.browser.Detail = &row.Detail
	}
	if row.EndReason != nil {
		r.browser.EndReason = wire.Ptr(wire.EndReason(*row.EndReason))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.byRoom[room]; old == nil || old.ended {
		s.byRoom[room] = r
	}
	if row.EndedAt != nil {
		r.ended = true
		close(r.done)
	} else {
		s.byID[r.id] = r
	}
	return r
}

// adopt takes back a run whose processes outlived the server before this one.
func (s *Service) adopt(r *run, found Running) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.o.Log.Info("browser taken back", "room", r.room.String(), "browser", r.id.String())
	r.handle, r.media, r.launchedAt = found.Handle, found.Media, found.StartedAt
	if r.readyAt == nil && r.browser.State == wire.BrowserStateStarting {
		r.setStep(wire.BrowserStepSignalling)
		r.startTimer = time.AfterFunc(s.o.StartTimeout, func() { s.startTooLong(r) })
	}
	if r.browser.State == wire.BrowserStateStopping { // its end was under way
		s.stop(r, wire.EndReasonRequested, "")
		return
	}
	s.resumeSession(r)
	s.lost(r, "The server was restarted and waits for the browser to come back.")
}

// watch hears of ends from the launcher.
func (s *Service) watch() {
	for {
		select {
		case e := <-s.o.Launcher.Events():
			s.exited(e)
		case <-s.ctx.Done():
			return
		}
	}
}

// exited ends a run whose processes are gone.
func (s *Service) exited(e Event) {
	e.Detail = *words(&e.Detail)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.warmExited(e) {
		return
	}
	r := s.byID[e.Run]
	switch {
	case r == nil:
	case r.taken != nil && !r.assigned:
		r.lost = true // its start is not stored yet
	case r.taken != nil && !r.joined && !r.stopping && !s.closing:
		s.replace(r, e.Detail)
	default:
		state, reason, detail := r.outcome(e.Detail)
		s.end(r, state, reason, detail)
	}
}

// reap looks now and then for what went another way than it should.
func (s *Service) reap() {
	tick := time.NewTicker(s.o.ReapInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.reapOnce()
		case <-s.ctx.Done():
			return
		}
	}
}

func (s *Service) reapOnce() {
	ctx, cancel := context.WithTimeout(s.ctx, s.o.LaunchTimeout)
	defer cancel()
	asked := s.o.Now()
	running, err := s.o.Launcher.List(ctx)
	if err != nil {
		if s.ctx.Err() == nil {
			s.o.Log.Warn("the running browsers could not be listed", "error", err)
		}
		return
	}
	alive := make(map[uuid.UUID]bool, len(running))
	for _, found := range running {
		alive[found.Run] = true
		s.mu.Lock()
		r := s.byID[found.Run]
		known := r != nil || s.warm[found.Run] != nil
		if r != nil && r.launchedAt.IsZero() && r.isLaunched() { // who could tell was away when the server started
			r.handle, r.media, r.launchedAt = found.Handle, found.Media, found.StartedAt
		}
		s.mu.Unlock()
		if !known {
			s.o.Log.Warn("ending a browser that belongs to no room", "browser", found.Run.String())
			if err := s.o.Launcher.Stop(ctx, found.Handle, s.o.KillGrace); err != nil {
				s.o.Log.Error("a browser that belongs to no room could not be ended", "browser", found.Run.String(), "error", err)
			}
		}
	}
	for _, w := range s.idle() {
		s.mu.Lock()
		vanished := w.running.Handle != "" && w.launchedAt.Before(asked) && !alive[w.spec.Run]
		s.mu.Unlock()
		if vanished {
			s.exited(Event{Run: w.spec.Run, Detail: "its processes are gone."})
		}
	}
	for _, r := range s.live() {
		s.mu.Lock()
		vanished := !r.launchedAt.IsZero() && r.launchedAt.Before(asked) && !alive[r.id]
		s.mu.Unlock()
		if vanished {
			s.exited(Event{Run: r.id, Detail: "its processes are gone."})
			continue
		}
		s.endUnwatched(r, s.hub.ViewerCount(r.room))
		s.mu.Lock()
		s.endSession(r)
		s.mu.Unlock()
	}
}

// endUnwatched ends a browser that nobody is there for, where its agent should have and did not.
func (s *Service) endUnwatched(r *run, viewers int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Now()
	switch {
	case viewers > 0 || r.readyAt == nil || r.ended:
		r.unwatched = time.Time{}
	case r.unwatched.IsZero():
		r.unwatched = now
	case now.Sub(r.unwatched) > s.o.Spec.ViewerTimeout+s.o.Margin:
		s.stop(r, wire.EndReasonNoViewers, "")
	}
}

func (s *Service) live() []*run {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*run, 0, len(s.byID))
	for _, r := range s.byID {
		all = append(all, r)
	}
	return all
}

func (s *Service) idle() []*warm {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.warm))
}
