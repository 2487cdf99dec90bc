package browsers

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"turtus/services/rooms"
	"turtus/services/wire"
)

func plenty() (uint64, bool) { return 64 << 30, true }

func keeps(n int) func(*Options) {
	return func(o *Options) {
		o.Warm, o.FreeMemory, o.WarmRest = n, plenty, time.Nanosecond
		o.Spec.Width, o.Spec.Height, o.Spec.FrameRate = 1280, 720, 30
	}
}

// warm plays the agent of the next warm browser up to ready.
func (h *house) warmed() Spec {
	h.Helper()
	s := h.launched()
	h.waits(s.Run)
	return s
}

// waits has a warm browser's agent come, ready.
func (h *house) waits(run uuid.UUID) {
	h.Helper()
	require.NoError(h, h.Connected(rooms.ID{}, run, "", 1))
	h.Status(rooms.ID{}, run, wire.VBStatus{State: wire.VBStatusStateReady})
	h.hub.mu.Lock()
	h.hub.waiting[run] = true
	h.hub.mu.Unlock()
	require.Eventually(h, func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		w := h.warm[run]
		return w != nil && w.running.Handle != "" && w.ready
	}, patience, time.Millisecond)
}

func (h *house) waiting() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.warm)
}

// told is what the next agent that waited was told.
func (h *house) told() assignment {
	h.Helper()
	return receive(h, h.hub.assigned, "no agent was given a room")
}

func TestARoomGetsTheBrowserThatWaits(t *testing.T) {
	h := newHouse(t, keeps(1))
	w := h.warmed()
	require.Equal(t, rooms.ID{}, w.Room)
	require.Equal(t, "about:blank", w.StartURL)
	claims, err := h.tokens.Verify(w.Token, wire.PeerKindVb)
	require.NoError(t, err)
	require.True(t, claims.Room.IsZero(), "its token is good for no room")

	room, person := h.room()
	b, err := h.Start(context.Background(), room.ID, person.ID)
	require.NoError(t, err)
	require.Equal(t, w.Run, *b.Id)
	require.Equal(t, wire.BrowserStateStarting, b.State)
	a := h.told()
	require.Equal(t, w.Run, a.run)
	require.Equal(t, "https://start.example/", a.StartUrl)
	require.Equal(t, room.Screen, a.Screen)
	claims, err = h.tokens.Verify(a.Token, wire.PeerKindVb)
	require.NoError(t, err)
	require.Equal(t, rooms.Claims{Kind: wire.PeerKindVb, Room: room.ID, Browser: w.Run}, claims)
	require.ErrorIs(t, h.Connected(rooms.ID{}, w.Run, "", 2), ErrRunEnded, "nobody waits by that token any more")
	h.Disconnected(rooms.ID{}, w.Run, 1)
	require.Empty(t, h.launcher.started, "the next one leaves the machine to the room's start")

	require.NoError(t, h.Connected(room.ID, w.Run, "peer", 3))
	h.Status(room.ID, w.Run, wire.VBStatus{State: wire.VBStatusStateReady})
	h.await(room, wire.BrowserStateReady)
	next := h.warmed()
	require.NotEqual(t, w.Run, next.Run)

	_, err = h.Stop(context.Background(), room.ID)
	require.NoError(t, err)
	h.ended(room, wire.BrowserStateStopped, wire.EndReasonRequested)
	_, err = h.launcher.Inspect(context.Background(), Handle("handle of "+w.Run.String()))
	require.ErrorIs(t, err, ErrNotRunning, "it is never used again")
	require.Equal(t, 1, h.waiting())
}

func TestTheRoomsOwnPageAndScreenAreHandedOver(t *testing.T) {
	h := newHouse(t, keeps(1))
	w := h.warmed()
	_, person := h.room()
	screen := wire.Screen{Width: 640, Height: 480, FrameRate: 15}
	room, err := h.rooms.Create(context.Background(), person, rooms.NewRoom{Title: "Own", StartURL: "https://own.example/", Screen: &screen})
	require.NoError(t, err)
	_, err = h.Start(context.Background(), room.ID, person.ID)
	require.NoError(t, err)
	a := h.told()
	require.Equal(t, w.Run, a.run)
	require.Equal(t, "https://own.example/", a.StartUrl)
	require.Equal(t, screen, a.Screen)
}

func TestOfTwoRoomsOneGetsTheBrowserThatWaits(t *testing.T) {
	h := newHouse(t, keeps(1))
	w := h.warmed()
	first, one := h.room()
	second, two := h.room()
	list := []struct {
		room rooms.ID
		by   func() error
	}{
		{first.ID, func() error { _, err := h.Start(context.Background(), first.ID, one.ID); return err }},
		{second.ID, func() error { _, err := h.Start(context.Background(), second.ID, two.ID); return err }},
	}
	require.Equal(t, map[wire.ErrorCode]int{"": 2}, together(2, func(i int) error { return list[i].by() }))
	require.Equal(t, w.Run, h.told().run)
	cold := h.launched()
	require.NotEqual(t, w.Run, cold.Run)
	require.Contains(t, []rooms.ID{first.ID, second.ID}, cold.Room)
	require.Empty(t, h.hub.assigned)
	require.ElementsMatch(t, []uuid.UUID{w.Run, cold.Run}, []uuid.UUID{*h.State(first.ID).Id, *h.State(second.ID).Id})
}

