package hub

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"turtus/services/accounts"
	"turtus/services/wire"
)

// driver is who the next control.changed says to drive, and its epoch.
func (c *client) driver() (string, int64) {
	c.Helper()
	control := decode[wire.Control](c.house, c.await(wire.TypeControlChanged))
	if control.Holder == nil {
		return "", control.Epoch
	}
	return *control.Holder, control.Epoch
}

func TestTwoViewersAndABrowserPassControl(t *testing.T) {
	h := newHouse(t, nil)
	owner, friend := h.person(), h.person()
	room := h.room(owner)
	a, b := h.join(room, friend), h.join(room, h.person())
	vb, _ := h.agent(room)

	a.ok(wire.TypeControlTake, wire.Empty{}, "")
	holder, epoch := vb.driver()
	require.Equal(t, a.identity.Peer, holder)
	holder, seen := b.driver()
	require.Equal(t, a.identity.Peer, holder)
	require.Equal(t, epoch, seen)

	b.refused(wire.ErrorCodeControlTaken, wire.TypeControlTake, wire.Empty{}, "")
	b.refused(wire.ErrorCodeControlNotHeld, wire.TypeControlGive, wire.ControlPeer{Peer: b.identity.Peer}, "")
	b.refused(wire.ErrorCodeControlNotHeld, wire.TypeControlRelease, wire.Empty{}, "")
	b.ok(wire.TypeControlRequest, wire.Empty{}, "")
	require.Equal(t, []string{b.identity.Peer}, decode[wire.Control](t, vb.await(wire.TypeControlChanged)).Requests)

	a.ok(wire.TypeControlDeny, wire.ControlPeer{Peer: b.identity.Peer}, "")
	denied := b.await(wire.TypeControlDenied)
	require.Equal(t, a.identity.Peer, denied.Sender)
	require.Equal(t, a.identity.Peer, decode[wire.ControlPeer](t, denied).Peer)
	b.ok(wire.TypeControlRequest, wire.Empty{}, "")
	a.refused(wire.ErrorCodeTargetNotFound, wire.TypeControlGive, wire.ControlPeer{Peer: "nobody"}, "")
	a.refused(wire.ErrorCodeForbidden, wire.TypeControlGive, wire.ControlPeer{Peer: vb.identity.Peer}, "")
	a.ok(wire.TypeControlGive, wire.ControlPeer{Peer: b.identity.Peer}, "")
	for holder != b.identity.Peer {
		holder, seen = vb.driver()
	}
	require.Greater(t, seen, epoch)

	t.Run("a moderator takes it", func(t *testing.T) {
		m := h.join(room, owner)
		require.Equal(t, b.identity.Peer, *m.identity.Snapshot.Control.Holder)
		m.ok(wire.TypeControlTake, wire.Empty{}, "")
		holder, _ := vb.driver()
		require.Equal(t, m.identity.Peer, holder)
		m.leave()
		holder, _ = vb.driver()
		require.Empty(t, holder, "leaving releases")
	})
	t.Run("while the holder's connection is lost nobody drives, and people see who holds it", func(t *testing.T) {
		b.ok(wire.TypeControlTake, wire.Empty{}, "")
		_, first := vb.driver()
		b.drop()
		holder, second := vb.driver()
		require.Empty(t, holder)
		require.Greater(t, second, first)
		for seen < second {
			holder, seen = a.driver()
		}
		require.Equal(t, b.identity.Peer, holder)
		a.refused(wire.ErrorCodeControlTaken, wire.TypeControlTake, wire.Empty{}, "")

		again := h.resume(room, h.personOf(b), b.identity)
		require.Equal(t, b.identity.Peer, *again.identity.Snapshot.Control.Holder)
		holder, third := vb.driver()
		require.Equal(t, b.identity.Peer, holder)
		require.Greater(t, third, second)
		require.Equal(t, third, again.identity.Snapshot.Control.Epoch)
	})
	t.Run("a browser that comes later learns who drives", func(t *testing.T) {
		vb.drop()
		again := h.agentOf(room, h.run(vb))
		require.Equal(t, b.identity.Peer, *again.identity.Snapshot.Control.Holder)
	})
}

func TestAHeldControlIsReleasedAfterTheGrace(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.SeatGrace = 20 * time.Millisecond })
	owner := h.person()
	room := h.room(owner)
	a, b := h.join(room, owner), h.join(room, h.person())
	vb, _ := h.agent(room)
	a.ok(wire.TypeControlTake, wire.Empty{}, "")
	b.ok(wire.TypeControlRequest, wire.Empty{}, "")
	a.drop()
	holder := ""
	for holder != b.identity.Peer {
		holder, _ = vb.driver()
	}
}

func TestAnUnusedControlIsReleased(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.ControlIdle = 20 * time.Millisecond })
	owner := h.person()
	room := h.room(owner)
	a := h.join(room, owner)
	vb, _ := h.agent(room)
	before := time.Now()
	a.send(wire.TypeControlTake, wire.Empty{}, "")
	_, epoch := vb.driver()
	holder, next := vb.driver()
	require.Empty(t, holder)
	require.Greater(t, next, epoch)
	require.GreaterOrEqual(t, time.Since(before), 20*time.Millisecond)
	holder, _ = a.driver()
	for holder != "" {
		holder, _ = a.driver()
	}
}

