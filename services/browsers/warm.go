package browsers

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/google/uuid"

	"turtus/services/wire"
)

// A warm browser is one that runs before a room asks for it: a whole browser on an empty page, which knows no room and no token of any.
// The room that takes it gives it its identity by way of the hub, and from then on it is that room's like any other; it is never given
// back. Its run has the same id before and after.

// warm is a browser that waits for a room. Its fields are under the service's lock.
type warm struct {
	spec      Spec
	running   Running
	startedAt time.Time
	// launchedAt is when Launcher.Start had returned.
	launchedAt time.Time
	// connection is its agent's newest, as the hub counts them; connected says that it is there.
	connection int64
	connected  bool
	ready      bool
	// ending says that the service ends it; giveUp ends the wait for a download.
	ending bool
	giveUp context.CancelFunc
	// launched is closed when Launcher.Start has returned, done when nothing of it is left.
	launched, done chan struct{}
}

// fits says whether a browser that was started as w can become the one that a room asks for: but for what the room gives it, they are
// the same.
func (w *warm) fits(asked Spec) bool {
	own := w.spec
	asked.Run, asked.Room, asked.Token, asked.StartURL = own.Run, own.Room, own.Token, own.StartURL
	asked.Width, asked.Height, asked.FrameRate = own.Width, own.Height, own.FrameRate
	return reflect.DeepEqual(own, asked)
}

// emptyPage is what a warm browser shows.
const emptyPage = "about:blank"

// memoryLook is how often memory is looked at while there is too little of it for a warm browser.
const memoryLook = time.Minute

// keepWarm keeps the pool at its size until the service ends.
func (s *Service) keepWarm() {
	if s.pool.size > 0 {
		s.o.Log.Info("browsers are kept warm for rooms to come", "most", s.pool.size, "memory_needed_mb", s.o.WarmMemory>>20)
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-s.wakeWarm:
		case <-timer.C:
		case <-s.ctx.Done():
			return
		}
		if again := s.tendWarm(); again > 0 {
			timer.Reset(again)
		} else {
			timer.Stop()
		}
	}
}

// tendWarm does what the pool says, and returns when to look again.
func (s *Service) tendWarm() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return 0
	}
	now := s.o.Now()
	end, start, again := s.pool.look(now, s.standing())
	for _, w := range end {
		s.endWarm(w)
	}
	if !start {
		return again
	}
	if ok, _ := s.o.Launcher.Available(); !ok || !s.memoryFor(now) {
		return memoryLook
	}
	s.startWarm(now)
	return again
}

func (s *Service) standing() standing {
	stand := standing{rooms: len(s.byID), places: s.o.MaxRunning}
	for _, r := range s.byID {
		if r.readyAt == nil {
			stand.starting++
		}
	}
	for _, w := range s.warm {
		if !w.ending {
			stand.waiting = append(stand.waiting, w)
		}
	}
	return stand
}

// memoryFor says whether there is memory for one more, and tells the operator where that changes.
func (s *Service) memoryFor(now time.Time) bool {
	free, known := s.o.FreeMemory()
	enough := !known || free >= s.o.WarmMemory
	if enough != s.enoughMemory {
		s.enoughMemory = enough
		if enough {
			s.o.Log.Info("there is memory for a warm browser", "free_mb", free>>20)
		} else {
			s.o.Log.Info("no browser is kept warm: memory is short", "free_mb", free>>20, "needed_mb", s.o.WarmMemory>>20)
		}
	}
	return enough
}

// startWarm begins another one. It needs the lock.
func (s *Service) startWarm(now time.Time) {
	w := &warm{spec: s.o.Spec, startedAt: now, launched: make(chan struct{}), done: make(chan struct{})}
	w.spec.Run, w.spec.StartURL = uuid.Must(uuid.NewV7()), emptyPage
	s.warm[w.spec.Run] = w
	s.o.Log.Debug("a warm browser starts", "browser", w.spec.Run.String())
	ctx, giveUp := context.WithCancel(s.ctx)
	w.giveUp = giveUp
	s.work(func() {
		defer giveUp()
		found, err := s.launchWarm(ctx, w)
		s.mu.Lock()
		defer s.mu.Unlock()
		defer close(w.launched)
		if err != nil {
			if ctx.Err() == nil {
				s.o.Log.Warn("a warm browser could not be started", "error", err)
			}
			s.warmGone(w, !w.ending)
			return
		}
		w.running, w.launchedAt = found, s.o.Now()
		time.AfterFunc(s.o.StartTimeout, func() { s.warmTooLong(w) })
	})
}

func (s *Service) launchWarm(ctx context.Context, w *warm) (Running, error) {
	if p, ok := s.o.Launcher.(Preparer); ok {
		if err := p.Prepare(ctx, func(Download) {}); err != nil {
			return Running{}, fmt.Errorf("prepare the launcher: %w", err)
		}
	}
	token, _, err := s.o.Tokens.Waiting(w.spec.Run)
	if err != nil {
		return Running{}, err
	}
	spec := w.spec
	spec.Token = token
	return s.startAgent(spec)
}

// warmTooLong ends one that does not get ready.
func (s *Service) warmTooLong(w *warm) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.warm[w.spec.Run] == w && !w.ready && !w.ending && !s.closing {
		s.o.Log.Warn("a warm browser was not ready in time", "browser", w.spec.Run.String(), "waited", s.o.StartTimeout)
		s.pool.failed(s.o.Now())
		s.endWarm(w)
	}
}

// endWarm has one that nobody needs any more end. It needs the lock.
func (s *Service) endWarm(w *warm) {
	if w.ending {
		return
	}
	w.ending = true
	w.giveUp()
	s.work(func() { s.stopWarm(w) })
}