func TestAWarmBrowserCountsForNoQuotaAndTakesNoRoomsPlace(t *testing.T) {
	h := newHouse(t, func(o *Options) {
		keeps(2)(o)
		o.MaxRunning, o.MaxPerOwner = 2, 2
	})
	h.warmed()
	h.warmed()
	room, person := h.room()
	for _, r := range []rooms.Room{room, h.another(person)} {
		_, err := h.Start(context.Background(), r.ID, person.ID)
		require.NoError(t, err)
		h.told()
	}
	_, err := h.Start(context.Background(), h.another(person).ID, person.ID)
	h.refused(wire.ErrorCodeBrowserQuotaPerson, err)
	other, owner := h.room()
	_, err = h.Start(context.Background(), other.ID, owner.ID)
	h.refused(wire.ErrorCodeBrowserQuotaServer, err)
	require.Equal(t, 0, h.waiting())
}

func TestWhatWaitsInARoomsPlaceIsEnded(t *testing.T) {
	h := newHouse(t, func(o *Options) {
		keeps(1)(o)
		o.MaxRunning = 1
	})
	w := h.launched() // its agent has not come yet, so no room can have it
	room, person := h.room()
	cold := h.start(room, person)
	require.NotEqual(t, w.Run, cold.Run)
	_, err := h.launcher.Inspect(context.Background(), Handle("handle of "+w.Run.String()))
	require.ErrorIs(t, err, ErrNotRunning, "its memory and port are the room's")
	require.Zero(t, h.waiting())
}

func TestAWarmBrowserThatDiesIsReplacedAfterAPause(t *testing.T) {
	var c clock
	h := newHouse(t, func(o *Options) {
		keeps(1)(o)
		o.Now = c.now
	})
	h.launcher.exit(h.warmed().Run, "Firefox failed")
	require.Eventually(t, func() bool { return h.waiting() == 0 }, patience, time.Millisecond)
	require.Positive(t, h.tendWarm())
	require.Empty(t, h.launcher.started)
	c.pass(firstPause)
	h.tendWarm()
	h.warmed()
}

func TestAWarmBrowserThatTheLauncherLostIsNoticed(t *testing.T) {
	var c clock
	h := newHouse(t, func(o *Options) {
		keeps(1)(o)
		o.Now, o.ReapInterval = c.now, 5*time.Millisecond
	})
	w := h.warmed()
	c.pass(time.Nanosecond)
	h.launcher.mu.Lock()
	delete(h.launcher.running, Handle("handle of "+w.Run.String()))
	h.launcher.mu.Unlock()
	require.Eventually(t, func() bool { return h.waiting() == 0 }, patience, time.Millisecond)
}

func TestAWarmBrowserIsRenewedInTime(t *testing.T) {
	var c clock
	h := newHouse(t, func(o *Options) {
		keeps(1)(o)
		o.Now, o.WarmLife = c.now, time.Hour
	})
	w := h.warmed()
	c.pass(time.Hour - time.Second)
	require.Equal(t, time.Second, h.tendWarm())
	c.pass(time.Second)
	h.tendWarm()
	require.NotEqual(t, w.Run, h.warmed().Run)
	require.Eventually(t, func() bool { return h.waiting() == 1 }, patience, time.Millisecond)
}

func TestAWarmBrowserThatDoesNotGetReadyIsEnded(t *testing.T) {
	var c clock // stands still, and so the pause before the next does not pass
	h := newHouse(t, func(o *Options) {
		keeps(1)(o)
		o.Now, o.StartTimeout = c.now, time.Millisecond
	})
	w := h.launched()
	require.Eventually(t, func() bool { return h.waiting() == 0 }, patience, time.Millisecond)
	_, err := h.launcher.Inspect(context.Background(), Handle("handle of "+w.Run.String()))
	require.ErrorIs(t, err, ErrNotRunning)
	require.Empty(t, h.launcher.started)
}

