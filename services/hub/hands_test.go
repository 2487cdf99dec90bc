package hub

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"turtus/services/rooms"
	"turtus/services/wire"
)

// hand is whose hand a client hears of next, and where it stands in the row; 0 is lowered.
func (c *client) hand(of *client) int64 {
	c.Helper()
	for {
		peer := decode[wire.PeerEvent](c.house, c.await(wire.TypePeerUpdated)).Peer
		if peer.Id == of.identity.Peer {
			return peer.Hand
		}
	}
}

func TestARaisedHandStaysUpUntilItIsLowered(t *testing.T) {
	h := newHouse(t, nil)
	owner, friend := h.person(), h.person()
	room := h.room(owner)
	a, b := h.join(room, owner), h.join(room, friend)
	a.await(wire.TypePeerJoined)
	b.ok(wire.TypeHandRaise, wire.Empty{}, "")
	first := a.hand(b)
	require.Positive(t, first)
	b.ok(wire.TypeHandRaise, wire.Empty{}, "") // it is up
	a.quiet()
	a.ok(wire.TypeHandRaise, wire.Empty{}, "")
	require.Greater(t, b.hand(a), first, "who raised it first is the first")

	b.drop()
	require.Equal(t, first, a.hand(b), "who is away for a moment keeps it up")
	b = h.resume(room, friend, b.identity)
	up := map[string]int64{}
	for _, peer := range b.identity.Snapshot.Peers {
		up[peer.Id] = peer.Hand
	}
	require.Equal(t, first, up[b.identity.Peer])
	require.Greater(t, up[a.identity.Peer], first)
	require.Equal(t, first, a.hand(b))

	b.ok(wire.TypeHandLower, wire.HandLower{}, "")
	require.Zero(t, a.hand(b))
	b.ok(wire.TypeHandLower, wire.HandLower{}, "")
	a.quiet()
	b.refused(wire.ErrorCodeTargetNotFound, wire.TypeHandLower, wire.HandLower{Peer: "nobody"}, "")

	b.ok(wire.TypeHandRaise, wire.Empty{}, "")
	require.Positive(t, a.hand(b))
	h.join(room, friend).ok(wire.TypeHandLower, wire.HandLower{Peer: b.identity.Peer}, "") // their other tab
	require.Zero(t, a.hand(b))
	b.ok(wire.TypeHandRaise, wire.Empty{}, "")
	require.Positive(t, a.hand(b))
	h.setMute(room, owner, friend, rooms.Muted{Chat: true})
	require.Zero(t, a.hand(b), "a mute lowers it")
	b.refused(wire.ErrorCodeForbidden, wire.TypeHandRaise, wire.Empty{}, "")
}

func TestAHandIsRaisedSoOften(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.HandRate, o.HandBurst = 0.001, 2 })
	owner := h.person()
	a := h.join(h.room(owner), owner)
	for range 2 {
		a.ok(wire.TypeHandRaise, wire.Empty{}, "")
		a.ok(wire.TypeHandLower, wire.HandLower{}, "")
	}
	require.Positive(t, *a.refused(wire.ErrorCodeRateLimited, wire.TypeHandRaise, wire.Empty{}, "").RetryAfter)
	a.ok(wire.TypeHandLower, wire.HandLower{}, "")
}

func TestAHandIsLoweredByTheHigherRoleAlone(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.HandBurst, o.Burst = 10_000, 10_000 })
	room, people := h.seated()
	ranks := map[wire.Role]int{wire.RoleOwner: 4, wire.RoleModerator: 3, wire.RoleMember: 2, wire.RoleGuest: 1}
	may := func(by, of wire.Role) bool { return ranks[by] >= ranks[wire.RoleModerator] && ranks[by] > ranks[of] }
	actors, targets := map[wire.Role]*client{}, map[wire.Role]*client{}
	for role, p := range people {
		actors[role] = h.join(room, p)
		other := h.person()
		if role == wire.RoleOwner { // there is one: somebody else's target is the same person
			targets[role] = actors[role]
			continue
		}
		h.token(room, other)
		_, _, err := h.rooms.SetRole(t.Context(), room.ID.String(), people[wire.RoleOwner], other.ID, role)
		require.NoError(t, err)
		targets[role] = h.join(room, other)
	}
	up := func(c *client) bool {
		r := h.hub.live(room.ID)
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.seats[PeerID(c.identity.Peer)].hand != 0
	}
	for by, actor := range actors {
		for of, target := range targets {
			if actor == target {
				continue
			}
			name := fmt.Sprintf("the hand of a %s, by a %s", of, by)
			target.ok(wire.TypeHandRaise, wire.Empty{}, "")
			if may(by, of) {
				actor.ok(wire.TypeHandLower, wire.HandLower{Peer: target.identity.Peer}, "")
			} else {
				actor.refused(wire.ErrorCodeForbidden, wire.TypeHandLower, wire.HandLower{Peer: target.identity.Peer}, "")
			}
			require.Equal(t, !may(by, of), up(target), name)
		}
		for _, target := range targets {
			target.ok(wire.TypeHandRaise, wire.Empty{}, "")
		}
		if ranks[by] < ranks[wire.RoleModerator] {
			actor.refused(wire.ErrorCodeForbidden, wire.TypeHandLower, wire.HandLower{All: true}, "")
		} else {
			actor.ok(wire.TypeHandLower, wire.HandLower{All: true}, "")
		}
		for of, target := range targets {
			require.Equal(t, !may(by, of) && actor != target, up(target), "all hands, that of a %s by a %s", of, by)
		}
	}
}
