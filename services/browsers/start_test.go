package browsers

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/services/rooms"
	"turtus/services/wire"
)

func TestAStartThatTakesTooLongFailsAndSaysWhatItWaitedFor(t *testing.T) {
	h, p := newPreparing(t, func(o *Options) { o.StartTimeout = time.Millisecond })
	room, person := h.room()
	b, err := h.Start(context.Background(), room.ID, person.ID)
	require.NoError(t, err)
	step := wire.BrowserStepPicture
	h.Status(room.ID, *b.Id, wire.VBStatus{State: wire.VBStatusStateStarting, Step: &step})
	p.result <- nil // only now the clock of the start begins
	b = h.ended(room, wire.BrowserStateFailed, wire.EndReasonFailed)
	require.Contains(t, *b.Detail, "not ready within 1ms")
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
	receive(h, h.launcher.held, "nothing was launched")
	_, err = h.Stop(context.Background(), room.ID)
	require.NoError(t, err)
	h.await(room, wire.BrowserStateStopping)
	close(h.launcher.hold)
	h.ended(room, wire.BrowserStateStopped, wire.EndReasonRequested)
	require.Empty(t, h.launcher.running)
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
