package browsers

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"turtus/services/accounts"
	"turtus/services/rooms"
	"turtus/services/wire"
)

func TestABrowserStartsServesAndIsStopped(t *testing.T) {
	h := newHouse(t, nil)
	room, person := h.room()
	require.Equal(t, wire.Browser{State: wire.BrowserStateStopped}, h.State(room.ID))

	b, err := h.Start(context.Background(), room.ID, person.ID)
	require.NoError(t, err)
	require.Equal(t, wire.BrowserStateStarting, b.State)
	require.Equal(t, person.DisplayName, b.StartedBy.DisplayName)
	spec := h.launched()
	require.Equal(t, *b.Id, spec.Run)
	require.Equal(t, "https://start.example/", spec.StartURL)
	require.Equal(t, room.Screen, wire.Screen{Width: spec.Width, Height: spec.Height, FrameRate: spec.FrameRate})
	claims, err := h.tokens.Verify(spec.Token, wire.PeerKindVb)
	require.NoError(t, err)
	require.Equal(t, rooms.Claims{Kind: wire.PeerKindVb, Room: room.ID, Browser: spec.Run}, claims)

	require.NoError(t, h.Connected(room.ID, spec.Run, "peer", 1))
	require.ErrorIs(t, h.Connected(rooms.NewID(), spec.Run, "peer", 1), ErrRunEnded)
	require.ErrorIs(t, h.Connected(room.ID, uuid.New(), "peer", 1), ErrRunEnded)
	step := wire.BrowserStepFirefox
	h.Status(room.ID, spec.Run, wire.VBStatus{State: wire.VBStatusStateStarting, Step: &step})
	b = h.State(room.ID)
	require.Equal(t, step, *b.Step)
	require.InDelta(t, 0.5, *b.Progress, 0.01)
	require.Equal(t, "peer", *b.Peer)
	h.Status(room.ID, spec.Run, wire.VBStatus{State: wire.VBStatusStateReady})
	b = h.await(room, wire.BrowserStateReady)
	require.Nil(t, b.Step)
	h.Status(room.ID, spec.Run, wire.VBStatus{State: wire.VBStatusStateDegraded, Detail: wire.Ptr("Firefox is restarting")})
	require.Equal(t, "Firefox is restarting", *h.await(room, wire.BrowserStateDegraded).Detail)
	ends := time.Now().Add(time.Minute).UTC()
	h.Status(room.ID, spec.Run, wire.VBStatus{State: wire.VBStatusStateReady, EndsAt: &ends})
	require.Equal(t, ends, *h.await(room, wire.BrowserStateReady).EndsAt)
	_, err = h.KeepAlive(context.Background(), room.ID)
	require.NoError(t, err)

	_, err = h.Start(context.Background(), room.ID, person.ID)
	h.refused(wire.ErrorCodeBrowserRunning, err)

	b, err = h.Stop(context.Background(), room.ID)
	require.NoError(t, err)
	require.Equal(t, wire.BrowserStateStopping, b.State)
	h.ended(room, wire.BrowserStateStopped, wire.EndReasonRequested)
	require.Contains(t, h.hub.told, "keep alive")
	require.Contains(t, h.hub.told, "stop requested")
	require.Empty(t, h.launcher.running)
	require.ErrorIs(t, h.Connected(room.ID, spec.Run, "peer", 2), ErrRunEnded)
	_, err = h.Stop(context.Background(), room.ID)
	h.refused(wire.ErrorCodeBrowserNotRunning, err)
	_, err = h.KeepAlive(context.Background(), room.ID)
	h.refused(wire.ErrorCodeBrowserNotRunning, err)
	require.Eventually(t, func() bool { return h.row(spec.Run).EndedAt != nil }, patience, time.Millisecond)
	require.Equal(t, "requested", *h.row(spec.Run).EndReason)

	own := wire.Screen{Width: 1920, Height: 1080, FrameRate: 60}
	_, err = h.rooms.Update(context.Background(), room.Slug, person, rooms.Change{Screen: &own})
	require.NoError(t, err)
	spec = h.start(room, person) // one click starts again
	require.Equal(t, own, wire.Screen{Width: spec.Width, Height: spec.Height, FrameRate: spec.FrameRate})
}

