package browsers

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

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

func TestBrowsersMayOutliveTheirServer(t *testing.T) {
	outlive := func(o *Options) { o.Outlive = true }
	h := newHouse(t, outlive)
	room, person := h.room()
	other, another := h.room()
	spec := h.ready(room, person)
	h.launcher.mu.Lock()
	h.launcher.hold = make(chan struct{})
	h.launcher.mu.Unlock()
	late, err := h.Start(context.Background(), other.ID, another.ID)
	require.NoError(t, err)
	receive(h, h.launcher.held, "nothing is on its way") // one that is stopped before is stopped at once
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- h.Shutdown(ctx) }()
	h.await(other, wire.BrowserStateStopping)
	close(h.launcher.hold)
	require.NoError(t, <-ended)
	require.Len(t, h.launcher.running, 1)
	require.Nil(t, h.row(spec.Run).EndedAt)
	require.NotNil(t, h.row(*late.Id).EndedAt, "one that was on its way is not left half started")

	h.launcher.hold = nil
	h.open(outlive)
	require.Equal(t, spec.Run, *h.State(room.ID).Id)
	require.NoError(t, h.Connected(room.ID, spec.Run, "peer", 1))
	h.Status(room.ID, spec.Run, wire.VBStatus{State: wire.VBStatusStateReady})
	h.await(room, wire.BrowserStateReady)
	_, err = h.Stop(context.Background(), room.ID)
	require.NoError(t, err)
	h.ended(room, wire.BrowserStateStopped, wire.EndReasonRequested)
}

func TestABrowserOutlivesItsServerThoughItsLauncherIsSlowToAnswer(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Outlive = true })
	room, person := h.room()
	slow := make(chan struct{})
	h.launcher.slow = slow
	_, err := h.Start(context.Background(), room.ID, person.ID)
	require.NoError(t, err)
	spec := h.launched()
	require.NoError(t, h.Connected(room.ID, spec.Run, "peer", 1))
	h.Status(room.ID, spec.Run, wire.VBStatus{State: wire.VBStatusStateReady})
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- h.Shutdown(ctx) }()
	require.Eventually(t, func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.closing
	}, patience, time.Millisecond)
	close(slow)
	require.NoError(t, <-ended)
	require.Empty(t, h.launcher.stopped)
	require.Len(t, h.launcher.running, 1)
	require.Nil(t, h.row(spec.Run).EndedAt)
	require.NotEmpty(t, h.row(spec.Run).Handle)
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
