package browsers

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/services/accounts"
	"turtus/services/rooms"
	"turtus/services/wire"
)

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
	return receive(h, held, "nothing was stored"), started
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