func TestAnAgentThatIsToldEndsByItself(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.StopGrace = patience })
	room, person := h.room()
	spec := h.ready(room, person)
	h.hub.agent = func(reason wire.EndReason) {
		h.Ending(room.ID, spec.Run, wire.VBEnding{Reason: reason})
		h.launcher.exit(spec.Run, "")
	}
	_, err := h.Stop(context.Background(), room.ID)
	require.NoError(t, err)
	h.ended(room, wire.BrowserStateStopped, wire.EndReasonRequested)
	require.Empty(t, h.launcher.stopped)
}

func TestABrowserSaysWhyItEnded(t *testing.T) {
	step := wire.BrowserStepSound
	for name, c := range map[string]struct {
		ready  bool
		status *wire.VBStatus
		ending *wire.VBEnding
		seen   string
		state  wire.BrowserState
		reason wire.EndReason
		detail string
	}{
		"nobody watched":           {true, nil, &wire.VBEnding{Reason: "no_viewers"}, "exit status 0", "stopped", "no_viewers", ""},
		"the hub was lost":         {true, nil, &wire.VBEnding{Reason: "signal_lost"}, "exit status 3", "failed", "signal_lost", "lost the connection"},
		"it failed and said why":   {false, nil, &wire.VBEnding{Reason: "failed", Detail: wire.Ptr("Firefox is not installed: apt install firefox-esr")}, "exit", "failed", "failed", "apt install firefox-esr"},
		"it failed before a hello": {false, nil, nil, "no display", "failed", "failed", "waited for the display: no display"},
		"it failed on the way":     {false, &wire.VBStatus{State: "starting", Step: &step}, nil, "no daemon", "failed", "failed", "waited for the sound server: no daemon"},
		"it was killed":            {true, nil, nil, "signal: killed", "failed", "failed", "unexpectedly: signal: killed"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, nil)
			room, person := h.room()
			var spec Spec
			if c.ready {
				spec = h.ready(room, person)
			} else {
				spec = h.start(room, person)
				require.Eventually(t, func() bool { return *h.State(room.ID).Step == wire.BrowserStepDisplay }, patience, time.Millisecond)
			}
			if c.status != nil {
				h.Status(room.ID, spec.Run, *c.status)
			}
			if c.ending != nil {
				h.Ending(room.ID, spec.Run, *c.ending)
				h.await(room, wire.BrowserStateStopping)
				h.Status(room.ID, spec.Run, wire.VBStatus{State: wire.VBStatusStateReady})
				require.Equal(t, wire.BrowserStateStopping, h.State(room.ID).State, "it ends, whatever it says now")
			}
			h.launcher.exit(spec.Run, c.seen)
			b := h.ended(room, c.state, c.reason)
			if c.detail == "" {
				require.Nil(t, b.Detail)
			} else {
				require.Contains(t, *b.Detail, c.detail)
			}
		})
	}
}

func TestAStartThatTakesTooLongFailsAndSaysWhatItWaitedFor(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.StartTimeout = 300 * time.Millisecond })
	room, person := h.room()
	spec := h.start(room, person)
	step := wire.BrowserStepPicture
	h.Status(room.ID, spec.Run, wire.VBStatus{State: wire.VBStatusStateStarting, Step: &step})
	b := h.ended(room, wire.BrowserStateFailed, wire.EndReasonFailed)
	require.Contains(t, *b.Detail, "not ready within 300ms")
	require.Contains(t, *b.Detail, "the first picture")
	require.Empty(t, h.launcher.running)
}

