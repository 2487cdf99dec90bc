package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"turtus/services/wire"
	"turtus/vb/agent/settings"
	"turtus/vb/browser"
	"turtus/vb/desktop"
	"turtus/vb/image"
	"turtus/vb/signalling"
	"turtus/vb/sound"
	"turtus/vb/stream"
	"turtus/vb/supervise"
)

const (
	// farewell is how long a failed start tries to reach the hub, to say why.
	farewell = 5 * time.Second
	// absentGrace is how long a session lives on after its viewer is missing from the hub's list: it may come back.
	absentGrace = 20 * time.Second
	// captureRetry is the pause before a display that could not be captured is tried again.
	captureRetry = 250 * time.Millisecond
)

// How long a part may take to end before the rest goes on without it. The end of the program then takes along what is
// left, its children too.
const (
	streamEnd  = 2 * time.Second
	browserEnd = 15 * time.Second // as its processes are first asked, then killed, one after another
	partsEnd   = 2 * time.Second
	hubEnd     = 2 * time.Second
)

// ending is why an agent ends.
type ending struct {
	reason wire.EndReason
	detail string // for people
}

// agent joins the parts: processes, stream and hub. The goroutine of run owns its state; others leave word by do.
type agent struct {
	settings settings.Settings
	logger   *slog.Logger
	words    chan func()
	over     chan struct{}    // closed when run takes no more words
	screens  chan wire.Screen // the newest that the room wants, not yet set
	links    chan string      // the newest that the room wants opened, not yet taken
	pages    chan string      // the page of the room that took a browser which waited, not yet opened

	client   *signalling.Client
	streamer *stream.Streamer
	browser  atomic.Pointer[browser.Environment]

	// Owned by run.
	supervisor *supervise.Supervisor
	end        *ending
	board      board
	countdown  *time.Timer
	present    map[stream.PeerID]bool
	streams    sync.WaitGroup // the streamer's Run
	parts      sync.WaitGroup // the other goroutines
}

func newAgent(s settings.Settings, logger *slog.Logger) *agent {
	return &agent{
		settings: s, logger: logger,
		words: make(chan func()), over: make(chan struct{}), screens: make(chan wire.Screen, 1), pages: make(chan string, 1), links: make(chan string, 1),
		present: make(map[stream.PeerID]bool),
		board:   newBoard(s.Timeout),
	}
}

// do has the agent's goroutine call f, and waits until it is taken on.
func (a *agent) do(f func()) {
	select {
	case a.words <- f:
	case <-a.over:
	}
}

// finish ends the agent soon; the first reason counts.
func (a *agent) finish(reason wire.EndReason, detail string) {
	if a.end == nil {
		a.end = &ending{reason, detail}
	}
}

