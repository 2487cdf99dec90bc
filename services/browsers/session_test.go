package browsers

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/services/rooms"
	"turtus/services/wire"
)

// clock is one that a test sets.
type clock struct{ past atomic.Int64 }

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func (c *clock) now() time.Time       { return noon.Add(time.Duration(c.past.Load())) }
func (c *clock) pass(d time.Duration) { c.past.Add(int64(d)) }
func bounded(c *clock) func(*Options) {
	return func(o *Options) { o.Now, o.SessionLength, o.SessionExtensions = c.now, time.Hour, 2 }
}

// session is what people see of it.
func (h *house) session(r rooms.Room) wire.BrowserSession {
	h.Helper()
	s := h.State(r.ID).Session
	require.NotNil(h, s)
	return *s
}

func TestASessionEndsAfterItsLength(t *testing.T) {
	var c clock
	h := newHouse(t, bounded(&c))
	room, person := h.room()
	spec := h.start(room, person)
	require.Nil(t, h.State(room.ID).Session, "it begins when the browser is ready")
	c.pass(time.Minute)
	require.NoError(t, h.Connected(room.ID, spec.Run, "peer", 1))
	h.Status(room.ID, spec.Run, wire.VBStatus{State: wire.VBStatusStateReady})
	ends := noon.Add(time.Minute + time.Hour)
	require.Equal(t, wire.BrowserSession{EndsAt: ends, WarnsAt: ends.Add(-5 * time.Minute), Extensions: 2}, h.session(room))
	h.Status(room.ID, spec.Run, wire.VBStatus{State: wire.VBStatusStateDegraded})
	require.Equal(t, ends, h.session(room).EndsAt, "what its parts do changes nothing of it")

	c.pass(time.Hour - time.Nanosecond)
	h.reapOnce()
	require.Equal(t, wire.BrowserStateDegraded, h.State(room.ID).State)
	c.pass(time.Nanosecond)
	h.reapOnce()
	b := h.ended(room, wire.BrowserStateStopped, wire.EndReasonSessionOver)
	require.Nil(t, b.Session)
	require.Equal(t, []string{"stop session_over"}, h.hub.told, "the agent is told why")
	require.Eventually(t, func() bool { return h.row(spec.Run).EndReason != nil }, patience, time.Millisecond)
	require.Equal(t, "session_over", *h.row(spec.Run).EndReason)
	h.start(room, person) // and may be started again
}

func TestASessionIsEndedByItsOwnTimer(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.SessionLength = time.Millisecond })
	room, person := h.room()
	spec := h.start(room, person)
	h.Status(room.ID, spec.Run, wire.VBStatus{State: wire.VBStatusStateReady})
	h.ended(room, wire.BrowserStateStopped, wire.EndReasonSessionOver)
}

func TestTheEndOfASessionIsPutOffInItsLastMinutes(t *testing.T) {
	var c clock
	h := newHouse(t, bounded(&c))
	room, person := h.room()
	_, err := h.Extend(context.Background(), room.ID)
	h.refused(wire.ErrorCodeBrowserNotRunning, err)
	h.hub.viewers = 1
	h.ready(room, person)
	_, err = h.Extend(context.Background(), room.ID)
	h.refused(wire.ErrorCodeBrowserSessionLong, err)

	for left := 1; left >= 0; left-- {
		c.pass(time.Hour - 5*time.Minute)
		before := h.session(room).EndsAt
		b, err := h.Extend(context.Background(), room.ID)
		require.NoError(t, err)
		require.Equal(t, wire.BrowserSession{EndsAt: before.Add(time.Hour), WarnsAt: before.Add(55 * time.Minute), Extensions: left}, *b.Session)
		require.Eventually(t, func() bool { return *h.hub.last(room.ID).Session == *b.Session }, patience, time.Millisecond, "everybody is told")
		_, err = h.Extend(context.Background(), room.ID)
		h.refused(wire.ErrorCodeBrowserSessionLong, err) // two who press at once put it off once
		c.pass(5 * time.Minute)
		h.reapOnce()
		require.Equal(t, wire.BrowserStateReady, h.State(room.ID).State)
	}
	c.pass(time.Hour - time.Minute)
	_, err = h.Extend(context.Background(), room.ID)
	h.refused(wire.ErrorCodeBrowserSessionUsedUp, err)
	c.pass(time.Minute)
	h.reapOnce()
	h.ended(room, wire.BrowserStateStopped, wire.EndReasonSessionOver)
}

func TestASessionWithoutLengthHasNoEnd(t *testing.T) {
	var c clock
	h := newHouse(t, func(o *Options) { o.Now = c.now })
	room, person := h.room()
	h.hub.viewers = 1
	h.ready(room, person)
	c.pass(1000 * time.Hour)
	h.reapOnce()
	require.Equal(t, wire.BrowserStateReady, h.State(room.ID).State)
	require.Nil(t, h.State(room.ID).Session)
	_, err := h.Extend(context.Background(), room.ID)
	h.refused(wire.ErrorCodeBrowserSessionLong, err)
}

func TestASessionOutlivesTheServer(t *testing.T) {
	var c clock
	h := newHouse(t, bounded(&c))
	room, person := h.room()
	spec := h.ready(room, person)
	c.pass(time.Hour - time.Minute)
	extended, err := h.Extend(context.Background(), room.ID)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		var n int
		err := h.pool.QueryRow(context.Background(), "SELECT extensions FROM browsers WHERE id = $1 AND handle <> ''", spec.Run).Scan(&n)
		return err == nil && n == 1
	}, patience, time.Millisecond)
	h.crash()
	h.open(bounded(&c))
	require.Equal(t, *extended.Session, h.session(room), "neither longer nor shorter, and not to be put off more often")

	h.crash()
	h.open(func(o *Options) { o.Now = c.now })
	require.Nil(t, h.State(room.ID).Session, "a server without a length bounds nothing")
}