func TestALaunchThatFailsIsShown(t *testing.T) {
	h := newHouse(t, nil)
	room, person := h.room()
	h.launcher.fail = errors.New("secret path")
	_, err := h.Start(context.Background(), room.ID, person.ID)
	require.NoError(t, err)
	require.NotContains(t, *h.ended(room, wire.BrowserStateFailed, wire.EndReasonFailed).Detail, "secret")
	h.launcher.fail = wire.Errorf(wire.ErrorCodeBrowserNotAvailable, "All ports are in use.")
	_, err = h.Start(context.Background(), room.ID, person.ID)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		b := h.State(room.ID)
		return b.Detail != nil && *b.Detail == "All ports are in use."
	}, patience, time.Millisecond)
	h.launcher.mu.Lock()
	h.launcher.why = "Firefox is not installed."
	h.launcher.mu.Unlock()
	_, err = h.Start(context.Background(), room.ID, person.ID)
	h.refused(wire.ErrorCodeBrowserNotAvailable, err)
	_, err = h.Start(context.Background(), rooms.NewID(), person.ID)
	require.Error(t, err)
}

func TestAStopDuringTheLaunchIsHeeded(t *testing.T) {
	h := newHouse(t, nil)
	room, person := h.room()
	h.launcher.hold = make(chan struct{})
	_, err := h.Start(context.Background(), room.ID, person.ID)
	require.NoError(t, err)
	_, err = h.Stop(context.Background(), room.ID)
	require.NoError(t, err)
	close(h.launcher.hold)
	h.ended(room, wire.BrowserStateStopped, wire.EndReasonRequested)
	require.Empty(t, h.launcher.running)
}

// together calls start for all at once and counts the answers by code; successes by the empty one.
func together(n int, start func(i int) error) map[wire.ErrorCode]int {
	var group sync.WaitGroup
	var mu sync.Mutex
	codes := map[wire.ErrorCode]int{}
	gate := make(chan struct{})
	for i := range n {
		group.Go(func() {
			<-gate
			err := start(i)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				codes[""]++
			} else {
				codes[wire.CodeOf(err)]++
			}
		})
	}
	close(gate)
	group.Wait()
	return codes
}

func TestOfStartsAtOnceOneWins(t *testing.T) {
	h := newHouse(t, nil)
	room, person := h.room()
	codes := together(8, func(int) error {
		_, err := h.Start(context.Background(), room.ID, person.ID)
		return err
	})
	require.Equal(t, map[wire.ErrorCode]int{"": 1, wire.ErrorCodeBrowserRunning: 7}, codes)
	h.launched()
	require.Empty(t, h.launcher.started)
}

func TestTwoServersOnOneDatabaseStartOneBrowser(t *testing.T) {
	h := newHouse(t, nil)
	first := h.Service
	h.open(nil)
	room, person := h.room()
	services := []*Service{first, h.Service}
	codes := together(2, func(i int) error {
		_, err := services[i].Start(context.Background(), room.ID, person.ID)
		return err
	})
	require.Equal(t, map[wire.ErrorCode]int{"": 1, wire.ErrorCodeBrowserRunning: 1}, codes)
}

func TestQuotasHoldHoweverManyAskAtOnce(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.MaxRunning, o.MaxPerOwner = 3, 2 })
	var all []rooms.Room
	var owners []accounts.Person
	first, person := h.room()
	all, owners = append(all, first), append(owners, person)
	for range 3 {
		all, owners = append(all, h.another(person)), append(owners, person)
	}
	codes := together(4, func(i int) error {
		_, err := h.Start(context.Background(), all[i].ID, owners[i].ID)
		return err
	})
	require.Equal(t, map[wire.ErrorCode]int{"": 2, wire.ErrorCodeBrowserQuotaPerson: 2}, codes)

	all, owners = nil, nil
	for range 4 {
		r, p := h.room()
		all, owners = append(all, r), append(owners, p)
	}
	codes = together(4, func(i int) error {
		_, err := h.Start(context.Background(), all[i].ID, owners[i].ID)
		return err
	})
	require.Equal(t, map[wire.ErrorCode]int{"": 1, wire.ErrorCodeBrowserQuotaServer: 3}, codes)

	t.Run("an end makes place", func(t *testing.T) {
		for i, r := range all {
			if _, err := h.Stop(context.Background(), r.ID); err == nil {
				h.await(r, wire.BrowserStateStopped)
				h.start(all[(i+1)%4], owners[(i+1)%4])
				return
			}
		}
	})
	t.Run("the owner's quota counts, whoever starts", func(t *testing.T) {
		_, err := h.Start(context.Background(), h.another(person).ID, owners[0].ID)
		h.refused(wire.ErrorCodeBrowserQuotaPerson, err)
	})
}

