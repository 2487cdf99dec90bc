package browsers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"turtus/services/accounts"
	"turtus/services/postgres/db"
	"turtus/services/rooms"
	"turtus/services/wire"
)

// Start begins a run of the room's browser and returns while it is starting; the hub is told how it goes on. Errors: browser_running,
// browser_quota_person, browser_quota_server, browser_not_available, not_found, unavailable, storage_full.
func (s *Service) Start(ctx context.Context, room rooms.ID, by accounts.PersonID) (wire.Browser, error) {
	return s.start(ctx, room, by, false)
}

// start is Start; cold takes no warm browser.
func (s *Service) start(ctx context.Context, room rooms.ID, by accounts.PersonID, cold bool) (wire.Browser, error) {
	if ok, why := s.o.Launcher.Available(); !ok {
		return wire.Browser{}, wire.Errorf(wire.ErrorCodeBrowserNotAvailable, "%s", why)
	}
	info, err := s.o.Rooms.ByID(ctx, room)
	if err != nil {
		return wire.Browser{}, fmt.Errorf("start a browser: %w", err)
	}
	person, err := s.o.People.Person(ctx, by)
	if err != nil {
		return wire.Browser{}, fmt.Errorf("start a browser: %w", err)
	}

	r := newRun(uuid.Must(uuid.NewV7()), room, info.OwnerID, s.o.Now())
	r.browser.StartedBy = wire.Ptr(person.Public())
	r.setStep(wire.BrowserStepLaunching)
	spec := s.o.Spec
	spec.Room = room
	spec.Width, spec.Height, spec.FrameRate = info.Screen.Width, info.Screen.Height, info.Screen.FrameRate
	if info.StartURL != "" {
		spec.StartURL = info.StartURL
	}
	before, err := s.reserve(r, func() *warm {
		if cold {
			return nil
		}
		return s.takeWarm(spec)
	})
	if err != nil {
		return wire.Browser{}, err
	}
	r.taker, spec.Run = by, r.id
	spec.Token, _, err = s.o.Tokens.Browser(room, r.id)
	if err == nil {
		err = s.insert(ctx, r, before, by)
	}
	if err != nil {
		s.giveBack(r, before, err)
		return wire.Browser{}, err
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	s.o.Log.Info("browser starts", "room", room.String(), "browser", r.id.String())
	s.changed(r)
	if s.closing {
		close(r.launched)
		if r.taken != nil {
			s.endWarm(r.taken)
		}
		s.end(r, wire.BrowserStateStopped, wire.EndReasonServerStopped, "")
		return wire.Browser{}, errClosing()
	}
	if r.taken != nil {
		s.work(func() { s.assign(r, spec) })
		return r.browser, nil
	}
	preparing, giveUp := context.WithCancel(s.ctx)
	r.giveUp = giveUp
	s.work(func() {
		defer giveUp()
		s.launch(preparing, r, spec)
	})
	return r.browser, nil
}

// reserve gives r its place in the room and in the quotas, and a browser that is ready where take has one. It returns the run before it.
func (s *Service) reserve(r *run, take func() *warm) (before *run, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before = s.byRoom[r.room]
	owned := 0
	for _, other := range s.byID {
		if other.owner == r.owner {
			owned++
		}
	}
	switch {
	case s.closing:
		return nil, errClosing()
	case before != nil && !before.ended:
		return nil, wire.Errorf(wire.ErrorCodeBrowserRunning, "The room's browser is running already.")
	case owned >= s.o.MaxPerOwner:
		return nil, wire.Errorf(wire.ErrorCodeBrowserQuotaPerson,
			"The rooms of one person may have %d running browsers at once. Stop one of them first.", s.o.MaxPerOwner)
	case len(s.byID) >= s.o.MaxRunning:
		return nil, wire.Errorf(wire.ErrorCodeBrowserQuotaServer, "This server runs %d browsers at most, and all of them are in use. Try again later.", s.o.MaxRunning)
	}
	if w := take(); w != nil {
		r.begin(w)
	}
	s.byRoom[r.room], s.byID[r.id] = r, r
	r.after = s.makePlace()
	wake(s.wakeWarm)
	return before, nil
}

// giveBack undoes reserve and ends r, which somebody may have stopped meanwhile. A database that did not answer may have stored the start
// all the same, or may yet, so it is told of the end, and the next start of the room looks again.
func (s *Service) giveBack(r, before *run, reason error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.ended, r.endedAt = true, wire.Ptr(s.o.Now().UTC())
	r.browser.State, r.browser.EndReason = wire.BrowserStateFailed, wire.Ptr(wire.EndReasonFailed)
	close(r.launched)
	close(r.done)
	if r.taken != nil {
		s.endWarm(r.taken) // it never goes to another room
	}
	if code := wire.CodeOf(reason); code != wire.ErrorCodeBrowserRunning && code != wire.ErrorCodeNotFound {
		s.unsure[r.room] = append(s.unsure[r.room], r)
		s.dirty[r.id] = r
		wake(s.wakeDB)
	}
	delete(s.byID, r.id)
	delete(s.byRoom, r.room)
	shown := wire.Browser{State: wire.BrowserStateStopped}
	if r.forgotten {
		delete(s.unsure, r.room)
	} else if before != nil {
		s.byRoom[r.room], shown = before, before.browser
	}
	s.outbox = append(s.outbox, news{r.room, shown})
	wake(s.wakeHub)
}

// insert stores the start. A request that is given up midway does not end it: nobody would know whether the row is there.
func (s *Service) insert(ctx context.Context, r, before *run, by accounts.PersonID) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	if before != nil {
		s.writeRun(ctx, before) // its end may have waited for a database that was away
	}
	starter := by.UUID()
	params := db.InsertBrowserParams{
		ID: r.id, RoomID: r.room.UUID(), StartedBy: &starter, Launcher: s.o.Launcher.Name(), StartedAt: *r.browser.StartedAt,
	}
	err := s.queries.InsertBrowser(ctx, params)
	if db.IsViolation(err, "browsers_one_run") && s.endUnsure(ctx, r.room) {
		err = s.queries.InsertBrowser(ctx, params)
	}
	if db.IsViolation(err, "browsers_one_run") {
		return wire.Errorf(wire.ErrorCodeBrowserRunning, "The room's browser is running already.")
	}
	if db.IsViolation(err, "browsers_room_id_fkey") {
		return wire.Errorf(wire.ErrorCodeNotFound, "There is no such room any more.")
	}
	if err == nil {
		s.mu.Lock()
		delete(s.unsure, r.room) // the index lets only one in: none of them is open
		s.mu.Unlock()
	}
	return db.Fault("store the start of a browser", err)
}

