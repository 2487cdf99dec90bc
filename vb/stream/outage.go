package stream

import "time"

const (
	// restartAfter leaves the page, which feels its own network go, the time to ask first.
	restartAfter = 2 * time.Second
	// restartEvery is how often an offer that may have got lost is said again.
	restartEvery = 5 * time.Second
)

// outage is what run knows of a path that was there and went.
type outage struct {
	since time.Time // the zero time while it is there
	timer *time.Timer
}

func newOutage() outage {
	o := outage{timer: time.NewTimer(0)}
	o.timer.Stop()
	return o
}

// pathLost is called when nothing arrives any more (ours to restart, after a moment), and when a restart began (the page asked: it has
// some time to answer).
func (v *viewer) pathLost(wait time.Duration) {
	// What it holds would stay pressed, and keys repeat themselves, until the network is back or given up.
	if v.streamer.viewer(v.peer, v.session) == v {
		v.streamer.gate.leave(v.peer)
	}
	if v.outage.since.IsZero() {
		v.outage.since = time.Now()
		v.outage.timer.Reset(wait)
	}
}

func (v *viewer) pathFound() {
	v.outage.since = time.Time{}
	v.outage.timer.Stop()
}

// pathAlive: an answer says that the page is there, so what it does now may take its time again.
func (v *viewer) pathAlive() {
	if !v.outage.since.IsZero() {
		v.outage.since = time.Now()
	}
}

// mendPath restarts ICE from our side. Of offers that meet there are none: only we make them, and what the page asks for meanwhile says the
// pending one again.
func (v *viewer) mendPath() error {
	if v.outage.since.IsZero() {
		return nil
	}
	// pion counts anew with each restart, so it alone would never give up.
	if time.Since(v.outage.since) > iceFailed {
		return errFailed
	}
	v.outage.timer.Reset(restartEvery)
	return v.restart()
}
