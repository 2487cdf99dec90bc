package browsers

import (
	"context"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"turtus/services/accounts"
	"turtus/services/rooms"
	"turtus/services/wire"
)

// run is one life of a room's browser. Its fields are under the service's lock.
type run struct {
	id    uuid.UUID
	room  rooms.ID
	owner accounts.PersonID // of the room: whose quota it counts for
	// browser is what people see.
	browser wire.Browser
	handle  Handle
	// media are the addresses that its agent may name as its own, nil where the launcher doesn't know them.
	media []netip.AddrPort

	launchedAt time.Time
	readyAt    *time.Time
	endedAt    *time.Time
	// connection is the agent's newest, as the hub counts them.
	connection int64
	connected  bool
	// lastWord is the agent's vb.ending.
	lastWord *wire.VBEnding

	// stopping says that the service ends it, for stopReason, and in stopDetail why.
	stopping   bool
	stopReason wire.EndReason
	stopDetail string
	ended      bool
	// forgotten says that its room is deleted: nothing is kept of it once it has ended.
	forgotten bool
	// unwatched is since when nobody is there; zero while somebody is.
	unwatched time.Time

	// sessionEnds is when it has run as long as it may; zero: it may for ever. extensions counts how often that was put off.
	sessionEnds time.Time
	extensions  int

	// taken is the warm browser that the run began with, taker who had it started. assigned says that its agent was told of the room, joined
	// that it has come, lost that it was gone before it was told.
	taken                  *warm
	taker                  accounts.PersonID
	assigned, joined, lost bool
	// after are the ends of warm browsers whose place it takes: memory, and a port for media.
	after []chan struct{}
	// silent says that people need not hear of its end: another run takes its place.
	silent bool

	// startTimer runs until the browser is ready, lostTimer while the agent is not connected, sessionTimer until its session is over,
	// joinTimer until a warm one has come to the room.
	startTimer, lostTimer, sessionTimer, joinTimer *time.Timer
	// giveUp ends the wait for a download.
	giveUp context.CancelFunc
	// launched is closed when Launcher.Start has returned, done when the run has ended.
	launched, done chan struct{}
	// writing has a token in it while the run is being written to the database.
	writing chan struct{}
}

func newRun(id uuid.UUID, room rooms.ID, owner accounts.PersonID, startedAt time.Time) *run {
	return &run{
		id: id, room: room, owner: owner, giveUp: func() {}, launched: make(chan struct{}), done: make(chan struct{}), writing: make(chan struct{}, 1),
		browser: wire.Browser{Id: &id, State: wire.BrowserStateStarting, StartedAt: wire.Ptr(startedAt.UTC())},
	}
}

// isLaunched says whether Launcher.Start has returned, for this server or the one before it.
func (r *run) isLaunched() bool {
	select {
	case <-r.launched:
		return true
	default:
		return false
	}
}

// begin makes a warm browser the run's. It keeps its id, by which the launcher and its agent know it.
func (r *run) begin(w *warm) {
	r.taken, r.id, r.browser.Id = w, w.spec.Run, &w.spec.Run
	r.handle, r.media, r.launchedAt = w.running.Handle, w.running.Media, w.launchedAt
	r.setStep(wire.BrowserStepSignalling)
}

func (r *run) stopTimers() {
	for _, t := range []*time.Timer{r.startTimer, r.lostTimer, r.sessionTimer, r.joinTimer} {
		if t != nil {
			t.Stop()
		}
	}
}

// steps of a start, in their order.
var steps = []wire.BrowserStep{
	wire.BrowserStepLaunching, wire.BrowserStepDisplay, wire.BrowserStepSound, wire.BrowserStepFirefox, wire.BrowserStepPicture, wire.BrowserStepSignalling,
}

// progressAt is how much is done while step is waited for.
func progressAt(step wire.BrowserStep) float32 {
	for i, known := range steps {
		if known == step {
			return float32(i) / float32(len(steps))
		}
	}
	return 0
}

// waitingFor names what a start waits for, for people.
func (r *run) waitingFor() string {
	names := map[wire.BrowserStep]string{
		wire.BrowserStepDownloading: "its download",
		wire.BrowserStepLaunching:   "its program", wire.BrowserStepDisplay: "the display", wire.BrowserStepSound: "the sound server",
		wire.BrowserStepFirefox: "Firefox", wire.BrowserStepPicture: "the first picture", wire.BrowserStepSignalling: "the connection to the server",
	}
	if r.browser.Step == nil {
		return names[wire.BrowserStepLaunching]
	}
	return names[*r.browser.Step]
}

