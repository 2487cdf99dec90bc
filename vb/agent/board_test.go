package main

import (
	"errors"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"turtus/services/wire"
	"turtus/vb/browser"
	"turtus/vb/stream"
	"turtus/vb/supervise"
)

func processes(ready ...string) (all []supervise.Status) {
	for _, name := range []string{browser.DBus, browser.Xvfb, browser.PulseAudio, browser.WindowManager, browser.Firefox} {
		state := supervise.Starting
		for _, r := range ready {
			if r == name {
				state = supervise.Ready
			}
		}
		all = append(all, supervise.Status{Event: supervise.Event{Process: name, State: state}})
	}
	return all
}

func TestAStartIsToldStepByStep(t *testing.T) {
	b := newBoard(time.Minute)
	for _, c := range []struct {
		processes []supervise.Status
		step      wire.BrowserStep
	}{
		{nil, wire.BrowserStepLaunching},
		{processes(browser.DBus), wire.BrowserStepDisplay},
		{processes(browser.Xvfb), wire.BrowserStepSound},
		{processes(browser.Xvfb, browser.PulseAudio, browser.DBus), wire.BrowserStepFirefox},
		{processes(browser.Xvfb, browser.PulseAudio, browser.DBus, browser.WindowManager, browser.Firefox), wire.BrowserStepPicture},
	} {
		b.processes = c.processes
		s, isNew := b.status()
		require.True(t, isNew)
		b.told(s)
		assert.Equal(t, wire.VBStatusStateStarting, s.State)
		assert.Equal(t, c.step, *s.Step)
		assert.False(t, b.count(time.Now()), "no countdown while it starts")
	}
	b.processesReady, b.captured = true, true
	s, _ := b.status()
	assert.Equal(t, wire.VBStatusStateReady, s.State)
	b.told(s)
	_, isNew := b.status()
	assert.False(t, isNew, "the same is not told twice")
	b.forget()
	_, isNew = b.status()
	assert.True(t, isNew)
}

func TestWhatDoesNotWorkDegradesIt(t *testing.T) {
	b := newBoard(0)
	b.processes, b.processesReady, b.captured = processes(browser.Xvfb, browser.DBus, browser.WindowManager, browser.Firefox), true, true
	s, _ := b.status()
	assert.Equal(t, wire.VBStatusStateDegraded, s.State)
	assert.Equal(t, "The sound is starting", *s.Detail)
	b.processes, b.problems = nil, []stream.Problem{{Part: "sound", Err: errors.New("no server")}}
	s, _ = b.status()
	assert.Equal(t, wire.VBStatusStateDegraded, s.State)
	assert.Contains(t, *s.Detail, "sound: no server")
}

func TestACrashIsSaidForPeopleOnce(t *testing.T) {
	b := newBoard(0)
	b.processesReady, b.captured = true, true
	b.processes = processes(browser.DBus, browser.PulseAudio, browser.WindowManager)
	display, firefox := &b.processes[1], &b.processes[4]
	killed := exec.Command("sh", "-c", "kill -9 $$").Run()
	for _, c := range []struct {
		display, firefox supervise.State
		why              error // of Firefox
		detail           string
	}{
		{supervise.Ready, supervise.Restarting, &supervise.ProcessError{Process: browser.Firefox, Err: killed}, "Firefox crashed and is being restarted"},
		{supervise.Ready, supervise.Starting, &supervise.ProcessError{Process: browser.Firefox, Err: killed}, "Firefox crashed and is being restarted"},
		{supervise.Ready, supervise.Starting, &supervise.ProcessError{Process: browser.Firefox, Err: errors.New("ended")}, "Firefox ended and is being restarted"},
		{supervise.Ready, supervise.Starting, &supervise.ProcessError{Process: browser.Firefox, Err: supervise.ErrNotReady}, "Firefox did not start and is tried again"},
		{supervise.Starting, supervise.Restarting, &supervise.NeedError{Process: browser.Firefox, Need: browser.Xvfb}, "The display crashed and is being restarted"},
		{supervise.Ready, supervise.Starting, &supervise.NeedError{Process: browser.Firefox, Need: browser.Xvfb}, "Firefox is being restarted"},
	} {
		display.State, firefox.State, firefox.Err = c.display, c.firefox, c.why
		display.Err = &supervise.ProcessError{Process: browser.Xvfb, Err: killed}
		s, _ := b.status()
		assert.Equal(t, wire.VBStatusStateDegraded, s.State)
		assert.Equal(t, c.detail, *s.Detail)
	}
}

func TestTheCountdown(t *testing.T) {
	b := newBoard(time.Minute)
	b.processesReady, b.captured = true, true
	now := time.Now()
	require.True(t, b.count(now))
	assert.Equal(t, now.Add(time.Minute), b.endsAt, "it begins when it is ready and nobody came")
	assert.False(t, b.count(now.Add(time.Second)), "and goes on")
	assert.False(t, b.expired(now.Add(59*time.Second)))
	assert.True(t, b.expired(now.Add(time.Minute)))
	b.keepAlive()
	require.True(t, b.count(now.Add(30*time.Second)))
	assert.Equal(t, now.Add(90*time.Second), b.endsAt)
	b.viewers = 1
	require.True(t, b.count(now))
	assert.True(t, b.endsAt.IsZero(), "a viewer ends it")
	b.viewers = 0
	require.True(t, b.count(now))
	forever := newBoard(0)
	forever.processesReady, forever.captured = true, true
	assert.False(t, forever.count(now), "0 is for ever")
}