func TestALostAgentIsWaitedFor(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Spec.SignalTimeout, o.Margin = 200*time.Millisecond, time.Nanosecond })
	room, person := h.room()
	spec := h.ready(room, person)
	require.NoError(t, h.Connected(room.ID, spec.Run, "peer", 5))
	h.Disconnected(room.ID, spec.Run, 1)
	require.Equal(t, wire.BrowserStateReady, h.State(room.ID).State, "the end of an older connection is nothing")
	h.Disconnected(room.ID, spec.Run, 5)
	require.Contains(t, *h.await(room, wire.BrowserStateDegraded).Detail, "may come back")
	require.NoError(t, h.Connected(room.ID, spec.Run, "peer", 6))
	h.Status(room.ID, spec.Run, wire.VBStatus{State: wire.VBStatusStateReady})
	h.await(room, wire.BrowserStateReady)
	h.Disconnected(room.ID, spec.Run, 6)
	require.Contains(t, *h.ended(room, wire.BrowserStateFailed, wire.EndReasonSignalLost).Detail, "did not come back")
	require.Empty(t, h.launcher.running)
}

func TestARestartedServerTakesItsBrowsersBack(t *testing.T) {
	h := newHouse(t, nil)
	served, person := h.room()
	dead, other := h.room()
	starting, third := h.room()
	failed, fourth := h.room()
	live := h.ready(served, person)
	gone := h.ready(dead, other)
	begun := h.start(starting, third)
	broken := h.start(failed, fourth)
	h.launcher.exit(broken.Run, "no display")
	h.ended(failed, wire.BrowserStateFailed, wire.EndReasonFailed)
	require.Eventually(t, func() bool {
		return h.row(begun.Run).Handle != "" && h.row(live.Run).State == "ready" && h.row(gone.Run).State == "ready" && h.row(broken.Run).EndedAt != nil
	}, patience, time.Millisecond)
	h.crash()
	h.launcher.mu.Lock()
	delete(h.launcher.running, Handle("handle of "+gone.Run.String()))
	stray := uuid.New()
	h.launcher.running["stray"] = Running{Handle: "stray", Run: stray}
	h.launcher.mu.Unlock()

	h.open(nil)
	b := h.await(served, wire.BrowserStateDegraded)
	require.Equal(t, live.Run, *b.Id)
	require.Contains(t, *b.Detail, "restarted")
	require.Equal(t, person.DisplayName, b.StartedBy.DisplayName)
	require.NoError(t, h.Connected(served.ID, live.Run, "peer", 1))
	h.Status(served.ID, live.Run, wire.VBStatus{State: wire.VBStatusStateReady})
	h.await(served, wire.BrowserStateReady)

	h.ended(dead, wire.BrowserStateFailed, wire.EndReasonSignalLost)
	require.Equal(t, wire.BrowserStateStarting, h.State(starting.ID).State)
	require.Equal(t, wire.BrowserStateFailed, h.State(failed.ID).State, "why it failed is still shown")
	require.Contains(t, *h.State(failed.ID).Detail, "no display")
	require.Eventually(t, func() bool {
		_, err := h.launcher.Inspect(context.Background(), "stray")
		return errors.Is(err, ErrNotRunning)
	}, patience, time.Millisecond, "what belongs to no room is ended")
	require.Len(t, h.launcher.running, 2)
	h.start(dead, other)
	_, err := h.Start(context.Background(), served.ID, person.ID)
	h.refused(wire.ErrorCodeBrowserRunning, err)
}

func TestWhatTheLauncherLostIsNoticed(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.ReapInterval = 5 * time.Millisecond })
	room, person := h.room()
	spec := h.ready(room, person)
	h.launcher.mu.Lock()
	delete(h.launcher.running, Handle("handle of "+spec.Run.String())) // and no event
	h.launcher.mu.Unlock()
	require.Contains(t, *h.ended(room, wire.BrowserStateFailed, wire.EndReasonFailed).Detail, "processes are gone")
}