func TestWhatTheAgentSeesIsUse(t *testing.T) {
	var past atomic.Int64
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	now := func() time.Time { return noon.Add(time.Duration(past.Load())) }
	h := newHouse(t, func(o *Options) { o.Now, o.ControlIdle = now, time.Hour })
	owner := h.person()
	room := h.room(owner)
	a := h.join(room, owner)
	vb, _ := h.agent(room)
	a.ok(wire.TypeControlTake, wire.Empty{}, "")
	_, epoch := vb.driver()
	past.Add(int64(time.Minute))
	vb.ok(wire.TypeVBActivity, wire.VBActivity{Epoch: epoch}, "")
	r := h.hub.live(room.ID)
	r.mu.Lock()
	defer r.mu.Unlock()
	idle, held := r.control.IdleAt(time.Hour)
	require.True(t, held)
	require.Equal(t, now().Add(time.Hour), idle)
}

func TestControlMovesBetweenTheTabsOfOnePerson(t *testing.T) {
	h := newHouse(t, nil)
	room, friend := h.room(h.person()), h.person()
	first, second := h.join(room, friend), h.join(room, friend)
	other := h.join(room, h.person())
	vb, _ := h.agent(room)
	first.ok(wire.TypeControlTake, wire.Empty{}, "")
	vb.driver()
	other.refused(wire.ErrorCodeControlTaken, wire.TypeControlTake, wire.Empty{}, "")

	second.ok(wire.TypeControlRequest, wire.Empty{}, "")
	holder, epoch := vb.driver()
	require.Equal(t, second.identity.Peer, holder)
	first.ok(wire.TypeControlTake, wire.Empty{}, "")
	holder, later := vb.driver()
	require.Equal(t, first.identity.Peer, holder)
	require.Greater(t, later, epoch, "what the other tab held down is let go of")
}

func TestAHolderGetsControlBackAfterARestart(t *testing.T) {
	h := newHouse(t, nil)
	owner, friend := h.person(), h.person()
	room := h.room(owner)
	a, b := h.join(room, friend), h.join(room, owner)
	vb, run := h.agent(room)
	a.ok(wire.TypeControlTake, wire.Empty{}, "")
	_, epoch := vb.driver()
	later := func(o *Options) { o.Now = func() time.Time { return time.Now().Add(time.Minute) } } // a restart takes longer
	back := func(c *client, p accounts.Person, held bool) *client {
		resume := &wire.Resume{Peer: c.identity.Peer, Key: c.identity.ResumeKey, Control: &held}
		return h.enter(wire.Hello{Token: h.token(room, p), Kind: wire.PeerKindViewer, Resume: resume})
	}

	h.start(later) // the first lives on, nobody asks it any more
	vb = h.agentOf(room, run)
	require.Nil(t, vb.identity.Snapshot.Control.Holder)
	watching := back(b, owner, false)
	require.Nil(t, watching.identity.Snapshot.Control.Holder, "who did not hold it does not get it")
	again := back(a, friend, true)
	require.Equal(t, a.identity.Peer, *again.identity.Snapshot.Control.Holder)
	holder, now := vb.driver()
	require.Equal(t, a.identity.Peer, holder)
	require.Greater(t, now, epoch)
	holder, _ = watching.driver()
	require.Equal(t, a.identity.Peer, holder)

	t.Run("not where somebody took it meanwhile", func(t *testing.T) {
		h.start(later)
		taker := back(b, owner, false)
		taker.ok(wire.TypeControlTake, wire.Empty{}, "")
		require.Equal(t, b.identity.Peer, *back(a, friend, true).identity.Snapshot.Control.Holder)
	})
	t.Run("not from a hub that knows better", func(t *testing.T) {
		h.start(later)
		back(b, owner, false)
		again := back(a, friend, true)
		again.ok(wire.TypeControlRelease, wire.Empty{}, "")
		require.Nil(t, back(a, friend, true).identity.Snapshot.Control.Holder)
	})
}

func TestNobodyIsAskedForControlAgainAndAgain(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.AskRate, o.AskBurst = rate.Every(time.Hour), 2 })
	owner, other := h.person(), h.person()
	room := h.room(owner)
	holder, asks, tab := h.join(room, owner), h.join(room, other), h.join(room, other)
	holder.ok(wire.TypeControlTake, wire.Empty{}, "")
	for _, c := range []*client{asks, tab} {
		c.ok(wire.TypeControlRequest, wire.Empty{}, "")
		c.ok(wire.TypeControlCancel, wire.Empty{}, "")
	}
	refused := asks.refused(wire.ErrorCodeRateLimited, wire.TypeControlRequest, wire.Empty{}, "")
	require.Positive(t, *refused.RetryAfter)
	require.Contains(t, refused.Detail, "Try again in")
	tab.refused(wire.ErrorCodeRateLimited, wire.TypeControlRequest, wire.Empty{}, "")
}
