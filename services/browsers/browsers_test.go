package browsers

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

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
	_, err = h.rooms.Update(context.Background(), room.Slug, person, rooms.Change{Screen: wire.ScreenChange{Set: true, To: &own}})
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