// run does all an agent does, and returns why it ended when nothing of it is left, or when what is left does not end.
func (a *agent) run(ctx context.Context) ending {
	a.countdown = time.NewTimer(time.Hour)
	a.countdown.Stop()
	defer a.countdown.Stop()

	a.client = signalling.New(signalling.Config{
		URL: a.settings.SignalServer, Token: a.settings.Token, Timeout: a.settings.SignalTimeout, Handler: a, Logger: a.logger,
	})
	var err error
	a.streamer, err = stream.New(stream.Config{
		Display: a.display, Sound: a.sound, Signaller: a, Activity: a.activity,
		Width: a.settings.Width, Height: a.settings.Height, FrameRate: a.settings.FrameRate, Bitrate: a.settings.Bitrate,
		WheelClicks: image.WheelClicks,
		UDPPort:     a.settings.UDPPort, TCPPort: a.settings.TCPPort, Addresses: a.settings.Addresses, Loopback: a.settings.Loopback,
		OneByOne: a.settings.OneByOne, Logger: a.logger,
	})
	if err != nil {
		a.finish(wire.EndReasonFailed, err.Error())
	}

	// The hub outlives the rest: it is told how it went.
	hub, leaveHub := context.WithCancel(context.WithoutCancel(ctx))
	var hubDone sync.WaitGroup
	hubDone.Go(func() {
		err := a.client.Run(hub)
		if err != nil {
			a.do(func() { a.finish(wire.EndReasonSignalLost, err.Error()) })
		}
	})
	// Neither ends with ctx: the stream has to let go of keys and buttons while there is a display.
	streaming, stopStream := context.WithCancel(context.WithoutCancel(ctx))
	if a.streamer != nil {
		a.streams.Go(func() { a.streamer.Run(streaming) })
	}
	browsing, stopBrowser := context.WithCancel(context.WithoutCancel(ctx))
	home, endMetrics := "", func() {}
	if a.end == nil {
		home, err = a.launch(browsing)
		if err != nil {
			a.finish(wire.EndReasonFailed, err.Error())
		}
		if home != "" {
			endMetrics = a.serveMetrics(home)
		}
	}
	a.loop(ctx)
	a.sayEnding()
	endMetrics()
	a.dismantle(stopStream, stopBrowser)
	a.cleanUp(home)
	leaveHub()
	a.within(hubEnd, "the connection to the hub", hubDone.Wait)
	return *a.end
}

// dismantle ends the stream, then the browser that it shows, then the rest, each within its time.
func (a *agent) dismantle(stopStream, stopBrowser context.CancelFunc) {
	stopStream()
	a.within(streamEnd, "the stream", a.streams.Wait)
	stopBrowser()
	if a.supervisor != nil {
		a.within(browserEnd, "the browser", a.supervisor.Close)
	}
	close(a.over)
	a.within(partsEnd, "the rest", a.parts.Wait)
}

// within waits until f returns, but no longer than so long.
func (a *agent) within(limit time.Duration, what string, f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		a.logger.Error("does not end, going on without it", "part", what, "waited", limit)
	}
}

// launch starts the browser in a folder of its own, which it returns also when it fails.
func (a *agent) launch(ctx context.Context) (home string, err error) {
	if a.settings.Home != "" {
		if err := os.MkdirAll(a.settings.Home, 0o700); err != nil {
			return "", fmt.Errorf("make the home folder: %w", err)
		}
	}
	home, err = os.MkdirTemp(a.settings.Home, "browser-")
	if err != nil {
		return "", fmt.Errorf("make a home folder: %w", err)
	}
	if home, err = filepath.Abs(home); err != nil {
		return home, err
	}
	processes, environment, err := browser.Processes(browser.Config{
		Home: home, Width: a.settings.Width, Height: a.settings.Height, Depth: a.settings.Depth, Resize: desktop.Resize,
		StartURL: a.settings.StartURL, FirefoxPath: a.settings.Firefox,
	})
	if err != nil {
		return home, err
	}
	for _, warning := range environment.Warnings {
		a.logger.Warn(warning)
	}
	// Xlib and libpulse look for their keys there.
	for name, value := range map[string]string{"XAUTHORITY": environment.XAuthority, "PULSE_COOKIE": environment.PulseCookie} {
		if err := os.Setenv(name, value); err != nil {
			return home, fmt.Errorf("set %s: %w", name, err)
		}
	}
	a.browser.Store(environment)
	a.supervisor, err = supervise.New(processes, supervise.Options{Logger: a.logger})
	if err != nil {
		return home, err
	}
	events, cancel := a.supervisor.Subscribe()
	a.parts.Go(func() {
		defer cancel()
		err := a.supervisor.Run(ctx)
		if ctx.Err() != nil {
			return // as we wanted
		}
		a.do(func() {
			if err == nil {
				err = errors.New("the browser's processes ended")
			}
			a.finish(wire.EndReasonFailed, err.Error())
		})
	})
	a.parts.Go(func() {
		for range events {
			a.do(func() {})
		}
	})
	a.parts.Go(func() { a.tryPicture(ctx) })
	a.parts.Go(func() { a.followScreens(ctx) })
	a.parts.Go(func() { a.openPage(ctx) })
	a.parts.Go(func() { a.openLinks(ctx) })
	return home, nil
}

