package hub

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"turtus/services/accounts"
	"turtus/services/rooms"
	"turtus/services/wire"
)

// during are people of whom something becomes true while a hello of theirs is checked.
type during struct {
	People
	happens func(accounts.PersonID)
}

func (d during) Person(ctx context.Context, id accounts.PersonID) (accounts.Person, error) {
	p, err := d.People.Person(ctx, id)
	d.happens(id)
	return p, err
}

// signedOut says hello and is sent away for good.
func (h *house) signedOut(r rooms.Room, p accounts.Person, token string) {
	h.Helper()
	c := h.connect()
	c.send(wire.TypeHello, wire.Hello{Token: token, Kind: wire.PeerKindViewer}, "")
	c.awaitError(wire.ErrorCodeUnauthenticated)
	c.awaitClose(wire.CloseCodeSignedOut)
	require.Zero(h, h.hub.People(r.ID))
}

func TestWhoseSignInEndsDuringHelloGetsNoSeat(t *testing.T) {
	for name, happens := range map[string]func(*Hub, accounts.PersonID){
		"signed out":      func(h *Hub, id accounts.PersonID) { h.SessionEnded(accounts.SessionID(id)) },
		"account deleted": func(h *Hub, id accounts.PersonID) { h.PersonGone(id) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, nil)
			h.start(func(o *Options) { o.People = during{h.people, func(id accounts.PersonID) { happens(h.hub, id) }} })
			owner := h.person()
			room := h.room(owner)
			h.signedOut(room, owner, h.token(room, owner))
		})
	}
}

func TestWhoIsDisabledIsToldSoOnEachPage(t *testing.T) {
	h := newHouse(t, nil)
	owner, other := h.person(), h.person()
	room := h.room(owner)
	pages, friend := []*client{h.join(room, owner), h.join(room, owner)}, h.join(room, other)
	h.hub.PersonDisabled(owner.ID)
	for _, c := range pages {
		c.awaitClose(wire.CloseCodeAccountDisabled)
	}
	friend.quietly()
	require.Equal(t, 1, h.hub.People(room.ID))
}

// quietly makes sure that the connection is still there.
func (c *client) quietly() { c.echo() }

func TestASignInThatEndedInAnotherProcessIsRefused(t *testing.T) {
	h := newHouse(t, nil)
	owner := h.person()
	room := h.room(owner)
	token := h.token(room, owner)
	h.resetPassword(owner)
	h.signedOut(room, owner, token)
}

func TestASignInThatEndsInAnotherProcessIsClosed(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.SessionCheck = 10 * time.Millisecond })
	owner, friend := h.person(), h.person()
	room := h.room(owner)
	a, b := h.join(room, owner), h.join(room, friend)
	second := h.join(h.room(friend), friend)
	h.resetPassword(friend)
	b.awaitClose(wire.CloseCodeSignedOut)
	second.awaitClose(wire.CloseCodeSignedOut)
	require.Equal(t, b.identity.Peer, decode[wire.PeerLeft](t, a.await(wire.TypePeerLeft)).Peer)
	a.quiet()
}

// away is a database that answers nothing, from some moment on.
type away struct {
	Sessions
	since *atomic.Bool
	asked chan struct{}
}

func (a away) Live(ctx context.Context, ids []accounts.SessionID) ([]accounts.SessionID, error) {
	if !a.since.Load() {
		return a.Sessions.Live(ctx, ids)
	}
	select {
	case a.asked <- struct{}{}:
	default:
	}
	return nil, errors.New("the database is away")
}

func TestNobodyIsSignedOutBecauseTheDatabaseIsAway(t *testing.T) {
	gone := away{since: new(atomic.Bool), asked: make(chan struct{})}
	h := newHouse(t, func(o *Options) {
		gone.Sessions = o.Sessions
		o.Sessions, o.SessionCheck = gone, 10*time.Millisecond
	})
	owner := h.person()
	room := h.room(owner)
	a, token := h.join(room, owner), h.token(room, owner)
	gone.since.Store(true)
	<-gone.asked
	<-gone.asked
	a.quiet()
	late := h.connect()
	late.send(wire.TypeHello, wire.Hello{Token: token, Kind: wire.PeerKindViewer}, "")
	late.awaitError(wire.ErrorCodeInternal)
	late.awaitClose(wire.CloseCodeInternal)
}

// resetPassword does what another process does: this one's hub hears nothing of it.
func (h *house) resetPassword(p accounts.Person) {
	h.Helper()
	_, err := h.people.AdminReset(context.Background(), p.Username, "another long password")
	require.NoError(h, err)
}