func TestAnUnwatchedBrowserIsEndedWhereItsAgentDidNot(t *testing.T) {
	h := newHouse(t, func(o *Options) {
		o.ReapInterval, o.Spec.ViewerTimeout, o.Margin = 5*time.Millisecond, 20*time.Millisecond, time.Nanosecond
	})
	room, person := h.room()
	h.hub.viewers = 1
	h.ready(room, person)
	watched, another := h.room()
	h.start(watched, another) // not ready: nobody need watch yet
	h.hub.mu.Lock()
	h.hub.viewers = 0
	h.hub.mu.Unlock()
	h.ended(room, wire.BrowserStateStopped, wire.EndReasonNoViewers)
	require.Equal(t, wire.BrowserStateStarting, h.State(watched.ID).State)
}

func TestShutdownEndsEveryBrowser(t *testing.T) {
	h := newHouse(t, nil)
	room, person := h.room()
	other, another := h.room()
	spec, second := h.ready(room, person), h.start(other, another)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	require.NoError(t, h.Shutdown(ctx))
	require.Empty(t, h.launcher.running)
	for _, run := range []uuid.UUID{spec.Run, second.Run} {
		require.Equal(t, "server_stopped", *h.row(run).EndReason)
		require.Equal(t, "stopped", h.row(run).State)
	}
	require.Equal(t, wire.EndReasonServerStopped, *h.hub.last(room.ID).EndReason)
	_, err := h.Start(context.Background(), room.ID, person.ID)
	h.refused(wire.ErrorCodeUnavailable, err)
}

func TestADeletedRoomsBrowserIsEnded(t *testing.T) {
	h := newHouse(t, nil)
	room, person := h.room()
	spec := h.ready(room, person)
	require.NoError(t, h.rooms.Delete(context.Background(), room.ID, person))
	h.Status(room.ID, spec.Run, wire.VBStatus{State: wire.VBStatusStateReady})
	h.await(room, wire.BrowserStateStopped)
	h.Forget(room.ID)
	require.Equal(t, wire.Browser{State: wire.BrowserStateStopped}, h.State(room.ID))
}

func TestADatabaseThatIsAwayEndsNoBrowser(t *testing.T) {
	var away switchable
	h := newHouse(t, func(o *Options) {
		away.DBTX = o.DB
		o.DB = &away
	})
	room, person := h.room()
	spec := h.ready(room, person)
	away.set(true)
	h.Status(room.ID, spec.Run, wire.VBStatus{State: wire.VBStatusStateDegraded})
	h.await(room, wire.BrowserStateDegraded)
	other, another := h.room()
	_, err := h.Start(context.Background(), other.ID, another.ID)
	require.Error(t, err)
	require.Equal(t, wire.BrowserStateStopped, h.State(other.ID).State)
	h.launcher.exit(spec.Run, "killed")
	h.ended(room, wire.BrowserStateFailed, wire.EndReasonFailed)
	away.set(false)
	require.Eventually(t, func() bool { return h.row(spec.Run).State == "failed" }, patience, time.Millisecond, "the database follows")
	h.start(room, person)
	h.start(other, another)
}

// whileStoring begins a start and returns while the database holds it.
func (h *house) whileStoring(ctx context.Context, base *switchable, room rooms.Room, person accounts.Person) (answer chan error, started chan error) {
	h.Helper()
	held := make(chan chan error)
	base.mu.Lock()
	base.held = held
	base.mu.Unlock()
	started = make(chan error, 1)
	go func() {
		_, err := h.Start(ctx, room.ID, person.ID)
		started <- err
	}()
	select {
	case answer = <-held:
	case <-time.After(patience):
		require.FailNow(h, "nothing was stored")
	}
	return answer, started
}