// tryPicture waits until every process is ready and then captures once: ready means that there is something to see.
func (a *agent) tryPicture(ctx context.Context) {
	if a.supervisor.WaitReady(ctx) != nil {
		return // Run says why
	}
	a.do(func() { a.board.processesReady = true })
	for {
		err := capture(ctx, a.display())
		if err == nil {
			a.do(func() { a.board.captured = true })
			return
		}
		a.logger.Warn("the screen can't be captured yet", "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(captureRetry):
		}
	}
}

func capture(ctx context.Context, display string) error {
	capturer, err := desktop.NewCapturer(display)
	if err != nil {
		return err
	}
	defer capturer.Close()
	if err := capturer.Wait(ctx); err != nil {
		return err
	}
	_, err = capturer.Grab()
	return err
}

// loop serves words and time until there is a reason to end. After each it looks at the whole and tells the hub what
// changed.
func (a *agent) loop(ctx context.Context) {
	var changed <-chan struct{}
	if a.streamer != nil {
		changed = a.streamer.Changed()
	}
	for {
		if ctx.Err() != nil {
			a.finish(wire.EndReasonRequested, "asked to end by a signal")
		}
		if a.end != nil {
			return
		}
		a.look(time.Now())
		select {
		case <-ctx.Done():
		case f := <-a.words:
			f()
		case <-changed:
		case <-a.countdown.C:
			if a.board.expired(time.Now()) {
				a.finish(wire.EndReasonNoViewers, fmt.Sprintf("nobody watched for %s", a.settings.Timeout))
			}
		}
	}
}

// look takes stock and tells the hub what is new.
func (a *agent) look(now time.Time) {
	if a.supervisor != nil {
		a.board.processes = a.supervisor.Status()
	}
	a.board.viewers, a.board.problems = a.streamer.Viewers(), a.streamer.Problems()
	if a.board.count(now) {
		a.countdown.Stop()
		if !a.board.endsAt.IsZero() {
			a.countdown.Reset(time.Until(a.board.endsAt))
		}
	}
	if status, isNew := a.board.status(); isNew && a.client.Send(wire.NewEnvelope(wire.TypeVBStatus, status)) {
		a.board.told(status)
	}
}

// sayEnding tells the hub why, first of all: what follows takes seconds. When the hub is not there yet, as after a start
// that failed at once, it gets a moment to come.
func (a *agent) sayEnding() {
	a.logger.Info("ending", "reason", a.end.reason, "detail", a.end.detail)
	e := wire.NewEnvelope(wire.TypeVBEnding, wire.VBEnding{Reason: a.end.reason, Detail: wire.Ptr(a.end.detail)})
	if a.end.reason != wire.EndReasonFailed {
		a.client.Send(e)
		return
	}
	deadline := time.NewTimer(farewell)
	defer deadline.Stop()
	for !a.client.Send(e) {
		select {
		case f := <-a.words: // Identity is one
			f()
		case <-deadline.C:
			return
		}
	}
}

func (a *agent) cleanUp(home string) {
	if environment := a.browser.Load(); environment != nil {
		if err := environment.Close(); err != nil {
			a.logger.Warn("clean up", "error", err)
		}
	}
	if home == "" {
		return
	}
	if err := os.RemoveAll(home); err != nil {
		a.logger.Warn("remove the browser's folder", "error", err)
	}
}

func (a *agent) display() string {
	if environment := a.browser.Load(); environment != nil {
		return environment.Display()
	}
	return ""
}

func (a *agent) sound() sound.Config {
	if environment := a.browser.Load(); environment != nil {
		return sound.Config{Server: environment.PulseServer, Source: environment.PulseSource}
	}
	return sound.Config{}
}
