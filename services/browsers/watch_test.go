package browsers

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

func TestALostAgentIsWaitedFor(t *testing.T) {
	h := newHouse(t, nil)
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
}

func TestALostAgentIsNotWaitedForForEver(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Spec.SignalTimeout, o.Margin = time.Millisecond, time.Nanosecond })
	room, person := h.room()
	spec := h.ready(room, person)
	h.Disconnected(room.ID, spec.Run, 1)
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

func TestAServerStartsWhileItsLauncherIsAway(t *testing.T) {
	h := newHouse(t, nil)
	room, person := h.room()
	h.launcher.media = []netip.AddrPort{netip.MustParseAddrPort("172.20.0.2:52000")}
	spec := h.ready(room, person)
	require.Eventually(t, func() bool { return h.row(spec.Run).State == string(wire.BrowserStateReady) }, patience, time.Millisecond)
	h.crash()
	h.launcher.away = true
	h.open(func(o *Options) { o.ReapInterval = time.Millisecond })
	b := h.await(room, wire.BrowserStateDegraded)
	require.Nil(t, b.EndReason, "nobody knows that it has ended")
	require.NoError(t, h.Connected(room.ID, spec.Run, "peer", 2), "its agent comes by itself")
	h.Status(room.ID, spec.Run, wire.VBStatus{State: wire.VBStatusStateReady})
	h.await(room, wire.BrowserStateReady)
	require.Empty(t, h.Media(room.ID, spec.Run))

	h.launcher.mu.Lock()
	h.launcher.away = false
	h.launcher.mu.Unlock()
	require.Eventually(t, func() bool { return len(h.Media(room.ID, spec.Run)) > 0 }, patience, time.Millisecond)
	require.Empty(t, h.launcher.stopped)
	h.launcher.exit(spec.Run, "killed")
	h.ended(room, wire.BrowserStateFailed, wire.EndReasonFailed)
}