func TestAStopWhileAStartIsStoredLeavesNothingBehind(t *testing.T) {
	for name, end := range map[string]func(*house, rooms.Room){
		"stopped":   func(h *house, r rooms.Room) { _, err := h.Stop(context.Background(), r.ID); require.NoError(h, err) },
		"forgotten": func(h *house, r rooms.Room) { h.Forget(r.ID) },
	} {
		t.Run(name, func(t *testing.T) {
			var base switchable
			h := newHouse(t, func(o *Options) { base.DBTX, o.DB = o.DB, &base })
			room, person := h.room()
			answer, started := h.whileStoring(context.Background(), &base, room, person)
			end(h, room)
			h.await(room, wire.BrowserStateStopping)
			answer <- errors.New("the database is away")
			require.Error(t, <-started)
			require.Equal(t, wire.Browser{State: wire.BrowserStateStopped}, h.await(room, wire.BrowserStateStopped))
			require.Equal(t, wire.Browser{State: wire.BrowserStateStopped}, h.State(room.ID))
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			require.NoError(t, h.Shutdown(ctx))
		})
	}
}

func TestAFailedStartShowsTheRunBeforeIt(t *testing.T) {
	var base switchable
	h := newHouse(t, func(o *Options) { base.DBTX, o.DB = o.DB, &base })
	room, person := h.room()
	spec := h.ready(room, person)
	h.launcher.exit(spec.Run, "killed")
	before := h.ended(room, wire.BrowserStateFailed, wire.EndReasonFailed)
	answer, started := h.whileStoring(context.Background(), &base, room, person)
	_, err := h.Stop(context.Background(), room.ID)
	require.NoError(t, err)
	h.await(room, wire.BrowserStateStopping)
	answer <- errors.New("the database is away")
	require.Error(t, <-started)
	require.Equal(t, before, h.await(room, wire.BrowserStateFailed))
	require.Equal(t, before, h.State(room.ID))
}

func TestAShutdownDuringAStartThatFailsEnds(t *testing.T) {
	var base switchable
	h := newHouse(t, func(o *Options) { base.DBTX, o.DB = o.DB, &base })
	room, person := h.room()
	answer, started := h.whileStoring(context.Background(), &base, room, person)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- h.Shutdown(ctx) }()
	h.await(room, wire.BrowserStateStopping)
	answer <- errors.New("the database is away")
	require.Error(t, <-started)
	require.NoError(t, <-ended)
}

func TestShutdownDoesNotWaitForEverForWhatHangs(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.KillGrace = time.Millisecond })
	hangs := make(chan struct{})
	h.work(func() { <-hangs })
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, h.Shutdown(ctx), context.DeadlineExceeded)
	close(hangs)
}

func TestAStartWhoseRequestIsGivenUpGoesOn(t *testing.T) {
	var base switchable
	h := newHouse(t, func(o *Options) { base.DBTX, o.DB = o.DB, &base })
	room, person := h.room()
	ctx, cancel := context.WithCancel(context.Background())
	answer, started := h.whileStoring(ctx, &base, room, person)
	cancel()
	answer <- nil
	require.NoError(t, <-started)
	h.launched()
}

func TestAStartThatWasStoredAfterAllBlocksNoOther(t *testing.T) {
	var base switchable
	h := newHouse(t, func(o *Options) { base.DBTX, o.DB = o.DB, &base })
	room, person := h.room()
	base.mu.Lock()
	base.late = true
	base.mu.Unlock()
	_, err := h.Start(context.Background(), room.ID, person.ID)
	require.Error(t, err)
	require.Eventually(t, func() bool { // its end was told, and there was no row to end
		h.mu.Lock()
		defer h.mu.Unlock()
		return len(h.dirty) == 0
	}, patience, time.Millisecond)
	base.mu.Lock()
	base.late = false
	base.catchUp()
	base.mu.Unlock()
	h.start(room, person)
	h.mu.Lock()
	defer h.mu.Unlock()
	require.Empty(t, h.unsure)
}

func TestADeletedRoomIsForgottenWhenItsBrowserHasEnded(t *testing.T) {
	h := newHouse(t, nil)
	room, person := h.room()
	h.ready(room, person)
	h.Forget(room.ID)
	h.await(room, wire.BrowserStateStopped)
	h.mu.Lock()
	defer h.mu.Unlock()
	require.Empty(t, h.byRoom)
}