// endUnsure ends what the database may have stored after all of the room's starts that it did not answer, and says whether there were
// any. What another server has started is left alone.
func (s *Service) endUnsure(ctx context.Context, room rooms.ID) bool {
	s.mu.Lock()
	unsure := s.unsure[room]
	for _, r := range unsure {
		s.dirty[r.id] = r
	}
	s.mu.Unlock()
	for _, r := range unsure {
		s.writeRun(ctx, r)
	}
	return len(unsure) > 0
}

func errClosing() error {
	err := wire.Errorf(wire.ErrorCodeUnavailable, "The server is stopping. Try again in a moment.")
	err.RetryAfter = 5
	return err
}

// launch has the launcher start the agent, once what it starts it from is there. preparing ends with the wait for that.
func (s *Service) launch(preparing context.Context, r *run, spec Spec) {
	var found Running
	err := s.prepare(preparing, r)
	for _, gone := range r.after {
		select {
		case <-gone:
		case <-s.ctx.Done():
		}
	}
	if err == nil {
		found, err = s.startAgent(spec)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer close(r.launched)
	if err != nil {
		if r.stopping {
			s.o.Log.Info("a browser was stopped before it was launched", "room", r.room.String(), "browser", r.id.String(), "reason", err)
			s.end(r, wire.BrowserStateStopped, r.stopReason, r.stopDetail)
			return
		}
		s.o.Log.Error("a browser could not be launched", "room", r.room.String(), "browser", r.id.String(), "error", err)
		detail := "The browser could not be started on this server; its log says why."
		var coded *wire.Error
		if errors.As(err, &coded) {
			detail = coded.Detail
		}
		s.end(r, wire.BrowserStateFailed, wire.EndReasonFailed, detail)
		return
	}
	r.handle, r.media, r.launchedAt = found.Handle, found.Media, s.o.Now()
	if r.ended {
		return
	}
	if r.browser.Step != nil && *r.browser.Step == wire.BrowserStepLaunching && r.browser.State == wire.BrowserStateStarting && !r.connected {
		r.setStep(wire.BrowserStepDisplay)
	}
	s.changed(r)
}

// downloadShown is how often a room is shown how far a download is.
const downloadShown = 500 * time.Millisecond

// prepare has the launcher fetch what it lacks, however long that takes, and starts the clock of the start.
func (s *Service) prepare(ctx context.Context, r *run) error {
	if p, ok := s.o.Launcher.(Preparer); ok {
		var shown time.Time
		err := p.Prepare(ctx, func(d Download) {
			if time.Since(shown) < downloadShown {
				return
			}
			shown = time.Now()
			s.mu.Lock()
			defer s.mu.Unlock()
			if !r.stopping && !r.ended {
				r.setDownload(d)
				s.tell(r)
			}
		})
		if err != nil {
			return fmt.Errorf("prepare the launcher: %w", err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.stopping || r.ended {
		return context.Canceled
	}
	if *r.browser.Step == wire.BrowserStepDownloading {
		r.setStep(wire.BrowserStepLaunching)
		s.tell(r)
	}
	r.startTimer = time.AfterFunc(s.o.StartTimeout, func() { s.startTooLong(r) })
	return nil
}

// startAgent has the launcher start the agent and says what is known of it.
func (s *Service) startAgent(spec Spec) (Running, error) {
	ctx, cancel := context.WithTimeout(s.ctx, s.o.LaunchTimeout)
	defer cancel()
	if s.o.Network != nil {
		spec.Addresses, spec.Resolvers = s.o.Network(ctx)
	}
	if s.o.Own != nil {
		spec.Own = s.o.Own()
	}
	handle, err := s.o.Launcher.Start(ctx, spec)
	if err != nil {
		return Running{}, err
	}
	found, err := s.o.Launcher.Inspect(ctx, handle)
	if err != nil { // it has ended already, and the launcher tells of that
		found = Running{}
	}
	found.Handle = handle
	return found, nil
}

// startTooLong ends a start that takes longer than anybody would wait.
func (s *Service) startTooLong(r *run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.readyAt == nil && !s.closing {
		s.stop(r, wire.EndReasonFailed, fmt.Sprintf("The browser was not ready within %s; it still waited for %s.", s.o.StartTimeout, r.waitingFor()))
	}
}

// terminate ends a run's processes: the agent by its own hand where it can be told, else the launcher, at last by force.
func (s *Service) terminate(r *run, reason wire.EndReason) {
	<-r.launched
	if s.hub.StopBrowser(r.room, reason) {
		s.waitFor(r, s.o.StopGrace)
	}
	s.makeSure(r)
}

// waitFor waits until the run has ended, at most for limit.
func (s *Service) waitFor(r *run, limit time.Duration) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-r.done:
	case <-timer.C:
	case <-s.ctx.Done():
	}
}

// makeSure has the launcher end what is left of a run.
func (s *Service) makeSure(r *run) {
	s.mu.Lock()
	handle, ended := r.handle, r.ended
	s.mu.Unlock()
	if ended {
		return
	}
	grace := s.o.KillGrace
	if s.ctx.Err() != nil {
		grace = 0 // the server's own grace is over
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), grace+s.o.LaunchTimeout)
	defer cancel()
	seen := "it was stopped."
	if err := s.o.Launcher.Stop(ctx, handle, grace); err != nil {
		// The reaper tries again; for people it is over.
		s.o.Log.Error("a browser could not be ended", "room", r.room.String(), "browser", r.id.String(), "error", err)
		seen = "it could not be ended."
	}
	s.exited(Event{Handle: handle, Run: r.id, Detail: seen})
}