func TestABrowserThatIsLostWhenARoomTakesItIsReplacedUnseen(t *testing.T) {
	for name, lose := range map[string]func(*house, Spec){
		"its connection was gone": func(h *house, w Spec) {
			h.hub.mu.Lock()
			delete(h.hub.waiting, w.Run)
			h.hub.mu.Unlock()
		},
		"it does not come": func(*house, Spec) {},
		"it ends on the way": func(h *house, w Spec) {
			go func() {
				<-h.hub.assigned
				h.launcher.exit(w.Run, "it fell over")
			}()
		},
	} {
		t.Run(name, func(t *testing.T) {
			var c clock // stands still, and so the pause before the next warm one does not pass
			h := newHouse(t, func(o *Options) {
				keeps(1)(o)
				o.Now = c.now
				if name == "it does not come" {
					o.JoinTimeout = time.Millisecond
				}
			})
			w := h.warmed()
			lose(h, w)
			room, person := h.room()
			_, err := h.Start(context.Background(), room.ID, person.ID)
			require.NoError(t, err)
			cold := h.launched()
			require.Equal(t, room.ID, cold.Room)
			require.NotEqual(t, w.Run, cold.Run)
			require.NoError(t, h.Connected(room.ID, cold.Run, "peer", 9))
			h.Status(room.ID, cold.Run, wire.VBStatus{State: wire.VBStatusStateReady})
			h.await(room, wire.BrowserStateReady)
			h.hub.mu.Lock()
			defer h.hub.mu.Unlock()
			for _, n := range h.hub.heard {
				require.NotEqual(t, wire.BrowserStateFailed, n.browser.State, "people hear of a longer start alone")
			}
			require.Eventually(t, func() bool {
				_, err := h.launcher.Inspect(context.Background(), Handle("handle of "+w.Run.String()))
				return errors.Is(err, ErrNotRunning)
			}, patience, time.Millisecond)
		})
	}
}

func TestAStartThatIsStoppedAtOnceEndsTheBrowserItTook(t *testing.T) {
	h := newHouse(t, keeps(1))
	w := h.warmed()
	room, person := h.room()
	_, err := h.Start(context.Background(), room.ID, person.ID)
	require.NoError(t, err)
	_, err = h.Stop(context.Background(), room.ID)
	require.NoError(t, err)
	h.ended(room, wire.BrowserStateStopped, wire.EndReasonRequested)
	_, err = h.launcher.Inspect(context.Background(), Handle("handle of "+w.Run.String()))
	require.ErrorIs(t, err, ErrNotRunning)
}

func TestAStartThatIsNotStoredEndsTheBrowserItTook(t *testing.T) {
	var s *switchable
	h := newHouse(t, func(o *Options) {
		keeps(1)(o)
		s = &switchable{DBTX: o.DB}
		o.DB = s
	})
	w := h.warmed()
	room, person := h.room()
	s.set(true)
	_, err := h.Start(context.Background(), room.ID, person.ID)
	require.Error(t, err)
	s.set(false)
	require.Eventually(t, func() bool {
		_, err := h.launcher.Inspect(context.Background(), Handle("handle of "+w.Run.String()))
		return errors.Is(err, ErrNotRunning)
	}, patience, time.Millisecond)
	require.Empty(t, h.hub.assigned, "it has heard of no room")
}

func TestARestartedServerKeepsNoBrowserOfTheOneBefore(t *testing.T) {
	h := newHouse(t, keeps(1))
	old := h.warmed()
	h.crash()
	h.open(keeps(1))
	require.ErrorIs(t, h.Connected(rooms.ID{}, old.Run, "", 1), ErrRunEnded)
	fresh := h.warmed()
	require.NotEqual(t, old.Run, fresh.Run)
	_, err := h.launcher.Inspect(context.Background(), Handle("handle of "+old.Run.String()))
	require.ErrorIs(t, err, ErrNotRunning, "it has ended before the new one was started")
}

func TestShutdownEndsWhatWaits(t *testing.T) {
	h := newHouse(t, keeps(1))
	h.warmed()
	require.NoError(t, h.Shutdown(context.Background()))
	require.Empty(t, h.launcher.running)
}

func TestNoBrowserIsKeptWarmWhereMemoryIsShort(t *testing.T) {
	looked := make(chan struct{}, 100)
	h := newHouse(t, func(o *Options) {
		keeps(1)(o)
		o.FreeMemory = func() (uint64, bool) {
			looked <- struct{}{}
			return 1 << 30, true
		}
	})
	<-looked
	require.Equal(t, memoryLook, h.tendWarm())
	require.Zero(t, h.waiting())
	require.Empty(t, h.launcher.started)
}

func TestABrowserWithOtherLimitsIsNoneForTheRoom(t *testing.T) {
	own := Spec{Run: uuid.New(), StartURL: emptyPage, Width: 1280, Height: 720, FrameRate: 30, Depth: 24}
	w := warm{spec: own}
	asked := own
	asked.Run, asked.Room, asked.Token, asked.StartURL, asked.Width, asked.FrameRate = uuid.New(), rooms.ID(uuid.New()), "token", "https://a.example/", 640, 5
	require.True(t, w.fits(asked))
	asked.Limits.CPUs = 2
	require.False(t, w.fits(asked))
}
