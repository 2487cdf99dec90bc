package httpapi

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/services/wire"
)

func TestALimiterForgetsInAFloodOnlyWhatIsNotUsed(t *testing.T) {
	now := time.Now()
	l := newLimiters(Limits{Writes: Limit{1, time.Hour}}, func() time.Time { return now }).writes
	require.NoError(t, l.take("busy"))
	for i := range 3 * maxKeys {
		require.NoError(t, l.take(strconv.Itoa(i)))
		require.LessOrEqual(t, len(l.young)+len(l.old), maxKeys)
		if i%1000 == 0 {
			require.Equal(t, wire.ErrorCodeRateLimited, wire.CodeOf(l.take("busy")))
		}
	}
	require.NoError(t, l.take("0"), "long unused")
}

func TestJoiningIsLimitedByPersonAndByRoomAndSaysHowLongToWait(t *testing.T) {
	now := time.Now()
	h := newHouse(t, func(o *Options) {
		o.Now = func() time.Time { return now }
		o.Limits.Joins, o.Limits.JoinsOf = Limit{2, time.Minute}, Limit{3, time.Minute}
	})
	ada, bob := h.signedUp(t, "ada"), h.signedUp(t, "bob")
	at := "/rooms/" + ada.room(wire.NewRoom{Title: "Ours"}).Slug + "/join"
	ada.do("POST", at, wire.JoinRequest{}).is(200)
	ada.do("POST", at, wire.JoinRequest{}).is(200)
	a := ada.do("POST", at, wire.JoinRequest{})
	problem := a.fails(429, wire.ErrorCodeRateLimited)
	require.Equal(t, 30, *problem.RetryAfter)
	require.Equal(t, "30", a.header.Get("Retry-After"))
	require.Contains(t, *problem.Detail, "Try again in 30s.")
	bob.do("POST", at, wire.JoinRequest{}).is(200)
	require.Equal(t, 20, *bob.do("POST", at, wire.JoinRequest{}).fails(429, wire.ErrorCodeRateLimited).RetryAfter, "the room's")
	now = now.Add(31 * time.Second)
	ada.do("POST", at, wire.JoinRequest{}).is(200)
}

func TestWhoTriesNamesOfRoomsLearnsNoMoreFromOneThatIsThere(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Limits.Misses = Limit{3, time.Hour} })
	ada, bob := h.signedUp(t, "ada"), h.signedUp(t, "bob")
	there := ada.room(wire.NewRoom{Title: "There"}).Slug
	for range 10 {
		bob.do("GET", "/rooms/"+there, nil).is(200)
	}
	hidden := ada.room(wire.NewRoom{Title: "Hidden", Privacy: wire.Ptr(wire.PrivacyPrivate)}).Slug
	bob.do("GET", "/rooms/none", nil).fails(404, wire.ErrorCodeNotFound)
	bob.do("POST", "/rooms/none/join", wire.JoinRequest{}).fails(404, wire.ErrorCodeNotFound)
	bob.do("POST", "/rooms/"+hidden+"/join", wire.JoinRequest{Password: wire.Ptr("x")}).fails(404, wire.ErrorCodeNotFound)
	for _, name := range []string{"none", there, hidden} {
		bob.do("GET", "/rooms/"+name, nil).fails(429, wire.ErrorCodeRateLimited)
		bob.do("POST", "/rooms/"+name+"/join", wire.JoinRequest{}).fails(429, wire.ErrorCodeRateLimited)
	}
}

func TestWhateverNamesARoomCountsWhatItCameToInVain(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Limits.Misses = Limit{3, time.Hour} })
	ada, bob := h.signedUp(t, "ada"), h.signedUp(t, "bob")
	there := ada.room(wire.NewRoom{Title: "There"}).Slug
	bob.do("GET", "/rooms/"+there+"/messages", nil).fails(403, wire.ErrorCodeRoomMembersOnly)
	bob.do("GET", "/rooms/none/messages", nil).fails(404, wire.ErrorCodeNotFound)
	bob.do("GET", "/rooms/none/bans", nil).fails(404, wire.ErrorCodeNotFound)
	for _, name := range []string{"none", there} {
		bob.do("GET", "/rooms/"+name+"/messages", nil).fails(429, wire.ErrorCodeRateLimited)
		bob.do("GET", "/rooms/"+name+"/invites", nil).fails(429, wire.ErrorCodeRateLimited)
		bob.do("DELETE", "/rooms/"+name, nil).fails(429, wire.ErrorCodeRateLimited)
	}
	ada.do("GET", "/rooms/"+there+"/messages", nil).is(200)
}