// setStep shows what a start waits for. It needs the service's lock, as all that follows.
func (r *run) setStep(step wire.BrowserStep) {
	r.browser.Step, r.browser.Progress, r.browser.Download = &step, wire.Ptr(progressAt(step)), nil
}

// setDownload shows that what a browser is started from is not there yet.
func (r *run) setDownload(d Download) {
	r.setStep(wire.BrowserStepDownloading)
	r.browser.Download = &wire.Download{Received: d.Received}
	if d.Total > 0 {
		r.browser.Download.Total = &d.Total
		r.browser.Progress = wire.Ptr(min(float32(d.Received)/float32(d.Total), 1))
	}
}

// apply takes over the agent's word on itself.
func (r *run) apply(status wire.VBStatus, now time.Time) {
	b := &r.browser
	b.Processes = status.Processes
	if r.stopping || r.lastWord != nil {
		return // it ends, whatever it says now
	}
	b.State, b.EndsAt, b.Detail, b.Step, b.Progress = wire.BrowserState(status.State), status.EndsAt, nil, nil, nil
	if status.Detail != nil && *status.Detail != "" {
		b.Detail = status.Detail
	}
	switch status.State {
	case wire.VBStatusStateStarting:
		step := wire.BrowserStepSignalling
		if status.Step != nil {
			step = *status.Step
		}
		r.setStep(step)
		if status.Progress != nil {
			b.Progress = status.Progress
		}
	case wire.VBStatusStateReady, wire.VBStatusStateDegraded:
		if r.readyAt == nil {
			r.readyAt = wire.Ptr(now.UTC())
		}
		if r.startTimer != nil {
			r.startTimer.Stop()
		}
	case wire.VBStatusStateStopping:
	}
}

// outcome says how a run ended whose processes are gone, from what was asked for, what the agent said, and what the launcher saw.
func (r *run) outcome(seen string) (state wire.BrowserState, reason wire.EndReason, detail string) {
	switch {
	case r.stopping:
		reason, detail = r.stopReason, r.stopDetail
	case r.lastWord != nil:
		reason = r.lastWord.Reason
		if r.lastWord.Detail != nil {
			detail = *r.lastWord.Detail
		}
	case r.readyAt == nil:
		reason, detail = wire.EndReasonFailed, "The browser ended while it waited for "+r.waitingFor()+": "+seen
	default:
		reason, detail = wire.EndReasonFailed, "The browser ended unexpectedly: "+seen
	}
	if reason == wire.EndReasonFailed && detail == "" {
		detail = "The browser ended: " + seen
	}
	if reason == wire.EndReasonSignalLost && detail == "" {
		detail = "The browser lost the connection to the server for too long."
	}
	state = wire.BrowserStateStopped
	if reason == wire.EndReasonFailed || reason == wire.EndReasonSignalLost {
		state = wire.BrowserStateFailed
	}
	return state, reason, detail
}

// end makes the run a past one. The second end of a run changes nothing.
func (s *Service) end(r *run, state wire.BrowserState, reason wire.EndReason, detail string) {
	if r.ended {
		return
	}
	r.ended, r.endedAt = true, wire.Ptr(s.o.Now().UTC())
	r.stopTimers()
	b := &r.browser
	r.browser = wire.Browser{Id: b.Id, State: state, StartedBy: b.StartedBy, StartedAt: b.StartedAt, EndReason: &reason}
	if detail != "" {
		r.browser.Detail = &detail
	}
	delete(s.byID, r.id)
	if r.forgotten && s.byRoom[r.room] == r {
		delete(s.byRoom, r.room)
	}
	s.o.Log.Info("browser ended", "room", r.room.String(), "browser", r.id.String(), "state", string(state), "reason", string(reason), "detail", detail)
	s.changed(r)
	close(r.done)
	wake(s.wakeWarm) // there is place for another
}

// stop has a run end for a reason of the service's. The first reason counts.
func (s *Service) stop(r *run, reason wire.EndReason, detail string) {
	if r.ended || r.stopping {
		return
	}
	r.stopping, r.stopReason, r.stopDetail = true, reason, detail
	r.stopTimers()
	b := &r.browser
	b.State, b.Step, b.Progress, b.Download, b.EndsAt, b.Session, b.Detail = wire.BrowserStateStopping, nil, nil, nil, nil, nil, nil
	r.giveUp()
	s.changed(r)
	s.work(func() { s.terminate(r, reason) })
}
