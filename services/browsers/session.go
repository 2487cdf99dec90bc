package browsers

import (
	"context"
	"time"

	"turtus/services/rooms"
	"turtus/services/wire"
)

// longestWarning is how long before the end of its session people are told of it and may put it off; a fifth of a short session.
const longestWarning = 5 * time.Minute

func (s *Service) warning() time.Duration { return min(longestWarning, s.o.SessionLength/5) }

// beginSession bounds how long a run goes on from now, where the server does. It needs the lock, as all but Extend.
func (s *Service) beginSession(r *run) {
	if s.o.SessionLength == 0 || !r.sessionEnds.IsZero() {
		return
	}
	r.sessionEnds = s.o.Now().Add(s.o.SessionLength)
	s.watchSession(r)
}

// resumeSession takes over what the server before this one had begun. A run that had no end gets one that is a whole session away.
func (s *Service) resumeSession(r *run) {
	switch {
	case s.o.SessionLength == 0:
		r.sessionEnds = time.Time{}
	case !r.sessionEnds.IsZero():
		s.watchSession(r)
	case r.readyAt != nil:
		s.beginSession(r)
	}
}

// watchSession shows the room when its session ends, and sees to it.
func (s *Service) watchSession(r *run) {
	if r.sessionTimer != nil {
		r.sessionTimer.Stop()
	}
	r.browser.Session = &wire.BrowserSession{
		EndsAt: r.sessionEnds.UTC(), WarnsAt: r.sessionEnds.Add(-s.warning()).UTC(), Extensions: max(0, s.o.SessionExtensions-r.extensions),
	}
	r.sessionTimer = time.AfterFunc(r.sessionEnds.Sub(s.o.Now()), func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.endSession(r)
	})
}

// endSession ends a run whose session is over.
func (s *Service) endSession(r *run) {
	if r.sessionEnds.IsZero() || s.closing || s.o.Now().Before(r.sessionEnds) {
		return
	}
	s.stop(r, wire.EndReasonSessionOver, "")
}

// Extend puts the end of the browser's session off by a session's length. Errors: browser_not_running, browser_session_long, browser_session_used_up.
func (s *Service) Extend(_ context.Context, room rooms.ID) (wire.Browser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.byRoom[room]
	switch {
	case r == nil || r.ended || r.stopping || r.lastWord != nil:
		return wire.Browser{}, errNotRunning()
	case r.sessionEnds.IsZero():
		return wire.Browser{}, wire.Errorf(wire.ErrorCodeBrowserSessionLong, "Nothing ends this browser by itself that could be put off.")
	case s.o.Now().Before(r.sessionEnds.Add(-s.warning())):
		return wire.Browser{}, wire.Errorf(wire.ErrorCodeBrowserSessionLong,
			"The browser goes on for a while yet. Its end can be put off in the last %s.", s.warning())
	case r.extensions >= s.o.SessionExtensions:
		return wire.Browser{}, wire.Errorf(wire.ErrorCodeBrowserSessionUsedUp,
			"The browser has run as long as this server allows. When it has ended, it can be started again.")
	}
	r.extensions++
	r.sessionEnds = r.sessionEnds.Add(s.o.SessionLength)
	s.watchSession(r)
	s.changed(r)
	return r.browser, nil
}
