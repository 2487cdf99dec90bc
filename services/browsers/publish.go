package browsers

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"turtus/services/postgres/db"
	"turtus/services/rooms"
	"turtus/services/wire"
)

// news is a change that the hub is to hear of.
type news struct {
	room    rooms.ID
	browser wire.Browser
}

// changed has hub and database told of a run. It needs the lock.
func (s *Service) changed(r *run) {
	if !r.silent {
		s.tell(r)
	}
	s.dirty[r.id] = r
	wake(s.wakeDB)
}

// tell has the hub alone told of a run, for what is not worth storing. It needs the lock.
func (s *Service) tell(r *run) {
	s.outbox = append(s.outbox, news{r.room, r.browser})
	wake(s.wakeHub)
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// notify tells the hub in order.
func (s *Service) notify() {
	for {
		select {
		case <-s.wakeHub:
			s.deliver()
		case <-s.ctx.Done():
			return
		}
	}
}

func (s *Service) deliver() {
	s.mu.Lock()
	batch := s.outbox
	s.outbox = nil
	s.mu.Unlock()
	for _, n := range batch {
		s.hub.BrowserChanged(n.room, n.browser)
	}
}

// Times of writing to the database.
const (
	writeTimeout = 5 * time.Second
	writePause   = time.Second // after a failure
)

// persist has the database follow.
func (s *Service) persist() {
	for {
		select {
		case <-s.wakeDB:
		case <-s.ctx.Done():
			return
		}
		for s.writeAll(s.ctx) > 0 {
			select {
			case <-time.After(writePause):
			case <-s.ctx.Done():
				return
			}
		}
	}
}

// writeAll writes what is not written yet and returns how much of it failed.
func (s *Service) writeAll(ctx context.Context) (failed int) {
	s.mu.Lock()
	pending := slices.Collect(maps.Values(s.dirty))
	s.mu.Unlock()
	for _, r := range pending {
		if !s.writeRun(ctx, r) {
			failed++
		}
	}
	return failed
}

// writeRun writes a run as it is now, if it is not written yet, and waits for a write of it that is under way. False says that it has
// to be tried again.
func (s *Service) writeRun(ctx context.Context, r *run) bool {
	select {
	case r.writing <- struct{}{}:
		defer func() { <-r.writing }()
	case <-ctx.Done():
		return false
	}
	s.mu.Lock()
	if s.dirty[r.id] == nil {
		s.mu.Unlock()
		return true
	}
	delete(s.dirty, r.id)
	params := r.row()
	s.mu.Unlock()

	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	rows, err := s.queries.UpdateBrowser(ctx, params)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err != nil:
		s.dirty[r.id] = r
		if !errors.Is(err, context.Canceled) { // the service ends, and writes once more
			s.o.Log.Warn("the state of a browser could not be stored", "room", r.room.String(), "browser", r.id.String(), "error", err)
		}
		return false
	case rows == 0 && r.ended:
		// Either its end was stored by an answer that never came, or its room is gone and nobody will ask.
	case rows == 0:
		s.o.Log.Info("the room of a browser is gone", "room", r.room.String(), "browser", r.id.String())
		s.stop(r, wire.EndReasonRequested, "")
	}
	return true
}

// row needs the lock.
func (r *run) row() db.UpdateBrowserParams {
	p := db.UpdateBrowserParams{
		ID: r.id, State: string(r.browser.State), Handle: string(r.handle), ReadyAt: r.readyAt, EndedAt: r.endedAt, Extensions: int32(r.extensions),
	}
	if !r.sessionEnds.IsZero() {
		p.SessionEndsAt = wire.Ptr(r.sessionEnds.UTC())
	}
	if r.browser.EndReason != nil {
		p.EndReason = wire.Ptr(string(*r.browser.EndReason))
	}
	if r.browser.Detail != nil {
		p.Detail = *r.browser.Detail
	}
	return p
}

// Forget drops what is known of a deleted room: at once, or when its browser has ended.
func (s *Service) Forget(room rooms.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.unsure, room)
	r := s.byRoom[room]
	if r == nil {
		return
	}
	if r.ended {
		delete(s.byRoom, room)
		return
	}
	r.forgotten = true
	s.stop(r, wire.EndReasonRequested, "")
}
