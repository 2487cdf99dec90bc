package browsers

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

// preparing is a launcher that has something to fetch first: what the test hands it.
type preparing struct {
	*fakeLauncher
	arrives chan Download
	result  chan error
}

func (p *preparing) Prepare(ctx context.Context, progress func(Download)) error {
	for {
		select {
		case d := <-p.arrives:
			progress(d)
		case err := <-p.result:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func newPreparing(t *testing.T, change func(*Options)) (*house, *preparing) {
	p := &preparing{arrives: make(chan Download), result: make(chan error)}
	h := newHouse(t, func(o *Options) {
		p.fakeLauncher = o.Launcher.(*fakeLauncher)
		o.Launcher = p
		if change != nil {
			change(o)
		}
	})
	return h, p
}

func TestTheRoomSeesWhatHasToBeDownloadedFirst(t *testing.T) {
	h, p := newPreparing(t, nil)
	room, person := h.room()
	_, err := h.Start(context.Background(), room.ID, person.ID)
	require.NoError(t, err)
	p.arrives <- Download{Received: 30, Total: 120}
	require.Eventually(t, func() bool {
		b := h.hub.last(room.ID)
		return b.Step != nil && *b.Step == wire.BrowserStepDownloading
	}, patience, time.Millisecond)
	b := h.hub.last(room.ID)
	require.Equal(t, wire.Download{Received: 30, Total: wire.Ptr(int64(120))}, *b.Download)
	require.Equal(t, float32(0.25), *b.Progress)
	require.Empty(t, h.launcher.started, "not before it is there")
	h.mu.Lock()
	require.Nil(t, h.byRoom[room.ID].startTimer, "a download takes as long as it takes")
	h.mu.Unlock()

	p.result <- nil
	spec := h.launched()
	require.Eventually(t, func() bool {
		b := h.hub.last(room.ID)
		return b.Download == nil && b.Step != nil && *b.Step == wire.BrowserStepDisplay
	}, patience, time.Millisecond)
	h.mu.Lock()
	require.NotNil(t, h.byID[spec.Run].startTimer)
	h.mu.Unlock()
}

func TestADownloadThatFailsIsSaidInWords(t *testing.T) {
	h, p := newPreparing(t, nil)
	room, person := h.room()
	_, err := h.Start(context.Background(), room.ID, person.ID)
	require.NoError(t, err)
	p.result <- wire.Errorf(wire.ErrorCodeBrowserNotAvailable, "The registry does not answer.")
	b := h.ended(room, wire.BrowserStateFailed, wire.EndReasonFailed)
	require.Equal(t, "The registry does not answer.", *b.Detail)
	require.Nil(t, b.Download)

	_, err = h.Start(context.Background(), room.ID, person.ID)
	require.NoError(t, err)
	p.result <- errors.New("internals")
	require.Eventually(t, func() bool { return h.State(room.ID).State == wire.BrowserStateFailed }, patience, time.Millisecond)
	require.NotContains(t, *h.State(room.ID).Detail, "internals")
}

func TestWhoStopsADownloadDoesNotWaitForIt(t *testing.T) {
	h, p := newPreparing(t, nil)
	room, person := h.room()
	_, err := h.Start(context.Background(), room.ID, person.ID)
	require.NoError(t, err)
	p.arrives <- Download{Received: 1}
	_, err = h.Stop(context.Background(), room.ID)
	require.NoError(t, err)
	b := h.ended(room, wire.BrowserStateStopped, wire.EndReasonRequested)
	require.Nil(t, b.Download)
	require.Empty(t, h.launcher.started)
}

func TestTheServiceKnowsWhereALaunchedBrowserGetsItsMedia(t *testing.T) {
	h := newHouse(t, nil)
	room, person := h.room()
	at := []netip.AddrPort{netip.MustParseAddrPort("172.20.0.2:52000"), netip.MustParseAddrPort("192.0.2.1:52000")}
	h.launcher.media = at
	spec := h.start(room, person)
	require.Eventually(t, func() bool { return len(h.Media(room.ID, spec.Run)) > 0 }, patience, time.Millisecond)
	require.Equal(t, at, h.Media(room.ID, spec.Run))
	other, _ := h.room()
	require.Empty(t, h.Media(other.ID, spec.Run), "another room's")

	h.crash()
	h.open(nil)
	require.Equal(t, at, h.Media(room.ID, spec.Run), "after a restart")
}