// stopWarm ends one's processes and returns when that is done.
func (s *Service) stopWarm(w *warm) {
	<-w.launched
	s.mu.Lock()
	handle := w.running.Handle
	s.mu.Unlock()
	if handle != "" {
		grace := s.o.KillGrace
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), grace+s.o.LaunchTimeout)
		defer cancel()
		if err := s.o.Launcher.Stop(ctx, handle, grace); err != nil {
			s.o.Log.Error("a warm browser could not be ended", "browser", w.spec.Run.String(), "error", err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.warmGone(w, false)
}

// warmGone forgets one that is no more; byItself says that nobody wanted that. It needs the lock.
func (s *Service) warmGone(w *warm, byItself bool) {
	select {
	case <-w.done:
		return
	default:
		close(w.done)
	}
	if s.warm[w.spec.Run] == w {
		delete(s.warm, w.spec.Run)
		if byItself {
			s.pool.failed(s.o.Now())
		}
	}
	wake(s.wakeWarm)
}

// takeWarm returns the browser that a room may have at once, the readiest and oldest, or nil. It needs the lock.
func (s *Service) takeWarm(asked Spec) *warm {
	var best *warm
	for _, w := range s.warm {
		if w.ending || !w.connected || w.running.Handle == "" || !w.fits(asked) {
			continue
		}
		if best == nil || w.ready != best.ready && w.ready || w.ready == best.ready && w.startedAt.Before(best.startedAt) {
			best = w
		}
	}
	if best != nil {
		delete(s.warm, best.spec.Run)
		s.pool.served()
	}
	return best
}

// makePlace ends what waits in a place that a room has now, and returns the ends that are to come. It needs the lock.
func (s *Service) makePlace() (ends []chan struct{}) {
	stand := s.standing()
	stand.starting = max(1, stand.starting) // a room is: nothing is to be started
	surplus, _, _ := s.pool.look(s.o.Now(), stand)
	for _, w := range surplus {
		s.endWarm(w)
	}
	if len(s.byID)+len(s.warm) <= s.o.MaxRunning {
		return nil // there is a place beside them
	}
	for _, w := range s.warm {
		if w.ending {
			ends = append(ends, w.done)
		}
	}
	return ends
}

// assign gives a warm browser the identity of the room that took it.
func (s *Service) assign(r *run, spec Spec) {
	page := spec.StartURL
	if page == "" {
		page = emptyPage
	}
	told := s.hub.AssignBrowser(r.id, wire.VBAssign{
		Token: spec.Token, StartUrl: page, Screen: wire.Screen{Width: spec.Width, Height: spec.Height, FrameRate: spec.FrameRate},
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	r.assigned = true
	close(r.launched)
	switch {
	case r.ended || r.stopping: // terminate goes on from here
	case !told || r.lost:
		s.replace(r, "it had ended or lost its connection")
	default:
		r.startTimer = time.AfterFunc(s.o.StartTimeout, func() { s.startTooLong(r) })
		r.joinTimer = time.AfterFunc(s.o.JoinTimeout, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.replace(r, "it did not come to the room")
		})
	}
}

// replace ends a warm browser that was lost when a room took it, and starts another for the room, which hears of nothing but a longer
// start. It needs the lock.
func (s *Service) replace(r *run, why string) {
	if r.joined || r.ended || r.stopping || s.closing {
		return
	}
	s.o.Log.Warn("a warm browser was of no use to the room that took it", "room", r.room.String(), "browser", r.id.String(), "why", why)
	s.pool.failed(s.o.Now())
	r.silent = true
	s.end(r, wire.BrowserStateFailed, wire.EndReasonFailed, "The browser that was ready was lost, and another one is started: "+why+".")
	s.endWarm(r.taken)
	s.work(func() {
		ctx, cancel := context.WithTimeout(s.ctx, s.o.LaunchTimeout)
		defer cancel()
		if _, err := s.start(ctx, r.room, r.taker, true); err != nil {
			s.o.Log.Warn("the browser of a room could not be started again", "room", r.room.String(), "error", err)
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.byRoom[r.room] == r {
				s.tell(r)
			}
		}
	})
}

// What the hub says of agents that wait. A connection, status or end of one that a room has taken meanwhile is old news.

func (s *Service) warmConnected(id uuid.UUID, connection int64) error {
	w := s.warm[id]
	if w == nil || w.ending {
		return ErrRunEnded
	}
	if connection > w.connection {
		w.connection, w.connected = connection, true
	}
	return nil
}

func (s *Service) warmStatus(id uuid.UUID, status wire.VBStatus) {
	w := s.warm[id]
	if w == nil {
		return
	}
	ready := status.State == wire.VBStatusStateReady
	if ready && !w.ready {
		s.o.Log.Info("a browser is warm", "browser", id.String(), "took", s.o.Now().Sub(w.startedAt).Round(time.Millisecond))
	}
	w.ready = ready
	wake(s.wakeWarm)
}

func (s *Service) warmDisconnected(id uuid.UUID, connection int64) {
	if w := s.warm[id]; w != nil && connection >= w.connection {
		w.connected = false
	}
}

// warmExited takes an end from the launcher, and says whether it was one of a browser that waits.
func (s *Service) warmExited(e Event) bool {
	w := s.warm[e.Run]
	if w == nil {
		return false
	}
	if !w.ending {
		s.o.Log.Warn("a warm browser ended", "browser", e.Run.String(), "detail", e.Detail)
	}
	s.warmGone(w, !w.ending)
	return true
}
