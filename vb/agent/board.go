package main

import (
	"errors"
	"fmt"
	"os/exec"
	"reflect"
	"strings"
	"time"

	"turtus/services/wire"
	"turtus/vb/browser"
	"turtus/vb/stream"
	"turtus/vb/supervise"
)

// board is what is known of the agent's parts, and what follows from it: the status that the hub is told, and the
// countdown while nobody watches.
type board struct {
	timeout time.Duration // without viewers; zero: for ever

	waits          bool // for a room: nobody can watch
	processes      []supervise.Status
	processesReady bool // once all were, at the same time
	captured       bool // once the screen was
	viewers        int
	problems       []stream.Problem

	endsAt time.Time // zero: no countdown
	last   *wire.VBStatus
}

func newBoard(timeout time.Duration) board { return board{timeout: timeout} }

// started tells whether the browser has been ready once.
func (b *board) started() bool { return b.processesReady && b.captured }

// count starts the countdown when nobody watches a browser that has started, and stops it otherwise; it tells whether
// that changed anything.
func (b *board) count(now time.Time) bool {
	counting := b.started() && !b.waits && b.viewers == 0 && b.timeout > 0
	if counting == !b.endsAt.IsZero() {
		return false
	}
	if counting {
		b.endsAt = now.Add(b.timeout)
	} else {
		b.endsAt = time.Time{}
	}
	return true
}

// keepAlive begins the countdown anew, if there is one.
func (b *board) keepAlive() { b.endsAt = time.Time{} }

func (b *board) expired(now time.Time) bool {
	return !b.endsAt.IsZero() && !now.Before(b.endsAt) && b.viewers == 0
}

// steps in the order of a start, each with the processes that it waits for.
var steps = []struct {
	step      wire.BrowserStep
	processes []string
}{
	{wire.BrowserStepDisplay, []string{browser.Xvfb}},
	{wire.BrowserStepSound, []string{browser.PulseAudio}},
	{wire.BrowserStepFirefox, []string{browser.DBus, browser.WindowManager, browser.Firefox}},
}

// status is the word on the agent, and whether it is another than the last one told.
func (b *board) status() (wire.VBStatus, bool) {
	s := wire.VBStatus{Viewers: wire.Ptr(b.viewers)}
	var health []wire.ProcessHealth
	var troubles []string
	for _, p := range b.processes {
		h := wire.ProcessHealth{Name: p.Process, State: wire.ProcessHealthState(p.State), Restarts: p.Restarts}
		if p.Err != nil && p.State != supervise.Ready {
			h.Detail = wire.Ptr(limited(p.Err.Error()))
		}
		if trouble := b.trouble(p); trouble != "" {
			troubles = append(troubles, trouble)
		}
		health = append(health, h)
	}
	if health != nil {
		s.Processes = &health
	}
	for _, p := range b.problems {
		troubles = append(troubles, fmt.Sprintf("%s: %v", p.Part, p.Err))
	}
	switch {
	case !b.started():
		step, progress := b.step()
		s.State, s.Step, s.Progress = wire.VBStatusStateStarting, &step, &progress
	case len(troubles) > 0:
		s.State, s.Detail = wire.VBStatusStateDegraded, wire.Ptr(limited(strings.Join(troubles, "; ")))
	default:
		s.State = wire.VBStatusStateReady
	}
	if !b.endsAt.IsZero() {
		s.EndsAt = wire.Ptr(b.endsAt.UTC())
	}
	return s, b.last == nil || !reflect.DeepEqual(*b.last, s)
}

// people call the processes by what they do.
var people = map[string]string{
	browser.DBus: "The session bus", browser.Xvfb: "The display", browser.PulseAudio: "The sound",
	browser.WindowManager: "The window manager", browser.Firefox: "Firefox",
}

// trouble says for people what is the matter with a process; empty: nothing, or something else is the cause of it.
func (b *board) trouble(p supervise.Status) string {
	if p.State == supervise.Ready {
		return ""
	}
	name := people[p.Process]
	if need, ok := errors.AsType[*supervise.NeedError](p.Err); ok {
		for _, other := range b.processes {
			if other.Process == need.Need && other.State != supervise.Ready {
				return ""
			}
		}
		return name + " is being restarted"
	}
	restarts := p.State == supervise.Restarting || p.State == supervise.Starting
	_, crashed := errors.AsType[*exec.ExitError](p.Err)
	switch {
	case restarts && errors.Is(p.Err, supervise.ErrNotReady):
		return name + " did not start and is tried again"
	case restarts && crashed:
		return name + " crashed and is being restarted"
	case restarts && p.Err != nil:
		return name + " ended and is being restarted"
	}
	return fmt.Sprintf("%s is %s", name, p.State)
}

func (b *board) told(s wire.VBStatus) { b.last = &s }

// forget has the whole status told again, as to a hub that has just taken us in.
func (b *board) forget() { b.last = nil }

// step is the first that is not done, and how many of all are.
func (b *board) step() (wire.BrowserStep, float32) {
	const all = 5 // launching, the three of steps, picture
	if len(b.processes) == 0 {
		return wire.BrowserStepLaunching, 0
	}
	ready := make(map[string]bool)
	for _, p := range b.processes {
		ready[p.Process] = p.State == supervise.Ready
	}
	for i, s := range steps {
		for _, process := range s.processes {
			if !ready[process] {
				return s.step, float32(i+1) / all
			}
		}
	}
	return wire.BrowserStepPicture, float32(all-1) / all
}

// limited keeps what a program said to what the contract lets through.
func limited(s string) string {
	const most = 300
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
